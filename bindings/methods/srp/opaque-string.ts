/**
 * Passwords as PRECIS OpaqueString has them (RFC 8265 §4.2 over RFC 8264's FreeformClass): one password typed on two
 * keyboards comes out as the same bytes, and what cannot be typed reliably is refused.
 *
 * Over the platform's own Unicode: it normalizes and knows every category, so there is no table here. One deviation:
 * the two joiners are always refused, since JavaScript does not tell combining classes (RFC 5892 appendix A.1, A.2).
 */

/** More than a person types, in UTF-16 code units: bounds what is normalized and hashed. */
const LONGEST = 1024;

/** RFC 8264 §4.3: letters, marks, digits, symbols, punctuation, spaces. Neither controls nor unassigned nor private use. */
const FREEFORM = /^[\p{L}\p{M}\p{N}\p{S}\p{P}\p{Zs}]+$/u;

/** §9.6, §9.9, §9.13: exceptions, old Hangul jamo, what is ignored when shown. */
const DISALLOWED = /[\u0640\u07fa\u302e\u302f\u3031-\u3035\u303b]|[\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb]|\p{Default_Ignorable_Code_Point}/u;

/** RFC 5892 appendix A.3-A.6, A.8, A.9: characters in a place that they have no business in. */
const MISPLACED = /(?<!l)\u00b7|\u00b7(?!l)|\u0375(?!\p{Script=Greek})|(?<!\p{Script=Hebrew})[\u05f3\u05f4]|[\u0660-\u0669].*[\u06f0-\u06f9]|[\u06f0-\u06f9].*[\u0660-\u0669]/u;

/** RFC 5892 appendix A.7: the middle dot of Katakana wants Japanese around. */
const LONELY_DOT = /^(?=.*\u30fb)(?!.*[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}])/u;

/** The password in UTF-8, for its owner to zero; undefined when it is empty, too long or holds what no password may. */
export function opaqueString(password: string): Uint8Array | undefined {
  if (password.length > LONGEST) return undefined;
  const prepared = password.replace(/\p{Zs}/gu, " ").normalize("NFC");
  const isAllowed = FREEFORM.test(prepared) && ![DISALLOWED, MISPLACED, LONELY_DOT].some((rule) => rule.test(prepared));
  return isAllowed ? new TextEncoder().encode(prepared) : undefined;
}
