/**
 * The other end of TLS 1.3, made by hand (RFC 8446): it says what its caller wants, in any order, under the right keys or
 * none. Owns messages, the transcript, the key schedule and records; knows X25519, P-256 and P-384, and Node's own
 * cryptography. Knows nothing of our core but the engine that it speaks to.
 */

import {
  createCipheriv,
  createDecipheriv,
  createECDH,
  createHash,
  createHmac,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  randomBytes,
  sign,
  type KeyObject,
} from "node:crypto";

import type { Engine } from "../../bindings/node.ts";

type Bytes = Uint8Array;

// --- the presentation language (RFC 8446 §3) ---------------------------------------------------------

export const NONE = Buffer.alloc(0);
export const join = (...pieces: readonly Bytes[]): Buffer => Buffer.concat(pieces);

/** A number of so many bytes. */
export function number(value: number, bytes: number): Buffer {
  const output = Buffer.alloc(bytes);
  output.writeUIntBE(value, 0, bytes);
  return output;
}

/** A vector whose length stands in so many bytes before it. */
export const vector = (lengthBytes: number, ...pieces: readonly Bytes[]): Buffer => {
  const content = join(...pieces);
  return join(number(content.length, lengthBytes), content);
};

export const message = (type: number, ...body: readonly Bytes[]): Buffer => join(Buffer.of(type), vector(3, ...body));
export const extension = (type: number, ...body: readonly Bytes[]): Buffer => join(number(type, 2), vector(2, ...body));
export const plainRecord = (type: number, content: Bytes): Buffer => join(Buffer.of(type, 3, 3), vector(2, content));

export const MESSAGE = {
  clientHello: 1,
  serverHello: 2,
  newSessionTicket: 4,
  encryptedExtensions: 8,
  certificate: 11,
  certificateRequest: 13,
  certificateVerify: 15,
  finished: 20,
  keyUpdate: 24,
} as const;
export const RECORD = { alert: 21, handshake: 22, data: 23 } as const;
export const EXTENSION = {
  groups: 10,
  schemes: 13,
  protocols: 16,
  sizeLimit: 28,
  psk: 41,
  versions: 43,
  pskModes: 45,
  keyShare: 51,
} as const;
const TLS13 = number(0x0304, 2);
const ECDSA_SHA256 = 0x0403;

/** The random of a ServerHello that asks for another ClientHello (RFC 8446 §4.1.3). */
export const RETRY = createHash("sha256").update("HelloRetryRequest").digest();

// --- keys ---------------------------------------------------------------------------------------------

export const SUITES = {
  0x1301: { hash: "sha256", cipher: "aes-128-gcm", key: 16 },
  0x1302: { hash: "sha384", cipher: "aes-256-gcm", key: 32 },
  0x1303: { hash: "sha256", cipher: "chacha20-poly1305", key: 32 },
} as const;
export type Suite = keyof typeof SUITES;

export function expandLabel(hash: string, secret: Bytes, label: string, context: Bytes, length: number): Buffer {
  const info = join(number(length, 2), vector(1, Buffer.from(`tls13 ${label}`)), vector(1, context));
  // One block is enough for all that is wanted here.
  return createHmac(hash, secret).update(info).update(Buffer.of(1)).digest().subarray(0, length);
}

/** The keys of one direction. */
class Keys {
  readonly key: Buffer;
  readonly iv: Buffer;
  readonly #cipher: "aes-128-gcm";
  #count = 0;

  constructor(suite: Suite, secret: Bytes) {
    const { hash, cipher, key } = SUITES[suite];
    this.key = expandLabel(hash, secret, "key", NONE, key);
    this.iv = expandLabel(hash, secret, "iv", NONE, 12);
    this.#cipher = cipher as "aes-128-gcm"; // for Node's types, which have one interface for each mode
  }

