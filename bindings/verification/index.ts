/**
 * The public names of verification for people, for the entries.
 */

export type { Emoji } from "./emoji.ts";
export { parseFingerprint, readableFingerprint } from "./fingerprint.ts";
export { qrCode, type QrCode } from "./qr.ts";
export { safetyNumber, type KeyOwner } from "./safety-number.ts";
export { verifyScanned, type Scan, type ScanOptions } from "./scan.ts";
export type { ShortCode } from "./short-code.ts";
export { buildVerificationUri, parseVerificationUri, type VerificationUri } from "./uri.ts";
