/**
 * Fingerprints as people read them aloud and type them in.
 *
 * Between programs a fingerprint is upper-case hex with colons (XEP-0320); for people it is sixteen groups
 * of four digits. What they type is read whatever its case and however it is grouped. Judges no fingerprint.
 */
import { XtlsError } from "../errors.ts";

/** What people put between the digits: white space of any kind, colons, hyphens, dots. */
const BETWEEN = /[\s:.\p{Pd}]/gu;
const SHA_256 = /^[0-9A-F]{64}$/;

/**
 * A SHA-256 fingerprint for people: `"93B1 0C4E …"`, sixteen groups of four.
 * @param fingerprint as `parseFingerprint` takes it
 * @throws XtlsError `invalid-argument`
 */
export function readableFingerprint(fingerprint: string): string {
  return grouped(digitsOf(fingerprint), 4, " ");
}

/**
 * A fingerprint that a person typed or pasted.
 * @param text 64 hex digits in either case; spaces, line breaks, colons, dots and dashes between them do not matter
 * @returns upper-case hex with colons, as in `certificate.spkiFingerprint`
 * @throws XtlsError `invalid-argument` when it is not 64 hex digits
 */
export function parseFingerprint(text: string): string {
  return grouped(digitsOf(text), 2, ":");
}

/** The digits alone, upper case. @internal */
export function digitsOf(text: string): string {
  // NFKC brings the wide digits of East Asian keyboards to the common ones.
  const digits = text.normalize("NFKC").replace(BETWEEN, "").toUpperCase();
  if (SHA_256.test(digits)) return digits;
  throw new XtlsError("invalid-argument", "A fingerprint is the 64 hex digits of a SHA-256, in groups or not");
}

function grouped(digits: string, size: number, between: string): string {
  return digits.match(new RegExp(`.{${size}}`, "g"))!.join(between);
}
