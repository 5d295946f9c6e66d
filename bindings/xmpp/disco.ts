/**
 * Service discovery (XEP-0030): says that we have XTLS, asks whether a peer does.
 *
 * An application with a disco handler of its own keeps it: our features are added to its answer.
 * Knows no tunnel.
 */

import xml, { type Element } from "@xmpp/xml";

import { XtlsError } from "../errors.ts";
import type { IncomingAnswer } from "../xtls/endpoint.ts";
import { isSameJid } from "../xtls/jid.ts";
import { NS_XTLS } from "../xtls/namespaces.ts";
import { randomId } from "./id.ts";
import { isAnswer, isRequest } from "./stanza.ts";

const NS_DISCO_INFO = "http://jabber.org/protocol/disco#info";
const TIMEOUT = 30_000;

/** What disco#info lists for this plug-in; an application that publishes a hash of its features (XEP-0115) adds these. */
export const discoFeatures: readonly string[] = [NS_XTLS];

/** What a client, or a component's user, says of itself when the application says nothing. */
export function ownInfo(): Element {
  const identity = xml("identity", { category: "client", type: "pc" });
  return xml("query", { xmlns: NS_DISCO_INFO }, identity, xml("feature", { var: NS_DISCO_INFO }));
}

/** True for a question about features that names no node. */
export function asksForInfo(stanza: Element): boolean {
  const query = isRequest(stanza) && stanza.attrs.type === "get" && stanza.getChild("query", NS_DISCO_INFO);
  return query ? !query.attrs.node : false;
}

/** Adds our features to an answer that is about to leave; any other stanza stays as it is. */
export function advertise(stanza: Element): void {
  const query = isAnswer(stanza) && stanza.attrs.type === "result" && stanza.getChild("query", NS_DISCO_INFO);
  if (!query || query.attrs.node) return;
  for (const feature of discoFeatures) {
    if (!hasFeature(query, feature)) query.append(xml("feature", { var: feature }));
  }
}

/** Questions to peers under way. */
export class Disco {
  readonly #send: (stanza: Element) => void;
  readonly #asked = new Map<string, { peer: string; answer: (answer: IncomingAnswer) => void }>();

  constructor(send: (stanza: Element) => void) {
    this.#send = send;
  }

  /**
   * Whether a full JID lists XTLS. One that answers with an error does not.
   *
   * @throws XtlsError `timeout` after 30 s
   */
  async supports(peer: string, from: string): Promise<boolean> {
    const { type, payload } = await this.#ask(peer, from);
    return type === "result" && payload !== undefined && discoFeatures.every((feature) => hasFeature(payload, feature));
  }

  /** @returns false when it answers nothing that was asked here, or comes from somebody else */
  answer(answer: IncomingAnswer): boolean {
    const asked = this.#asked.get(answer.id);
    if (asked === undefined || answer.from === undefined || !isSameJid(answer.from, asked.peer)) return false;
    asked.answer(answer);
    return true;
  }

  #ask(to: string, from: string): Promise<IncomingAnswer> {
    const id = randomId();
    let timer: ReturnType<typeof setTimeout>;
    const answer = new Promise<IncomingAnswer>((resolve, reject) => {
      this.#asked.set(id, { peer: to, answer: resolve });
      timer = setTimeout(() => reject(new XtlsError("timeout", `${to} said nothing about its features`)), TIMEOUT);
    });
    this.#send(xml("iq", { from, id, to, type: "get" }, xml("query", { xmlns: NS_DISCO_INFO })));
    return answer.finally(() => {
      clearTimeout(timer);
      this.#asked.delete(id);
    });
  }
}

function hasFeature(query: Element, feature: string): boolean {
  return query.getChildren("feature").some((child) => child.attrs.var === feature);
}
