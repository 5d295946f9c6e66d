/**
 * An XMPP server of one process, for tests and the demo: it can be watched, and it can be
 * told to tamper with what passes. TCP and WebSocket on 127.0.0.1, nothing on disk.
 *
 * It routes by full JID, answers for the absent, and shows everybody everybody's presence.
 * RFC 6120 §10, RFC 6121 §8, as far as clients notice.
 */

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";

import xml, { type Element } from "@xmpp/xml";
import { WebSocketServer } from "ws";

import { Login } from "./login.ts";
import { componentOf, type ComponentService, type Credentials, DOMAIN, type Server } from "./server.ts";
import { type Stream, type StreamEvents, tcpStream, webSocketStream } from "./stream.ts";

const NS_STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas";

/** Sees each stanza as the server has it, `from` and `to` filled in. */
export type Watcher = (stanza: Element) => void;

/**
 * What is routed in a stanza's place: nothing drops it, two copies duplicate it, a promise
 * delays it (others may then overtake it).
 */
export type Tamper = (stanza: Element) => readonly Element[] | Promise<readonly Element[]>;

export async function startRouter(): Promise<Router> {
  const router = new Router();
  await router.restart();
  return router;
}

export class Router implements Server {
  readonly name = "router";
  readonly domain = DOMAIN;
  readonly #secret = randomBytes(12).toString("hex");
  readonly #passwords = new Map<string, string>();
  readonly #watchers = new Set<Watcher>();
  readonly #streams = new Set<Stream>();
  readonly #bound = new Map<string, Stream>();
  #tamper: Tamper | undefined;
  #greeting: (address: string) => readonly Element[] = () => [];
  #tcp = createServer();
  #web = { server: undefined as WebSocketServer | undefined, port: 0 };
  #port = 0;

  get service(): string {
    return `xmpp://127.0.0.1:${this.#port}`;
  }

  get websocket(): string {
    return `ws://127.0.0.1:${this.#web.port}/xmpp-websocket`;
  }

  get component(): ComponentService {
    return { service: this.service, domain: componentOf(DOMAIN), secret: this.#secret };
  }

  async register(username: string): Promise<Credentials> {
    const password = this.#passwords.get(username) ?? randomBytes(12).toString("hex");
    this.#passwords.set(username, password);
    return { username, password };
  }

  /** @returns what ends the watching */
  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** One at a time; `undefined` makes it honest again. */
  tamper(tamper: Tamper | undefined): void {
    this.#tamper = tamper;
  }

  /** Routes a stanza as if its sender were who it says: what a dishonest server can do. */
  inject(stanza: Element): void {
    this.#deliver(stanza);
  }

  /** What everybody is sent from now on between authentication and the answer to the binding: stanzas must not come so early. */
  greet(greeting: (address: string) => readonly Element[]): void {
    this.#greeting = greeting;
  }

  /** Cuts one session as a lost network would. */
  cut(address: string): void {
    this.#bound.get(address)?.destroy();
  }

  async restart(): Promise<void> {
    this.#tcp = createServer((socket) => this.#welcome((events) => tcpStream(socket, events)));
    this.#tcp.listen(this.#port, "127.0.0.1");
    await once(this.#tcp, "listening");
    this.#port = (this.#tcp.address() as AddressInfo).port;
    const server = new WebSocketServer({ host: "127.0.0.1", port: this.#web.port, handleProtocols: () => "xmpp" });
    server.on("connection", (socket) => this.#welcome((events) => webSocketStream(socket, events)));
    await once(server, "listening");
    this.#web = { server, port: (server.address() as AddressInfo).port };
  }

  async kill(): Promise<void> {
    for (const stream of this.#streams) stream.destroy();
    await this.#close();
  }

  async stop(): Promise<void> {
    for (const stream of this.#streams) stream.close();
    await this.#close();
  }

  async #close(): Promise<void> {
    const { server } = this.#web;
    await Promise.all([
      new Promise((done) => this.#tcp.close(done)),
      new Promise((done) => (server ? server.close(done) : done(undefined))),
    ]);
  }

  #welcome(accept: (events: StreamEvents) => Stream): void {
    let address: string | undefined;
    const stream = accept({
      header: (attrs) => login.header(attrs),
      element: (element) => (address === undefined ? login.element(element) : this.#receive(element, address)),
      end: () => this.#forget(stream, address),
    });
    const login = new Login(stream, {
      domain: DOMAIN,
      component: this.component,
      passwords: this.#passwords,
      bound: (bound) => {
        address = bound;
        this.#bound.get(bound)?.close();
        this.#bound.set(bound, stream);
        for (const stanza of this.#greeting(bound)) stream.send(stanza);
      },
    });
    this.#streams.add(stream);
  }

  #forget(stream: Stream, address: string | undefined): void {
    this.#streams.delete(stream);
    if (address === undefined || this.#bound.get(address) !== stream) return;
    this.#bound.delete(address);
    if (!isFull(address)) return;
    this.#broadcast(xml("presence", { from: address, type: "unavailable" }));
  }

  #receive(stanza: Element, sender: string): void {
    if (isFull(sender)) stanza.attrs.from = sender;
    else if (domainOf(stanza.attrs.from ?? "") !== sender) return;
    for (const watcher of this.#watchers) watcher(stanza);
    const outcome = this.#tamper?.(stanza) ?? [stanza];
    if (outcome instanceof Promise) void outcome.then((stanzas) => this.#deliverAll(stanzas));
    else this.#deliverAll(outcome);
  }

  #deliverAll(stanzas: readonly Element[]): void {
    for (const stanza of stanzas) this.#deliver(stanza);
  }

  #deliver(stanza: Element): void {
    const { to } = stanza.attrs;
    if (stanza.is("presence") && to === undefined) return this.#broadcast(stanza);
    const recipient = this.#recipient(to);
    if (recipient) return recipient.send(copy(stanza, { to }));
    this.#bounce(stanza);
  }

  #recipient(to: string | undefined): Stream | undefined {
    if (to === undefined) return undefined;
    return this.#bound.get(to) ?? this.#bound.get(domainOf(to));
  }

  #broadcast(presence: Element): void {
    const from: string = presence.attrs.from;
    for (const [to, stream] of this.#bound) {
      if (isFull(to) && to !== from) stream.send(copy(presence, { to }));
    }
  }

  /** RFC 6121 §8.5: what is for nobody is answered, unless it is itself an answer. */
  #bounce(stanza: Element): void {
    const { from, id, to, type } = stanza.attrs;
    if (stanza.is("presence") || type === "error" || type === "result") return;
    const error = xml("error", { type: "cancel" }, xml("service-unavailable", NS_STANZAS));
    this.#recipient(from)?.send(xml(stanza.name, { type: "error", id, from: to ?? DOMAIN, to: from }, error));
  }
}

function copy(stanza: Element, attrs: Record<string, string | undefined>): Element {
  return xml(stanza.name, { ...stanza.attrs, ...attrs }, ...stanza.children);
}

function isFull(address: string): boolean {
  return address.includes("/");
}

function domainOf(address: string): string {
  return address.replace(/\/.*$/s, "").replace(/^.*@/s, "");
}
