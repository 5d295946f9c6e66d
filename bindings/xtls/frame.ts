/**
 * Several byte strings as one, so that no two different lists give the same: each after its length.
 *
 * What is signed or authenticated is built of such frames. Knows nothing of what is in them.
 */

import { requireShape } from "../base/shape.ts";

/**
 * @returns each piece after its length (32 bits, big-endian)
 * @throws XtlsError `invalid-argument` for something else than bytes
 */
export function frame(...pieces: readonly Uint8Array[]): Uint8Array {
  return framed(pieces);
}

/** The same of a list, which may be longer than a call has room for. */
export function framed(pieces: readonly Uint8Array[]): Uint8Array {
  requireShape(pieces.every((piece) => piece instanceof Uint8Array), "What is framed is a Uint8Array");
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + 4 + length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const piece of pieces) {
    view.setUint32(at, piece.length);
    bytes.set(piece, at + 4);
    at += 4 + piece.length;
  }
  return bytes;
}
