/**
 * Measures in a process of their own, for figures that a warm process would spoil.
 *
 * Owns the way to the child (child.ts) and back. Messages go over Node's channel between
 * processes, so standard output stays the parent's.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Sample } from "./measure.ts";
import type { Credentials } from "./subject.ts";

/** What the child is told. */
export interface Task {
  readonly bench: string;
  readonly subject: string;
  readonly credentials: Credentials;
}

/**
 * One sample, taken in a fresh process.
 * @throws if the child fails; its own words are on standard error by then
 */
export async function apart(
  bench: string,
  subject: string,
  credentials: Credentials,
): Promise<Sample> {
  const child = fork(fileURLToPath(new URL("./child.ts", import.meta.url)), {
    execArgv: ["--import", import.meta.resolve("tsx")],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  child.send({ bench, subject, credentials } satisfies Task);
  const sample = once(child, "message").then(([value]) => value as Sample);
  const end = once(child, "exit").then(([code]) => {
    throw new Error(`${bench} of ${subject}: the child process ended early (${code})`);
  });
  return Promise.race([sample, end]);
}

/** A full collection, so that nobody is timed sweeping up after somebody else. */
export const collect: () => void = exposeCollector();

function exposeCollector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}
