/**
 * A pair of a library that can only be the client and node:tls as its server: what is measured
 * is the sum of both, of which the server's share is small and known from node:tls itself.
 */
import { createSecureContext, TLSSocket } from "node:tls";
import { Conversation, type End } from "./conversation.ts";
import { socketEnd } from "./sockets.ts";
import type { Pair, Suite } from "./subject.ts";
import { MemoryEnd } from "./wire.ts";

/** The library's half, made for one connection. */
export interface Client extends End {
  /** From the wire. */
  receive(bytes: Uint8Array): void;
  /** Sends the first flight. @returns when the server has been accepted */
  open(): Promise<void>;
}

/** What a client is given. */
export interface Outside {
  /** To the wire. */
  send(bytes: Uint8Array): void;
  fail(reason: unknown): void;
}

export type Curve = "X25519" | "P-256";

/** The server's settings, made once for each suite. */
export const serverContext = (pem: string, suite: Suite, curve: Curve) =>
  createSecureContext({
    ...{ key: pem, cert: pem, ciphers: suite, ecdhCurve: curve, minVersion: "TLSv1.3" as const },
  });

export class ClientPair implements Pair {
  readonly #wire = new MemoryEnd();
  readonly #client: Client;
  readonly #server: TLSSocket;
  readonly #conversation: Conversation;

  constructor(context: ReturnType<typeof serverContext>, client: (outside: Outside) => Client) {
    const fail = (reason: unknown) => this.#conversation.fail(reason);
    this.#client = client({ send: (bytes) => void this.#wire.push(bytes), fail });
    this.#wire.other = { push: (bytes) => this.#client.receive(bytes) };
    this.#server = new TLSSocket(this.#wire, { isServer: true, secureContext: context });
    this.#conversation = new Conversation(this.#client, socketEnd(this.#server));
    this.#server.on("error", fail);
  }

  async handshake(): Promise<void> {
    const server = this.#conversation.until<void>((done) => this.#server.once("secure", () => done()));
    await Promise.all([server, this.#client.open().catch(this.#conversation.fail)]);
  }

  ticket(): never {
    throw new Error("no tickets here");
  }

  transfer(message: Uint8Array, count: number): Promise<void> {
    return this.#conversation.transfer(message, count);
  }

  exchange(message: Uint8Array, count: number): Promise<void> {
    return this.#conversation.exchange(message, count);
  }

  [Symbol.dispose](): void {
    this.#server.destroy();
  }
}
