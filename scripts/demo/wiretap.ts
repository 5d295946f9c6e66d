/**
 * A wiretap: a loopback TCP proxy on the wire between one client and its server.
 *
 * It sees what the server sees, neither more nor less, whichever server it is, and it can do what a
 * hostile server can do: alter what passes. It knows the stream's framing (RFC 6120 §4) and, of
 * XTLS, the names of the two elements that it alters.
 */

import { createServer, connect, type AddressInfo, type Socket } from "node:net";
import { once } from "node:events";
import { Parser, type Element } from "@xmpp/xml";

/** "up": from the client to the server; "down": from the server to the client. */
export type Direction = "up" | "down";

/** Called once for each stanza that crosses the wire. */
export type Observer = (direction: Direction, stanza: Element) => void;

/** What a hostile server does to a piece of the stream: the same text, when there is nothing in it to alter. */
export type Alteration = (xml: string) => string;

export class Wiretap {
  /** Done once, to the first piece on its way down in which it alters anything. */
  alteration: Alteration | undefined;

  readonly #unanswered = new Set<string>();
  readonly #sockets = new Set<Socket>();
  readonly #listener = createServer((socket) => this.#join(socket));

  readonly #target: URL;
  readonly #observe: Observer;

  private constructor(target: URL, observe: Observer) {
    this.#target = target;
    this.#observe = observe;
  }

  /**
   * Listens on a free loopback port.
   *
   * @param service the server's address, `xmpp://host:port`
   */
  static async on(service: string, observe: Observer): Promise<Wiretap> {
    const tap = new Wiretap(new URL(service), observe);
    tap.#listener.listen(0, "127.0.0.1");
    await once(tap.#listener, "listening");
    return tap;
  }

  /** What the client connects to instead. */
  get service(): string {
    return `xmpp://127.0.0.1:${(this.#listener.address() as AddressInfo).port}`;
  }

  /** True when every IQ request that crossed the wire has been answered. */
  get isQuiet(): boolean {
    return this.#unanswered.size === 0;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#listener.close();
    await once(this.#listener, "close");
  }

  #join(client: Socket): void {
    const server = connect(Number(this.#target.port), this.#target.hostname);
    this.#pipe("up", client, server);
    this.#pipe("down", server, client);
  }

  #pipe(direction: Direction, from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.setNoDelay(true);
    let parser = this.#parser(direction);
    const text = new TextDecoder();
    from.on("data", (bytes) => {
      const passed = direction === "down" ? this.#alter(bytes) : bytes;
      const xml = text.decode(passed, { stream: true });
      if (/<stream:stream/.test(xml)) parser = this.#parser(direction); // a stream restarts after SASL
      parser.write(xml);
      to.write(passed);
    });
    from.on("end", () => to.end());
    from.on("error", () => to.destroy());
    from.on("close", () => this.#sockets.delete(from));
  }

  #parser(direction: Direction): Parser {
    const parser = new Parser();
    parser.on("element", (stanza) => {
      this.#count(stanza);
      this.#observe(direction, stanza);
    });
    return parser;
  }

  #count({ name, attrs: { id, type } }: Element): void {
    if (name !== "iq" || id === undefined) return;
    if (type === "get" || type === "set") this.#unanswered.add(id);
    else this.#unanswered.delete(id);
  }

  /** Latin-1 keeps every byte as it is; all that is altered is ASCII. */
  #alter(bytes: Uint8Array): Uint8Array {
    if (this.alteration === undefined) return bytes;
    const text = Buffer.from(bytes).toString("latin1");
    const altered = this.alteration(text);
    if (altered === text) return bytes;
    this.alteration = undefined;
    return Buffer.from(altered, "latin1");
  }
}

/** Another character in a `<data/>`. */
export const damageData: Alteration = (xml) =>
  xml.replace(/(<data [^>]*>[A-Za-z0-9+/]{7})([A-Za-z0-9+/])/, (_, before: string, last: string) => before + (last === "A" ? "B" : "A"));

/** An offer without that method. */
export function withhold(method: string): Alteration {
  const element = new RegExp(`<method\\b[^>]*\\sname=(["'])${method}\\1[^>]*?(?:/>|></method>)`);
  return (xml) => xml.replace(element, "");
}
