/**
 * What is inside a TLS 1.3 connection, by its key log and the bytes of both directions (RFC 8446 §5.2, §7.1, §7.5; the NSS key log format).
 *
 * Of this project's own code nothing is used here.
 */
import { createDecipheriv, createHash, createHmac, type CipherGCMTypes } from "node:crypto";

type Side = "CLIENT" | "SERVER";

interface Suite {
  readonly cipher: CipherGCMTypes | "chacha20-poly1305";
  readonly keyLength: number;
  readonly hash: "sha256" | "sha384";
}

/** What one side said. */
export interface Said {
  readonly handshake: readonly HandshakeMessage[];
  /** Application data, in order. */
  readonly plaintext: Buffer;
  /** Descriptions of alerts, in order; 0 is close_notify. */
  readonly alerts: readonly number[];
}

export interface HandshakeMessage {
  readonly type: number;
  readonly body: Buffer;
}

export interface Connection {
  readonly client: Said;
  readonly server: Said;
  /** TLS-Exporter without a context. */
  exporter(label: string, length: number): Buffer;
}

const SUITES: Readonly<Record<number, Suite>> = {
  0x1301: { cipher: "aes-128-gcm", keyLength: 16, hash: "sha256" },
  0x1302: { cipher: "aes-256-gcm", keyLength: 32, hash: "sha384" },
  0x1303: { cipher: "chacha20-poly1305", keyLength: 32, hash: "sha256" },
};
const ALERT = 21;
const HANDSHAKE = 22;
const APPLICATION_DATA = 23;
const SERVER_HELLO = 2;
const CERTIFICATE = 11;
const FINISHED = 20;

/** @param keyLog lines of the NSS key log */
export function readConnection(keyLog: readonly string[], clientBytes: Buffer, serverBytes: Buffer): Connection {
  const secrets = new Map(keyLog.map((line) => [line.split(" ")[0], Buffer.from(line.split(" ")[2] ?? "", "hex")]));
  const suite = suiteOf(serverBytes);
  const secret = (name: string): Buffer => {
    const found = secrets.get(name);
    if (found === undefined) throw new Error(`The key log has no ${name}`);
    return found;
  };
  const read = (side: Side, bytes: Buffer) => readSide(suite, [secret(`${side}_HANDSHAKE_TRAFFIC_SECRET`), secret(`${side}_TRAFFIC_SECRET_0`)], bytes);
  return {
    client: read("CLIENT", clientBytes),
    server: read("SERVER", serverBytes),
    exporter: (label, length) => {
      const empty = createHash(suite.hash).digest();
      const derived = expandLabel(suite, secret("EXPORTER_SECRET"), label, empty, empty.length);
      return expandLabel(suite, derived, "exporter", empty, length);
    },
  };
}

/** The certificates that a side showed, DER, its own first (RFC 8446 §4.4.2). */
export function certificatesOf({ handshake }: Said): Buffer[] {
  const body = handshake.find(({ type }) => type === CERTIFICATE)?.body;
  if (body === undefined) return [];
  const certificates: Buffer[] = [];
  let at = 1 + (body[0] as number) + 3;
  while (at < body.length) {
    const length = body.readUIntBE(at, 3);
    certificates.push(body.subarray(at + 3, at + 3 + length));
    at += 3 + length;
    at += 2 + body.readUInt16BE(at);
  }
  return certificates;
}

/** An extension in EncryptedExtensions (RFC 8446 §4.3.1). */
export function encryptedExtension({ handshake }: Said, number: number): Buffer | undefined {
  const body = handshake.find(({ type }) => type === 8)?.body ?? Buffer.alloc(2);
  for (let at = 2; at < body.length; at += 4 + body.readUInt16BE(at + 2)) {
    if (body.readUInt16BE(at) === number) return body.subarray(at + 4, at + 4 + body.readUInt16BE(at + 2));
  }
  return undefined;
}

