/**
 * AES-GCM in wasm, with vectors and without, against NIST's own answers: gcm-cavp.txt says which.
 */

import { readFileSync } from "node:fs";
import { assert, suite } from "../suite.ts";
import { buildKernels, Kernels } from "./kernels.ts";

const test = suite("cavp");
buildKernels();

interface Vector {
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
  readonly additional: Uint8Array;
  /** Undefined if the tag is wrong. */
  readonly plain: Uint8Array | undefined;
  readonly cipher: Uint8Array;
  readonly tag: Uint8Array;
}

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, "hex"));

function parsed(line: string): Vector {
  const [key, iv, additional, plain, cipher, tag] = line.split(",") as [string, string, string, string, string, string];
  const answer = plain === "refused" ? undefined : bytes(plain);
  return { key: bytes(key), iv: bytes(iv), additional: bytes(additional), plain: answer, cipher: bytes(cipher), tag: bytes(tag) };
}

const lines = readFileSync(new URL("gcm-cavp.txt", import.meta.url), "utf8").split("\n");
const vectors = lines.filter((line) => line !== "" && !line.startsWith("#")).map(parsed);

const leading = ({ key, iv, additional }: Vector) => [key, key.length * 8, iv, iv.length, additional, additional.length] as const;

/** Ciphertext and tag. */
function seal(kernels: Kernels, vector: Vector, plain: Uint8Array): [Uint8Array, Uint8Array] {
  const [output, tag] = [kernels.place("output", plain.length), kernels.place("tag", 16)];
  assert.is(kernels.call("gcm_seal", ...leading(vector), plain, plain.length, output, tag, vector.tag.length), 0);
  return [kernels.bytes(output, plain.length).slice(), kernels.bytes(tag, vector.tag.length).slice()];
}

/** Plaintext, or undefined when it is refused. */
function open(kernels: Kernels, vector: Vector): Uint8Array | undefined {
  const { cipher, tag } = vector;
  const output = kernels.put("output", cipher);
  const result = kernels.call("gcm_open", ...leading(vector), cipher, cipher.length, output, tag, tag.length);
  const found = kernels.bytes(output, cipher.length).slice();
  if (result === 0) return found;
  assert.ok(found.every((byte) => byte === 0), "plaintext was released");
  return undefined;
}

const kernels = new Kernels();

test("AES-GCM seals as NIST does, with every length of key and tag and IVs of 1, 12 and 128 bytes", () => {
  for (const vector of vectors) {
    if (vector.plain) assert.equal(seal(kernels, vector, vector.plain), [vector.cipher, vector.tag]);
  }
});

test("AES-GCM opens and refuses as NIST does", () => {
  for (const vector of vectors) assert.equal(open(kernels, vector), vector.plain);
});

test("NIST's answers are all there", () => {
  assert.is(vectors.length, 126);
  assert.is(vectors.filter(({ plain }) => plain === undefined).length, 63);
});

test.run();
