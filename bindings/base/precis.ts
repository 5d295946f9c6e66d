/**
 * PRECIS (RFC 8264): the two profiles of RFC 8265 that XMPP uses, for names and for free text.
 *
 * Over the platform's own Unicode, which normalizes and knows every category: there is no table here. Two things the platform
 * does not tell: combining and joining classes, so the two joiners are always refused (RFC 5892 appendix A.1, A.2); and
 * bidirectional classes, so right-to-left letters are those in the areas that Unicode reserves for them. Knows no addresses.
 */

/** RFC 8264 §9.6, §9.9, §9.13: exceptions, old Hangul jamo, what is ignored when shown. No class has them. */
const DISALLOWED =
  /[\u0640\u07fa\u302e\u302f\u3031-\u3035\u303b]|[\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb]|\p{Default_Ignorable_Code_Point}/u;

/** RFC 5892 appendix A.3-A.6, A.8, A.9: characters in a place that they have no business in. */
const MISPLACED =
  /(?<!l)\u00b7|\u00b7(?!l)|\u0375(?!\p{Script=Greek})|(?<!\p{Script=Hebrew})[\u05f3\u05f4]|^(?=.*[\u0660-\u0669])(?=.*[\u06f0-\u06f9])/u;

/** RFC 5892 appendix A.7: the middle dot of Katakana wants Japanese around. */
const LONELY_DOT = /^(?=.*\u30fb)(?!.*[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}])/u;

/** RFC 8264 §4.3: letters, marks, digits, symbols, punctuation, spaces. Neither controls nor unassigned nor private use. */
const FREEFORM = /^[\p{L}\p{M}\p{N}\p{S}\p{P}\p{Zs}]+$/u;

/** RFC 8264 §4.2: visible ASCII, letters, marks and digits; RFC 5892 §2.6 for the few others. */
const IDENTIFIER = /^[!-~\p{Lu}\p{Ll}\p{Lo}\p{Lm}\p{Nd}\p{Mn}\p{Mc}\u06fd\u06fe\u0f0b\u3007\u00b7\u0375\u05f3\u05f4\u30fb]+$/u;

/** Fullwidth and halfwidth forms (Unicode Standard Annex #11), and the fullwidth space. */
const OTHER_WIDTH = /[\u3000\uff01-\uffee]/gu;

/** Half of a pair, which is no character; looked for first, since some engines normalize it to one (U+FFFD). */
const HALF = /\p{Cs}/u;

const RIGHT_TO_LEFT = "[\\u0590-\\u08ff\\ufb1d-\\ufdff\\ufe70-\\ufeff\\u{10800}-\\u{10fff}\\u{1e800}-\\u{1efff}]";
const ARABIC_DIGIT = "[\\u0660-\\u0669\\u{10d30}-\\u{10d39}]";
const EUROPEAN_DIGIT = "[0-9\\u06f0-\\u06f9]";

/** RFC 5893 §2, of text that has been found to be of a class. */
const BIDI = {
  concerns: new RegExp(`(?!${EUROPEAN_DIGIT}|\\p{M})${RIGHT_TO_LEFT}`, "u"),
  start: new RegExp(`^(?!${ARABIC_DIGIT}|${EUROPEAN_DIGIT}|\\p{M})${RIGHT_TO_LEFT}`, "u"),
  end: /^[\p{L}\p{Nd}\u05f3\u05f4]/u,
  leftToRight: new RegExp(`(?!${RIGHT_TO_LEFT}|[0-9])[\\p{L}\\p{Mc}\\p{Nd}]`, "u"),
  mixedDigits: new RegExp(`^(?=.*${ARABIC_DIGIT})(?=.*${EUROPEAN_DIGIT})`, "u"),
} as const;

/** RFC 8265 §3.3: the name as it is compared; undefined when it is none, or has a character that names may not have. */
export function prepareUsername(name: string): string | undefined {
  const mapped = mapWidth(name);
  if (mapped === undefined) return undefined;
  const prepared = lowerCase(mapped).normalize("NFC");
  return IDENTIFIER.test(prepared) && isInContext(prepared) && obeysBidiRule(prepared) ? prepared : undefined;
}

/** RFC 8265 §4.2: a password or a nickname as it is compared; undefined when it is empty, or has what no text may have. */
export function prepareOpaqueString(text: string): string | undefined {
  if (HALF.test(text)) return undefined;
  const prepared = text.replace(/\p{Zs}/gu, " ").normalize("NFC");
  return FREEFORM.test(prepared) && isInContext(prepared) ? prepared : undefined;
}

/**
 * NFC, with fullwidth and halfwidth forms made ordinary (RFC 8264 §5.2.1). Undefined: there is a character that is a mere variant of
 * another, such as a ligature (§9.17); looked for here, since lower case would make ordinary characters of some.
 */
export function mapWidth(text: string): string | undefined {
  if (HALF.test(text)) return undefined;
  const mapped = text.replace(OTHER_WIDTH, (form) => form.normalize("NFKC")).normalize("NFC");
  return mapped.normalize("NFKC") === mapped ? mapped : undefined;
}

/**
 * Each letter in lower case by itself. The last sigma of a word is none of its own: a server that prepares as RFC 6122 has it,
 * and whoever asks DNS, make σ of every Σ.
 */
export function lowerCase(text: string): string {
  return text.replace(/\p{Changes_When_Lowercased}/gu, (letter) => letter.toLowerCase());
}

/** Whether no character is of those that no class has, or wants other neighbours than it has. */
export function isInContext(text: string): boolean {
  return ![DISALLOWED, MISPLACED, LONELY_DOT].some((rule) => rule.test(text));
}

/** RFC 5893 §2: whether right-to-left text is shown as it is written, wherever it stands. */
export function obeysBidiRule(text: string): boolean {
  if (!BIDI.concerns.test(text)) return true;
  // Not by "$" in the expression: some engines find no character beyond U+FFFF before it.
  const last = [...text.replace(/\p{Mn}/gu, "")].at(-1) ?? "";
  const isFramed = BIDI.start.test(text) && BIDI.end.test(last);
  return isFramed && !BIDI.leftToRight.test(text) && !BIDI.mixedDigits.test(text);
}
