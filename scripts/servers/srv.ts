/**
 * A name server that knows where XMPP servers are, and nothing else.
 *
 * Answers SRV questions for `_xmpp-server._tcp.DOMAIN` (RFC 2782, RFC 6120 §3.2.1) with `localhost` and a port;
 * every other name does not exist. UDP on loopback (RFC 1035 §4).
 */

import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";

const PREFIX = "_xmpp-server._tcp.";
const HEADER_BYTES = 12;
const TYPE_SRV = 33;
const CLASS_IN = 1;
const TTL_SECONDS = 60;
/** An authoritative response (Erlang insists on both recursion bits), without an error and with the error that there is no such name. */
const FLAGS = { known: 0x8580, unknown: 0x8583 };

export class NameServer {
  readonly #socket: Socket = createSocket("udp4");
  readonly #routes: Readonly<Record<string, number>>;

  private constructor(routes: Readonly<Record<string, number>>) {
    this.#routes = routes;
    this.#socket.on("message", (query, { port, address }) => this.#socket.send(this.#answer(query), port, address));
  }

  /** @param routes domain → port */
  static async start(routes: Readonly<Record<string, number>>): Promise<NameServer> {
    const server = new NameServer(routes);
    server.#socket.bind(0, "127.0.0.1");
    await once(server.#socket, "listening");
    return server;
  }

  get port(): number {
    return this.#socket.address().port;
  }

  async stop(): Promise<void> {
    this.#socket.close();
    await once(this.#socket, "close");
  }

  #answer(query: Buffer): Buffer {
    const { name, type, end } = questionOf(query);
    const port = name.startsWith(PREFIX) && type === TYPE_SRV ? this.#routes[name.slice(PREFIX.length)] : undefined;
    const header = Buffer.alloc(HEADER_BYTES);
    query.copy(header, 0, 0, 2);
    header.writeUInt16BE(port === undefined ? FLAGS.unknown : FLAGS.known, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(port === undefined ? 0 : 1, 6);
    return Buffer.concat([header, query.subarray(HEADER_BYTES, end), ...(port === undefined ? [] : [record(port)])]);
  }
}

function questionOf(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = query[at++]!; length > 0; length = query[at++]!) {
    labels.push(query.toString("latin1", at, at + length).toLowerCase());
    at += length;
  }
  return { name: labels.join("."), type: query.readUInt16BE(at), end: at + 4 };
}

/** The answer's name is the question's; priority and weight are 0. Erlang takes no answer that it may not keep. */
function record(port: number): Buffer {
  const target = Buffer.from("\x09localhost\x00", "latin1");
  const fixed = Buffer.alloc(18);
  fixed.writeUInt16BE(0xc000 | HEADER_BYTES, 0);
  fixed.writeUInt16BE(TYPE_SRV, 2);
  fixed.writeUInt16BE(CLASS_IN, 4);
  fixed.writeUInt32BE(TTL_SECONDS, 6);
  fixed.writeUInt16BE(6 + target.length, 10);
  fixed.writeUInt16BE(port, 16);
  return Buffer.concat([fixed, target]);
}
