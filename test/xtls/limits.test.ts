import { DEFAULT_LIMITS, limitsWith } from "../../bindings/xtls/limits.ts";
import { assert, suite } from "../suite.ts";
import { code } from "./code.ts";

const test = suite("limits");

test("keeps defaults that were not changed", () => {
  assert.equal(limitsWith({ window: 8 }), { ...DEFAULT_LIMITS, window: 8 });
});

test("waits 60 s for a start, 30 s for data and for the handshake", () => {
  const { startTimeout, dataTimeout, handshakeTimeout } = DEFAULT_LIMITS;
  assert.equal([startTimeout, dataTimeout, handshakeTimeout], [60000, 30000, 30000]);
});

test("allows stanzas of 256 KiB and depth 64, with 4096 elements and 4096 attributes", () => {
  const { stanza, depth, stanzaElements, stanzaAttributes } = DEFAULT_LIMITS;
  assert.equal([stanza, depth, stanzaElements, stanzaAttributes], [262144, 64, 4096, 4096]);
});

test("refuses what is not a positive whole number", () => {
  for (const window of [0, -1, 1.5, NaN, Infinity, "8" as unknown as number])
    assert.is(
      code(() => limitsWith({ window })),
      "invalid-argument",
    );
});

test("refuses a max-bytes that no peer would take, and offers one that servers bear", () => {
  assert.is(code(() => limitsWith({ maxBytes: 1023 })), "invalid-argument");
  assert.is(limitsWith({ maxBytes: 1024 }).maxBytes, 1024);
  assert.ok((DEFAULT_LIMITS.maxBytes * 4) / 3 + 1024 < 262_144);
});

test("refuses a limit that does not exist", () => {
  assert.is(
    code(() => limitsWith({ windows: 8 } as object)),
    "invalid-argument",
  );
  assert.is(code(() => limitsWith({ toString: 8 } as object)), "invalid-argument");
});

test.run();
