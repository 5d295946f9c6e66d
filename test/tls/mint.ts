/**
 * Certificates made to order, byte by byte: any extension, any nonsense, a thousand in a second. Their keys are
 * P-256, or whatever key is given.
 *
 * Owns just enough of DER (X.690) and of RFC 5280's structures; knows nothing of our core.
 */

import { createPublicKey, generateKeyPairSync, sign, type KeyObject } from "node:crypto";

import type { Issued } from "./issuer.ts";

type Bytes = Uint8Array;

const concat = (pieces: readonly Bytes[]): Buffer => Buffer.concat(pieces);

/** One element. */
export function tlv(tag: number, ...contents: readonly Bytes[]): Bytes {
  const content = concat(contents);
  const { length } = content;
  const digits =
    length < 0x80
      ? []
      : [...Buffer.from(length.toString(16).padStart(length > 0xffff ? 6 : length > 0xff ? 4 : 2, "0"), "hex")];
  return concat([Buffer.of(tag, ...(digits.length === 0 ? [length] : [0x80 | digits.length, ...digits])), content]);
}

export const sequence = (...contents: readonly Bytes[]): Bytes => tlv(0x30, ...contents);
export const octets = (...contents: readonly Bytes[]): Bytes => tlv(0x04, ...contents);
export const integer = (...bytes: readonly number[]): Bytes => tlv(0x02, Buffer.from(bytes));
const TRUE = tlv(0x01, Buffer.of(0xff));

