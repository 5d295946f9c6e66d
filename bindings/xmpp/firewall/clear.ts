/**
 * What may pass in clear with a peer for whom tunnels are required. An allow-list: what no rule names is refused.
 *
 * One table, from which docs/security.md's is generated, and one function for each direction. Both need a policy and, at
 * most, the own address: without a session the same rules hold. Knows no tunnel and no stream.
 * RFC 6120 §8, RFC 6121 §4; XEP-0030, XEP-0033, XEP-0250, XEP-0297.
 */

import { Element } from "@xmpp/xml";

import { bareJid, domainOf, isSameJid } from "../../base/jid.ts";
import { XtlsError } from "../../errors.ts";
import { buildError } from "../../xtls/condition.ts";
import { featuresIn, isFeatureAnswer, isFeatureQuestion } from "../disco.ts";
import { isRequired, type Policies } from "../policy.ts";
import { childrenOf, hasText, isAnswer, isPlainAttribute, isRequest, isStanza } from "../stanza.ts";
import { plainError } from "./plain-error.ts";
import { isPlainPresence, isPresence, isPresenceChild } from "./plain-presence.ts";
import { isTunnelTraffic } from "./tunnel-traffic.ts";

/** What the rules are applied with. */
export interface Ground {
  readonly policies: Policies;
  /** Our own address, as far as it is known: full, bare or none. */
  readonly own: string | undefined;
}

/** Who is at the other end: the own account or server; another's bare JID or server; somebody's device. */
type Place = "own" | "server" | "device";

type Condition = (stanza: Element, place: Place) => boolean;

export interface ClearRule {
  readonly what: string;
  readonly why: string;
  readonly leaves: Condition;
  readonly enters: Condition;
  /** The children that are left of it, when that is not all. */
  readonly reduced?: (stanza: Element) => Element[];
}

/** The first rule that fits counts. */
// prettier-ignore
export const CLEAR: readonly ClearRule[] = [
  {
    what: "Elements that are no stanzas",
    why: "they belong to the stream: authentication, acknowledgements; the server passes them on to nobody",
    leaves: (stanza) => !isStanza(stanza),
    enters: (stanza) => !isStanza(stanza),
  },
  {
    what: "IQs with the own account and the own server",
    why: "they are no peers: binding, roster, archive, settings",
    leaves: (stanza, place) => place === "own" && stanza.is("iq"),
    enters: (stanza, place) => place === "own" && stanza.is("iq"),
  },
  {
    what: "IQ errors, of which only the conditions of RFC 6120 and of XTLS are left: no text, and nothing that was asked",
    why: "a request must be answered (RFC 6120 §8.2.3), also one that is refused",
    leaves: isIqError,
    enters: isIqError,
    reduced: plainErrorIn,
  },
  {
    what: "IQ requests of ours to the peer's bare JID or to a server, and their results",
    why: "the server answers them, and no tunnel leads there",
    leaves: (stanza, place) => place === "server" && isRequest(stanza),
    enters: (stanza, place) => place === "server" && isAnswer(stanza),
  },
  {
    what: "The question for features, alone (XEP-0030)",
    why: "tells whether there can be a tunnel",
    leaves: isFeatureQuestion,
    enters: isFeatureQuestion,
  },
  {
    what: "Its answer, of which only identities, features and their forms are left (XEP-0128)",
    why: "tells whether there can be a tunnel",
    leaves: isFeatureAnswer,
    enters: isFeatureAnswer,
    reduced: featuresIn,
  },
  {
    what: "XTLS itself: `<start/>`, `<proceed/>`, `<data/>`, `<close/>`, `<closed/>`, offers (XEP-0250), and empty results",
    why: "sets tunnels up and carries them",
    leaves: isTunnelTraffic,
    enters: isTunnelTraffic,
  },
  {
    what: "Presence, with what servers and everybody's contacts know anyway: `show`, `status`, `priority`, capabilities, avatar's hash, idle time, nickname",
    why: "servers keep and pass on presence; of what comes with more in it only this is left",
    leaves: isPlainPresence,
    enters: isPresence,
    reduced: (stanza) => childrenOf(stanza).filter((child) => isPresenceChild(child, stanza)),
  },
  {
    what: "Errors in answer to a message or presence, with nothing else in the stanza, reduced like those of an IQ; of what comes only the error is left",
    why: "tells that something was refused",
    // Stream management adds a delay to what it sends once more (XEP-0198 §5).
    leaves: (stanza) => isError(stanza) && !hasText(stanza) && childrenOf(stanza).every((child) => child.is("error") || isDelay(child)),
    enters: isError,
    reduced: plainErrorIn,
  },
];

/**
 * @returns the stanza as it may leave: itself, or what is left of it
 * @throws XtlsError `security-required`
 */
