/**
 * Stanza errors without anything that a person could read, or a program smuggle: the conditions alone.
 *
 * An error may have a text, and may repeat what it answers; either may have come through a tunnel. RFC 6120 §8.3.
 */

import { Element } from "@xmpp/xml";

import { ERRORS, type ErrorRow } from "../../errors.ts";
import { NS_STANZAS, NS_XTLS_ERRORS } from "../../xtls/namespaces.ts";
import { childrenOf } from "../stanza.ts";

const TYPES: readonly unknown[] = ["auth", "cancel", "continue", "modify", "wait"];

/** RFC 6120 §8.3.3. */
const DEFINED: readonly string[] = [
  "bad-request",
  "conflict",
  "feature-not-implemented",
  "forbidden",
  "gone",
  "internal-server-error",
  "item-not-found",
  "jid-malformed",
  "not-acceptable",
  "not-allowed",
  "not-authorized",
  "policy-violation",
  "recipient-unavailable",
  "redirect",
  "registration-required",
  "remote-server-not-found",
  "remote-server-timeout",
  "resource-constraint",
  "service-unavailable",
  "subscription-required",
  "undefined-condition",
  "unexpected-request",
];

const ROWS: readonly ErrorRow[] = Object.values(ERRORS);
const APPLICATION: readonly string[] = ROWS.flatMap(({ stanza }) => stanza?.[2] ?? []);

/** A new `<error/>` with the type and the conditions of this one. */
export function plainError(error: Element): Element {
  const { type } = error.attrs;
  const plain = new Element("error", { type: TYPES.includes(type) ? type : "cancel" });
  for (const child of childrenOf(error)) {
    const [name, namespace] = [child.getName(), child.getNS()];
    const isKnown =
      (namespace === NS_STANZAS && DEFINED.includes(name)) || (namespace === NS_XTLS_ERRORS && APPLICATION.includes(name));
    if (isKnown) plain.c(name, { xmlns: namespace });
  }
  return plain;
}
