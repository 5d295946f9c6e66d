import { createHash, createHmac, randomBytes } from "node:crypto";

import { equal } from "../../bindings/tls/digest.ts";
import { loadCore } from "../module.ts";
import { assert, suite } from "../suite.ts";

const test = suite("digest");
const core = await loadCore();

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const bytes = (digits: string): Uint8Array => Uint8Array.from(Buffer.from(digits, "hex"));
const text = (words: string): Uint8Array => new TextEncoder().encode(words);

/** RFC 4231 §4: key, message, HMAC-SHA-256 (test case 5 truncates it to 128 bits). */
const RFC_4231: readonly (readonly [key: Uint8Array, message: Uint8Array, mac: string])[] = [
  [bytes("0b".repeat(20)), text("Hi There"), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"],
  [
    text("Jefe"),
    text("what do ya want for nothing?"),
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  ],
  [bytes("aa".repeat(20)), bytes("dd".repeat(50)), "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"],
  [
    bytes("0102030405060708090a0b0c0d0e0f10111213141516171819"),
    bytes("cd".repeat(50)),
    "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
  ],
  [bytes("0c".repeat(20)), text("Test With Truncation"), "a3b6167473100ee06e0c796c2955552b"],
  [
    bytes("aa".repeat(131)),
    text("Test Using Larger Than Block-Size Key - Hash Key First"),
    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
  ],
  [
    bytes("aa".repeat(131)),
    text(
      "This is a test using a larger than block-size key and a larger than block-size data. " +
        "The key needs to be hashed before being used by the HMAC algorithm.",
    ),
    "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
  ],
];

for (const [at, [key, message, mac]] of RFC_4231.entries()) {
  test(`authenticates as RFC 4231 test case ${at + 1} has it`, () => {
    assert.is(hex(core.hmac(key, message)).slice(0, mac.length), mac);
  });
}

test("hashes the examples of FIPS 180-4", () => {
  assert.is(hex(core.sha256(text("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  assert.is(
    hex(core.sha256(text("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))),
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  );
});

test("agrees with Node at every length around a block, and beyond the window", () => {
  for (const length of [0, 1, 31, 32, 55, 56, 63, 64, 65, 128, 65_535, 65_536, 200_000]) {
    const [key, message] = [randomBytes(length), randomBytes(length)];
    assert.is(hex(core.sha256(message)), createHash("sha256").update(message).digest("hex"));
    assert.is(hex(core.hmac(key, message)), createHmac("sha256", key).update(message).digest("hex"));
  }
});

test("leaves nothing in the module's heap", () => {
  const before = core.heapUsed;
  for (let round = 0; round < 5; round++) core.hmac(randomBytes(100_000), randomBytes(100_000));
  assert.is(core.heapUsed, before);
});

test("calls equal what is equal, and nothing else", () => {
  const one = randomBytes(32);
  assert.ok(equal(one, one.slice()));
  assert.ok(equal(new Uint8Array(0), new Uint8Array(0)));
  assert.not.ok(equal(one, one.subarray(1)));
  for (let at = 0; at < one.length; at++) {
    const other = Uint8Array.from(one);
    other[at]! ^= 0x80;
    assert.not.ok(equal(one, other), String(at));
  }
});

test.run();
