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

type Read = (bytes: number, mode?: number) => Promise<Uint8Array | undefined>;

/** Its own queue of bytes: abstract only in whether more may come. */
interface Queue {
  enqueue(data: Uint8Array): void;
  read: Read;
}

interface Library {
  readonly ReadQueue: new () => Queue;
  startTls(host: string, roots: string, read: Read, write: (bytes: Uint8Array) => void): Promise<Connection>;
}

interface Connection {
  read(): Promise<Uint8Array | undefined>;
  write(data: Uint8Array): Promise<void>;
}

class Subtls implements Loaded {
  readonly #context;
  readonly #roots: string;
  readonly #Queue: new () => Queue;

  constructor(
    readonly library: Library,
    credentials: Credentials,
  ) {
    this.#context = serverContext(credentials.responder, "TLS_AES_128_GCM_SHA256", "P-256");
    this.#roots = credentials.responder.slice(credentials.responder.indexOf("-----BEGIN CERTIFICATE"));
    this.#Queue = class extends library.ReadQueue {
      moreDataMayFollow(): boolean {
        return true;
      }
    };
  }

  pair(): ClientPair {
    return new ClientPair(this.#context, (outside) => this.#client(outside));
  }

  #client({ send, fail }: Outside): Client {
    const queue = new this.#Queue();
    let connection: Connection | undefined;
    let order: Promise<void> = Promise.resolve();
    const pump = async (): Promise<void> => {
      for (;;) {
        const piece = await connection!.read();
        if (piece === undefined) return;
        client.take(piece);
      }
    };
    const client: Client = {
      take: () => {},
      receive: (bytes) => queue.enqueue(bytes),
      // Its records would overtake each other if they were not made one after the other.
      write: (message) => (order = order.then(() => connection!.write(message))),
      open: async () => {
        connection = await this.library.startTls(HOST, this.#roots, (count, mode) => queue.read(count, mode), send);
        pump().catch(fail);
      },
    };
    return client;
  }
}
