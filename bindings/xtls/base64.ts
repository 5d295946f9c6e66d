/**
 * Base64 (RFC 4648 §4, padded), strict.
 *
 * Two texts never decode to the same bytes, but for white space: a foreign character, missing or
 * misplaced padding, or stray bits behind the last byte are errors. Platform decoders forgive
 * some of these, hence our own.
 */
import { XtlsError } from "../errors.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const PADDED = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$/;
const XML_SPACE = /[ \t\r\n]+/g;

const VALUES = new Uint8Array(128);
for (let value = 0; value < 64; value++) VALUES[ALPHABET.charCodeAt(value)] = value;

/** Bytes to text, without line breaks. */
export function encodeBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) text += quartet(bytes, at);
  return text;
}

/** Text to bytes; XML white space anywhere is allowed. @throws XtlsError `invalid-base64` */
export function decodeBase64(text: string): Uint8Array {
  const digits = text.replace(XML_SPACE, "");
  // The pattern also pins the unused bits of the last digit to zero (RFC 4648 §3.5).
  if (!PADDED.test(digits)) throw new XtlsError("invalid-base64", "The text is not base64");
  const bytes = new Uint8Array((digits.length * 3) / 4 - padding(digits));
  for (let at = 0, out = 0; at < digits.length; at += 4, out += 3) {
    const bits =
      (digit(digits, at) << 18) | (digit(digits, at + 1) << 12) | (digit(digits, at + 2) << 6) | digit(digits, at + 3);
    bytes[out] = bits >> 16;
    bytes[out + 1] = bits >> 8;
    bytes[out + 2] = bits;
  }
  return bytes;
}

function quartet(bytes: Uint8Array, at: number): string {
  const left = bytes.length - at;
  const bits = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
  const third = left > 1 ? ALPHABET[(bits >> 6) & 63] : "=";
  const fourth = left > 2 ? ALPHABET[bits & 63] : "=";
  return `${ALPHABET[bits >> 18]}${ALPHABET[(bits >> 12) & 63]}${third}${fourth}`;
}

function padding(digits: string): number {
  if (digits.endsWith("==")) return 2;
  return digits.endsWith("=") ? 1 : 0;
}

/** "=" counts as zero; what it would add falls behind the end of the array and vanishes. */
function digit(digits: string, at: number): number {
  return VALUES[digits.charCodeAt(at)] ?? 0;
}
