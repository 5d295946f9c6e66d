/**
 * @reclaimprotocol/tls: a TLS client on WebCrypto, against a server of node:tls.
 *
 * Its ChaCha20-Poly1305 is noble's, as WebCrypto has none. The server's certificate is compared
 * with the expected one, as the other subjects do it; a chain is not verified.
 */
import { X509Certificate } from "node:crypto";
import { ClientPair, serverContext, type Client, type Outside } from "../client.ts";
import { imported, packaged } from "../peer.ts";
import type { Credentials, Loaded, PairOptions, Subject, Suite } from "../subject.ts";

export const subject: Subject = {
  ...packaged("@reclaimprotocol/tls", "client only, its WebCrypto backend; node:tls is the server"),
  resumes: false,
  notes: [
    "no client certificate",
    "tickets are not measured: it can resume",
    "ChaCha20-Poly1305 in JavaScript, the rest by WebCrypto",
  ],
  async load(credentials) {
    const library = await imported<Library>("@reclaimprotocol/tls");
    const { webcryptoCrypto } = await imported<{ webcryptoCrypto: unknown }>("@reclaimprotocol/tls/webcrypto");
    library.setCryptoImplementation(webcryptoCrypto);
    return new Reclaim(library, credentials);
  },
};

interface Library {
  setCryptoImplementation(implementation: unknown): void;
  makeTLSClient(options: object): Connection;
}

interface Connection {
  startHandshake(): Promise<void>;
  handleReceivedBytes(bytes: Uint8Array): Promise<void>;
  write(data: Uint8Array): Promise<void>;
}

/** Their certificates wrap those of @peculiar/x509. */
interface Shown {
  readonly certificates: readonly { readonly internal: { readonly rawData: ArrayBuffer } }[];
}

class Reclaim implements Loaded {
  readonly #contexts = new Map<Suite, ReturnType<typeof serverContext>>();
  readonly #expected: Uint8Array;

  constructor(
    readonly library: Library,
    readonly credentials: Credentials,
  ) {
    this.#expected = new X509Certificate(credentials.responder).raw;
  }

  pair({ suite }: PairOptions): ClientPair {
    const context =
      this.#contexts.get(suite) ?? serverContext(this.credentials.responder, suite, "X25519");
    this.#contexts.set(suite, context);
    return new ClientPair(context, (outside) => this.#client(suite, outside));
  }

  #client(suite: Suite, { send, fail }: Outside): Client {
    let opened: () => void = () => {};
    const isOpen = new Promise<void>((resolve) => (opened = resolve));
    let sending: Promise<void> = Promise.resolve();
    const connection = this.library.makeTLSClient({
      host: "juliet.capulet.example",
      verifyServerCertificate: false,
      cipherSuites: [suite],
      namedCurves: ["X25519"],
      supportedProtocolVersions: ["TLS1_3"],
      logger: SILENT,
      write: ({ header, content }: { header: Uint8Array; content: Uint8Array }) =>
        send(Buffer.concat([header, content])),
      onHandshake: () => opened(),
      onRecvCertificates: (shown: Shown) => this.#compare(shown),
      onApplicationData: (piece: Uint8Array) => client.take(piece),
      onTlsEnd: (error?: Error) => error && fail(error),
    });
    const client: Client = {
      take: () => {},
      receive: (bytes) => void connection.handleReceivedBytes(bytes).catch(fail),
      // Concurrent writes would take the same record number.
      write: (message) => (sending = sending.then(() => connection.write(message))),
      open: () => connection.startHandshake().then(() => isOpen),
    };
    return client;
  }

  #compare({ certificates }: Shown): void {
    const shown = certificates[0]?.internal.rawData;
    if (shown === undefined || Buffer.compare(Buffer.from(shown), this.#expected) !== 0)
      throw new Error("the server shows another certificate than its own");
  }
}

const quiet = (): void => {};
const SILENT = { trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet, fatal: quiet, child: () => SILENT };
