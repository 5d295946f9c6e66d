/**
 * Fingerprints as people read them aloud and type them in.
 *
 * Between programs a fingerprint is upper-case hex with colons (XEP-0320); for people it is sixteen groups
 * of four digits. What they type is read whatever its case and however it is grouped. Judges no fingerprint.
 */
import { canonicalFingerprint } from "../trust/fingerprint.ts";

/** Besides colons and spaces, what people put between the digits. */
const BETWEEN = /[.\p{Pd}]/gu;

/**
 * A SHA-256 fingerprint for people: `"93B1 0C4E …"`, sixteen groups of four.
 * @param fingerprint as `parseFingerprint` takes it
 * @throws XtlsError `invalid-argument`
 */
export function readableFingerprint(fingerprint: string): string {
  return digitsOf(fingerprint).replace(/.{4}(?!$)/g, "$& ");
}

/**
 * A fingerprint that a person typed or pasted.
 * @param text 64 hex digits in either case; spaces, line breaks, colons, dots and dashes between them do not matter
 * @returns upper-case hex with colons, as in `certificate.spkiFingerprint`
 * @throws XtlsError `invalid-argument` when it is not 64 hex digits
 */
export function parseFingerprint(text: string): string {
  // NFKC brings the wide digits of East Asian keyboards to the common ones.
  return canonicalFingerprint(typeof text === "string" ? text.normalize("NFKC").replace(BETWEEN, "") : text);
}

/** The 64 digits alone, upper case. @throws XtlsError `invalid-argument` */
export function digitsOf(text: string): string {
  return parseFingerprint(text).replaceAll(":", "");
}
