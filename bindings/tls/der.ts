/**
 * DER (X.690), as little of it as key files need: elements with a tag byte and a definite length.
 *
 * Owns tags and lengths. Knows no structure; certificates are read in the core.
 */

import { XtlsError } from "../errors.ts";
import { joined } from "./memory.ts";

// prettier-ignore
export const TAG = {
  integer:     0x02,
  octetString: 0x04,
  null:        0x05,
  oid:         0x06,
  sequence:    0x30,
} as const;

export type Tag = (typeof TAG)[keyof typeof TAG];

/** One element, around the given contents. */
export function der(tag: Tag, ...contents: readonly Uint8Array[]): Uint8Array {
  const content = joined(contents);
  return joined([Uint8Array.of(tag, ...lengthOf(content.length)), content]);
}

/** A non-negative INTEGER. */
export function derInteger(value: number): Uint8Array {
  const digits = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  const isSigned = digits[0] === undefined || digits[0] > 127;
  return der(TAG.integer, Uint8Array.of(...(isSigned ? [0] : []), ...digits));
}

function lengthOf(length: number): number[] {
  if (length < 0x80) return [length];
  const digits = [];
  for (let rest = length; rest > 0; rest >>>= 8) digits.unshift(rest & 0xff);
  return [0x80 | digits.length, ...digits];
}

/** Elements one after the other. Every fault is `invalid-identity`: nothing but key files is read so. */
export class DerReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Whether an element with this tag comes next. */
  has(tag: Tag): boolean {
    return this.#bytes[this.#at] === tag;
  }

  /** The next element's contents. @throws XtlsError `invalid-identity` when it is another, or cut off */
  next(tag: Tag): Uint8Array {
    if (this.#byte() !== tag) throw broken();
    const length = this.#length();
    if (length > this.#bytes.length - this.#at) throw broken();
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** The next element, a SEQUENCE, to be read in turn. @throws XtlsError `invalid-identity` */
  sequence(): DerReader {
    return new DerReader(this.next(TAG.sequence));
  }

  /** The next element, an INTEGER of 0 to 2^31 - 1. @throws XtlsError `invalid-identity` */
  integer(): number {
    const bytes = this.next(TAG.integer);
    const [sign = 0x80] = bytes;
    if (sign > 0x7f || bytes.length > 4) throw broken();
    return bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  }

  /** @throws XtlsError `invalid-identity` when something is left */
  end(): void {
    if (this.#at !== this.#bytes.length) throw broken();
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw broken();
    return byte;
  }

  #length(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    const count = first & 0x7f;
    if (count < 1 || count > 3) throw broken();
    let length = 0;
    for (let digit = 0; digit < count; digit++) length = length * 256 + this.#byte();
    return length;
  }
}

const broken = (): XtlsError => new XtlsError("invalid-identity", "The encrypted private key is not well-formed");
