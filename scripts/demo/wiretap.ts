/**
 * A wiretap: a loopback TCP proxy on the wire between one client and its server.
 *
 * It sees what the server sees, neither more nor less, whichever server it is, and it
 * can do what a hostile server can do: alter one character of a `<data/>`.
 * It knows the stream's framing (RFC 6120 §4) and nothing of XTLS beyond that element's name.
 */

import { createServer, connect, type AddressInfo, type Socket } from "node:net";
import { once } from "node:events";
import { Parser, type Element } from "@xmpp/xml";

/** "up": from the client to the server; "down": from the server to the client. */
export type Direction = "up" | "down";

/** Called once for each stanza that crosses the wire. */
export type Observer = (direction: Direction, stanza: Element) => void;

const DATA_BODY = /(<data [^>]*>)([A-Za-z0-9+/]{8})/;

export class Wiretap {
  /** While true, the next `<data/>` on its way down is altered; then it turns false by itself. */
  tampers = false;

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
      const passed = direction === "down" && this.tampers ? this.#alter(bytes) : bytes;
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

  /** Latin-1 keeps every byte as it is; base64 is ASCII. */
  #alter(bytes: Uint8Array): Uint8Array {
    const text = Buffer.from(bytes).toString("latin1");
    if (!DATA_BODY.test(text)) return bytes;
    this.tampers = false;
    const altered = text.replace(DATA_BODY, (_, tag: string, body: string) => tag + body.slice(0, 7) + other(body[7]));
    return Buffer.from(altered, "latin1");
  }
}

function other(character: string | undefined): string {
  return character === "A" ? "B" : "A";
}
