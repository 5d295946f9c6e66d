/** Time that counts only while somebody listens: on a platform whose loop the test turns, and on the real one. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { Clock, type Platform } from "../../bindings/base/clock.ts";
import { assert, suite } from "../suite.ts";

const test = suite("clock");

/** A loop as Node has it: timers, then what has arrived, then immediates. Time stands still unless it is told to go on. */
class Loop implements Platform {
  #now = 5000;
  readonly #timers = new Map<object, { readonly at: number; readonly callback: () => void }>();
  readonly #immediates: (() => void)[] = [];
  /** What lies in the sockets. */
  readonly input: (() => void)[] = [];
  /** How many timers have fired. */
  ticks = 0;

  now(): number {
    return this.#now;
  }

  sleep(milliseconds: number, callback: () => void): () => void {
    const key = {};
    this.#timers.set(key, { at: this.#now + Math.max(milliseconds, 1), callback });
    return () => void this.#timers.delete(key);
  }

  afterInput(callback: () => void): void {
    this.#immediates.push(callback);
  }

  get isIdle(): boolean {
    return this.#timers.size === 0;
  }

  /** So much time goes by, and the loop turns whenever there is something to do. */
  pass(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (let next = this.#next; next <= end; next = this.#next) {
      this.#now = Math.max(next, this.#now);
      this.turn();
    }
    this.#now = end;
  }

  /** So much time goes by in which the process is stopped, or busy; then the loop turns again. */
  block(milliseconds: number): void {
    this.#now += milliseconds;
    this.turn();
  }

  turn(): void {
    for (const [key, { at, callback }] of [...this.#timers]) {
      if (at > this.#now || !this.#timers.delete(key)) continue;
      this.ticks++;
      callback();
    }
    for (const read of this.input.splice(0)) read();
    for (const immediate of this.#immediates.splice(0)) immediate();
  }

  get #next(): number {
    return Math.min(...[...this.#timers.values()].map(({ at }) => at));
  }
}

/** A clock on such a loop, with a wait of so many milliseconds. */
function waiting(milliseconds: number) {
  const loop = new Loop();
  const clock = new Clock(loop);
  const woken: number[] = [];
  const cancel = clock.after(milliseconds, () => woken.push(loop.now()));
  return { loop, clock, woken, cancel, start: loop.now() };
}

test("calls back once, when the time has come and not before", () => {
  for (const milliseconds of [0, 1, 999, 1000, 1001, 30_000, 2 ** 32]) {
    const { loop, woken, start } = waiting(milliseconds);
    if (milliseconds < 2 ** 31) loop.pass(milliseconds - 1);
    assert.equal(woken, []);
    if (milliseconds < 2 ** 31) loop.pass(60_000);
    assert.equal(woken, milliseconds < 2 ** 31 ? [start + Math.max(milliseconds, 1)] : []);
  }
});

test("whoever calls it off is not called, and a clock for whom nobody waits has no timer", () => {
  const { loop, woken, cancel, clock } = waiting(5000);
  const other = clock.after(6000, () => woken.push(0));
  loop.pass(4000);
  cancel();
  cancel();
  assert.not(loop.isIdle);
  other();
  assert.ok(loop.isIdle);
  loop.pass(60_000);
  assert.equal(woken, []);
});

test("each of many is called at its own time", () => {
  const loop = new Loop();
  const clock = new Clock(loop);
  const woken: number[] = [];
  for (const wait of [7000, 20, 3500, 20]) clock.after(wait, () => woken.push(wait));
  loop.pass(8000);
  assert.equal(woken, [20, 20, 3500, 7000]);
});

test("what was stopped for longer than its wait has heard nothing, and waits on", () => {
  for (const before of [0, 500, 28_000, 29_999]) {
    const { loop, woken } = waiting(30_000);
    loop.pass(before);
    loop.block(600_000);
    assert.equal(woken, [], `stopped after ${before} ms`);
    loop.pass(30_000 - before - 1);
    assert.equal(woken, []);
    // At most one tick more than what was left.
    loop.pass(1001);
    assert.is(woken.length, 1);
  }
});

test("reads first what lies in the sockets, then judges, even when it is late by a millisecond", () => {
  for (const late of [1, 200, 249]) {
    const { loop, woken, cancel } = waiting(900);
    loop.input.push(cancel);
    loop.block(900 + late);
    loop.pass(60_000);
    assert.equal(woken, []);
  }
});

test("a gap between looking at the time and beginning to wait is none of the wait", () => {
  const loop = new Loop();
  const clock = new Clock(loop);
  const woken: number[] = [];
  const { now } = clock;
  // A listener that computes for a minute, then whoever called it begins to wait.
  const run = () => {
    loop.block(60_000);
    clock.at(now + 30_000, () => woken.push(loop.now()));
  };
  run();
  loop.pass(29_999);
  assert.equal(woken, []);
  loop.pass(1);
  assert.is(woken.length, 1);
});

test("where every timer is late, as on a page in the background, waits end all the same", () => {
  const { loop, woken } = waiting(30_000);
  let minutes = 0;
  for (; woken.length === 0 && minutes < 100; minutes++) loop.block(60_000);
  assert.is(minutes, 2);
});

test("time stands still in a pause, for five minutes at most, and costs a tick a second", () => {
  const { loop, woken, clock } = waiting(30_000);
  loop.pass(10_000);
  clock.pause();
  clock.pause();
  loop.pass(200_000);
  clock.resume();
  loop.pass(19_999);
  assert.equal(woken, []);
  loop.pass(1001);
  assert.is(woken.length, 1);

  const endless = waiting(30_000);
  endless.loop.pass(29_999);
  endless.clock.pause();
  endless.loop.pass(299_000);
  assert.equal(endless.woken, []);
  endless.loop.pass(3000);
  assert.is(endless.woken.length, 1);
  assert.ok(endless.loop.ticks < 340, `${endless.loop.ticks}`);
});

test("a stream that breaks again and again makes no wait endless, and one that is back for a while has its five minutes anew", () => {
  const loop = new Loop();
  const clock = new Clock(loop);
  let called = 0;
  clock.after(30_000, () => called++);
  let breaks = 0;
  for (; called === 0 && breaks < 100; breaks++) {
    clock.pause();
    loop.pass(290_000);
    clock.resume();
    loop.pass(5);
  }
  assert.equal([called, breaks], [1, 2]);

  loop.pass(30_000);
  clock.after(30_000, () => called++);
  clock.pause();
  loop.pass(299_000);
  clock.resume();
  assert.is(called, 1);
});

test("a callback that throws keeps nobody else from being called", () => {
  const loop = new Loop();
  const clock = new Clock(loop);
  const woken: string[] = [];
  clock.after(10, () => {
    throw new Error("from a callback");
  });
  clock.after(10, () => woken.push("the next"));
  try {
    loop.pass(20);
  } catch {
    // The process would report it.
  }
  loop.pass(20);
  assert.equal(woken, ["the next"]);
});

test("is the only timer: nobody is late by another", () => {
  const root = fileURLToPath(new URL("../../bindings", import.meta.url));
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  assert.ok(files.length > 50);
  const others = files.filter((name) => /\bset(Timeout|Interval)\(/.test(readFileSync(join(root, name), "utf8")));
  assert.equal(others, [join("base", "clock.ts")]);
});

test("runs on the platform's own timers", async () => {
  const clock = new Clock();
  const before = clock.now;
  await new Promise<void>((resolve) => void clock.after(20, resolve));
  assert.ok(clock.now - before >= 20);
});

test.run();
