/**
 * Presence with nothing in it but what servers and all contacts know of somebody anyway.
 *
 * RFC 6121 §4.7; XEP-0115, XEP-0153, XEP-0172, XEP-0203, XEP-0319.
 */

import type { Element } from "@xmpp/xml";

import { NS_CLIENT, NS_COMPONENT } from "../../xtls/namespaces.ts";
import { childrenOf, hasPlainAttributes, hasText } from "../stanza.ts";

const TYPES: readonly unknown[] = [undefined, "unavailable", "subscribe", "subscribed", "unsubscribe", "unsubscribed", "probe"];

/** In the namespace of the stanza itself. */
const OWN: readonly string[] = ["show", "status", "priority"];

const FOREIGN: readonly (readonly [name: string, namespace: string])[] = [
  ["c", "http://jabber.org/protocol/caps"],
  ["x", "vcard-temp:x:update"],
  ["nick", "http://jabber.org/protocol/nick"],
  ["delay", "urn:xmpp:delay"],
  ["idle", "urn:xmpp:idle:1"],
];

/** Available, unavailable, or about a subscription; not an error. */
export function isPresence(stanza: Element): boolean {
  return stanza.is("presence") && TYPES.includes(stanza.attrs.type);
}

export function isPlainPresence(stanza: Element): boolean {
  const isPlain = isPresence(stanza) && hasPlainAttributes(stanza) && !hasText(stanza);
  return isPlain && childrenOf(stanza).every((child) => isPresenceChild(child, stanza));
}

/** Texts may be anybody's words; elements below them are in no specification but for the avatar's hash. */
export function isPresenceChild(child: Element, stanza: Element): boolean {
  const below = childrenOf(child);
  if (OWN.includes(child.name) && isOfStream(child.attrs.xmlns ?? stanza.attrs.xmlns)) return below.length === 0;
  if (!FOREIGN.some(([name, namespace]) => child.is(name, namespace))) return false;
  return below.every((each) => each.is("photo") && childrenOf(each).length === 0);
}

function isOfStream(namespace: unknown): boolean {
  return namespace === undefined || namespace === NS_CLIENT || namespace === NS_COMPONENT;
}
