/**
 * Keeps a run as two files: results/DATE-CPU.json, and as .svg its chart. Written for comparison on one machine; whether
 * it is committed is for a person to decide.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { chart } from "./chart.ts";
import type { Machine } from "./machine.ts";
import type { Measure } from "./measure.ts";
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

/** @returns the path of both files, without what they end in */
export async function keep(run: Run, measures: readonly Measure[]): Promise<string> {
  const directory = fileURLToPath(new URL("./results/", import.meta.url));
  const day = run.date.toISOString().slice(0, 10);
  const path = `${directory}${day}-${slug(run.machine.cpu)}`;
  await mkdir(directory, { recursive: true });
  const { cpu, cores, node } = run.machine;
  await writeFile(`${path}.json`, `${JSON.stringify(run, undefined, 2)}\n`);
  await writeFile(`${path}.svg`, chart(measures, run.results, `${cpu}, ${cores} cores, Node ${node}, ${day}`));
  return path;
}

const slug = (text: string): string =>
  text
    .toLowerCase()
    .replace(/\([^)]*\)|@.*/g, "")
    .match(/[a-z0-9]+/g)
    ?.join("-") ?? "unknown";
