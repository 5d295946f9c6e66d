/**
 * What counts as bytes, text and options at the border of the module: a Uint8Array (a Buffer is one), a string, an object.
 *
 * Everything that crosses over is looked at here, for JavaScript would take anything: a string as so many zeros, an
 * ArrayBuffer as nothing at all. Knows nothing of what the bytes are.
 */

import { XtlsError } from "../errors.ts";

/** The intrinsic that tells typed arrays apart whatever realm they are of; nothing can pretend to it. */
const typeOf = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype) as object,
  Symbol.toStringTag,
)!.get as (this: unknown) => string | undefined;

/**
 * Passes a Uint8Array through, also one of another realm or of shared memory.
 *
 * @throws XtlsError `invalid-argument` for everything else, and for one whose memory is gone
 */
export function checkedBytes(value: unknown): Uint8Array {
  if (typeOf.call(value) !== "Uint8Array") {
    throw new XtlsError("invalid-argument", `Bytes are a Uint8Array, not ${nameOf(value)}`);
  }
  const bytes = value as Uint8Array;
  if (bytes.length === 0 && isLost(bytes)) {
    throw new XtlsError("invalid-argument", "The memory of these bytes was transferred or shrunk away");
  }
  return bytes;
}

/** @throws XtlsError `invalid-argument` for what is no string */
export function checkedText(value: unknown): string {
  if (typeof value === "string") return value;
  throw new XtlsError("invalid-argument", `A text is a string, not ${nameOf(value)}`);
}

/** @throws XtlsError `invalid-argument` for what is no object */
export function checkedOptions<Options extends object>(value: Options): Options {
  if (typeof value === "object" && value !== null) return value;
  throw new XtlsError("invalid-argument", `Options are an object, not ${nameOf(value)}`);
}

/** Detached, or beyond the end of a resizable buffer: reading such a one throws. */
function isLost(bytes: Uint8Array): boolean {
  try {
    Uint8Array.prototype.at.call(bytes, 0);
    return false;
  } catch {
    return true;
  }
}

/** "a string", "null", "[object ArrayBuffer]": never the value itself, which may be a secret. */
function nameOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return typeof value === "object" ? Object.prototype.toString.call(value) : `a ${typeof value}`;
}
