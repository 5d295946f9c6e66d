/**
 * Reading stanzas: which IQs are the protocol's, what an answer carries.
 */

import type { Element } from "@xmpp/xml";

import { NS_C2CTLS, NS_XTLS } from "../xtls/namespaces.ts";
import type { IncomingAnswer, IncomingRequest } from "../xtls/endpoint.ts";

/** An IQ that asks and awaits an answer. */
export function isRequest(stanza: Element): boolean {
  return stanza.is("iq") && (stanza.attrs.type === "get" || stanza.attrs.type === "set");
}

/** An IQ that answers. */
export function isAnswer(stanza: Element): boolean {
  return stanza.is("iq") && (stanza.attrs.type === "result" || stanza.attrs.type === "error");
}

/**
 * The request for an endpoint that an IQ is: its only child is XTLS's, or it asks for an offer
 * (XEP-0250 §3). Undefined for every other stanza.
 */
export function xtlsRequest(stanza: Element): IncomingRequest | undefined {
  const { id = "", from, type } = stanza.attrs;
  const [payload, ...others] = stanza.getChildElements();
  if (!isRequest(stanza) || !from || payload === undefined || others.length > 0) return undefined;
  const isOurs = payload.getNS() === NS_XTLS || (type === "get" && payload.is("offer", NS_C2CTLS));
  return isOurs ? { id, from, type, payload } : undefined;
}

/** What an IQ answers; undefined for every other stanza. */
export function answerIn(stanza: Element): IncomingAnswer | undefined {
  const { id, from, type } = stanza.attrs;
  if (!isAnswer(stanza) || !id) return undefined;
  const payload = type === "error" ? stanza.getChild("error") : stanza.getChildElements()[0];
  return { id, from, type, payload };
}
