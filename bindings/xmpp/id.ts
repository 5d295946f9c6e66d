/**
 * Ids that nobody can guess: an answer to an IQ must match one, and its sender.
 */

import { XtlsError } from "../errors.ts";

const BYTES = 16;

/**
 * 128 random bits, as 32 hex digits.
 *
 * @throws XtlsError `randomness-missing`
 */
export function randomId(): string {
  const bytes = new Uint8Array(BYTES);
  try {
    crypto.getRandomValues(bytes);
  } catch (cause) {
    throw new XtlsError("randomness-missing", undefined, { cause });
  }
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
