/**
 * Service discovery (XEP-0030): says that we have XTLS, asks whether a peer does.
 *
 * An application with a disco handler of its own keeps it: our features are added to its answer.
 * Knows no tunnel.
 */

import xml, { Element } from "@xmpp/xml";

import { NS_XTLS, NS_XTLS_EXT } from "../xtls/namespaces.ts";
import type { Questions } from "./questions.ts";
import { childrenOf, hasPlainAttributes, hasText, isAnswer, isEmpty } from "./stanza.ts";

const NS_DISCO_INFO = "http://jabber.org/protocol/disco#info";
const NS_FORMS = "jabber:x:data";

/** What disco#info lists for this plug-in; an application that publishes a hash of its features (XEP-0115) adds these. */
export const discoFeatures: readonly string[] = [NS_XTLS, NS_XTLS_EXT];

/** What a client, or a component's user, says of itself when the application says nothing. */
export function ownInfo(): Element {
  const identity = xml("identity", { category: "client", type: "pc" });
  return xml("query", { xmlns: NS_DISCO_INFO }, identity, xml("feature", { var: NS_DISCO_INFO }));
}

/** True for a question about features that names no node, and for nothing that asks or says something else beside it. */
export function isFeatureQuestion(stanza: Element): boolean {
  const query = stanza.attrs.type === "get" ? loneQuery(stanza) : undefined;
  return query !== undefined && isEmpty(query);
}

/** True for the answer to such a question, whatever is in it. */
export function isFeatureAnswer(stanza: Element): boolean {
  return stanza.attrs.type === "result" && loneQuery(stanza) !== undefined;
}

/** What XEP-0030 and XEP-0128 have in such an answer, and nothing else of it. */
export function featuresIn(stanza: Element): Element[] {
  const query = new Element("query", { xmlns: NS_DISCO_INFO });
  for (const answer of childrenOf(stanza)) for (const child of childrenOf(answer).filter(isFeature)) query.append(child);
  return [query];
}

/** The question's element, if that is all there is in an IQ. */
function loneQuery(stanza: Element): Element | undefined {
  const [query, ...others] = childrenOf(stanza);
  const isAlone = stanza.is("iq") && others.length === 0 && !hasText(stanza) && hasPlainAttributes(stanza);
  return isAlone && query?.is("query", NS_DISCO_INFO) && !query.attrs.node ? query : undefined;
}

function isFeature(child: Element): boolean {
  return child.is("x", NS_FORMS) || ((child.is("identity") || child.is("feature")) && isEmpty(child));
}

/** Adds our features to an answer that is about to leave; any other stanza stays as it is. */
export function advertise(stanza: Element): void {
  const query = isAnswer(stanza) && stanza.attrs.type === "result" && stanza.getChild("query", NS_DISCO_INFO);
  if (!query || query.attrs.node) return;
  for (const feature of discoFeatures) {
    if (!hasFeature(query, feature)) query.append(xml("feature", { var: feature }));
  }
}

/**
 * Whether a full JID lists XTLS. One that answers with an error does not.
 *
 * @throws XtlsError `timeout` after 60 s
 */
export async function supports(peer: string, from: string, questions: Questions): Promise<boolean> {
  const { type, payload } = await questions.ask(peer, from, xml("query", { xmlns: NS_DISCO_INFO }));
  return type === "result" && payload !== undefined && hasFeature(payload, NS_XTLS);
}

function hasFeature(query: Element, feature: string): boolean {
  return query.getChildren("feature").some((child) => child.attrs.var === feature);
}
