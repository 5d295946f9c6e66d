/**
 * What an X.509 certificate says (RFC 5280), as the core read it.
 *
 * Owns the field list of core/certificate.h and the ways to write a fingerprint. Judges
 * nothing: whether a certificate is to be believed is the trust policy's work.
 */

import { XtlsError } from "../errors.ts";
import type { Exports } from "../../wasm/abi.ts";
import type { Memory } from "./memory.ts";

// prettier-ignore
const FIELD = {
  sha256:     1,
  spkiSha256: 2,
  sha1:       3,
  xmppAddr:   4,
  dnsName:    5,
  srvName:    6,
  notBefore:  7,
  notAfter:   8,
  key:        9,
} as const;

/** Addresses of one owner, and names in all: servers have hundreds, for all their domains. */
const ADDRESSES_MAX = 32;
const NAMES_MAX = 512;

/** Somebody's certificate. It holds no memory of the module and needs no disposal. */
export class Certificate {
  /** The certificate itself, DER. */
  readonly der: Uint8Array;
  /** The chain it came with, own certificate first, DER; itself alone when it came alone. */
  readonly chain: readonly Uint8Array[];
  /** SHA-256 of the certificate, upper-case hex with colons (XEP-0320). */
  readonly fingerprint: string;
  /** SHA-256 of SubjectPublicKeyInfo, written likewise: it stays when the key is certified anew. */
  readonly spkiFingerprint: string;
  /** SHA-1 of the certificate, 40 lower-case hex digits (XEP-0250's key info): a name and no proof. */
  readonly sha1: string;
  /** subjectAltName otherName id-on-xmppAddr (RFC 6120 §13.7.1.4), in order. */
  readonly jids: readonly string[];
  /** subjectAltName dNSName, in order. */
  readonly dnsNames: readonly string[];
  /** subjectAltName otherName SRVName (RFC 4985), in order. */
  readonly srvNames: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Algorithm and size of the public key: `"EC 256"`, `"RSA 2048"`. */
  readonly key: string;

  /**
   * Use `core.certificate(der)` or `engine.peer`.
   *
   * @internal
   * @throws XtlsError `invalid-certificate`, `out-of-memory`
   */
  constructor(module: Exports, memory: Memory, chain: readonly [Uint8Array, ...Uint8Array[]]) {
    this.der = chain[0];
    this.chain = chain;
    const fields = new Fields(readFields(module, memory, this.der));
    refuseCrowd(fields);
    this.fingerprint = fields.fingerprint(FIELD.sha256);
    this.spkiFingerprint = fields.fingerprint(FIELD.spkiSha256);
    this.sha1 = hex(fields.one(FIELD.sha1)).join("").toLowerCase();
    this.jids = fields.texts(FIELD.xmppAddr);
    this.dnsNames = fields.texts(FIELD.dnsName);
    this.srvNames = fields.texts(FIELD.srvName);
    this.notBefore = fields.date(FIELD.notBefore);
    this.notAfter = fields.date(FIELD.notAfter);
    this.key = fields.text(FIELD.key);
  }
}

/** More than anybody has: each costs us something, before it is known whose certificate it is. */
function refuseCrowd(fields: Fields): void {
  const addresses = fields.all(FIELD.xmppAddr).length;
  const names = addresses + fields.all(FIELD.dnsName).length + fields.all(FIELD.srvName).length;
  if (addresses <= ADDRESSES_MAX && names <= NAMES_MAX) return;
  throw new XtlsError(
    "invalid-certificate",
    `It has ${addresses} XMPP addresses among ${names} names: at most ${ADDRESSES_MAX} and ${NAMES_MAX} are read`,
  );
}

function readFields(module: Exports, memory: Memory, der: Uint8Array): Uint8Array {
  return memory.lend(der, (block, length) =>
    memory.collect((output, max) => module.xtls_certificate_read(block, length, output, max)),
  );
}

/** The flat list of fields: u8 tag, u16 length, value. */
class Fields {
  readonly #values = new Map<number, Uint8Array[]>();

  constructor(list: Uint8Array) {
    const view = new DataView(list.buffer, list.byteOffset, list.length);
    for (let at = 0; at < list.length; at += 3 + view.getUint16(at + 1)) {
      const value = list.subarray(at + 3, at + 3 + view.getUint16(at + 1));
      this.#add(list[at] as number, value);
    }
  }

  #add(tag: number, value: Uint8Array): void {
    const values = this.#values.get(tag);
    if (values === undefined) this.#values.set(tag, [value]);
    else values.push(value);
  }

  all(tag: number): readonly Uint8Array[] {
    return this.#values.get(tag) ?? [];
  }

  one(tag: number): Uint8Array {
    const value = this.all(tag)[0];
    if (value === undefined) throw new XtlsError("internal-error", `The core left out field ${tag}`);
    return value;
  }

  fingerprint(tag: number): string {
    return hex(this.one(tag)).join(":");
  }

  text(tag: number): string {
    return decode(this.one(tag));
  }

  texts(tag: number): readonly string[] {
    return this.all(tag).map(decode);
  }

  date(tag: number): Date {
    return new Date(this.text(tag));
  }
}

/** Fatal, so that two different names can never be read as the same one. */
function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new XtlsError("invalid-certificate", "A name is not UTF-8", { cause });
  }
}

const hex = (bytes: Uint8Array): string[] =>
  Array.from(bytes, (byte) => byte.toString(16).toUpperCase().padStart(2, "0"));
