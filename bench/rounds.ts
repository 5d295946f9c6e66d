/**
 * Interleaved rounds: in each round every subject has its turn, so that a machine that slows
 * down slows all of them down; each round begins with another subject. What the rounds gave is
 * summed up by medians.
 *
 * Owns order, warm-up and summing up. Knows neither libraries nor output.
 */
import { Apart } from "./apart.ts";
import type { Measure, Sample } from "./measure.ts";
import { spread } from "./statistics.ts";
import type { Credentials, Subject } from "./subject.ts";

/** How long and how often; windows in ms. */
export interface Pace {
  readonly rounds: number;
  readonly window: number;
  readonly warmUp: number;
}

/** One line of the outcome: the median over the rounds, their extremes, and particulars. */
export interface Result {
  readonly bench: string;
  readonly subject: string;
  readonly value: number;
  readonly unit: string;
  readonly min: number;
  readonly max: number;
  readonly rounds: number;
  readonly better: "more" | "less";
  readonly [detail: string]: string | number;
}

/** A subject on the bench, in the process that it keeps from measure to measure. */
export interface Seat {
  readonly subject: Subject;
  readonly credentials: Credentials;
  readonly process: Apart;
}

/** Takes one measure of all subjects; those it does not apply to are left out. */
export async function measured(
  measure: Measure,
  seats: readonly Seat[],
  pace: Pace,
): Promise<Result[]> {
  const turns: Turn[] = [];
  for (const seat of seats)
    if (await seat.process.prepare(measure.bench)) turns.push({ seat, samples: [] });
  if (measure.warm) for (const { seat } of turns) await seat.process.sample(pace.warmUp);
  for (let round = 0; round < pace.rounds; round++) {
    if (round % (measure.every ?? 1) !== 0) continue;
    for (const turn of rotated(turns, round)) turn.samples.push(await sample(measure, turn.seat, pace));
  }
  for (const { seat } of turns) await seat.process.dispose();
  return turns.map((turn) => summary(measure, turn));
}

interface Turn {
  readonly seat: Seat;
  readonly samples: Sample[];
}

async function sample({ bench, isFresh }: Measure, seat: Seat, { window }: Pace): Promise<Sample> {
  if (!isFresh) return seat.process.sample(window);
  using process = await Apart.seat(seat.subject.name, seat.credentials);
  await process.prepare(bench);
  // Awaited here: the process ends with this block.
  return await process.sample(window);
}

function rotated<Item>(items: readonly Item[], by: number): Item[] {
  const start = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}

function summary({ bench, unit, better }: Measure, { seat, samples }: Turn): Result {
  const { median, min, max } = spread(samples.map(({ value }) => value));
  return {
    ...{ bench, subject: seat.subject.name, value: rounded(median), unit },
    ...{ min: rounded(min), max: rounded(max), rounds: samples.length, better },
    ...details(samples),
  };
}

/** Particulars are numbers taken in every round (their median counts) or words that stay the same. */
function details(samples: readonly Sample[]): Record<string, string | number> {
  const first = samples[0]?.details ?? {};
  const entries = Object.entries(first).map(([name, value]) => {
    if (typeof value === "string") return [name, value];
    const values = samples.map(({ details }) => Number(details?.[name]));
    return [name, rounded(spread(values).median)];
  });
  return Object.fromEntries(entries);
}

/** Four significant digits are more than such measurements have; counts stay whole. */
const rounded = (value: number): number =>
  value >= 1000 ? Math.round(value) : Number(value.toPrecision(4));
