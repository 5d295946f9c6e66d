/**
 * Addresses of stanzas inside: taken off before encryption, set again after it.
 *
 * Owns what may enter a tunnel and what may leave it: the kinds of stanza, their `to` and `from`,
 * and the elements that only a server may add (they would let a peer speak in a server's name).
 * Knows no bytes. RFC 6120 §8.1, RFC 6121 §3; the XEPs stand in the table.
 */
import { Element } from "@xmpp/xml";
import { XtlsError } from "../errors.ts";
import { bareJid, isSameJid } from "../base/jid.ts";
import { NS_CLIENT, NS_COMPONENT, NS_XTLS } from "./namespaces.ts";

/** The two ends of a tunnel, full JIDs. */
export interface Ends {
  readonly local: string;
  readonly peer: string;
}

const STANZAS: readonly string[] = ["message", "presence", "iq"];
/** RFC 6121 §3 and §4.3: these speak to a server about a roster. */
const SUBSCRIPTIONS: readonly unknown[] = ["subscribe", "subscribed", "unsubscribe", "unsubscribed", "probe"];

/** Elements that come from servers alone; in a tunnel there is none. */
// prettier-ignore
export const SERVER_ONLY: readonly ServerOnly[] = [
  { xep: "XEP-0203", namespace: "urn:xmpp:delay",          names: ["delay"],                spare: isOwnDelay },
  { xep: "XEP-0091", namespace: "jabber:x:delay",          names: ["x"],                    spare: isOwnDelay },
  { xep: "XEP-0359", namespace: "urn:xmpp:sid:0",          names: ["stanza-id"] },
  { xep: "XEP-0280", namespace: "urn:xmpp:carbons:2",      names: ["received", "sent"] },
  { xep: "XEP-0313", namespace: "urn:xmpp:mam:2",          names: ["result", "fin"] },
  { xep: "XEP-0313", namespace: "urn:xmpp:mam:1",          names: ["result", "fin"] },
  { xep: "RFC 6121", namespace: "jabber:iq:roster",        names: ["query"] },
  { xep: "XEP-0191", namespace: "urn:xmpp:blocking",       names: ["block", "unblock"] },
  // Not a server's, but a tunnel inside a tunnel would confuse the two.
  { xep: "XTLS",     namespace: NS_XTLS,                   names: ["start", "data", "close"] },
];

interface ServerOnly {
  readonly xep: string;
  readonly namespace: string;
  readonly names: readonly string[];
  /** The exception: true for an element that the peer may well have written itself. */
  readonly spare?: (element: Element, ends: Ends) => boolean;
}

/**
 * The stanza as it goes into the tunnel, without `to` and `from`; the original stays as it is.
 * @throws XtlsError `unfit-stanza`, `foreign-address`
 */
export function strip(stanza: Element, { local, peer }: Ends): Element {
  if (!STANZAS.includes(stanza.name) || !isAbsentOrStream(stanza.attrs.xmlns))
    throw new XtlsError("unfit-stanza", "Not a message, presence or iq");
  if (isSubscription(stanza)) throw new XtlsError("unfit-stanza", "A subscription is the servers' business");
  if (!isAbsentOr(stanza.attrs.to, peer)) throw new XtlsError("foreign-address", `"to" is not ${peer}`);
  if (!isAbsentOr(stanza.attrs.from, local)) throw new XtlsError("foreign-address", `"from" is not ${local}`);
  const { to: _to, from: _from, ...attributes } = stanza.attrs as Record<string, string>;
  delete attributes.xmlns;
  const stripped = new Element(stanza.name, attributes);
  stripped.children = stanza.children;
  return stripped;
}

/**
 * The stanza as it comes out of the tunnel: `from` and `to` set, servers' elements dropped. Changes it in place.
 * @throws XtlsError `spoofed-address` when it claims another address; `restricted-xml` for a subscription
 */
export function restore(stanza: Element, ends: Ends): Element {
  const { local, peer } = ends;
  if (isSubscription(stanza)) throw new XtlsError("restricted-xml", "A subscription came through the tunnel");
  if (!isAbsentOr(stanza.attrs.from, peer)) throw new XtlsError("spoofed-address", `An inner "from" is not ${peer}`);
  if (!isAbsentOr(stanza.attrs.to, local)) throw new XtlsError("spoofed-address", `An inner "to" is not ${local}`);
  stanza.attrs.from = peer;
  stanza.attrs.to = local;
  stanza.children = stanza.children.filter(
    (child) => typeof child === "string" || !isServerOnly(child as Element, ends),
  );
  return stanza;
}

function isServerOnly(element: Element, ends: Ends): boolean {
  const row = SERVER_ONLY.find(({ namespace, names }) => names.some((name) => element.is(name, namespace)));
  return row !== undefined && row.spare?.(element, ends) !== true;
}

/** XEP-0203 §2: `from` is who delayed it. The peer may say so of itself, not of others. */
function isOwnDelay(element: Element, { peer }: Ends): boolean {
  const { from } = element.attrs as Record<string, string | undefined>;
  return isAbsentOr(from, peer) || isAbsentOr(from, bareJid(peer));
}

function isSubscription(stanza: Element): boolean {
  return stanza.name === "presence" && SUBSCRIPTIONS.includes(stanza.attrs.type);
}

/** An empty attribute counts as an address, and as nobody's. */
function isAbsentOr(address: unknown, jid: string): boolean {
  return address === undefined || address === null || isSameJid(String(address), jid);
}

function isAbsentOrStream(namespace: unknown): boolean {
  return namespace === undefined || namespace === NS_CLIENT || namespace === NS_COMPONENT;
}
