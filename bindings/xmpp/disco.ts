/**
 * Service discovery (XEP-0030): says that we have XTLS, asks whether a peer does.
 *
 * An application with a disco handler of its own keeps it: our features are added to its answer.
 * Knows no tunnel.
 */

import xml, { type Element } from "@xmpp/xml";

import { NS_XTLS, NS_XTLS_EXT } from "../xtls/namespaces.ts";
import type { Questions } from "./questions.ts";
import { isAnswer, isRequest } from "./stanza.ts";

const NS_DISCO_INFO = "http://jabber.org/protocol/disco#info";

/** What disco#info lists for this plug-in; an application that publishes a hash of its features (XEP-0115) adds these. */
export const discoFeatures: readonly string[] = [NS_XTLS, NS_XTLS_EXT];

/** What a client, or a component's user, says of itself when the application says nothing. */
export function ownInfo(): Element {
  const identity = xml("identity", { category: "client", type: "pc" });
  return xml("query", { xmlns: NS_DISCO_INFO }, identity, xml("feature", { var: NS_DISCO_INFO }));
}

/** True for a question about features that names no node, and for nothing that asks something else beside it. */
export function asksForInfo(stanza: Element): boolean {
  const [query, ...others] = stanza.getChildElements();
  const isAlone = isRequest(stanza) && stanza.attrs.type === "get" && others.length === 0;
  return isAlone && query !== undefined && query.is("query", NS_DISCO_INFO) && !query.attrs.node;
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
 * @throws XtlsError `timeout` after 30 s
 */
export async function supports(peer: string, from: string, questions: Questions): Promise<boolean> {
  const { type, payload } = await questions.ask(peer, from, xml("query", { xmlns: NS_DISCO_INFO }));
  return type === "result" && payload !== undefined && hasFeature(payload, NS_XTLS);
}

function hasFeature(query: Element, feature: string): boolean {
  return query.getChildren("feature").some((child) => child.attrs.var === feature);
}
