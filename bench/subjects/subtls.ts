/**
 * subtls: a TLS 1.3 client on WebCrypto, against a server of node:tls.
 *
 * It sends its Finished no earlier than somebody reads, so reading begins at once. It insists
 * on verifying a chain to a root and a DNS name, so it has a certificate of its own here.
 */
import { ClientPair, serverContext, type Client, type Outside } from "../client.ts";
import { dnsIdentity } from "../dns-identity.ts";
import { imported, packaged } from "../peer.ts";
import type { Credentials, Loaded, Subject } from "../subject.ts";

const HOST = "juliet.capulet.example";

export const subject: Subject = {
  ...packaged("subtls", "client only; node:tls is the server"),
  suites: ["TLS_AES_128_GCM_SHA256"],
  resumes: false,
  notes: [
    "P-256 instead of X25519",
    "no client certificate, no ChaCha20-Poly1305, no tickets",
    "verifies a chain of one besides the signature of the handshake",
    "asks not to be used in production",
  ],
  credentials: async () => {
    const responder = await dnsIdentity(HOST);
    return { initiator: responder, responder };
  },
  load: async (credentials) => new Subtls(await imported<Library>("subtls"), credentials),
};

type Read = (bytes: number) => Promise<Uint8Array | undefined>;

interface Library {
  startTls(host: string, roots: string, read: Read, write: (bytes: Uint8Array) => void): Promise<Connection>;
}

interface Connection {
  read(): Promise<Uint8Array | undefined>;
  write(data: Uint8Array): Promise<void>;
}

class Subtls implements Loaded {
  readonly #context;

  constructor(
    readonly library: Library,
    readonly credentials: Credentials,
  ) {
    this.#context = serverContext(credentials.responder, "TLS_AES_128_GCM_SHA256", "P-256");
  }

  pair(): ClientPair {
    return new ClientPair(this.#context, (outside) => this.#client(outside));
  }

  #client({ send, fail }: Outside): Client {
    const queue = new ByteQueue();
    let connection: Connection | undefined;
    let order: Promise<void> = Promise.resolve();
    const pump = async (): Promise<void> => {
      for (;;) {
        const piece = await connection!.read();
        if (piece === undefined) return;
        client.take(piece);
      }
    };
    const roots = this.credentials.responder.slice(this.credentials.responder.indexOf("-----BEGIN CERTIFICATE"));
    const client: Client = {
      take: () => {},
      receive: (bytes) => queue.add(bytes),
      // Its records would overtake each other if they were not made one after the other.
      write: (message) => (order = order.then(() => connection!.write(message))),
      open: async () => {
        connection = await this.library.startTls(HOST, roots, (count) => queue.read(count), send);
        pump().catch(fail);
      },
    };
    return client;
  }
}

/** Bytes that are read in other pieces than they came in. One reader at a time. */
class ByteQueue {
  #pieces: Uint8Array[] = [];
  #length = 0;
  #waiting: { count: number; resolve: (bytes: Uint8Array) => void } | undefined;

  add(bytes: Uint8Array): void {
    this.#pieces.push(bytes);
    this.#length += bytes.length;
    if (this.#waiting === undefined || this.#length < this.#waiting.count) return;
    const { count, resolve } = this.#waiting;
    this.#waiting = undefined;
    resolve(this.#cut(count));
  }

  read(count: number): Promise<Uint8Array> {
    if (this.#length >= count) return Promise.resolve(this.#cut(count));
    return new Promise((resolve) => (this.#waiting = { count, resolve }));
  }

  #cut(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    for (let at = 0; at < count; ) {
      const piece = this.#pieces[0]!.subarray(0, count - at);
      bytes.set(piece, at);
      at += piece.length;
      if (piece.length === this.#pieces[0]!.length) this.#pieces.shift();
      else this.#pieces[0] = this.#pieces[0]!.subarray(piece.length);
    }
    this.#length -= count;
    return bytes;
  }
}
