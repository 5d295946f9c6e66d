/**
 * Domains as XMPP compares them: IDNA2008 with U-labels (RFC 7622 §3.2, RFC 5890-5893, mappings of RFC 5895), or IP literals.
 *
 * A label has one form: whichever way it comes, as A-label, in capitals or in wide letters, it leaves as the same U-label
 * or ASCII label, or is refused. Asks no DNS, and knows no addresses.
 */
import { isInContext, lowerCase, mapWidth, obeysBidiRule } from "./precis.ts";
import { decodePunycode } from "./punycode.ts";

/** RFC 5895 §2: what people type for a dot. */
const DOTS = /[\u3002\uff0e\uff61]/gu;

/** RFC 7622 §3.2: an IPv6 address in its brackets. */
const IP_LITERAL = /^\[[0-9a-f:.]{2,45}\]$/;

/** Letters, digits, hyphens: RFC 1123 §2.1. */
const LDH = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** RFC 5890 §2.3.1: reserved for A-labels and for what may come after them. */
const RESERVED = /^..--/u;

const A_LABEL = /^xn--/;

/** RFC 5892 §3: letters, marks and digits, and a few exceptions. */
const U_LABEL = /^[-\p{Ll}\p{Lo}\p{Lm}\p{Nd}\p{Mn}\p{Mc}\u06fd\u06fe\u0f0b\u3007\u00b7\u0375\u05f3\u05f4\u30fb]+$/u;

/** RFC 5892 §2.2, §2.4: what folding would change, save ß and ς; the marks of symbols and music. */
const NOT_IN_U_LABEL = /(?![\u00df\u03c2])\p{Changes_When_NFKC_Casefolded}|[\u20d0-\u20ff\u{1d100}-\u{1d24f}]/u;

/** RFC 5891 §4.2.3: where hyphens and marks may not be. */
const MISSHAPEN = /^(?:-|..--|\p{M})|-$/u;

const NOT_ASCII = /[^\0-\x7f]/;

/** More characters never fit in an A-label: four of its 63 are the prefix. */
const U_LABEL_CHARACTERS = 59;

/** The one form of a domain; undefined when it is none. One dot at the end does not count. */
export function prepareDomain(text: string): string | undefined {
  const literal = text.toLowerCase();
  if (IP_LITERAL.test(literal)) return literal;
  const labels = text.replace(DOTS, ".").replace(/\.$/, "").split(".").map(prepareLabel);
  return labels.includes(undefined) ? undefined : labels.join(".");
}

function prepareLabel(text: string): string | undefined {
  const mapped = mapWidth(text);
  if (mapped === undefined) return undefined;
  const label = lowerCase(mapped).normalize("NFC");
  if (!LDH.test(label)) return isULabel(label) ? label : undefined;
  if (A_LABEL.test(label)) return decodeLabel(label);
  return RESERVED.test(label) ? undefined : label;
}

/** RFC 5891 §5.4: an A-label counts when it is the form of a U-label that needs no mapping. */
function decodeLabel(label: string): string | undefined {
  const decoded = decodePunycode(label.replace(A_LABEL, ""));
  if (decoded === undefined || LDH.test(decoded)) return undefined;
  return prepareLabel(decoded) === decoded ? decoded : undefined;
}

function isULabel(label: string): boolean {
  if (![U_LABEL, NOT_ASCII].every((rule) => rule.test(label))) return false;
  if ([NOT_IN_U_LABEL, MISSHAPEN].some((rule) => rule.test(label))) return false;
  return [...label].length <= U_LABEL_CHARACTERS && isInContext(label) && obeysBidiRule(label);
}
