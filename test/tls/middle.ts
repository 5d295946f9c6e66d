/**
 * A peer that keeps no rules: an engine of ours whose records are opened and sealed anew on their way, whatever is
 * made of them. It has the keys, from the key log.
 *
 * Owns TLS 1.3's records under TLS_AES_128_GCM_SHA256 (RFC 8446 §5.2) and the walls between handshake messages;
 * knows nothing of the core.
 */

import { createCipheriv, createDecipheriv } from "node:crypto";

import type { Core, Engine, EngineOptions } from "../../bindings/node.ts";
import { recordKeys } from "./key-schedule.ts";
import { pair } from "./pair.ts";

type Bytes = Uint8Array;

export const SUITE = "TLS_AES_128_GCM_SHA256";
export const ALERT = 21;
export const HANDSHAKE = 22;
export const DATA = 23;

export interface Message {
  readonly type: number;
  readonly body: Bytes;
}

const TAG = 16;

/** A record in the clear. */
export const plainRecord = (type: number, content: Bytes): Bytes =>
  Buffer.concat([Buffer.of(type, 3, 3, content.length >> 8, content.length & 0xff), content]);

/** Whole records, headers included. */
export function recordsOf(bytes: Bytes): Bytes[] {
  const records: Bytes[] = [];
  for (let at = 0; at < bytes.length; at += (records.at(-1) as Bytes).length)
    records.push(bytes.subarray(at, at + 5 + Buffer.from(bytes).readUInt16BE(at + 3)));
  return records;
}

/** The messages in handshake records' contents. */
export function messagesOf(bytes: Bytes): Message[] {
  const messages: Message[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = Buffer.from(bytes).readUIntBE(at + 1, 3);
    messages.push({ type: bytes[at] as number, body: bytes.subarray(at + 4, at + 4 + length) });
    at += 4 + length;
  }
  return messages;
}

export function messageBytes({ type, body }: Message): Bytes {
  return Buffer.concat([Buffer.of(type, body.length >> 16, (body.length >> 8) & 0xff, body.length & 0xff), body]);
}

/** One direction under one secret: its records are counted. */
export class Direction {
  readonly #key: Bytes;
  readonly #iv: Bytes;
  #count = 0;

  constructor(secret: Bytes) {
    const keys = new Map(recordKeys("sha256", secret));
    this.#key = keys.get("key of 128 bits") as Bytes;
    this.#iv = keys.get("IV") as Bytes;
  }

  seal(type: number, content: Bytes, padding = 0): Bytes {
    return this.sealInner(Buffer.concat([content, Buffer.of(type), Buffer.alloc(padding)]));
  }

