import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import type { Core } from "../../bindings/node.ts";
import { loadCore } from "../module.ts";
import { assert, suite } from "../suite.ts";
import { bytesOf, dispose, openPair, pair, settle } from "./pair.ts";

const test = suite("cycles");

const CYCLES = 1000;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as (options?: object) => void;

/** Open, speak, close, dispose of: what a user does a thousand times. */
function cycle(core: Core): void {
  const ends = openPair(core);
  ends.initiator.write(bytesOf("ping"));
  ends.responder.write(bytesOf("pong"));
  settle(ends);
  ends.initiator.read();
  ends.initiator.close();
  settle(ends);
  dispose(ends);
}

const sizes = (core: Core) => {
  collectGarbage();
  return {
    live: core.heapUsed,
    memory: core.module.memory.buffer.byteLength,
    js: process.memoryUsage().heapUsed,
  };
};

/** Bytes of the JS heap that a leak of even one engine a cycle would exceed by far; what is below is the compiler's. */
const NOISE = 500;

/** How much the JS heap grows a cycle. */
function growth(core: Core, cycles: number, body: () => void): number {
  const before = sizes(core).js;
  for (let count = 0; count < cycles; count++) body();
  return (sizes(core).js - before) / cycles;
}

test(`grows neither the module's memory nor the JS heap in ${CYCLES} cycles`, async () => {
  const core = await loadCore();
  for (let count = 0; count < 100; count++) cycle(core);
  const before = sizes(core);
  const perCycle = growth(core, CYCLES, () => cycle(core));
  const after = sizes(core);

  assert.is(after.live, before.live, "live bytes");
  assert.is(after.memory, before.memory, "bytes of memory");
  assert.ok(perCycle < NOISE, `JS heap grew by ${perCycle} bytes a cycle`);
});

test("would notice one engine a cycle that is disposed of but kept", async () => {
  const core = await loadCore();
  for (let count = 0; count < 50; count++) dispose(openPair(core));
  const kept: unknown[] = [];
  // As many as above: what the collector happens to find from before must not outweigh it.
  const perCycle = growth(core, CYCLES, () => {
    const ends = openPair(core);
    kept.push(ends.initiator);
    dispose(ends);
  });
  assert.ok(perCycle > NOISE, `JS heap grew by ${perCycle} bytes a cycle`);
  assert.is(kept.length, CYCLES);
});

test("gives everything back when handshakes fail half-way", async () => {
  const core = await loadCore();
  const fail = () => {
    const ends = pair(core);
    const hello = ends.initiator.drain();
    hello[20]! ^= 0xff;
    ends.responder.feed(hello);
    const flight = ends.responder.drain();
    flight[flight.length - 1]! ^= 1;
    assert.throws(() => ends.initiator.feed(flight));
    dispose(ends);
  };
  fail();
  const before = core.heapUsed;
  for (let count = 0; count < 20; count++) fail();
  assert.is(core.heapUsed, before);
});

test("gives back what was forgotten, once it is collected", async () => {
  const core = await loadCore();
  openPair(core);
  const before = core.heapUsed;
  for (let count = 0; count < 10; count++) openPair(core);
  assert.ok(core.heapUsed > before);
  for (let round = 0; round < 50 && core.heapUsed > before; round++) {
    await new Promise((done) => setTimeout(done, 10));
    collectGarbage();
  }
  assert.ok(core.heapUsed <= before);
});

test.run();
