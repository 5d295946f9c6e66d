import fc from "fast-check";

import { EMOJI } from "../../bindings/verification/emoji.ts";
import { shortCode } from "../../bindings/verification/short-code.ts";
import { THREE_SYLLABLES, TWO_SYLLABLES } from "../../bindings/verification/words.ts";
import { assert, suite } from "../suite.ts";

const test = suite("short code");

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));
const sixBytes = fc.uint8Array({ minLength: 6, maxLength: 6 });

test("says the published example in the PGP word list's words", async () => {
  const published =
    "topmost Istanbul Pluto vagabond treadmill Pacific brackish dictator goldfish Medusa " +
    "afflict bravado chatter revolver Dupont midsummer stopwatch whimsical cowbell bottomless";
  const { words } = await shortCode(bytes("E58294F2E9A227486E8B061B31CC528FD7FA3F19"));
  assert.is(words.join(" "), published);
});

test("has 512 different words and 64 different emoji, each with its own name", () => {
  assert.is(TWO_SYLLABLES.length, 256);
  assert.is(THREE_SYLLABLES.length, 256);
  assert.is(new Set([...TWO_SYLLABLES, ...THREE_SYLLABLES].map((word) => word.toLowerCase())).size, 512);
  assert.is(EMOJI.length, 64);
  assert.is(new Set(EMOJI.map(({ symbol }) => symbol)).size, 64);
  assert.is(new Set(EMOJI.map(({ name }) => name)).size, 64);
  assert.equal([EMOJI[0], EMOJI[36], EMOJI[63]], [
    { symbol: "🐶", name: "Dog" },
    { symbol: "👍", name: "Thumbs Up" },
    { symbol: "📌", name: "Pin" },
  ]);
});

test("writes the smallest and the largest code in full", async () => {
  const smallest = await shortCode(bytes("000000000000"));
  assert.is(smallest.decimals, "00000 00000 00000");
  assert.is(smallest.words.join(" "), "aardvark adroitness aardvark adroitness aardvark adroitness");
  assert.is(smallest.emoji.map(({ name }) => name).join(" "), Array(8).fill("Dog").join(" "));
  const largest = await shortCode(bytes("ffffffffffff"));
  assert.is(largest.decimals, "65535 65535 65535");
  assert.is(largest.words.join(" "), "Zulu Yucatan Zulu Yucatan Zulu Yucatan");
  assert.is(largest.emoji.map(({ name }) => name).join(" "), Array(8).fill("Pin").join(" "));
});

test("carries every bit in each of its three ways", async () => {
  await fc.assert(
    fc.asyncProperty(sixBytes, async (code) => {
      const { decimals, words, emoji } = await shortCode(code);
      const hex = Buffer.from(code).toString("hex");
      assert.is(decimals.split(" ").map((group) => Number(group).toString(16).padStart(4, "0")).join(""), hex);
      assert.is(
        words.map((word, at) => (at % 2 === 0 ? TWO_SYLLABLES : THREE_SYLLABLES).indexOf(word).toString(16).padStart(2, "0")).join(""),
        hex,
      );
      const bits = emoji.map((one) => EMOJI.indexOf(one).toString(2).padStart(6, "0")).join("");
      assert.is(BigInt(`0b${bits}`).toString(16).padStart(12, "0"), hex);
    }),
  );
});

test.run();
