/**
 * A screen that shows somebody's verification code, and a camera before it: what a QR reader that has
 * nothing to do with our drawing makes of the blocks of a terminal.
 */

import jsQR from "jsqr";
import { buildVerificationUri, type Identity, qrCode } from "../../bindings/node.ts";
import type { Stage } from "./stage.ts";

/** The code of an identity's key, as a terminal shows it. */
export async function codeOf({ jid, spkiFingerprint }: Identity): Promise<string> {
  return (await qrCode(buildVerificationUri(jid, spkiFingerprint))).terminal();
}

export async function showCode({ narrator }: Stage, identity: Identity): Promise<void> {
  narrator.note(`The code of ${identity.jid}, to be scanned:`);
  narrator.picture(await codeOf(identity));
}

/** Pixels on a side of one square; readers want several. */
const SCALE = 3;
const UPPER = /[█▀]/;
const LOWER = /[█▄]/;
const BLACK = [0, 0, 0, 255];
const WHITE = [255, 255, 255, 255];

/**
 * @param screen lines of half blocks, dark on light, with escape sequences
 * @throws Error when there is no code on it
 */
export function photograph(screen: string): string {
  const lines = screen.replace(/\x1b\[[\d;]*m/g, "").split("\n").slice(0, -1);
  const squares = lines.flatMap((line) => [UPPER, LOWER].map((half) => [...line].map((block) => half.test(block))));
  const rows = squares.flatMap((row) => Array<readonly boolean[]>(SCALE).fill(row.flatMap((isDark) => Array<boolean>(SCALE).fill(isDark))));
  const pixels = rows.flatMap((row) => row.flatMap((isDark) => (isDark ? BLACK : WHITE)));
  const code = (jsQR as unknown as typeof jsQR.default)(Uint8ClampedArray.from(pixels), rows[0]?.length ?? 0, rows.length);
  if (code === null) throw new Error("The camera sees no code");
  return code.data;
}
