/**
 * What others have written, made fit to stand in a message for a person: short, on one line, and showing what it is.
 *
 * Characters that move the cursor, turn the line around or cannot be seen would let a name or a word pass for another.
 * Judges nothing.
 */

const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;
/** In place of what cannot be shown: two names that differ in it alone must not look alike. */
const REPLACEMENT = "\ufffd";
/** Lists longer than this nobody reads. */
const NAMED_AT_MOST = 3;
const NAME_LENGTH_AT_MOST = 128;

/** Words of somebody else's, without what cannot be printed. */
export function printableWords(text: string, length: number): string {
  return text.slice(0, 2 * length).replace(UNPRINTABLE, "").trim().slice(0, length);
}

/** Names that somebody else gave himself: the first few. */
export function printableNames(names: readonly string[]): string {
  const shown = names.slice(0, NAMED_AT_MOST).map(printableName);
  const rest = names.length - shown.length;
  return `${shown.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}

function printableName(name: string): string {
  const shown = name.slice(0, NAME_LENGTH_AT_MOST).replace(UNPRINTABLE, REPLACEMENT);
  return name.length > NAME_LENGTH_AT_MOST ? `${shown}…` : shown;
}
