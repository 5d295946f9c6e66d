/**
 * A SHA-256 fingerprint as people write it, brought to the one form in which fingerprints are compared.
 */
import { XtlsError } from "../errors.ts";

/**
 * Upper-case hex with colons (XEP-0320).
 * @param text 64 hex digits; colons, spaces and case do not matter
 * @throws XtlsError `invalid-argument`
 */
export function canonicalFingerprint(text: string): string {
  const digits = typeof text === "string" ? text.replace(/[:\s]/g, "").toUpperCase() : "";
  if (!/^[0-9A-F]{64}$/.test(digits))
    throw new XtlsError("invalid-argument", "A fingerprint is the 64 hex digits of a SHA-256, with or without colons");
  return digits.replace(/..(?!$)/g, "$&:");
}

/** Whether the text is already in that form. */
export function isCanonicalFingerprint(text: string): boolean {
  return /^[0-9A-F]{2}(:[0-9A-F]{2}){31}$/.test(text);
}
