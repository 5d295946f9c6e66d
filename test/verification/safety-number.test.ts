import { createHash, pbkdf2Sync } from "node:crypto";

import { safetyNumber, type KeyOwner } from "../../bindings/verification/safety-number.ts";
import { assert, suite } from "../suite.ts";

const test = suite("safety number");

const keyOf = (seed: string): string => createHash("sha256").update(seed).digest("hex").toUpperCase().match(/../g)!.join(":");
const romeo: KeyOwner = { jid: "romeo@montague.lit", spkiFingerprint: keyOf("romeo") };
const juliet: KeyOwner = { jid: "juliet@capulet.lit", spkiFingerprint: keyOf("juliet") };

/** The same thirty digits, from the definition and with another implementation. */
function thirtyDigits({ jid, spkiFingerprint }: KeyOwner): string {
  const digest = pbkdf2Sync(spkiFingerprint.replaceAll(":", ""), `xtls safety number 1 ${jid}`, 100_000, 30, "sha512");
  return [0, 5, 10, 15, 20, 25].map((at) => String(digest.readUIntBE(at, 5) % 100_000).padStart(5, "0")).join(" ");
}

test("is twelve groups of five digits, the same at both ends", async () => {
  const number = await safetyNumber(romeo, juliet);
  assert.match(number, /^\d{5}( \d{5}){11}$/);
  assert.is(await safetyNumber(juliet, romeo), number);
});

test("is what its definition says", async () => {
  assert.is(await safetyNumber(romeo, juliet), [romeo, juliet].map(thirtyDigits).sort().join(" "));
});

test("stays what it is: two people may have written it down", async () => {
  assert.is(await safetyNumber(romeo, juliet), "25227 39843 28263 94774 93999 51389 57186 54793 95900 50027 33016 89713");
});

test("does not care how JID and fingerprint are written", async () => {
  const typed = { jid: "Romeo@Montague.LIT./orchard", spkiFingerprint: romeo.spkiFingerprint.replaceAll(":", " ").toLowerCase() };
  assert.is(await safetyNumber(typed, juliet), await safetyNumber(romeo, juliet));
});

test("changes with either key and either address", async () => {
  const numbers = await Promise.all([
    safetyNumber(romeo, juliet),
    safetyNumber(romeo, { ...juliet, spkiFingerprint: keyOf("mallory") }),
    safetyNumber({ ...romeo, spkiFingerprint: keyOf("mallory") }, juliet),
    safetyNumber(romeo, { ...juliet, jid: "juliet@capulet.example" }),
    safetyNumber({ ...romeo, spkiFingerprint: juliet.spkiFingerprint }, { ...juliet, spkiFingerprint: romeo.spkiFingerprint }),
  ]);
  assert.is(new Set(numbers).size, numbers.length);
});

test("refuses what is no address or no fingerprint", async () => {
  for (const [owner, expected] of [
    [{ ...romeo, jid: "romeo@" }, "invalid-jid"],
    [{ ...romeo, spkiFingerprint: "93B1" }, "invalid-argument"],
  ] as const)
    assert.is(await safetyNumber(owner, juliet).catch((error: { code: string }) => error.code), expected);
});

test.run();
