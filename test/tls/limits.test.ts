import { XtlsError } from "../../bindings/errors.ts";
import type { Core, Engine } from "../../bindings/node.ts";
import { loadCore } from "../module.ts";
import { assert, suite } from "../suite.ts";
import { ALERT, Middle, recordsOf } from "./middle.ts";
import {
  codeThrownBy,
  couple,
  handshake,
  openPair,
  pair,
  pattern,
  settle,
  thrown,
  transfer,
  type Pair,
} from "./pair.ts";

const test = suite("limits");
const core = await loadCore();

const KIB = 1024;

test("takes no plaintext at all when the ring has no room for its records", () => {
  const { initiator, responder } = openPair(core, { limit: 64 * KIB });
  initiator.write(pattern(40 * KIB));
  const { pending } = initiator;
  assert.is(
    codeThrownBy(() => initiator.write(pattern(40 * KIB))),
    "limit-exceeded",
  );
  assert.is(initiator.pending, pending);
  assert.is(initiator.state, "open");

  transfer(initiator, responder);
  initiator.write(pattern(40 * KIB));
  responder.read();
  transfer(initiator, responder);
  assert.equal(responder.read(), pattern(40 * KIB));
});

test("keeps room for close_notify and a fatal alert, however full the ring is", () => {
  const { initiator, responder } = openPair(core, { limit: 64 * KIB });
  for (const size of [16 * KIB, KIB, 64, 1]) fill(initiator, size);
  assert.is(
    codeThrownBy(() => initiator.write(pattern(1))),
    "limit-exceeded",
  );
  initiator.close();
  initiator.abort(90, new XtlsError("handshake-canceled"));
  assert.is(initiator.alerts.sent?.description, 90);
  for (let part = initiator.drain(KIB); part.length > 0; part = initiator.drain(KIB)) {
    responder.feed(part);
    responder.read();
  }
  assert.is(responder.alerts.received?.name, "close_notify");
});

test("says close_notify once and a fatal alert once, whatever number of bytes is free when no more plaintext is taken", () => {
  for (let limit = 4 * KIB; limit < 4 * KIB + 16; limit++) {
    const middle = new Middle(core, { limit });
    const { initiator } = handshake(middle);
    for (const size of [KIB, 64, 1]) fill(initiator, size);
    initiator.close();
    initiator.abort(46, new XtlsError("not-trusted"));
    const sealed = middle.applicationFrom("initiator");
    const contents = recordsOf(initiator.drain()).map((record) => sealed.open(record));
    const alerts = contents.filter(({ type }) => type === ALERT).map(({ content }) => [...content]);
    assert.equal(
      alerts,
      [
        [1, 0],
        [2, 46],
      ],
      `limit ${limit}`,
    );
    middle.dispose();
  }
});

/** Writes until there is no room for `size` bytes. */
function fill(engine: Engine, size: number): void {
  try {
    for (;;) engine.write(pattern(size));
  } catch (error) {
    if ((error as XtlsError).code !== "limit-exceeded") throw error;
  }
}

test("refuses more than the limit before it is copied", () => {
  const { initiator } = openPair(core, { limit: 64 * KIB });
  const memory = core.module.memory.buffer.byteLength;
  for (const port of ["write", "feed"] as const) {
    assert.is(
      codeThrownBy(() => initiator[port](new Uint8Array(64 * KIB * KIB))),
      "limit-exceeded",
    );
  }
  assert.is(core.module.memory.buffer.byteLength, memory);
  assert.is(initiator.state, "open");
});

test("takes no ciphertext when plaintext is not read, and goes on when it is", () => {
  const { initiator, responder } = openPair(core, {}, { limit: 1024 * KIB }, { limit: 64 * KIB });
  const flights = Array.from({ length: 12 }, () => {
    initiator.write(pattern(16 * KIB));
    return initiator.drain();
  });
  let fed = 0;
  const error = thrown(() => flights.forEach((flight) => (responder.feed(flight), fed++))) as { code: string };
  assert.is(error.code, "limit-exceeded");
  assert.is(responder.state, "open");

  let read = responder.read().length;
  for (const flight of flights.slice(fed)) {
    responder.feed(flight);
    read += responder.read().length;
  }
  assert.is(read, 12 * 16 * KIB);
});

/** A responder with little room that was fed three records, more than it can hold as plaintext. */
function overfull(): Pair & { readonly last: Uint8Array } {
  const ends = openPair(core, {}, {}, { limit: 4 * KIB });
  const records = Array.from({ length: 4 }, () => {
    ends.initiator.write(pattern(3000));
    return ends.initiator.drain();
  });
  for (const record of records.slice(0, 3)) ends.responder.feed(record);
  return { ...ends, last: records[3]! };
}

test("reads on through a ring smaller than what waits", () => {
  const { responder } = overfull();
  assert.is(responder.read().length, 9000);
  assert.is(responder.read().length, 0);
});

test("reads on into the caller's memory, too", () => {
  const { responder } = overfull();
  const output = new Uint8Array(10_000);
  assert.is(responder.readInto(output), 9000);
  assert.equal(output.subarray(6000, 9000), pattern(3000));
});

test("keeps an error that only reading came upon", () => {
  const { responder } = overfull();
  responder.end();
  assert.is(responder.error, undefined, "there is still something to read");
  assert.is(responder.read().length, 9000);
  assert.is(responder.state, "failed");
  responder[Symbol.dispose]();
  assert.is(responder.error?.code, "truncated");
});

test("holds four megabytes by default", () => {
  const ends = openPair(core);
  ends.initiator.write(pattern(4000 * KIB));
  transfer(ends.initiator, ends.responder);
  assert.equal(ends.responder.read(), pattern(4000 * KIB));
  assert.is(
    codeThrownBy(() => ends.initiator.write(pattern(4097 * KIB))),
    "limit-exceeded",
  );
});

test("has too little room for a handshake when the limit is absurd, and says so", () => {
  const ends = pair(core, {}, {}, { limit: 100 });
  assert.is(
    codeThrownBy(() => settle(ends)),
    "limit-exceeded",
  );
});

/** Takes all memory that the module can have, down to 4 KiB; returns how to give it back. */
function exhaust({ module }: Core): () => void {
  const blocks: ReturnType<typeof module.xtls_alloc>[] = [];
  for (let size = 0x4000000; size >= 0x1000; size >>= 1) {
    for (let block = module.xtls_alloc(size); block !== 0; block = module.xtls_alloc(size)) blocks.push(block);
  }
  return () => blocks.forEach((block) => module.xtls_free(block));
}

test("says when the module's memory runs out, and works again when there is some", async () => {
  const small = await loadCore();
  const ends = pair(small);
  const { juliet: identity } = couple(small);
  const release = exhaust(small);
  assert.is(
    codeThrownBy(() => small.createIdentity({ jid: "nurse@capulet.example" })),
    "out-of-memory",
  );
  assert.is(
    codeThrownBy(() => small.tickets({ capacity: 65536 })),
    "out-of-memory",
  );
  assert.is(
    codeThrownBy(() => small.engine({ role: "initiator", identity })),
    "out-of-memory",
  );
  assert.is(
    codeThrownBy(() => settle(ends)),
    "out-of-memory",
  );
  release();
  openPair(small);
});

test.run();