/** An object identifier from its dotted form. */
export function oid(dotted: string): Bytes {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const base128 = (arc: number): number[] =>
    arc < 128 ? [arc] : [...base128(arc >> 7).map((byte) => byte | 0x80), arc & 0x7f];
  return tlv(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

const bits = (...bytes: readonly number[]): Bytes => tlv(0x03, Buffer.from([0, ...bytes]));

const UTF8_STRING = 0x0c;
export const PRINTABLE_STRING = 0x13;

const name = (common: string, tag = UTF8_STRING): Bytes =>
  sequence(tlv(0x31, sequence(oid("2.5.4.3"), tlv(tag, Buffer.from(common)))));

const utc = (time: Date): Bytes =>
  tlv(
    0x17,
    Buffer.from(
      `${time
        .toISOString()
        .replace(/[-:T]|\.\d+/g, "")
        .slice(2)}`,
    ),
  );

const ECDSA_SHA256 = sequence(oid("1.2.840.10045.4.3.2"));
const ECDSA_SHA3_256 = sequence(oid("2.16.840.1.101.3.4.3.10"));
const ED25519 = sequence(oid("1.3.101.112"));

/** [AlgorithmIdentifier, digest] by which a key signs. */
function schemeOf(key: KeyObject, hash: Order["hash"]): readonly [Bytes, string | null] {
  if (key.asymmetricKeyType === "ed25519") return [ED25519, null];
  return hash === "sha3-256" ? [ECDSA_SHA3_256, hash] : [ECDSA_SHA256, "sha256"];
}

// --- extensions (RFC 5280 §4.2) ----------------------------------------------------------

export function extension(id: string, value: Bytes, isCritical = false): Bytes {
  return sequence(oid(id), ...(isCritical ? [TRUE] : []), octets(value));
}

export const basicConstraints = (isCa: boolean, pathLength?: number): Bytes =>
  extension(
    "2.5.29.19",
    sequence(...(isCa ? [TRUE] : []), ...(pathLength === undefined ? [] : [integer(pathLength)])),
    true,
  );

/** Bits of KeyUsage, digitalSignature being 0x80. */
export const keyUsage = (usage: number): Bytes => extension("2.5.29.15", bits(usage), true);

export const PURPOSES = {
  client: "1.3.6.1.5.5.7.3.2",
  server: "1.3.6.1.5.5.7.3.1",
  mail: "1.3.6.1.5.5.7.3.4",
  code: "1.3.6.1.5.5.7.3.3",
  any: "2.5.29.37.0",
} as const;

export const extendedKeyUsage = (purposes: readonly (keyof typeof PURPOSES)[], isCritical = false): Bytes =>
  extension("2.5.29.37", sequence(...purposes.map((purpose) => oid(PURPOSES[purpose]))), isCritical);

// --- certificates ----------------------------------------------------------------------------

export interface Order {
  readonly name: string;
  /** Default: it signs for itself. */
  readonly by?: Minted;
  /** Whole extensions. None at all: a certificate of version 1. */
  readonly extensions?: readonly Bytes[];
  /** Default: a fresh key of P-256, the same for all when `isCheap`. */
  readonly key?: KeyObject;
  readonly serial?: number;
  /** By which it is signed. Default SHA-256. */
  readonly hash?: "sha3-256";
  /** Whole elements between the key and the extensions. */
  readonly identifiers?: readonly Bytes[];
  /** The tag around the extensions. Default [3]. */
  readonly wrapper?: number;
}

export interface Minted extends Pick<Issued, "certificate" | "key" | "pem"> {
  readonly name: string;
  readonly der: Bytes;
  readonly privateKey: KeyObject;
}

const DAY = 86_400_000;
let last = 0;

/** A certificate as ordered, valid from yesterday for a month. */
export function mint(order: Order): Minted {
  const { name: own, by, extensions = [], key, serial = ++last, hash, identifiers = [], wrapper = 0xa3 } = order;
  const privateKey = key ?? generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const signer = by?.privateKey ?? privateKey;
  const [algorithm, digest] = schemeOf(signer, hash);
  const tbs = sequence(
    ...(extensions.length > 0 ? [tlv(0xa0, integer(2))] : []),
    integer(0x40, (serial >> 16) & 0xff, (serial >> 8) & 0xff, serial & 0xff),
    algorithm,
    name(by?.name ?? own),
    sequence(utc(new Date(Date.now() - DAY)), utc(new Date(Date.now() + 30 * DAY))),
    name(own),
    createPublicKey(privateKey).export({ format: "der", type: "spki" }),
    ...identifiers,
    ...(extensions.length > 0 ? [tlv(wrapper, sequence(...extensions))] : []),
  );
  const der = sequence(tbs, algorithm, tlv(0x03, Buffer.of(0), sign(digest, tbs, signer)));
  const certificate = pem("CERTIFICATE", der);
  const ownKey = privateKey.export({ format: "pem", type: "pkcs8" }) as string;
  return { name: own, der, privateKey, certificate, key: ownKey, pem: ownKey + certificate };
}

/** DER as PEM. */
export const pem = (label: string, der: Bytes): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(der)
    .toString("base64")
    .match(/.{1,64}/g)!
    .join("\n")}\n-----END ${label}-----\n`;

// --- revocation lists (RFC 5280 §5) ------------------------------------------------------------

export interface ListOrder {
  readonly by: Minted;
  /** Serial numbers, as in orders. */
  readonly revoked: Iterable<number>;
  /** How the issuer's name is written. Default: as in certificates, UTF8String. */
  readonly name?: string;
  readonly tag?: number;
  /** Zeros before each number, which DER forbids. */
  readonly zeros?: number;
}

/** A list of what somebody revoked, DER. */
export function mintList({ by, revoked, name: issuer = by.name, tag, zeros = 0 }: ListOrder): Bytes {
  const [from, to] = [utc(new Date(Date.now() - DAY)), utc(new Date(Date.now() + 30 * DAY))];
  const before = Array<number>(zeros).fill(0);
  const entries = Array.from(revoked, (serial) =>
    sequence(integer(...before, 0x40, (serial >> 16) & 0xff, (serial >> 8) & 0xff, serial & 0xff), from),
  );
  const list = entries.length > 0 ? [sequence(concat(entries))] : [];
  const tbs = sequence(integer(1), ECDSA_SHA256, name(issuer, tag), from, to, ...list);
  return sequence(tbs, ECDSA_SHA256, tlv(0x03, Buffer.of(0), sign("sha256", tbs, by.privateKey)));
}
