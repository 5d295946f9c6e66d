/**
 * ChaCha20-Poly1305 and AES-GCM in wasm against node:crypto:
 * random cases (LONG=1: 100,000 of each), all lengths to 1100, calls of every size, and
 * forgeries. test/native/fast_symmetric_test.c has the published vectors.
 */

import { createCipheriv, randomBytes, randomInt, type CipherGCM, type CipherGCMTypes } from "node:crypto";
import { assert, suite } from "../suite.ts";
import { buildKernels, Kernels } from "./kernels.ts";

const CASES = process.env.LONG ? 100_000 : 1500;
const LONGEST = 1100;

const test = suite("symmetric");
buildKernels();

/** What is to be sealed, and how. */
interface Case {
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
  readonly additional: Uint8Array;
  readonly plain: Uint8Array;
  /** Bytes. */
  readonly tagLength: number;
}

interface Sealed {
  readonly cipher: Uint8Array;
  readonly tag: Uint8Array;
}

/** One algorithm, by node:crypto and by a kernel. */
interface Algorithm {
  readonly name: string;
  random(length: number): Case;
  expected(c: Case): Sealed;
  /** What a kernel_*_seal and kernel_*_open take first. */
  leading(c: Case): (number | Uint8Array)[];
  /** What they take last. */
  trailing(c: Case): number[];
  readonly kernel: string;
  /** For calls in parts: their numbers for sealing and opening. */
  readonly modes: readonly [number, number];
}

const pick = <T>(choices: readonly T[]): T => choices[randomInt(choices.length)]!;

/** Half of them filled with one byte: all zeros and all ones are where carries and reductions go wrong. */
function bytes(length: number): Uint8Array {
  return randomInt(4) > 0 ? new Uint8Array(randomBytes(length)) : new Uint8Array(length).fill(pick([0, 0xff, 0x80, 1]));
}

const additional = (): Uint8Array => bytes(pick([0, 5, 13, 16, randomInt(100), randomInt(LONGEST)]));

const chachapoly: Algorithm = {
  name: "ChaCha20-Poly1305",
  kernel: "chachapoly",
  modes: [0, 1],
  random: (length) => ({ key: bytes(32), iv: bytes(12), additional: additional(), plain: bytes(length), tagLength: 16 }),
  expected: (c) => sealed(createCipheriv("chacha20-poly1305", c.key, c.iv, { authTagLength: 16 }) as CipherGCM, c),
  leading: (c) => [c.key, c.iv, c.additional, c.additional.length],
  trailing: () => [],
};

const gcm: Algorithm = {
  name: "AES-GCM",
  kernel: "gcm",
  modes: [1, 0],
  random: (length) => ({
    key: bytes(pick([16, 24, 32])),
    iv: bytes(pick([12, 12, 8, 16, randomInt(1, 129)])),
    additional: additional(),
    plain: bytes(length),
    tagLength: pick([4, 8, 12, 13, 14, 15, 16]),
  }),
  expected(c) {
    const algorithm = `aes-${c.key.length * 8}-gcm` as CipherGCMTypes;
    return sealed(createCipheriv(algorithm, c.key, c.iv, { authTagLength: c.tagLength }), c);
  },
  leading: (c) => [c.key, c.key.length * 8, c.iv, c.iv.length, c.additional, c.additional.length],
  trailing: (c) => [c.tagLength],
};

function sealed(cipher: CipherGCM, c: Case): Sealed {
  cipher.setAAD(c.additional, { plaintextLength: c.plain.length });
  const output = cipher.update(c.plain);
  cipher.final();
  return { cipher: new Uint8Array(output), tag: new Uint8Array(cipher.getAuthTag()) };
}

/** A kernel's side of the comparison. */
class Aead {
  readonly #kernels: Kernels;
  readonly #algorithm: Algorithm;

  constructor(kernels: Kernels, algorithm: Algorithm) {
    this.#kernels = kernels;
    this.#algorithm = algorithm;
  }

