import fc from "fast-check";

import { parseFingerprint, readableFingerprint } from "../../bindings/verification/fingerprint.ts";
import { assert, suite } from "../suite.ts";
import { code } from "../xtls/code.ts";

const test = suite("fingerprint");

const DIGITS = "93b10c4e7d2f5a68".repeat(4);
const COLONS = DIGITS.toUpperCase().match(/../g)!.join(":");

test("is read aloud in sixteen groups of four", () => {
  assert.is(readableFingerprint(COLONS), Array(4).fill("93B1 0C4E 7D2F 5A68").join(" "));
});

test("is understood however it is typed", () => {
  for (const typed of [
    DIGITS,
    COLONS,
    COLONS.toLowerCase(),
    readableFingerprint(COLONS),
    ` ${DIGITS.slice(0, 32)}\r\n\t${DIGITS.slice(32)}\n`,
    DIGITS.match(/.{8}/g)!.join("-"),
    DIGITS.match(/.{8}/g)!.join("\u00a0\u2013\u202f"),
    DIGITS.replaceAll("9", "９").replaceAll("b", "ｂ"),
  ])
    assert.is(parseFingerprint(typed), COLONS, typed);
});

test("refuses what is not 64 hex digits", () => {
  for (const typed of ["", DIGITS.slice(1), `${DIGITS}0`, `${DIGITS.slice(1)}g`, `${DIGITS.slice(1)}O`, `0x${DIGITS}`, "not a fingerprint"])
    assert.is(code(() => parseFingerprint(typed)), "invalid-argument", typed);
});

test("comes back from people as it went out", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
      const written = Buffer.from(bytes).toString("hex").toUpperCase().match(/../g)!.join(":");
      assert.is(parseFingerprint(readableFingerprint(written).toLowerCase()), written);
    }),
  );
});

test.run();