  /** TLSInnerPlaintext as it is given. */
  sealInner(inner: Bytes): Bytes {
    const header = Buffer.of(DATA, 3, 3, (inner.length + TAG) >> 8, (inner.length + TAG) & 0xff);
    const cipher = createCipheriv("aes-128-gcm", this.#key, this.#nonce()).setAAD(header);
    return Buffer.concat([header, cipher.update(inner), cipher.final(), cipher.getAuthTag()]);
  }

  open(record: Bytes): { type: number; content: Bytes } {
    const decipher = createDecipheriv("aes-128-gcm", this.#key, this.#nonce()).setAAD(record.subarray(0, 5));
    decipher.setAuthTag(record.subarray(-TAG));
    const inner = Buffer.concat([decipher.update(record.subarray(5, -TAG)), decipher.final()]);
    const end = inner.findLastIndex((byte) => byte !== 0);
    return { type: inner[end] as number, content: inner.subarray(0, end) };
  }

  #nonce(): Bytes {
    const count = Buffer.alloc(12);
    count.writeUInt32BE(this.#count++, 8);
    return this.#iv.map((byte, index) => byte ^ (count[index] as number));
  }
}

const LABELS = {
  initiator: ["CLIENT_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0"],
  responder: ["SERVER_HANDSHAKE_TRAFFIC_SECRET", "SERVER_TRAFFIC_SECRET_0"],
} as const;

/** Two engines with somebody between them who has all keys. */
export class Middle {
  readonly initiator: Engine;
  readonly responder: Engine;
  readonly #secrets = new Map<string, Bytes>();

  constructor(core: Core, initiator: Partial<EngineOptions> = {}, responder: Partial<EngineOptions> = {}) {
    const keyLog = (line: string): void => {
      const [label = "", , secret = ""] = line.split(" ");
      this.#secrets.set(label, Buffer.from(secret, "hex"));
    };
    const ends = pair(core, { ciphersuites: [SUITE], keyLog }, initiator, responder);
    this.initiator = ends.initiator;
    this.responder = ends.responder;
  }

  /** What that end seals, from its first record on. */
  handshakeFrom(role: "initiator" | "responder"): Direction {
    return new Direction(this.#secret(LABELS[role][0]));
  }

  applicationFrom(role: "initiator" | "responder"): Direction {
    return new Direction(this.#secret(LABELS[role][1]));
  }

  /** The server's flight, and the client's: opened, changed, and sealed again, each message in a record of its own. */
  alter(flight: Bytes, from: "initiator" | "responder", change: (messages: Message[]) => Message[]): Bytes {
    const [opened, sealed] = [this.handshakeFrom(from), this.handshakeFrom(from)];
    const records = recordsOf(flight);
    const isSealed = (record: Bytes) => record[0] === DATA;
    const content = Buffer.concat(records.filter(isSealed).map((record) => opened.open(record).content));
    const changed = change(messagesOf(content)).map((message) => sealed.seal(HANDSHAKE, messageBytes(message)));
    return Buffer.concat([...records.filter((record) => !isSealed(record)), ...changed]);
  }

  #secret(label: string): Bytes {
    const secret = this.#secrets.get(label);
    if (secret === undefined) throw new Error(`no ${label} was logged`);
    return secret;
  }

  dispose(): void {
    this.initiator[Symbol.dispose]();
    this.responder[Symbol.dispose]();
  }
}

// --- what is in the messages -------------------------------------------------------------------

const vector = (width: number, ...parts: readonly Bytes[]): Bytes => {
  const content = Buffer.concat(parts);
  const length = Buffer.alloc(width);
  length.writeUIntBE(content.length, 0, width);
  return Buffer.concat([length, content]);
};

export const extension = (type: number, data: Bytes): Bytes =>
  Buffer.concat([Buffer.of(type >> 8, type & 0xff), vector(2, data)]);

export const CERTIFICATE = 11;
export const COOKIE = 44;
export const KEY_SHARE = 51;
const SUPPORTED_VERSIONS = 43;

/** A Certificate message with these (RFC 8446 §4.4.2). */
export const certificateMessage = (...chain: readonly Bytes[]): Message => ({
  type: CERTIFICATE,
  body: Buffer.concat([vector(1), vector(3, ...chain.flatMap((der) => [vector(3, der), vector(2)]))]),
});

export const cookie = (bytes: Bytes): Bytes => extension(COOKIE, vector(2, bytes));

/** SHA-256 of "HelloRetryRequest" (RFC 8446 §4.1.3). */
const RETRY = Buffer.from("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c", "hex");

/** A HelloRetryRequest with these extensions beside the version. */
export function helloRetryRequest(...extensions: readonly Bytes[]): Bytes {
  const version = extension(SUPPORTED_VERSIONS, Buffer.of(3, 4));
  const body = Buffer.concat([
    Buffer.of(3, 3),
    RETRY,
    vector(1),
    Buffer.of(0x13, 0x01, 0),
    vector(2, version, ...extensions),
  ]);
  return plainRecord(HANDSHAKE, messageBytes({ type: 2, body }));
}

interface Hello {
  readonly head: Bytes;
  readonly extensions: readonly { readonly type: number; readonly data: Bytes }[];
}

/** Where a hello's extensions begin: behind version, random, session id, suites (a list in a ClientHello) and compression. */
function headLength(type: number, body: Buffer): number {
  const id = 34 + 1 + (body[34] as number);
  if (type === 2) return id + 2 + 1;
  const suites = id + 2 + body.readUInt16BE(id);
  return suites + 1 + (body[suites] as number);
}

export function helloOf(record: Bytes): Hello {
  const [{ type, body }] = messagesOf(record.subarray(5)) as [Message];
  const bytes = Buffer.from(body);
  const head = headLength(type, bytes);
  const extensions: { type: number; data: Bytes }[] = [];
  for (let at = head + 2; at < bytes.length; at += 4 + bytes.readUInt16BE(at + 2))
    extensions.push({
      type: bytes.readUInt16BE(at),
      data: bytes.subarray(at + 4, at + 4 + bytes.readUInt16BE(at + 2)),
    });
  return { head: bytes.subarray(0, head), extensions };
}

/** The hello in a record with other extensions. */
export function withExtensions(record: Bytes, change: (extensions: Hello["extensions"]) => Hello["extensions"]): Bytes {
  const { head, extensions } = helloOf(record);
  const changed = change(extensions).map(({ type, data }) => extension(type, data));
  const body = Buffer.concat([head, vector(2, ...changed)]);
  return plainRecord(HANDSHAKE, messageBytes({ type: record[5] as number, body }));
}
