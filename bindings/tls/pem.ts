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
  return decoded(text.slice(from + begin.length, to));
}

/** One block of a text. */
export interface PemBlock {
  readonly label: string;
  /** `undefined` when what is inside is not base64. */
  readonly bytes: Uint8Array | undefined;
  /** It has its end. */
  readonly isWhole: boolean;
}

/** All blocks of a text, in order; for private keys only what they are called. */
export function pemBlocks(text: string): PemBlock[] {
  // Cut at each beginning: whoever looked for the end of each in all that follows would look at a long text again and again.
  return text.split("-----BEGIN ").slice(1).flatMap(blockIn);
}

/** @param rest what follows a beginning, up to the next one */
function blockIn(rest: string): PemBlock | [] {
  const [begin, label = ""] = /^([A-Z0-9 ]{1,40})-----/.exec(rest) ?? [];
  if (begin === undefined) return [];
  const to = rest.indexOf(`-----END ${label}-----`, begin.length);
  const isWhole = to >= 0;
  const isSecret = label.endsWith("PRIVATE KEY");
  return { label, isWhole, bytes: isWhole && !isSecret ? decoded(rest.slice(begin.length, to)) : undefined };
}

function decoded(base64: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}
