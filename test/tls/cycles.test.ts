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

test(`grows neither the module's memory nor the JS heap in ${CYCLES} cycles`, async () => {
  const core = await loadCore();
  for (let count = 0; count < 50; count++) cycle(core);
  const before = sizes(core);
  for (let count = 0; count < CYCLES; count++) cycle(core);
  const after = sizes(core);

  assert.is(after.live, before.live, "live bytes");
  assert.is(after.memory, before.memory, "bytes of memory");
  // A leak of one object a cycle would be a hundred bytes and more; what is left is the compiler's.
  assert.ok(after.js - before.js < CYCLES * 100, `JS heap grew by ${after.js - before.js}`);
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
