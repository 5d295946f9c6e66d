/**
 * PEM (RFC 7468): bytes as text between two lines that say what they are.
 *
 * For what is public or encrypted. A private key in the clear is written and read in the core,
 * where it can be zeroed; text cannot.
 */

/** The text of one block, with its final line break. */
export function pemOf(label: string, bytes: Uint8Array): string {
  const base64 = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  const lines = base64.match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

/** The bytes of the text's first block with this label; `undefined` when there is none, or it is not base64. */
export function pemBlock(text: string, label: string): Uint8Array | undefined {
  const begin = `-----BEGIN ${label}-----`;
  const from = text.indexOf(begin);
  const to = text.indexOf(`-----END ${label}-----`, from);
  if (from < 0 || to < 0) return undefined;
  try {
    return Uint8Array.from(atob(text.slice(from + begin.length, to)), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}
