/**
 * Three ways to write the same 48 bits for people: digits, words and emoji.
 *
 * All of them carry all the bits, so whichever two people compare, they compare the whole. Knows nothing of
 * where the bits come from (methods/sas.ts).
 */
import { loadPart } from "../base/platform.ts";
import { EMOJI, type Emoji } from "./emoji.ts";

/** What two people compare. */
export interface ShortCode {
  /** Three groups of five digits, each 00000 to 65535: `"52011 00978 31520"`. */
  readonly decimals: string;
  /** Six words of the PGP word list. */
  readonly words: readonly string[];
  /** Eight of Matrix's 64 emoji, with their English names. */
  readonly emoji: readonly Emoji[];
}

/** 48 bits: the most that six words hold. */
export const SHORT_CODE_BYTES = 6;

/** @param bytes six of them, uniformly random to whoever must not guess them */
export async function shortCode(bytes: Uint8Array): Promise<ShortCode> {
  const { TWO_SYLLABLES, THREE_SYLLABLES } = await loadPart("The list of words", import("./words.ts"));
  return {
    decimals: numbers(bytes, 16).map((value) => String(value).padStart(5, "0")).join(" "),
    words: [...bytes].map((byte, at) => (at % 2 === 0 ? TWO_SYLLABLES : THREE_SYLLABLES)[byte]!),
    emoji: numbers(bytes, 6).map((value) => EMOJI[value]!),
  };
}

/** The bytes as one string of bits, cut into numbers of `width` bits, the first bit the highest. */
function numbers(bytes: Uint8Array, width: number): number[] {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, "0")).join("");
  return bits.match(new RegExp(`.{${width}}`, "g"))!.map((digits) => Number.parseInt(digits, 2));
}