export function leaving(stanza: Element, { policies, own }: Ground): Element {
  const to = textOf(stanza.attrs.to);
  if (!concerns(stanza, to, policies, own)) return stanza;
  const rule = rulingOn(stanza, to, "leaves", { policies, own });
  if (rule === undefined) throw new XtlsError("security-required", `The stanza to ${to ?? "the own account"} was not sent`);
  return rule.reduced === undefined ? stanza : reduce(new Element(stanza.name, stanza.attrs), rule.reduced(stanza));
}

/**
 * Whether a stanza may go on to the application. What is to be left out of it is taken out of the stanza itself, which all
 * who see it share.
 */
export function entering(stanza: Element, { policies, own }: Ground): boolean {
  const from = textOf(stanza.attrs.from);
  if (!concerns(stanza, from, policies, own)) return true;
  const rule = rulingOn(stanza, from, "enters", { policies, own });
  if (rule?.reduced !== undefined) reduce(stanza, rule.reduced(stanza));
  return rule !== undefined;
}

/** The answer to a stanza that may not enter. Undefined: it has none (RFC 6121 §8.5.2), or its sender is not to blame. */
export function refusal(stanza: Element, { policies }: Pick<Ground, "policies">): Element | undefined {
  const { from, to, id, type = "normal" } = stanza.attrs as Record<string, string | undefined>;
  const isConversation = stanza.is("message") && !["error", "groupchat", "headline"].includes(type);
  const isAnswered = isRequest(stanza) || (isConversation && from !== undefined && isRequired(policies, from));
  if (!isAnswered) return undefined;
  const answer = new Element(stanza.getName(), { type: "error", ...(from && { to: from }), ...(to && { from: to }), ...(id && { id }) });
  answer.append(buildError("security-required"));
  return answer;
}

/** Whether a tunnel is required with whom it comes from or goes to, or with whoever has said what is in it. */
function concerns(stanza: Element, address: string | undefined, policies: Policies, own: string | undefined): boolean {
  if (typeof policies === "string") return policies === "required";
  return isRequired(policies, address ?? own ?? "") || claimed(stanza).some((claim) => isRequired(policies, claim));
}

function rulingOn(stanza: Element, address: string | undefined, way: "leaves" | "enters", { policies, own }: Ground): ClearRule | undefined {
  // What a carbon copy, an archive or anybody else passes on as the peer's words is no better than the peer's words.
  if (isStanza(stanza) && claimed(stanza).some((claim) => isRequired(policies, claim))) return undefined;
  const place = placeOf(address, own);
  return CLEAR.find((rule) => rule[way](stanza, place));
}

function placeOf(address: string | undefined, own: string | undefined): Place {
  if (address === undefined || isOwn(address, own)) return "own";
  return address.includes("/") ? "device" : "server";
}

function isOwn(address: string, own: string | undefined): boolean {
  if (own === undefined) return false;
  try {
    return [own, bareJid(own), domainOf(own)].some((each) => isSameJid(each, address));
  } catch {
    return false;
  }
}

/**
 * Whose words are in a stanza besides its sender's, and for whom they are: `from` and `to` of stanzas within it, wherever and in
 * whichever namespace, and `from` or `publisher` of what is within a message (invitations, quotes, XEP-0060 §12.15). A delay names who was late, not who spoke.
 */
function claimed(stanza: Element): string[] {
  const claims: unknown[] = [];
  const waiting = childrenOf(stanza);
  for (let element = waiting.pop(); element !== undefined; element = waiting.pop()) {
    const { from, to, jid, publisher } = element.attrs ?? {};
    if (isStanza(element)) claims.push(from, to);
    else if (stanza.is("message") && !isDelay(element)) claims.push(from, publisher, element.is("address") ? jid : undefined);
    for (const child of childrenOf(element)) waiting.push(child);
  }
  return claims.flatMap((claim) => textOf(claim) ?? []);
}

/** By its own declaration: an inherited one is looked for through all levels above, and a stranger's stanza may have very many. */
function isDelay({ name, attrs: { xmlns } }: Element): boolean {
  return (name === "delay" && xmlns === "urn:xmpp:delay") || (name === "x" && xmlns === "jabber:x:delay");
}

function isIqError(stanza: Element): boolean {
  return stanza.is("iq") && isError(stanza);
}

function isError({ attrs }: Element): boolean {
  return attrs.type === "error";
}

function plainErrorIn(stanza: Element): Element[] {
  const error = childrenOf(stanza).find((child) => child.is("error"));
  return error === undefined ? [] : [plainError(error)];
}

/** xmpp.js takes objects for addresses, too. An empty one is nobody's, and not the own account's. */
function textOf(address: unknown): string | undefined {
  return address === undefined || address === null ? undefined : String(address);
}

/** Leaves nothing in a stanza but these children and the attributes of every stanza. */
function reduce(stanza: Element, children: readonly Element[]): Element {
  for (const name of Object.keys(stanza.attrs)) if (!isPlainAttribute(name)) delete stanza.attrs[name];
  stanza.children = [];
  for (const child of children) stanza.append(child);
  return stanza;
}
