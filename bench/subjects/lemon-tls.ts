/**
 * lemon-tls: TLS in JavaScript with Node's primitives, shaped like node:tls; both ends are its
 * own, over a wire in memory.
 */
import { X509Certificate } from "node:crypto";
import type { Duplex } from "node:stream";
import { imported, packaged } from "../peer.ts";
import { SocketPair, type SecureSocket } from "../sockets.ts";
import type { Credentials, Loaded, PairOptions, Subject, Suite } from "../subject.ts";
import { memoryPair } from "../wire.ts";

export const subject: Subject = {
  ...packaged("lemon-tls", "both ends; primitives by node:crypto"),
  notes: ["Node only: it runs in no browser"],
  load: async (credentials) => new LemonTls(await imported<Library>("lemon-tls"), credentials),
};

interface Library {
  readonly TLSSocket: new (wire: Duplex, options: object) => Socket;
  createSecureContext(identity: { key: string; cert: string }): unknown;
}

/** Made by hand, one lacks the method that those of connect() have. */
type Socket = Omit<SecureSocket, "isSessionReused"> & { readonly isResumed: boolean };

const CODES: Readonly<Record<Suite, number>> = {
  TLS_AES_128_GCM_SHA256: 0x1301,
  TLS_CHACHA20_POLY1305_SHA256: 0x1303,
};
const X25519 = 0x001d;

class LemonTls implements Loaded {
  readonly #server: unknown;
  readonly #expected;
  readonly #ticketKeys = crypto.getRandomValues(Buffer.alloc(48));

  constructor(
    readonly library: Library,
    readonly credentials: Credentials,
  ) {
    const { initiator, responder } = credentials;
    this.#server = library.createSecureContext({ key: responder, cert: responder });
    this.#expected = { initiator: derOf(initiator), responder: derOf(responder) };
  }

  pair({ suite, ticket }: PairOptions): SocketPair {
    const [near, far] = memoryPair();
    const { initiator: pem } = this.credentials;
    const common = {
      ...{ minVersion: "TLSv1.3", maxVersion: "TLSv1.3", groups: [X25519], rejectUnauthorized: false },
      ...{ allowedCipherSuites: [CODES[suite]] },
    };
    const responder = new this.library.TLSSocket(far, {
      ...{ ...common, isServer: true, requestCert: true, ticketKeys: this.#ticketKeys },
      SNICallback: (_name: string, answer: (error: null, context: unknown) => void) =>
        answer(null, this.#server),
    });
    const initiator = new this.library.TLSSocket(near, {
      ...{ ...common, servername: "juliet.capulet.example", key: pem, cert: pem },
      ...(ticket && { session: Buffer.from(ticket) }),
    });
    const sockets = { initiator: secure(initiator), responder: secure(responder) };
    return new SocketPair({ ...sockets, finished: "secureConnect" }, this.#expected, ticket);
  }
}

const secure = (socket: Socket): SecureSocket =>
  Object.assign(socket, { isSessionReused: () => socket.isResumed });

const derOf = (pem: string): Buffer => new X509Certificate(pem).raw;
