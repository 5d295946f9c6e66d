/**
 * Ids that nobody can guess: an answer to an IQ must match one, and its sender.
 */

import { randomBytes } from "../base/platform.ts";

const BYTES = 16;

/**
 * 128 random bits, as 32 hex digits.
 *
 * @throws XtlsError `randomness-missing`
 */
export function randomId(): string {
  return Array.from(randomBytes(BYTES), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
