/**
 * What every test file stands on: uvu, so that nothing passes silently.
 *
 * uvu alone calls it a success when `.run()` is forgotten, when a `before` hook throws and
 * when a file has no test at all. Here each of these ends the process with an error. The
 * last line says `N passed, N failed, N skipped`; scripts/test.ts adds those lines up.
 */

import { suite as uvuSuite, type Callback } from "uvu";
import * as assert from "uvu/assert";

export { assert };

/** Registers what to do around all tests of a suite, or around each. */
export interface Hook {
  (body: Callback): void;
  each(body: Callback): void;
}

/** Call it to add a test; call `run` once, at the end of the file. There is no `only` to forget. */
export interface Suite {
  (claim: string, body: Callback): void;
  readonly before: Hook;
  readonly after: Hook;
  run(): void;
}

const waiting = new Set<string>();
const skips: string[] = [];
const counts = { declared: 0, passed: 0, skipped: 0 };
let isInTest = false;
let skipReason: string | undefined;

/**
 * A suite of tests about one subject.
 *
 * @param name the subject, as it stands in the report
 */
export function suite(name: string): Suite {
  const inner = uvuSuite(name);
  waiting.add(name);

  const add = (claim: string, body: Callback): void => {
    counts.declared++;
    inner(claim, (context) => run(`${name}: ${claim}`, () => body(context)));
  };
  const start = (): void => {
    waiting.delete(name);
    inner.run();
  };
  return Object.assign(add, { before: inner.before, after: inner.after, run: start });
}

/**
 * Says why something cannot be tested here: `return skip("no openssl on this machine")` in a
 * test, or at the top of a file that then declares none. With CI=true a skip is a failure.
 */
export function skip(reason: string): void {
  if (isInTest) {
    skipReason = reason;
    return;
  }
  counts.declared++;
  note("this file", reason);
}

async function run(title: string, body: () => void | Promise<void>): Promise<void> {
  skipReason = undefined;
  isInTest = true;
  try {
    await body();
  } finally {
    isInTest = false;
  }
  if (skipReason === undefined) counts.passed++;
  else note(title, skipReason);
}

function note(title: string, reason: string): void {
  counts.skipped++;
  skips.push(`${title}: ${reason}`);
}

function* complaints(code: number): Generator<string> {
  if (code === 0) for (const name of waiting) yield `suite "${name}" was never run: call .run() at the end of the file`;
  if (counts.declared === 0) yield "this file has no tests";
  if (counts.passed + counts.skipped < counts.declared) yield "not every test passed";
  if (process.env.CI === "true" && skips.length > 0) yield "nothing may be skipped in CI";
}

process.on("exit", (code) => {
  for (const line of skips) console.log(`skipped: ${line}`);
  for (const complaint of complaints(code)) {
    console.log(`error: ${complaint}`);
    process.exitCode ||= 1;
  }
  const { declared, passed, skipped } = counts;
  console.log(`${passed} passed, ${declared - passed - skipped} failed, ${skipped} skipped`);
});
