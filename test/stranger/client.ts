/**
 * An XTLS client written from Peter Saint-Andre's mail "XTLS revisited" and nothing else.
 *
 * It exists to be somebody else: its TLS is Node's own (OpenSSL), its XMPP is strophe.js over
 * a WebSocket, and it shares no line with the library it will be made to talk to. Where the
 * mail leaves something open, it takes the plainest reading: one IQ in flight, no offers, the
 * initiator is the TLS client, both sides show a certificate.
 */

import { EventEmitter } from "node:events";
import type { Element } from "@xmldom/xmldom";
import { $iq, Strophe } from "strophe.js";
import { type Ends, Tunnel } from "./tunnel.ts";

const NS = "urn:xmpp:tmp:xtls";
const STANZA_ERRORS = "urn:ietf:params:xml:ns:xmpp-stanzas";

/** Where to log in, what to show to the other party, and whom to believe. */
export interface Account {
  /** the WebSocket of the server */
  service: string;
  /** the full address, such as `romeo@montague.lit/orchard` */
  address: string;
  password: string;
  /** both PEM */
  key: string;
  certificate: string;
  /** by bare address, the SHA-256 fingerprint of the contact's certificate, `AB:CD:…` */
  contacts: Record<string, string>;
}

/** What is used of Strophe.Connection; the types it ships do not resolve in an ES module. */
interface Connection {
  xmlOutput: (stanza: Element) => void;
  connect(address: string, password: string, onStatus: (status: number) => void): void;
  addHandler(handler: (iq: Element) => boolean, ns: string, name: string, type: string): void;
  sendIQ(iq: unknown, onResult: (iq: Element) => void, onError: (iq: Element | null) => void): void;
  send(iq: unknown): void;
  disconnect(): void;
}

/** One party on its server, able to open tunnels and to be asked for them; says what it sends. */
export class Client extends EventEmitter<{ tunnel: [Tunnel]; sent: [Element] }> {
  readonly #account: Account;
  readonly #connection: Connection;
  readonly #tunnels = new Map<string, Tunnel>();
  #requests = 0;

  constructor(account: Account) {
    super();
    this.#account = account;
    Strophe.setLogLevel(Strophe.LogLevel.ERROR);
    this.#connection = new Strophe.Connection(account.service);
    this.#connection.xmlOutput = (stanza) => this.emit("sent", stanza);
    this.#connection.addHandler((iq) => this.#answer(iq), NS, "iq", "set");
  }

  login(): Promise<void> {
    const { CONNECTED, CONNFAIL, AUTHFAIL, DISCONNECTED } = Strophe.Status;
    return new Promise((resolve, reject) => {
      this.#connection.connect(this.#account.address, this.#account.password, (status) => {
        if (status === CONNECTED) resolve();
        if ([CONNFAIL, AUTHFAIL, DISCONNECTED].includes(status)) reject(new Error("could not log in"));
      });
    });
  }

  logout(): void {
    this.#connection.disconnect();
  }

  /** Steps 1 to 3: start, proceed, handshake. */
  async open(peer: string): Promise<Tunnel> {
    const answer = await this.#request(peer, "start");
    if (content(answer)?.localName !== "proceed") throw new Error(`${peer} does not proceed`);
    const tunnel = this.#add(peer, true);
    await tunnel.handshake();
    return tunnel;
  }

  #request(to: string, name: string, attributes: Record<string, string> = {}, text = ""): Promise<Element> {
    const id = `xtls_${++this.#requests}`;
    const iq = $iq({ to, id, type: "set" })
      .c(name, { xmlns: NS, ...attributes })
      .t(text);
    return new Promise((resolve, reject) => {
      this.#connection.sendIQ(iq, resolve, (error) => reject(new Error(`${name}: ${error}`)));
    });
  }

  #add(peer: string, isInitiator: boolean): Tunnel {
    const { address: self, key, certificate, contacts } = this.#account;
    const fingerprint = contacts[bare(peer)] ?? "unknown";
    const request: Ends["request"] = (...element) => this.#request(peer, ...element);
    const tunnel = new Tunnel({ self, peer, isInitiator, key, certificate, fingerprint, request });
    this.#tunnels.set(peer, tunnel);
    tunnel.once("closed", () => this.#tunnels.delete(peer));
    return tunnel;
  }

  /** The other half of every step. */
  #answer(iq: Element): true {
    const [to, id] = [iq.getAttribute("from") ?? "", iq.getAttribute("id") ?? ""];
    const result = $iq({ to, id, type: "result" });
    const element = content(iq);
    const tunnel = this.#tunnels.get(to);
    if (element?.localName === "start" && !tunnel && this.#account.contacts[bare(to)]) {
      this.#connection.send(result.c("proceed", { xmlns: NS }));
      const asked = this.#add(to, false);
      asked.handshake(() => this.emit("tunnel", asked)).catch(() => undefined);
    } else if (element?.localName === "data" && tunnel) {
      this.#connection.send(result);
      tunnel.feed(Buffer.from(element.textContent ?? "", "base64"));
    } else if (element?.localName === "close") {
      const closed = result.c("closed", { xmlns: NS });
      void Promise.resolve(tunnel?.end()).then(() => this.#connection.send(closed));
    } else {
      const error = $iq({ to, id, type: "error" }).c("error", { type: "cancel" });
      this.#connection.send(error.c("not-acceptable", { xmlns: STANZA_ERRORS }));
    }
    return true;
  }
}

function content(iq: Element): Element | undefined {
  return Array.from(iq.children).find((child) => child.namespaceURI === NS);
}

function bare(address: string): string {
  return address.replace(/\/.*$/s, "");
}
