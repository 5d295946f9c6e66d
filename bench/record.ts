/**
 * Keeps a run as files: results/DATE-CPU.json, its chart as .svg, and the chief figures as -ratios.svg. Written for comparison
 * on one machine; whether they are committed is for a person to decide.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { chart } from "./chart.ts";
import type { Machine } from "./machine.ts";
import type { Measure } from "./measure.ts";
import { ratios } from "./ratios.ts";
import type { Result } from "./rounds.ts";

export interface Description {
  readonly version: string;
  readonly notes: readonly string[];
}

export interface Run {
  readonly date: Date;
  readonly machine: Machine;
  /** What each subject says of itself, by name. */
  readonly subjects: Readonly<Record<string, Description>>;
  readonly results: readonly Result[];
}

/** @returns the path of all files, without what they end in */
export async function keep(run: Run, measures: readonly Measure[]): Promise<string> {
  const directory = fileURLToPath(new URL("./results/", import.meta.url));
  const path = `${directory}${day(run.date)}-${slug(run.machine.cpu)}`;
  await mkdir(directory, { recursive: true });
  await writeFile(`${path}.json`, `${JSON.stringify(run, undefined, 2)}\n`);
  for (const [suffix, picture] of pictures(run, measures)) await writeFile(`${path}${suffix}.svg`, picture);
  return path;
}

/** By what is added to their name; without node:tls in the run there is nothing to be compared with it. */
export function pictures({ date, machine, results }: Run, measures: readonly Measure[]): Map<string, string> {
  const caption = `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, ${day(date)}`;
  const chief = ratios(measures, results, caption);
  return new Map([["", chart(measures, results, caption)], ...(chief === undefined ? [] : [["-ratios", chief] as const])]);
}

const day = (date: Date): string => date.toISOString().slice(0, 10);

const slug = (text: string): string =>
  text
    .toLowerCase()
    .replace(/\([^)]*\)|@.*/g, "")
    .match(/[a-z0-9]+/g)
    ?.join("-") ?? "unknown";
