/**
 * How somebody becomes addressable on the router: stream features, SASL and resource
 * binding for clients (RFC 6120 §4-§7), the handshake of XEP-0114 for components.
 *
 * It ends by calling `bound`; from then on elements are the router's.
 */

import { createHash, randomUUID } from "node:crypto";

import xml, { type Element } from "@xmpp/xml";

import { type Attempt, MECHANISMS, type Passwords, type Step } from "./sasl.ts";
import type { Stream } from "./stream.ts";

const NS_SASL = "urn:ietf:params:xml:ns:xmpp-sasl";
const NS_BIND = "urn:ietf:params:xml:ns:xmpp-bind";
const NS_COMPONENT = "jabber:component:accept";

export interface Realm {
  readonly domain: string;
  readonly component: { readonly domain: string; readonly secret: string };
  readonly passwords: Passwords;
  /** This full JID (or component's domain) now speaks through that stream. */
  bound(address: string, stream: Stream): void;
}

/** One login under way. */
export class Login {
  #stream: Stream;
  #realm: Realm;
  #id = "";
  #attempt: Attempt | undefined;
  #username: string | undefined;

  constructor(stream: Stream, realm: Realm) {
    this.#stream = stream;
    this.#realm = realm;
  }

  header({ xmlns, to }: Record<string, string>): void {
    this.#id = randomUUID();
    const isComponent = xmlns === NS_COMPONENT;
    const scope = isComponent ? NS_COMPONENT : "jabber:client";
    this.#stream.open({ xmlns: scope, id: this.#id, from: to ?? this.#realm.domain });
    if (!isComponent) this.#stream.send(this.#features());
  }

  element(element: Element): void {
    if (element.is("handshake")) return this.#handshake(element);
    if (element.is("auth", NS_SASL)) return this.#begin(element);
    if (element.is("response", NS_SASL)) return this.#step(element);
    if (element.is("iq") && element.getChild("bind", NS_BIND)) return this.#bind(element);
    this.#stream.close();
  }

  #features(): Element {
    if (this.#username !== undefined) return xml("stream:features", {}, xml("bind", NS_BIND));
    const offered = Object.keys(MECHANISMS).map((name) => xml("mechanism", {}, name));
    return xml("stream:features", {}, xml("mechanisms", NS_SASL, ...offered));
  }

  #begin(auth: Element): void {
    this.#attempt = MECHANISMS[auth.attrs.mechanism]?.(this.#realm.passwords);
    this.#step(auth);
  }

  #step(message: Element): void {
    this.#answer(this.#attempt?.(fromBase64(message.getText())) ?? { refused: true });
  }

  #answer(step: Step): void {
    if ("refused" in step) return this.#stream.send(xml("failure", NS_SASL, xml("not-authorized")));
    if ("challenge" in step) return this.#stream.send(xml("challenge", NS_SASL, toBase64(step.challenge)));
    this.#username = step.username;
    this.#stream.send(xml("success", NS_SASL, ...(step.proof ? [toBase64(step.proof)] : [])));
  }

  #bind(iq: Element): void {
    if (this.#username === undefined) return this.#stream.close();
    const resource = iq.getChild("bind")?.getChildText("resource") || randomUUID();
    const address = `${this.#username}@${this.#realm.domain}/${resource}`;
    this.#realm.bound(address, this.#stream);
    this.#stream.send(xml("iq", { type: "result", id: iq.attrs.id }, xml("bind", NS_BIND, xml("jid", {}, address))));
  }

  #handshake(element: Element): void {
    const { domain, secret } = this.#realm.component;
    const digest = createHash("sha1")
      .update(this.#id + secret)
      .digest("hex");
    if (element.getText() !== digest) return this.#stream.close();
    this.#realm.bound(domain, this.#stream);
    this.#stream.send(xml("handshake"));
  }
}

function fromBase64(text: string): string {
  return Buffer.from(text, "base64").toString("utf8");
}

function toBase64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}