  #nonce(): Buffer {
    const nonce = Buffer.from(this.iv);
    nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ this.#count++) >>> 0, 8);
    return nonce;
  }

  seal(type: number, content: Bytes): Buffer {
    const inner = join(content, Buffer.of(type));
    const head = join(Buffer.of(RECORD.data, 3, 3), number(inner.length + 16, 2));
    const cipher = createCipheriv(this.#cipher, this.key, this.#nonce(), { authTagLength: 16 });
    cipher.setAAD(head, { plaintextLength: inner.length });
    return join(head, cipher.update(inner), cipher.final(), cipher.getAuthTag());
  }

  open(record: Bytes): { readonly type: number; readonly content: Buffer } {
    const body = Buffer.from(record.subarray(5));
    const decipher = createDecipheriv(this.#cipher, this.key, this.#nonce(), { authTagLength: 16 });
    decipher.setAAD(Buffer.from(record.subarray(0, 5)), { plaintextLength: body.length - 16 });
    decipher.setAuthTag(body.subarray(-16));
    const inner = join(decipher.update(body.subarray(0, -16)), decipher.final());
    const end = inner.findLastIndex((byte) => byte !== 0); // behind it there is padding
    return { type: inner[end]!, content: inner.subarray(0, end) };
  }
}

export const GROUPS = { X25519: 0x1d, "P-256": 0x17, "P-384": 0x18 } as const;
type Group = (typeof GROUPS)[keyof typeof GROUPS];

/** Half of a key exchange. */
export interface Share {
  readonly group: number;
  readonly own: Buffer;
  secretWith(other: Bytes): Buffer;
}

const X25519_HEAD = Buffer.from("302a300506032b656e032100", "hex"); // RFC 8410, before the 32 bytes of a public key

export function makeShare(group: Group): Share {
  if (group !== GROUPS.X25519) {
    const ecdh = createECDH(group === GROUPS["P-256"] ? "prime256v1" : "secp384r1");
    return { group, own: ecdh.generateKeys(), secretWith: (other) => ecdh.computeSecret(other) };
  }
  const { privateKey, publicKey } = generateKeyPairSync("x25519");
  const keyOf = (raw: Bytes) => createPublicKey({ key: join(X25519_HEAD, raw), format: "der", type: "spki" });
  return {
    group,
    own: publicKey.export({ format: "der", type: "spki" }).subarray(-32),
    secretWith: (other) => diffieHellman({ privateKey, publicKey: keyOf(other) }),
  };
}

export const shareExtension = ({ group, own }: Share): Buffer => join(number(group, 2), vector(2, own));

/** A certificate's DER and its key, on P-256. */
export interface Own {
  readonly der: Bytes;
  readonly privateKey: KeyObject;
}

// --- an end ----------------------------------------------------------------------------------------------

/** What both ends have in common. `victim` is the engine at the other end. */
class Hand {
  readonly victim: Engine;
  readonly own: Own;
  readonly #label: "client" | "server";
  suite: Suite = 0x1301;
  transcript: Buffer = NONE;
  /** The key of the session that is resumed. */
  psk: Bytes | undefined;
  /** What the handshake is made of, by name. */
  readonly secrets = new Map<string, Buffer>();
  writing: Keys | undefined;
  #reading: Keys | undefined;
  #incoming: Buffer = NONE;
  #messages: Buffer = NONE;

  constructor(label: "client" | "server", victim: Engine, own: Own) {
    this.#label = label;
    this.victim = victim;
    this.own = own;
  }

  get hash(): "sha256" | "sha384" {
    return SUITES[this.suite].hash;
  }

  get #length(): number {
    return this.hash === "sha256" ? 32 : 48;
  }

  digest(bytes: Bytes = this.transcript): Buffer {
    return createHash(this.hash).update(bytes).digest();
  }

  note(...messages: readonly Bytes[]): void {
    this.transcript = join(this.transcript, ...messages);
  }

  record(type: number, content: Bytes): Buffer {
    return this.writing?.seal(type, content) ?? plainRecord(type, content);
  }

  /** Messages as one record, noted. */
  say(...messages: readonly Bytes[]): Buffer {
    this.note(...messages);
    return this.record(RECORD.handshake, join(...messages));
  }

  /** Feeds the victim, whatever it thinks of it. */
  feed(...records: readonly Bytes[]): void {
    try {
      this.victim.feed(join(...records));
    } catch {
      // Its `error` says so.
    }
  }

  /** The next message of the victim's, noted; `undefined` when there is none. */
  hear(): Buffer | undefined {
    this.#incoming = join(this.#incoming, this.victim.drain());
    for (;;) {
      const whole = 4 + (this.#messages.length < 4 ? 0 : this.#messages.readUIntBE(1, 3));
      if (this.#messages.length >= whole) {
        const heard = this.#messages.subarray(0, whole);
        this.#messages = this.#messages.subarray(whole);
        this.note(heard);
        return heard;
      }
      if (!this.#readRecord()) return undefined;
    }
  }

  #readRecord(): boolean {
    if (this.#incoming.length < 5) return false;
    const end = 5 + this.#incoming.readUInt16BE(3);
    const record = this.#incoming.subarray(0, end);
    this.#incoming = this.#incoming.subarray(end);
    const { type, content } = this.#reading?.open(record) ?? { type: record[0], content: record.subarray(5) };
    if (type === RECORD.handshake) this.#messages = join(this.#messages, content);
    return true;
  }

  #derive(from: string, label: string, digest = this.digest()): Buffer {
    return expandLabel(this.hash, this.secrets.get(from)!, label, digest, this.#length);
  }

  #extract(name: string, salt: Bytes, input: Bytes): void {
    this.secrets.set(name, createHmac(this.hash, salt).update(input).digest());
  }

  #turn(client: string, server: string): void {
    const of = (name: string) => new Keys(this.suite, this.secrets.get(name)!);
    [this.writing, this.#reading] = this.#label === "client" ? [of(client), of(server)] : [of(server), of(client)];
  }

  /** Both hellos are noted: handshake keys from now on. */
  protect(shared: Bytes): void {
    const nothing = Buffer.alloc(this.#length);
    this.secrets.set("the shared secret", Buffer.from(shared));
    this.#extract("the early secret", nothing, this.psk ?? nothing);
    this.#extract("the handshake secret", this.#derive("the early secret", "derived", this.digest(NONE)), shared);
    for (const end of ["c", "s"])
      this.secrets.set(`${end} hs`, this.#derive("the handshake secret", `${end} hs traffic`));
    this.#extract("the master secret", this.#derive("the handshake secret", "derived", this.digest(NONE)), nothing);
    this.#turn("c hs", "s hs");
    for (const [name, { key, iv }] of Object.entries({ writing: this.writing!, reading: this.#reading! }))
      this.secrets.set(`the key of ${name}`, key).set(`the IV of ${name}`, iv);
  }

  /** The server's Finished is noted: these secrets are made of what is noted now. */
  derive(): void {
    for (const end of ["c", "s"]) this.secrets.set(`${end} ap`, this.#derive("the master secret", `${end} ap traffic`));
  }

  /** The client's Finished is noted, too: application keys from now on. */
  complete(): void {
    this.secrets.set("res", this.#derive("the master secret", "res master"));
    this.#turn("c ap", "s ap");
  }

  /** What a ticket with this nonce resumes with. */
  ticketKey(nonce: Bytes): Buffer {
    return expandLabel(this.hash, this.secrets.get("res")!, "resumption", nonce, this.#length);
  }

  /** The proof that whoever offers a ticket has its key, over a hello without its binders. */
  binder(psk: Bytes, hello: Bytes): Buffer {
    const early = createHmac(this.hash, Buffer.alloc(this.#length)).update(psk).digest();
    const base = expandLabel(this.hash, early, "res binder", this.digest(NONE), this.#length);
    return createHmac(this.hash, this.#finishedKey(base)).update(this.digest(hello)).digest();
  }

  #finishedKey(base: Bytes): Buffer {
    return expandLabel(this.hash, base, "finished", NONE, this.#length);
  }

  certificate(): Buffer {
    return message(MESSAGE.certificate, vector(1), vector(3, vector(3, this.own.der), vector(2)));
  }

  verify(digest: Bytes = this.digest()): Buffer {
    const context = `${" ".repeat(64)}TLS 1.3, ${this.#label} CertificateVerify\0`;
    const signature = sign("sha256", join(Buffer.from(context), digest), this.own.privateKey);
    return message(MESSAGE.certificateVerify, number(ECDSA_SHA256, 2), vector(2, signature));
  }

  finished(): Buffer {
    const base = this.secrets.get(this.#label === "client" ? "c hs" : "s hs")!;
    return message(MESSAGE.finished, createHmac(this.hash, this.#finishedKey(base)).update(this.digest()).digest());
  }
}

/** The key share in a ServerHello. */
function shareIn(hello: Buffer): Buffer {
  let at = 4 + 2 + 32;
  at += 1 + hello[at]! + 3;
  for (at += 2; at < hello.length; at += 4 + hello.readUInt16BE(at + 2))
    if (hello.readUInt16BE(at) === EXTENSION.keyShare)
      return hello.subarray(at + 8, at + 4 + hello.readUInt16BE(at + 2));
  throw new Error("There is no key share in it");
}

/** A client, and the responder that it speaks to. */
export class Client extends Hand {
  readonly share: Share;

  constructor(victim: Engine, own: Own, group: Group = GROUPS.X25519, suite: Suite = 0x1301) {
    super("client", victim, own);
    this.suite = suite;
    this.share = makeShare(group);
  }

  /** A ClientHello. @param more extensions to come last @param shares those of its key shares, default its own */
  hello(more: readonly Bytes[] = [], shares: readonly Share[] = [this.share]): Buffer {
    const extensions = [
      extension(EXTENSION.versions, vector(1, TLS13)),
      extension(EXTENSION.groups, vector(2, number(this.share.group, 2))),
      extension(EXTENSION.schemes, vector(2, number(ECDSA_SHA256, 2))),
      extension(EXTENSION.keyShare, vector(2, ...shares.map(shareExtension))),
      ...more,
    ];
    const head = [
      number(0x0303, 2),
      randomBytes(32),
      vector(1),
      vector(2, number(this.suite, 2)),
      vector(1, Buffer.of(0)),
    ];
    return message(MESSAGE.clientHello, ...head, vector(2, ...extensions));
  }

  /** Says a hello, and hears everything up to the server's Finished. */
  meet(hello: Bytes = this.hello()): this {
    this.feed(this.say(hello));
    const answer = this.hear();
    if (answer === undefined) throw new Error(`The responder does not answer: ${this.victim.error}`);
    this.protect(this.share.secretWith(shareIn(answer)));
    while (this.hear()![0] !== MESSAGE.finished);
    this.derive();
    return this;
  }

  /** Each message of its own flight, said when it is asked for. */
  readonly says = {
    certificate: () => this.say(this.certificate()),
    verify: () => this.say(this.verify()),
    finished: () => this.say(this.finished()),
  };

  /** The rest of a handshake. */
  finish(): this {
    this.feed(this.says.certificate(), this.says.verify(), this.says.finished());
    this.complete();
    return this;
  }
}

/** A server, and the initiator that it speaks to. */
export class Server extends Hand {
  #hello: Buffer;

  constructor(victim: Engine, own: Own, suite: Suite = 0x1301) {
    super("server", victim, own);
    this.suite = suite;
    this.#hello = this.hear()!;
  }

  /** A ServerHello's message. */
  answer(random: Bytes, ...extensions: readonly Bytes[]): Buffer {
    const head = [number(0x0303, 2), random, vector(1), number(this.suite, 2), Buffer.of(0)];
    return message(MESSAGE.serverHello, ...head, vector(2, extension(EXTENSION.versions, TLS13), ...extensions));
  }

  /**
   * The ServerHello, noted, and handshake keys from now on: its record is in the clear.
   * @param change what becomes of the message
   */
  hello(change: (message: Buffer) => Buffer = (message) => message): Buffer {
    const at = this.#hello.length - this.#hello.readUInt16BE(this.#extensionsAt());
    const theirs = keyShareOf(this.#hello.subarray(at));
    const share = makeShare(theirs.group);
    const record = this.say(change(this.answer(randomBytes(32), extension(EXTENSION.keyShare, shareExtension(share)))));
    this.protect(share.secretWith(theirs.key));
    return record;
  }

  /** Asks for another group by HelloRetryRequest, and hears the second ClientHello. */
  retry(group: number): void {
    const request = this.answer(RETRY, extension(EXTENSION.keyShare, number(group, 2)));
    this.transcript = join(message(254, this.digest()), request);
    this.feed(plainRecord(RECORD.handshake, request));
    this.#hello = this.hear()!;
  }

  #extensionsAt(): number {
    let at = 4 + 2 + 32;
    at += 1 + this.#hello[at]!;
    at += 2 + this.#hello.readUInt16BE(at);
    return at + 1 + this.#hello[at]!;
  }

  encryptedExtensions(...extensions: readonly Bytes[]): Buffer {
    return message(MESSAGE.encryptedExtensions, vector(2, ...extensions));
  }

  certificateRequest(): Buffer {
    const schemes = extension(EXTENSION.schemes, vector(2, number(ECDSA_SHA256, 2)));
    return message(MESSAGE.certificateRequest, vector(1), vector(2, schemes));
  }

  ticket({ nonce = NONE, lifetime = 3600 }: { readonly nonce?: Bytes; readonly lifetime?: number } = {}): Buffer {
    const handle = Buffer.alloc(32, 7);
    return message(
      MESSAGE.newSessionTicket,
      number(lifetime, 4),
      number(0, 4),
      vector(1, nonce),
      vector(2, handle),
      vector(2),
    );
  }

  /** Each message of its own flight, said when it is asked for. */
  readonly says = {
    extensions: () => this.say(this.encryptedExtensions()),
    request: () => this.say(this.certificateRequest()),
    certificate: () => this.say(this.certificate()),
    verify: () => this.say(this.verify()),
    finished: () => this.say(this.finished()),
  };

  /** The rest of a handshake. */
  finish(): this {
    const { extensions, request, certificate, verify, finished } = this.says;
    const flight = [extensions(), request(), certificate(), verify(), finished()];
    this.derive();
    this.feed(...flight);
    while (this.hear()![0] !== MESSAGE.finished);
    this.complete();
    return this;
  }
}

/** The first key share among a ClientHello's extensions. */
function keyShareOf(extensions: Buffer): { readonly group: Group; readonly key: Buffer } {
  for (let at = 0; at < extensions.length; at += 4 + extensions.readUInt16BE(at + 2)) {
    if (extensions.readUInt16BE(at) !== EXTENSION.keyShare) continue;
    const length = extensions.readUInt16BE(at + 8);
    return { group: extensions.readUInt16BE(at + 6) as Group, key: extensions.subarray(at + 10, at + 10 + length) };
  }
  throw new Error("There is no key share in it");
}
