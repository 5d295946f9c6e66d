/**
 * node-forge: TLS 1.1 in JavaScript alone. It knows neither TLS 1.3 nor elliptic curves nor
 * AEADs, so it is here as what pages had before: RSA, AES-128-CBC and HMAC-SHA-1, which stands
 * in the rows of AES-128. Strings carry its bytes.
 */
import { generateKeyPairSync } from "node:crypto";
import { imported, packaged } from "../peer.ts";
import { Receipt } from "../receipt.ts";
import type { Credentials, Loaded, Pair, Subject } from "../subject.ts";

export const subject: Subject = {
  ...packaged("node-forge", "both ends"),
  suites: ["TLS_AES_128_GCM_SHA256"],
  resumes: false,
  notes: [
    "TLS 1.1, RSA 2048, no key exchange with forward secrecy",
    "AES-128-CBC with HMAC-SHA-1 in the rows of AES-128-GCM",
    "sessions are not resumed here",
  ],
  credentials: async () => {
    const { default: forge } = await imported<{ default: Forge }>("node-forge");
    return { initiator: identity(forge, "romeo"), responder: identity(forge, "juliet") };
  },
  async load(credentials) {
    const { default: forge } = await imported<{ default: Forge }>("node-forge");
    return new NodeForge(forge, credentials);
  },
};

interface Connection {
  handshake(): void;
  prepare(text: string): boolean;
  process(text: string): number;
  readonly tlsData: { getBytes(): string };
  readonly data: { getBytes(): string };
}

interface ForgeCertificate {
  publicKey: unknown;
  serialNumber: string;
  readonly validity: { notBefore: Date; notAfter: Date };
  setSubject(attributes: object[]): void;
  setIssuer(attributes: object[]): void;
  sign(key: unknown, digest: unknown): void;
}

/** As much of node-forge as is used here. */
interface Forge {
  readonly tls: { createConnection(options: object): Connection; readonly CipherSuites: Record<string, unknown> };
  readonly md: { readonly sha256: { create(): unknown } };
  readonly pki: {
    createCertificate(): ForgeCertificate;
    certificateToPem(certificate: unknown): string;
    privateKeyFromPem(pem: string): unknown;
    publicKeyFromPem(pem: string): unknown;
  };
}

function identity({ pki, md }: Forge, name: string): string {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const certificate = pki.createCertificate();
  certificate.publicKey = pki.publicKeyFromPem(publicKey);
  certificate.serialNumber = "01";
  certificate.validity.notAfter = new Date(Date.now() + 86_400_000);
  certificate.setSubject([{ name: "commonName", value: name }]);
  certificate.setIssuer([{ name: "commonName", value: name }]);
  certificate.sign(pki.privateKeyFromPem(privateKey), md.sha256.create());
  return privateKey + pki.certificateToPem(certificate);
}

class NodeForge implements Loaded {
  constructor(
    readonly forge: Forge,
    readonly credentials: Credentials,
  ) {}

  pair(): Pair {
    const { initiator, responder } = this.credentials;
    return new ForgePair(this.forge, initiator, responder);
  }
}

const certificateIn = (pem: string): string => pem.slice(pem.indexOf("-----BEGIN CERTIFICATE"));

class ForgePair implements Pair {
  readonly #initiator: Connection;
  readonly #responder: Connection;
  #open = 0;
  #error: unknown;
  #atInitiator = (_piece: Uint8Array): void => {};
  #atResponder = (_piece: Uint8Array): void => {};

  constructor(forge: Forge, initiator: string, responder: string) {
    const end = (own: string, peer: string, options: object): Connection =>
      forge.tls.createConnection({
        ...{ ...options, caStore: [certificateIn(peer)] },
        cipherSuites: [forge.tls.CipherSuites.TLS_RSA_WITH_AES_128_CBC_SHA],
        verify: (_connection: Connection, verified: boolean) => verified,
        getCertificate: () => certificateIn(own),
        getPrivateKey: () => own.slice(0, own.indexOf("-----BEGIN CERTIFICATE")),
        connected: () => void this.#open++,
        error: (_connection: Connection, error: unknown) => (this.#error ??= error),
        closed: () => {},
      });
    const [near, far]: [Connection, Connection] = [
      end(initiator, responder, {
        server: false,
        tlsDataReady: (from: Connection) => far.process(from.tlsData.getBytes()),
        dataReady: (from: Connection) => this.#atInitiator(bytes(from.data.getBytes())),
      }),
      end(responder, initiator, {
        ...{ server: true, verifyClient: true },
        tlsDataReady: (from: Connection) => near.process(from.tlsData.getBytes()),
        dataReady: (from: Connection) => this.#atResponder(bytes(from.data.getBytes())),
      }),
    ];
    [this.#initiator, this.#responder] = [near, far];
  }

  handshake(): void {
    this.#initiator.handshake();
    if (this.#open !== 2) throw new Error(`the handshake failed: ${JSON.stringify(this.#error)}`);
  }

  ticket(): never {
    throw new Error("no tickets here");
  }

  transfer(message: Uint8Array, count: number): void {
    const receipt = new Receipt(message);
    this.#atResponder = (piece) => void receipt.take(piece);
    for (let sent = 0; sent < count; sent++) this.#initiator.prepare(text(message));
    if (receipt.messages !== count) throw new Error("a message did not come whole");
  }

  exchange(message: Uint8Array, count: number): void {
    const [there, back] = [new Receipt(message), new Receipt(message)];
    this.#atResponder = (piece) => void there.take(piece);
    this.#atInitiator = (piece) => void back.take(piece);
    for (let sent = 1; sent <= count; sent++) {
      this.#initiator.prepare(text(message));
      this.#responder.prepare(text(message));
      if (there.messages !== sent || back.messages !== sent) throw new Error("a message did not come whole");
    }
  }

  [Symbol.dispose](): void {}
}

const text = (message: Uint8Array): string => Buffer.from(message).toString("latin1");
const bytes = (piece: string): Uint8Array => Buffer.from(piece, "latin1");
