/**
 * node:tls, that is OpenSSL with the processor's AES and vector instructions, over two in-memory
 * Duplex ends: the same identities, suite and group as the others, both ends in this process.
 *
 * It is asynchronous by nature. What can be saved is saved: a write lands in the other end's
 * reader in the same tick, events are listened for directly, and transfers are queued whole so
 * that Node may gather them. What remains is its own: `setImmediate` after each write of a
 * socket that has no file descriptor, and the streams on top.
 *
 * Two differences that cannot be levelled. Its responder always sends two tickets after a full
 * TLS 1.3 handshake; there is no switch, so "no tickets" means that nobody waits for them. After
 * a resumed one it sends none and takes the old ticket again, where ours are good for one use.
 */
import { X509Certificate } from "node:crypto";
import { connect, createSecureContext, TLSSocket, type SecureContext } from "node:tls";
import { socketEnd } from "../client.ts";
import { Conversation } from "../conversation.ts";
import type { Credentials, Loaded, Pair, PairOptions, Subject, Suite } from "../subject.ts";
import { memoryPair } from "../wire.ts";

export const subject: Subject = {
  name: "node:tls",
  version: () => `Node ${process.versions.node}, OpenSSL ${process.versions.openssl}`,
  load: async (credentials) => new NodeTls(credentials),
};

class NodeTls implements Loaded {
  readonly #contexts = new Map<Suite, Contexts>();

  constructor(readonly credentials: Credentials) {}

  pair(options: PairOptions): Pair {
    return new SocketPair(this.#context(options.suite), options.ticket);
  }

  /** Made once per suite, as an application would; the others parse their identities once, too. */
  #context(suite: Suite): Contexts {
    const known = this.#contexts.get(suite);
    if (known !== undefined) return known;
    const { initiator, responder } = this.credentials;
    const made = { initiator: new Party(initiator, suite), responder: new Party(responder, suite) };
    this.#contexts.set(suite, made);
    return made;
  }
}

interface Contexts {
  readonly initiator: Party;
  readonly responder: Party;
}

class Party {
  readonly context: SecureContext;
  readonly certificate: Buffer;

  constructor(pem: string, suite: Suite) {
    this.certificate = new X509Certificate(pem).raw;
    this.context = createSecureContext({
      key: pem,
      cert: pem,
      ciphers: suite,
      ecdhCurve: "X25519",
      minVersion: "TLSv1.3",
      // Without it OpenSSL refuses to resume a session that carries a client certificate.
      sessionIdContext: "bench",
    });
  }
}

/** Judged by comparison, as the other subjects do it: a self-signed certificate leads nowhere. */
const JUDGED_BY_US = { rejectUnauthorized: false, requestCert: true };

class SocketPair implements Pair {
  readonly #contexts: Contexts;
  readonly #initiator: TLSSocket;
  readonly #responder: TLSSocket;
  readonly #open: Promise<void>;
  readonly #ticket: Promise<Uint8Array>;
  readonly #resumes: boolean;
  #atInitiator: (piece: Uint8Array) => void = () => {};
  #atResponder: (piece: Uint8Array) => void = () => {};
  #fail: (reason: Error) => void = () => {};

  constructor(contexts: Contexts, session: Uint8Array | undefined) {
    const [near, far] = memoryPair();
    this.#contexts = contexts;
    this.#resumes = session !== undefined;
    this.#responder = new TLSSocket(far, {
      ...JUDGED_BY_US,
      isServer: true,
      secureContext: contexts.responder.context,
    });
    this.#initiator = connect({
      ...JUDGED_BY_US,
      socket: near,
      secureContext: contexts.initiator.context,
      ...(session && { session: Buffer.from(session) }),
    });
    this.#open = this.#opened();
    this.#ticket = session
      ? Promise.resolve(session)
      : new Promise((resolve) => this.#initiator.once("session", resolve));
    this.#initiator.on("data", (piece: Uint8Array) => this.#atInitiator(piece));
    this.#responder.on("data", (piece: Uint8Array) => this.#atResponder(piece));
  }

  async handshake(): Promise<void> {
    await this.#open;
    const { initiator, responder } = this.#contexts;
    expectPeer(this.#responder, initiator.certificate);
    if (!this.#resumes) expectPeer(this.#initiator, responder.certificate);
    // A resumed client of Node's has no certificate to show: holding the ticket's key is the proof.
    else if (!this.#initiator.isSessionReused() || !this.#responder.isSessionReused())
      throw new Error("node:tls did not resume the session");
  }

  ticket(): Promise<Uint8Array> {
    return this.#ticket;
  }

  transfer(message: Uint8Array, count: number): Promise<void> {
    return this.#until((done) => {
      const receipt = new Receipt(message);
      this.#atResponder = (piece) => {
        if (receipt.take(piece) && receipt.messages === count) done();
      };
      for (let sent = 0; sent < count; sent++) this.#initiator.write(message);
    });
  }

  exchange(message: Uint8Array, count: number): Promise<void> {
    return this.#until((done) => {
      const [there, back] = [new Receipt(message), new Receipt(message)];
      this.#atResponder = (piece) => {
        if (there.take(piece)) this.#responder.write(message);
      };
      this.#atInitiator = (piece) => {
        if (!back.take(piece)) return;
        if (back.messages === count) done();
        else this.#initiator.write(message);
      };
      this.#initiator.write(message);
    });
  }

  [Symbol.dispose](): void {
    this.#initiator.destroy();
    this.#responder.destroy();
  }

  /** Both have finished; neither is early because of the other. */
  #opened(): Promise<void> {
    return this.#until((done) => {
      let waiting = 2;
      const finished = () => --waiting === 0 && done();
      this.#initiator.once("secureConnect", finished);
      this.#responder.once("secure", finished);
      this.#initiator.on("error", (error) => this.#fail(error));
      this.#responder.on("error", (error) => this.#fail(error));
    });
  }

  #until(start: (done: () => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#fail = reject;
      start(resolve);
    });
  }
}

function expectPeer(socket: TLSSocket, certificate: Buffer): void {
  if (socket.getPeerX509Certificate()?.raw.equals(certificate) !== true)
    throw new Error("node:tls shows another certificate than the peer's");
}