/** One ServerHello, or a HelloRetryRequest before it: both name the suite in the same place. */
function suiteOf(bytes: Buffer): Suite {
  if (bytes[0] !== HANDSHAKE || bytes[5] !== SERVER_HELLO) throw new Error("The server's bytes begin with no ServerHello");
  const sessionId = bytes[5 + 4 + 34] as number;
  const suite = SUITES[bytes.readUInt16BE(5 + 4 + 35 + sessionId)];
  if (suite === undefined) throw new Error("The suite is none of TLS 1.3");
  return suite;
}

/** Plaintext records first, then such under the handshake's keys up to Finished, then the others. */
function readSide(suite: Suite, secrets: readonly Buffer[], bytes: Buffer): Said {
  const handshake: HandshakeMessage[] = [];
  const plaintexts: Buffer[] = [];
  const alerts: number[] = [];
  const epochs = secrets.map((secret) => new Epoch(suite, secret));
  let messages: Buffer = Buffer.alloc(0);
  for (const record of recordsOf(bytes)) {
    const isProtected = record[0] === APPLICATION_DATA;
    const { type, content } = isProtected ? (epochs[0] as Epoch).open(record) : { type: record[0], content: record.subarray(5) };
    if (type === APPLICATION_DATA) plaintexts.push(content);
    if (type === ALERT) alerts.push(content[1] as number);
    if (type !== HANDSHAKE) continue;
    messages = Buffer.concat([messages, content]);
    while (messages.length >= 4 && messages.length >= 4 + messages.readUIntBE(1, 3)) {
      const end = 4 + messages.readUIntBE(1, 3);
      handshake.push({ type: messages[0] as number, body: messages.subarray(4, end) });
      messages = messages.subarray(end);
      if (handshake.at(-1)?.type === FINISHED) epochs.shift();
    }
  }
  return { handshake, plaintext: Buffer.concat(plaintexts), alerts };
}

function recordsOf(bytes: Buffer): Buffer[] {
  const records: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 5 + bytes.readUInt16BE(at + 3)) records.push(bytes.subarray(at, at + 5 + bytes.readUInt16BE(at + 3)));
  return records;
}

/** Records of one direction under one secret. */
class Epoch {
  readonly #suite: Suite;
  readonly #key: Buffer;
  readonly #iv: Buffer;
  #count = 0n;

  constructor(suite: Suite, secret: Buffer) {
    this.#suite = suite;
    this.#key = expandLabel(suite, secret, "key", Buffer.alloc(0), suite.keyLength);
    this.#iv = expandLabel(suite, secret, "iv", Buffer.alloc(0), 12);
  }

  open(record: Buffer): { readonly type: number; readonly content: Buffer } {
    const nonce = Buffer.from(this.#iv);
    nonce.writeBigUInt64BE(nonce.readBigUInt64BE(4) ^ this.#count++, 4);
    const body = record.subarray(5, -16);
    const options = { authTagLength: 16 };
    const cipher = createDecipheriv(this.#suite.cipher as CipherGCMTypes, this.#key, nonce, options);
    cipher.setAAD(record.subarray(0, 5)).setAuthTag(record.subarray(-16));
    const inner = Buffer.concat([cipher.update(body), cipher.final()]);
    const end = inner.findLastIndex((byte) => byte !== 0);
    return { type: inner[end] as number, content: inner.subarray(0, end) };
  }
}

/** HKDF-Expand-Label. */
function expandLabel({ hash }: Suite, secret: Buffer, label: string, context: Buffer, length: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`);
  const info = Buffer.concat([Buffer.of(length >> 8, length & 0xff, name.length), name, Buffer.of(context.length), context]);
  let block: Buffer = Buffer.alloc(0);
  let output: Buffer = Buffer.alloc(0);
  for (let count = 1; output.length < length; count++) {
    block = createHmac(hash, secret).update(Buffer.concat([block, info, Buffer.of(count)])).digest();
    output = Buffer.concat([output, block]);
  }
  return output.subarray(0, length);
}
