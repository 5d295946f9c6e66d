/**
 * Keeps a run as a file: results/DATE-CPU.json. Written for comparison on one machine; whether
 * it is committed is for a person to decide.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Machine } from "./machine.ts";
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

/** @returns the path of the file */
export async function keep(run: Run): Promise<string> {
  const directory = fileURLToPath(new URL("./results/", import.meta.url));
  const name = `${run.date.toISOString().slice(0, 10)}-${slug(run.machine.cpu)}.json`;
  await mkdir(directory, { recursive: true });
  await writeFile(directory + name, `${JSON.stringify(run, undefined, 2)}\n`);
  return directory + name;
}

const slug = (text: string): string =>
  text
    .toLowerCase()
    .replace(/\([^)]*\)|@.*/g, "")
    .match(/[a-z0-9]+/g)
    ?.join("-") ?? "unknown";
