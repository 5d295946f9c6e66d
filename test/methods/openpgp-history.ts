/**
 * One OpenPGP key with any history: what it said of itself and of its parts, when, over which hash.
 *
 * The key is always the same, RSA (which signs over SHA-1 as well) and 400 days old; only what is signed differs. So a
 * hundred histories cost no key generation. Days are counted from the key's creation; today is day 400.
 */

import * as pgp from "openpgp";

import { daysAgo, forge, makeKey, type Subject } from "./openpgp-forge.ts";

export const TODAY = 400;
const SECONDS = 24 * 3600;
const { signature: type, keyFlags } = pgp.enums;

export const onDay = (day: number): Date => daysAgo(TODAY - day);
export const OWNER = "xmpp:romeo@montague.lit";

const CERTIFY = keyFlags.certifyKeys;
const SIGN = keyFlags.signData;

/** One self-signature. */
export interface Word {
  readonly day: number;
  readonly hash?: pgp.enums.hash;
  /** The day on which it says that the key ends; 0: never, in so many words; undefined: it says nothing. */
  readonly keyEnds?: number | undefined;
  /** The day on which the signature itself ends. */
  readonly ends?: number | undefined;
  /** Whether the key (or subkey) may sign; undefined: it says nothing. */
  readonly maySign?: boolean | undefined;
  readonly isPrimary?: boolean | undefined;
  /** Of a subkey's binding: the subkey's own signature; undefined: there is none. */
  readonly back?: Omit<Word, "back"> | undefined;
  /** More of the packet, such as a notation. */
  readonly fields?: Partial<pgp.SignaturePacket>;
}

/** Days on which something was revoked. */
type Revocations = readonly Pick<Word, "day" | "hash">[];

export interface User {
  readonly id: string | Uint8Array;
  readonly words: readonly Word[];
  readonly revocations?: Revocations;
}

export interface History {
  /** Direct-key signatures. */
  readonly direct?: readonly Word[];
  readonly revocations?: Revocations;
  readonly users: readonly User[];
  readonly subkey?: { readonly words: readonly Word[]; readonly revocations?: Revocations } | undefined;
}

export const owner = await makeKey(OWNER, {
  type: "rsa",
  rsaBits: 2048,
  date: onDay(0),
  subkeys: [{ sign: true }],
});
const [subkey] = owner.subkeys as [pgp.Subkey];
export const ownerFingerprint = owner.getFingerprint().toUpperCase();

/** The parts of a key in the order of a block; whoever wants a block in pieces takes some. */
export interface Pieces {
  readonly primary: readonly Uint8Array[];
  readonly users: readonly Uint8Array[];
  readonly subkey: readonly Uint8Array[];
}

export async function piecesOf({ direct = [], revocations = [], users, subkey: sub }: History): Promise<Pieces> {
  const key = { key: owner.keyPacket };
  const bound = { ...key, bind: subkey.keyPacket };
  return {
    primary: [
      packetOf(owner.toPublic().keyPacket),
      ...(await each(revocations, (word) => sign(key, type.keyRevocation, word))),
      ...(await each(direct, (word) => sign(key, type.key, word))),
    ],
    users: (await each(users, userOf)).flat(),
    subkey: sub
      ? [
          packetOf(owner.toPublic().subkeys[0]!.keyPacket),
          ...(await each(sub.revocations ?? [], (word) => sign(bound, type.subkeyRevocation, word))),
          ...(await each(sub.words, (word) => bind(bound, word))),
        ]
      : [],
  };
}

/** The whole block, binary. */
export async function blockOf(history: History): Promise<Uint8Array> {
  const { primary, users, subkey } = await piecesOf(history);
  return joined(primary, users, subkey);
}

export function joined(...pieces: readonly (readonly Uint8Array[])[]): Uint8Array {
  return new Uint8Array(Buffer.concat(pieces.flat()));
}

/** A bare revocation certificate, as GnuPG keeps one for an emergency. */
export function bareRevocation(
  word: Pick<Word, "day" | "hash"> = { day: 300 },
  signer: pgp.PrivateKey = owner,
  key: pgp.Key = owner,
): Promise<Uint8Array> {
  return sign({ key: key.keyPacket }, type.keyRevocation, word, signer);
}

export const armored = (bytes: Uint8Array): string => pgp.armor(pgp.enums.armor.publicKey, bytes) as string;

/** A signature by the primary key, or by its subkey, made now. */
export const signatureBy = (who: "primary" | "subkey", bytes: Uint8Array): Promise<Uint8Array> =>
  forge(who === "primary" ? owner : subkey, bytes);

async function userOf({ id, words, revocations = [] }: User): Promise<Uint8Array[]> {
  const userID = userPacket(id);
  const about = { key: owner.keyPacket, userID };
  return [
    packetOf(userID),
    ...(await each(words, (word) => sign(about, type.certPositive, word))),
    ...(await each(revocations, (word) => sign(about, type.certRevocation, word))),
  ];
}

/** Bytes that are not UTF-8 are written as they are, which the package does not do. */
function userPacket(id: string | Uint8Array): pgp.UserIDPacket {
  if (typeof id === "string") return pgp.UserIDPacket.fromObject({ name: id });
  return Object.assign(new pgp.UserIDPacket(), { write: () => id });
}

async function bind(about: Subject, { back, ...word }: Word): Promise<Uint8Array> {
  const embedded = back && (await sign(about, type.keyBinding, back, subkey));
  const read = embedded && (await pgp.readSignature({ binarySignature: embedded }));
  const fields = { ...word.fields, ...(read && { embeddedSignature: read.packets[0]! }) };
  return sign(about, type.subkeyBinding, { ...word, fields }, owner, SIGN);
}

function sign(
  about: Subject,
  kind: pgp.enums.signature,
  word: Word,
  signer: pgp.Key | pgp.Subkey = owner,
  flags = CERTIFY | SIGN,
): Promise<Uint8Array> {
  const { day, hash = pgp.enums.hash.sha512, keyEnds, ends, maySign, isPrimary } = word;
  const fields = {
    ...(keyEnds !== undefined && { keyExpirationTime: keyEnds * SECONDS }),
    ...(ends !== undefined && { signatureExpirationTime: (ends - day) * SECONDS, signatureNeverExpires: false }),
    ...(maySign !== undefined && { keyFlags: Uint8Array.of(maySign ? flags : flags & ~SIGN) }),
    ...(isPrimary && { isPrimaryUserID: true }),
    ...word.fields,
  };
  return forge(signer, about, { type: kind, hash, date: onDay(day), fields });
}

function packetOf(packet: pgp.AnyPacket): Uint8Array {
  const list = new pgp.PacketList<pgp.AnyPacket>();
  list.push(packet);
  return list.write();
}

async function each<From, To>(all: readonly From[], make: (one: From) => Promise<To>): Promise<To[]> {
  return Promise.all(all.map(make));
}
