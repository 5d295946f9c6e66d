/**
 * A measure: one figure, taken of any subject in the same way.
 *
 * Owns what rounds.ts needs to know of a measure and the arithmetic of a timed window. A new
 * measure is a new file in measures/ and its line in measures/all.ts.
 */
import type { Credentials, Loaded, Subject, Suite } from "./subject.ts";

/** One figure of one round, and particulars that go along on the JSON line. */
export interface Sample {
  readonly value: number;
  readonly details?: Readonly<Record<string, string | number>>;
}

/** A measure made ready for one subject. */
export interface Sampler {
  /** @param window how long to keep at it, in ms; a measure of one event ignores it */
  sample(window: number): Promise<Sample>;
  [Symbol.dispose]?(): void;
}

/** A subject on the bench. */
export interface Stage {
  readonly subject: Subject;
  readonly credentials: Credentials;
  /** Loaded when it is first asked for, and kept. */
  loaded(): Promise<Loaded>;
}

export interface Measure {
  readonly bench: string;
  readonly unit: "1/s" | "MiB/s" | "µs" | "ms" | "bytes";
  readonly better: "more" | "less";
  /** In a few words, for the table. */
  readonly title: string;
  /** Taken in every n-th round only, when it costs much or hardly varies; `Infinity`: in the first alone. */
  readonly every?: number;
  /** Left out by --quick, which keeps to the figures that others rely on. */
  readonly isThorough?: boolean;
  /** Each sample wants a process that did nothing before. */
  readonly isFresh?: boolean;
  /** False when being cold is the point, or nothing warms up. */
  readonly warm: boolean;
  /** undefined: the question makes no sense for this subject. */
  prepare(stage: Stage): Promise<Sampler | undefined>;
}

/**
 * Repeats `work` until the window has passed, always whole, at least once.
 * @param work does `steps` things each time it is called
 * @returns things per second
 */
export async function rate(
  window: number,
  steps: number,
  work: () => void | Promise<void>,
): Promise<number> {
  const begin = performance.now();
  let [done, elapsed] = [0, 0];
  do {
    const pending = work();
    // Awaiting what is already there would cost an engine a turn it does not need.
    if (pending !== undefined) await pending;
    done += steps;
    elapsed = performance.now() - begin;
  } while (elapsed < window);
  return (done * 1000) / elapsed;
}

/** The suite for measures that ask for none: the subject's first. */
export const preferred = ({ suites }: Subject): Suite => suites?.[0] ?? "TLS_CHACHA20_POLY1305_SHA256";

export const speaks = ({ suites }: Subject, suite: Suite): boolean => suites?.includes(suite) ?? true;

/** A message of random bytes; at most 65536, as getRandomValues has it. */
export function noise(length: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(length));
}
