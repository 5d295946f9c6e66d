/**
 * Addresses of stanzas inside: taken off before encryption, set again after it.
 *
 * Owns what may enter a tunnel and what may leave it: the kinds of stanza, their `to` and `from`, what an IQ must be,
 * and the elements that only a server may add (they would let a peer speak in a server's name).
 * Knows no bytes. RFC 6120 §8.1, §8.2.3, RFC 6121 §3; the XEPs stand in the table.
 */
import { Element } from "@xmpp/xml";
import { type ErrorCode, XtlsError } from "../errors.ts";
import { bareJid, isSameJid } from "../base/jid.ts";
import { isObject } from "../base/shape.ts";
import { NS_CLIENT, NS_COMPONENT, NS_XTLS } from "./namespaces.ts";

/** The two ends of a tunnel, full JIDs. */
export interface Ends {
  readonly local: string;
  readonly peer: string;
}

const STANZAS: readonly string[] = ["message", "presence", "iq"];
/** RFC 6121 §3 and §4.3: these speak to a server about a roster. */
const SUBSCRIPTIONS: readonly unknown[] = ["subscribe", "subscribed", "unsubscribe", "unsubscribed", "probe"];

/**
 * Elements that come from servers and rooms alone; in a tunnel there is none. So is, whatever it is called, every element in which
 * there is somebody else's stanza (`wrapsForeign`).
 */
// prettier-ignore
export const SERVER_ONLY: readonly ServerOnly[] = [
  { xep: "XEP-0203", namespace: "urn:xmpp:delay",                          names: ["delay"],            spare: isOwnDelay },
  { xep: "XEP-0091", namespace: "jabber:x:delay",                          names: ["x"],                spare: isOwnDelay },
  { xep: "XEP-0359", namespace: "urn:xmpp:sid:*",                          names: ["stanza-id"] },
  { xep: "XEP-0421", namespace: "urn:xmpp:occupant-id:*",                  names: ["occupant-id"] },
  { xep: "XEP-0280", namespace: "urn:xmpp:carbons:*",                      names: ["received", "sent"] },
  { xep: "XEP-0313", namespace: "urn:xmpp:mam:*",                          names: ["result", "fin", "archived"] },
  { xep: "XEP-0060", namespace: "http://jabber.org/protocol/pubsub#event", names: ["event"] },
  { xep: "XEP-0045", namespace: "http://jabber.org/protocol/muc#user",     names: ["x"] },
  { xep: "XEP-0317", namespace: "urn:xmpp:hats:*",                         names: ["hats"] },
  { xep: "XEP-0425", namespace: "urn:xmpp:message-moderate:*",             names: ["moderated"] },
  { xep: "RFC 6121", namespace: "jabber:iq:roster",                        names: ["query"] },
  { xep: "XEP-0016", namespace: "jabber:iq:privacy",                       names: ["query"] },
  { xep: "XEP-0191", namespace: "urn:xmpp:blocking",                       names: ["block", "unblock", "blocklist"] },
  // Not a server's, but a tunnel inside a tunnel would confuse the two.
  { xep: "XTLS",     namespace: NS_XTLS,                                   names: ["start", "data", "close"] },
];

interface ServerOnly {
  readonly xep: string;
  /** Where it ends in an asterisk, of any version. */
  readonly namespace: string;
  readonly names: readonly string[];
  /** The exception: true for an element that the peer may well have written itself. */
  readonly spare?: (element: Element, ends: Ends) => boolean;
}

/** RFC 6120 §8.2.3. */
const IQ_TYPES: readonly unknown[] = ["get", "set", "result", "error"];
const NS_SERVER = "jabber:server";

/**
 * The stanza as it goes into the tunnel, without `to` and `from`; the original stays as it is.
 * @throws XtlsError `unfit-stanza`, `foreign-address`
 */
