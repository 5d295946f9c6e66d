/**
 * Folders for the tests of the file store, and processes that write there: compiled once, since hundreds are started.
 */

import { type ChildProcess, spawn, type SpawnOptions } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

export interface Workshop {
  readonly folder: string;
  /** A path for a store, in a new folder that is not there yet. */
  place(): string;
  start(file: string, name: string, rounds: number, step?: number, options?: SpawnOptions): Writer;
  close(): Promise<void>;
}

export interface Writer {
  readonly process: ChildProcess;
  /** What it has printed: the number of each change once it is stored. */
  readonly lines: () => readonly string[];
  /** Resolves with the signal that ended it, when it has ended and all it said is read. */
  readonly ended: Promise<NodeJS.Signals | null>;
}

export async function openWorkshop(): Promise<Workshop> {
  const folder = await mkdtemp(join(tmpdir(), "xtls-trust-"));
  await chmod(folder, 0o755);
  const program = join(folder, "writer.mjs");
  const entry = fileURLToPath(new URL("writer.ts", import.meta.url));
  await build({
    entryPoints: [entry],
    outfile: program,
    bundle: true,
    platform: "node",
    format: "esm",
    logLevel: "error",
  });
  let places = 0;
  return {
    folder,
    place: () => join(folder, `store-${++places}`, "trust.json"),
    start: (file, name, rounds, step, options = {}) => {
      const args = [program, file, name, String(rounds), ...(step === undefined ? [] : [String(step)])];
      return watched(spawn(process.execPath, args, { ...options, stdio: ["ignore", "pipe", "inherit"] }));
    },
    close: () => rm(folder, { recursive: true }),
  };
}

function watched(process: ChildProcess): Writer {
  let said = "";
  process.stdout!.setEncoding("utf8").on("data", (text: string) => (said += text));
  const ended = once(process, "close").then(([, signal]) => signal as NodeJS.Signals | null);
  return { process, lines: () => said.split("\n").slice(0, -1), ended };
}
