/**
 * Reading stanzas: which IQs are the protocol's, what an answer carries, what is in an element.
 */

import { Element } from "@xmpp/xml";

import { NS_C2CTLS, NS_XTLS } from "../xtls/namespaces.ts";
import type { IncomingAnswer, IncomingRequest } from "../xtls/endpoint.ts";

const STANZAS: readonly string[] = ["message", "presence", "iq"];

/** Whether a server would route it: also with a prefix, which means the same to it. */
export function isStanza(element: Element): boolean {
  return STANZAS.includes(element.getName());
}

/** An IQ that asks and awaits an answer. */
export function isRequest(stanza: Element): boolean {
  return stanza.is("iq") && (stanza.attrs.type === "get" || stanza.attrs.type === "set");
}

/** An IQ that answers. */
export function isAnswer(stanza: Element): boolean {
  return stanza.is("iq") && (stanza.attrs.type === "result" || stanza.attrs.type === "error");
}

/**
 * The children that are elements. Unlike `getChildElements` it also sees those of another copy of the XML library, which
 * are written like any other.
 */
export function childrenOf(element: Element): Element[] {
  return element.children.filter(isElement);
}

/** Whichever copy of the XML library it is from. */
export function isElement(value: unknown): value is Element {
  return typeof (value as Partial<Element> | null | undefined)?.getName === "function";
}

/** True when there is nothing in it: no element, and no text but white space. */
export function isEmpty(element: Element): boolean {
  return childrenOf(element).length === 0 && !hasText(element);
}

/** True when there is text beside its elements. */
export function hasText(element: Element): boolean {
  return element.children.some((child) => !isElement(child) && String(child ?? "").trim() !== "");
}

/** The attributes that every stanza may have (RFC 6120 §8.1), and the declarations of namespaces. */
const PLAIN = /^(to|from|id|type|xml:lang|xmlns|xmlns:[^:]+)$/;

export function isPlainAttribute(name: string): boolean {
  return PLAIN.test(name);
}

/** True when it has no others. */
export function hasPlainAttributes({ attrs }: Element): boolean {
  return Object.keys(attrs).every(isPlainAttribute);
}

/** The same stanza with other attributes; `undefined` takes one away. The original's children are shared. */
export function copyWith(stanza: Element, changes: Readonly<Record<string, string | undefined>>): Element {
  const copy = new Element(stanza.name, { ...stanza.attrs, ...changes });
  // One by one: as arguments of one call they could be more than the engine takes.
  for (const child of stanza.children) copy.append(child);
  return copy;
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