export function strip(stanza: Element, { local, peer }: Ends): Element {
  if (!STANZAS.includes(stanza?.name) || !isAbsentOrStream(stanza.attrs?.xmlns) || !Array.isArray(stanza.children))
    throw new XtlsError("unfit-stanza", "Not a message, presence or iq");
  if (isSubscription(stanza)) throw new XtlsError("unfit-stanza", "A subscription is the servers' business");
  requireIq(stanza, "unfit-stanza");
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
 * @throws XtlsError `spoofed-address` when it claims another address; `restricted-xml` for a subscription, and for an IQ that is none
 */
export function restore(stanza: Element, ends: Ends): Element {
  const { local, peer } = ends;
  if (isSubscription(stanza)) throw new XtlsError("restricted-xml", "A subscription came through the tunnel");
  requireIq(stanza, "restricted-xml");
  if (!isAbsentOr(stanza.attrs.from, peer)) throw new XtlsError("spoofed-address", `An inner "from" is not ${peer}`);
  if (!isAbsentOr(stanza.attrs.to, local)) throw new XtlsError("spoofed-address", `An inner "to" is not ${local}`);
  stanza.attrs.from = peer;
  stanza.attrs.to = local;
  stanza.children = keptOf(stanza, ends);
  // Without all that it asked it is a request no more, and its answer would be about something else.
  requireIq(stanza, "restricted-xml");
  return stanza;
}

/**
 * Refuses a request of which the other end would take nothing. Of a stanza that has been printed: it is known to be a tree.
 * @throws XtlsError `unfit-stanza`
 */
export function requireTaken(stanza: Element, { local, peer }: Ends): void {
  if (stanza.name !== "iq") return;
  const { name, attrs } = stanza;
  requireIq({ name, attrs, children: keptOf(stanza, { local: peer, peer: local }) }, "unfit-stanza");
}

/** What the end that takes a stanza leaves of it. */
function keptOf({ children }: Element, ends: Ends): (Element | string)[] {
  return (children as (Element | string)[]).filter((child) => !isObject(child) || !isServerOnly(child, ends));
}

/**
 * Whoever takes an IQ that is none has to answer it, and does so where there is no tunnel: it must not get that far.
 * RFC 6120 §8.2.3: a known type, an id, and in a request exactly one child.
 */
function requireIq({ name, attrs, children }: Pick<Element, "name" | "attrs" | "children">, code: ErrorCode): void {
  if (name !== "iq") return;
  const { type, id } = attrs as Record<string, unknown>;
  if (!IQ_TYPES.includes(type)) throw new XtlsError(code, "An iq is of type get, set, result or error");
  if (id === undefined || id === null || id === "") throw new XtlsError(code, "An iq has an id");
  const count = children.filter((child) => typeof child === "object").length;
  if ((type === "get" || type === "set") && count !== 1) throw new XtlsError(code, "An iq of type get or set has exactly one child");
}

function isServerOnly(element: Element, ends: Ends): boolean {
  const name = element.getName();
  const namespace = element.getNS() ?? "";
  const row = SERVER_ONLY.find((each) => each.names.includes(name) && isIn(namespace, each.namespace));
  return row === undefined ? wrapsForeign(element, ends) : row.spare?.(element, ends) !== true;
}

function isIn(namespace: string, family: string): boolean {
  return family.endsWith("*") ? namespace.startsWith(family.slice(0, -1)) : namespace === family;
}

/** Whether there is a stanza in it that the peer does not claim to have sent itself. XEP-0297, and whatever comes after it. */
function wrapsForeign(element: Element, { peer }: Ends): boolean {
  const waiting = [element];
  for (let each = waiting.pop(); each !== undefined; each = waiting.pop()) {
    const { from } = each.attrs as Record<string, unknown>;
    if (isWrapped(each) && !isSameJid(String(from), peer) && !isSameJid(String(from), bareJid(peer))) return true;
    for (const child of each.children) if (isObject(child)) waiting.push(child as Element);
  }
  return false;
}

/** By its namespace, or by where it stands, since not everybody looks at the namespace. */
function isWrapped(element: Element): boolean {
  if (!STANZAS.includes(element.getName())) return false;
  const namespace: string | undefined = element.getNS();
  return isAbsentOrStream(namespace) || namespace === NS_SERVER || element.parent?.is("forwarded") === true;
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
