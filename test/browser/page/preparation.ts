/**
 * What this engine makes of each character of Unicode in an address: the test asks several engines, and compares.
 */

import { prepareDomain } from "../../../bindings/base/domain.ts";
import { prepareOpaqueString, prepareUsername } from "../../../bindings/base/precis.ts";

const PROFILES = [prepareUsername, prepareDomain, prepareOpaqueString];
/** By itself, and after a letter of either direction. */
const BEFORE = ["", "a", "\u05d0"];

/** One line for each code point: whether it is known, and what comes out of each profile and context, as hex. */
export function prepare(first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, at) => {
    const character = String.fromCodePoint(first + at);
    const results = PROFILES.flatMap((profile) => BEFORE.map((before) => hex(profile(before + character))));
    return [/\p{Cn}/u.test(character) ? "unknown" : "known", ...results].join(" ");
  });
}

// No driver carries half of a surrogate pair.
function hex(text: string | undefined): string {
  return text === undefined ? "-" : Array.from(text, (character) => character.codePointAt(0)!.toString(16)).join("+");
}
