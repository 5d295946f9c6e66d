/**
 * A pair of two TLS sockets of Node's shape, over a wire in memory: node:tls itself, and what
 * imitates it.
 */
import type { X509Certificate } from "node:crypto";
import { Conversation, type End } from "./conversation.ts";
import type { Pair } from "./subject.ts";

/** As much of a tls.TLSSocket as is used here. */
export interface SecureSocket {
  write(bytes: Uint8Array): unknown;
  on(event: "data", listener: (piece: Uint8Array) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  once(event: string, listener: (value: Uint8Array) => void): unknown;
  destroy(): unknown;
  getPeerX509Certificate(): X509Certificate | undefined;
  isSessionReused(): boolean;
}

export interface Sockets {
  readonly initiator: SecureSocket;
  readonly responder: SecureSocket;
  /** What the responder emits when its handshake is over. */
  readonly finished: "secure" | "secureConnect";
}

/** The certificates, DER. */
export interface Expected {
  readonly initiator: Uint8Array;
  readonly responder: Uint8Array;
}

export class SocketPair implements Pair {
  readonly #open: Promise<void>;
  readonly #ticket: Promise<Uint8Array>;
  readonly #conversation: Conversation;

  /** @param session the ticket to resume with; it stays the pair's ticket */
  constructor(
    readonly sockets: Sockets,
    readonly expected: Expected,
    readonly session: Uint8Array | undefined,
  ) {
    const { initiator, responder } = sockets;
    this.#conversation = new Conversation(socketEnd(initiator), socketEnd(responder));
    this.#open = this.#opened();
    this.#ticket = session
      ? Promise.resolve(session)
      : new Promise((resolve) => initiator.once("session", resolve));
  }

  async handshake(): Promise<void> {
    await this.#open;
    const { initiator, responder } = this.sockets;
    // A resumed socket of Node's has no certificate to show: holding the ticket's key is the proof.
    if (this.session !== undefined) return expectResumption(initiator, responder);
    expectPeer(responder, this.expected.initiator);
    expectPeer(initiator, this.expected.responder);
  }

  ticket(): Promise<Uint8Array> {
    return this.#ticket;
  }

  transfer(message: Uint8Array, count: number): Promise<void> {
    return this.#conversation.transfer(message, count);
  }

  exchange(message: Uint8Array, count: number): Promise<void> {
    return this.#conversation.exchange(message, count);
  }

  [Symbol.dispose](): void {
    this.sockets.initiator.destroy();
    this.sockets.responder.destroy();
  }

  /** Both have finished; neither is early because of the other. */
  #opened(): Promise<void> {
    const { initiator, responder, finished } = this.sockets;
    return this.#conversation.until((done) => {
      let waiting = 2;
      const open = () => --waiting === 0 && done();
      initiator.once("secureConnect", open);
      responder.once(finished, open);
      initiator.on("error", this.#conversation.fail);
      responder.on("error", this.#conversation.fail);
    });
  }
}

/** A socket as an end of a conversation. */
export function socketEnd(socket: SecureSocket): End {
  const end: End = { write: (message) => socket.write(message), take: () => {} };
  socket.on("data", (piece) => end.take(piece));
  return end;
}

function expectResumption(...sockets: SecureSocket[]): void {
  if (!sockets.every((socket) => socket.isSessionReused())) throw new Error("the session did not resume");
}

function expectPeer(socket: SecureSocket, certificate: Uint8Array): void {
  if (socket.getPeerX509Certificate()?.raw.equals(certificate) !== true)
    throw new Error("a socket shows another certificate than the peer's");
}