  seal(c: Case, isInPlace: boolean): Sealed {
    const [input, output] = this.#buffers(c.plain, isInPlace);
    const tag = this.#kernels.put("tag", new Uint8Array(16));
    const { kernel, leading, trailing } = this.#algorithm;
    const result = this.#kernels.call(`${kernel}_seal`, ...leading(c), input, c.plain.length, output, tag, ...trailing(c));
    assert.is(result, 0);
    return { cipher: this.#slice(output, c.plain.length), tag: this.#slice(tag, c.tagLength) };
  }

  /** What is in the output afterwards, and whether the kernel called it authentic. */
  open(c: Case, { cipher, tag }: Sealed, isInPlace: boolean): { plain: Uint8Array; isAuthentic: boolean } {
    const [input, output] = this.#buffers(cipher, isInPlace);
    const { kernel, leading, trailing } = this.#algorithm;
    const args = [...leading(c), input, cipher.length, output, this.#kernels.put("tag", tag), ...trailing(c)];
    const isAuthentic = this.#kernels.call(`${kernel}_open`, ...args) === 0;
    return { plain: this.#slice(output, cipher.length), isAuthentic };
  }

  /** In calls of `step` bytes. */
  inParts(c: Case, from: Uint8Array, mode: number, step: number): Sealed {
    const [input, output] = this.#buffers(from, true);
    const tag = this.#kernels.place("tag", 16);
    const { kernel, leading } = this.#algorithm;
    assert.is(this.#kernels.call(`${kernel}_parts`, mode, ...leading(c), input, from.length, output, tag, step), 0);
    return { cipher: this.#slice(output, from.length), tag: this.#slice(tag, c.tagLength) };
  }

  #buffers(input: Uint8Array, isInPlace: boolean): [number, number] {
    const at = this.#kernels.put("input", input);
    return [at, isInPlace ? at : this.#kernels.put("output", new Uint8Array(input.length).fill(0xaa))];
  }

  #slice(at: number, length: number): Uint8Array {
    return this.#kernels.bytes(at, length).slice();
  }
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** Sealed, opened, and refused with one bit off. */
function compare(aead: Aead, algorithm: Algorithm, c: Case): void {
  const expected = algorithm.expected(c);
  const isInPlace = randomInt(2) === 0;
  const found = aead.seal(c, isInPlace);
  assert.ok(isSame(found.cipher, expected.cipher) && isSame(found.tag, expected.tag), describe(c, "sealed otherwise"));
  const { plain, isAuthentic } = aead.open(c, expected, isInPlace);
  assert.ok(isAuthentic && isSame(plain, c.plain), describe(c, "opened otherwise"));
  const forged = aead.open(c, off(expected), isInPlace);
  assert.ok(!forged.isAuthentic && forged.plain.every((byte) => byte === 0), describe(c, "a forgery was opened"));
}

/** One bit off, in the tag or in the ciphertext. */
function off({ cipher, tag }: Sealed): Sealed {
  const forged = { cipher: cipher.slice(), tag: tag.slice() };
  const target = cipher.length > 0 && randomInt(2) === 0 ? forged.cipher : forged.tag;
  const at = randomInt(target.length);
  target[at]! ^= 1 << randomInt(8);
  return forged;
}

function describe(c: Case, what: string): string {
  const hex = Object.entries(c).map(([name, value]) => `${name}: ${value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value}`);
  return `${what}\n${hex.join("\n")}`;
}

const kernels = new Kernels();
for (const algorithm of [chachapoly, gcm]) {
  const aead = new Aead(kernels, algorithm);
  const title = algorithm.name;

  test(`${title} agrees with node:crypto on every length to ${LONGEST}, and opens no forgery`, () => {
    for (let length = 0; length <= LONGEST; length++) compare(aead, algorithm, algorithm.random(length));
  });

  test(`${title} agrees with node:crypto in ${CASES} random cases`, () => {
    for (let i = 0; i < CASES; i++) compare(aead, algorithm, algorithm.random(randomInt(LONGEST + 1)));
  });

  test(`${title} agrees with node:crypto on additional data of every length to 64`, () => {
    for (let length = 0; length <= 64; length++) {
      compare(aead, algorithm, { ...algorithm.random(randomInt(LONGEST + 1)), additional: bytes(length) });
    }
  });

  test(`${title} agrees with node:crypto on whole records`, () => {
    for (const length of [4096, 16384, 16401, 65537]) compare(aead, algorithm, algorithm.random(length));
  });

  test(`${title} does not mind the size of the calls`, () => {
    for (const length of [1, 15, 16, 17, 64, 191, 193, 257, 300, 1025]) {
      const c = { ...algorithm.random(length), tagLength: 16 };
      const { cipher, tag } = algorithm.expected(c);
      for (let step = 1; step <= length + 1; step++) {
        const out = aead.inParts(c, c.plain, algorithm.modes[0], step);
        const back = aead.inParts(c, cipher, algorithm.modes[1], step);
        assert.ok(isSame(out.cipher, cipher) && isSame(out.tag, tag), describe(c, `sealed otherwise in steps of ${step}`));
        assert.ok(isSame(back.cipher, c.plain) && isSame(back.tag, tag), describe(c, `opened otherwise in steps of ${step}`));
      }
    }
  });
}

test.run();
