import fc from "fast-check";

import { XtlsError, type Engine, type EngineRole } from "../../bindings/node.ts";
import { loadCore } from "../module.ts";
import { assert, suite } from "../suite.ts";
import { dispose, pair, pattern, settle, transfer, type Pair, type Wire } from "./pair.ts";

const test = suite("properties");
const core = await loadCore();

const there = pattern(3000);
const back = pattern(700).reverse();

/** Cuts bytes into pieces whose lengths come round and round from a list. */
function cut(lengths: readonly number[]): Wire {
  let turn = 0;
  return function* (bytes) {
    for (let at = 0; at < bytes.length;) {
      const length = lengths[turn++ % lengths.length]!;
      yield bytes.subarray(at, at + length);
      at += length;
    }
  };
}

/** Joins everything and keeps the rest for the next time: a flight may also come together with the next. */
const lengths = fc.array(fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 3000 })), {
  minLength: 1,
  maxLength: 30,
});

test("gives the same plaintext however the flights are split", () => {
  fc.assert(
    fc.property(lengths, lengths, (first, second) => {
      const ends = pair(core);
      settle(ends, cut(first));
      ends.initiator.write(there);
      ends.responder.write(back);
      settle(ends, cut(second));
      assert.equal(ends.responder.read(), there);
      assert.equal(ends.initiator.read(), back);
      dispose(ends);
    }),
    { numRuns: 40 },
  );
});

/** What each end read, and what failed it, after a whole conversation over this wire. */
interface Outcome {
  readonly read: Readonly<Record<EngineRole, Uint8Array>>;
  readonly errors: readonly unknown[];
}

function converse(wire: Wire): Outcome {
  const ends = pair(core);
  const errors: unknown[] = [];
  const attempt = (step: () => void): void => {
    try {
      step();
    } catch (error) {
      errors.push(error);
    }
  };
  attempt(() => settle(ends, wire));
  for (const [end, data] of [
    [ends.initiator, there],
    [ends.responder, back],
  ] as const) {
    if (end.state === "open") attempt(() => end.write(data));
  }
  attempt(() => settle(ends, wire));
  for (const end of each(ends)) if (end.state === "open") attempt(() => end.close());
  attempt(() => settle(ends, wire));
  for (const end of each(ends)) attempt(() => end.end());
  const read = { initiator: ends.initiator.read(), responder: ends.responder.read() };
  dispose(ends);
  return { read, errors };
}

const each = ({ initiator, responder }: Pair): readonly Engine[] => [initiator, responder];

/** How many bytes each end sends in a whole conversation. */
function volumes(): Record<EngineRole, number> {
  const sent = { initiator: 0, responder: 0 };
  converse((bytes, from) => {
    sent[from] += bytes.length;
    return [bytes];
  });
  return sent;
}

/** Alters one byte, the `position`th that this end sends, and says when it did. */
function flip(end: EngineRole, position: number, mask: number, acted: () => void): Wire {
  let passed = 0;
  return (bytes, from) => {
    if (from !== end) return [bytes];
    const at = position - passed;
    passed += bytes.length;
    if (at >= 0 && at < bytes.length) {
      bytes[at]! ^= mask;
      acted();
    }
    return [bytes];
  };
}

const isPrefix = (part: Uint8Array, whole: Uint8Array): boolean => part.every((byte, index) => byte === whole[index]);

/** RFC 8446 §5.1: legacy_record_version of a record in clear is ignored for all purposes; ClientHello and ServerHello come in such. */
const isIgnored = (position: number): boolean => position === 1 || position === 2;

test("never delivers altered plaintext, and always ends in a typed error, whatever byte is flipped", () => {
  const sent = volumes();
  const altered = fc
    .constantFrom<EngineRole>("initiator", "responder")
    .chain((end) =>
      fc.record({ end: fc.constant(end), position: fc.nat(sent[end] - 1), mask: fc.integer({ min: 1, max: 255 }) }),
    );
  fc.assert(
    fc.property(altered, ({ end, position, mask }) => {
      let hasActed = false;
      const { read, errors } = converse(flip(end, position, mask, () => (hasActed = true)));
      fc.pre(hasActed); // signatures vary in length: the last bytes are not always there
      assert.ok(isPrefix(read.responder, there) && isPrefix(read.initiator, back), "altered plaintext");
      for (const error of errors) assert.instance(error, XtlsError);
      if (!isIgnored(position)) assert.ok(errors.length > 0, "nobody noticed");
    }),
    { numRuns: 300 },
  );
});

test("ends in a typed error when bytes are lost, repeated or swapped", () => {
  const sent = volumes();
  const piece = fc.record({
    position: fc.nat(sent.initiator - 1),
    length: fc.integer({ min: 1, max: 200 }),
    way: fc.constantFrom("lose", "repeat", "swap"),
  });
  fc.assert(
    fc.property(piece, ({ position, length, way }) => {
      const { read, errors } = converse(disturb(position, length, way));
      assert.ok(isPrefix(read.responder, there) && isPrefix(read.initiator, back), "altered plaintext");
      for (const error of errors) assert.instance(error, XtlsError);
    }),
    { numRuns: 100 },
  );
});

/** Loses, repeats or swaps a stretch of what the initiator sends. */
function disturb(position: number, length: number, way: string): Wire {
  let passed = 0;
  return (bytes, from) => {
    const at = position - passed;
    if (from !== "initiator") return [bytes];
    passed += bytes.length;
    if (at < 0 || at >= bytes.length) return [bytes];
    const [head, stretch, tail] = [bytes.subarray(0, at), bytes.subarray(at, at + length), bytes.subarray(at + length)];
    if (way === "lose") return [head, tail];
    return way === "repeat" ? [head, stretch, stretch, tail] : [head, tail, stretch];
  };
}

test("is opened by no garbage, and throws nothing untyped", () => {
  const garbage = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { minLength: 1, maxLength: 5 });
  const plausible = garbage.map((pieces) =>
    pieces.map((piece) => Uint8Array.of(22, 3, 3, 0, piece.length & 0xff, ...piece)),
  );
  fc.assert(
    fc.property(fc.oneof(garbage, plausible), fc.boolean(), (pieces, hasHello) => {
      const ends = pair(core);
      if (hasHello) transfer(ends.initiator, ends.responder);
      for (const end of each(ends)) {
        for (const piece of pieces) {
          try {
            end.feed(piece);
          } catch (error) {
            assert.instance(error, XtlsError);
          }
        }
        assert.is.not(end.state, "open");
        assert.is(end.read().length, 0);
      }
      dispose(ends);
    }),
    { numRuns: 200 },
  );
});

test.run();
