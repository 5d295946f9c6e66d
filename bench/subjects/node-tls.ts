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
import { SocketPair } from "../sockets.ts";
import type { Credentials, Loaded, PairOptions, Subject, Suite } from "../subject.ts";
import { memoryPair } from "../wire.ts";

export const subject: Subject = {
  name: "node:tls",
  version: () => `Node ${process.versions.node}, OpenSSL ${process.versions.openssl}`,
  load: async (credentials) => new NodeTls(credentials),
};

class NodeTls implements Loaded {
  readonly #contexts = new Map<Suite, Contexts>();

  constructor(readonly credentials: Credentials) {}

  pair({ suite, ticket }: PairOptions): SocketPair {
    const { initiator: client, responder: server } = this.#context(suite);
    const [near, far] = memoryPair();
    const responder = new TLSSocket(far, {
      ...{ ...JUDGED_BY_US, isServer: true, secureContext: server.context },
    });
    const initiator = connect({
      ...{ ...JUDGED_BY_US, socket: near, secureContext: client.context },
      ...(ticket && { session: Buffer.from(ticket) }),
    });
    const expected = { initiator: client.certificate, responder: server.certificate };
    return new SocketPair({ initiator, responder, finished: "secure" }, expected, ticket);
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
