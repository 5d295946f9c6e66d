/**
 * OpenPGP keys and signatures, also those that nobody should make: the tests' own workshop.
 *
 * Keys come from the package; what the package refuses to sign is put together packet by packet.
 */

import * as pgp from "openpgp";

import { frame, bindingOf } from "../../bindings/methods/binding.ts";
import type { Role } from "../../bindings/xtls/state.ts";
import type { Claim } from "../../bindings/xtls/trust.ts";

const DAY = 24 * 3600 * 1000;
export const daysAgo = (days: number): Date => new Date(Date.now() - days * DAY);

/** A week old, so that signatures may be backdated. */
export interface Recipe extends Partial<Omit<pgp.KeyOptions, "userIDs" | "format">> {
  readonly version?: 4 | 6;
}

/** A private key with these user IDs; an Ed25519 key of version 4 unless told otherwise. */
export async function makeKey(userIds: string | readonly string[], recipe: Recipe = {}): Promise<pgp.PrivateKey> {
  const { version = 4, config, ...rest } = recipe;
  const { privateKey } = await pgp.generateKey({
    ...{ type: "curve25519", date: daysAgo(7) },
    ...rest,
    userIDs: [userIds].flat().map((name) => ({ name })),
    config: { minRSABits: 1024, ...config, v6Keys: version === 6 },
    format: "object",
  });
  return privateKey;
}

export const publicBlock = (key: pgp.Key): string => key.toPublic().armor();

/** What `signer` signs, as docs/protocol.md has it. */
export function statementOf(claim: Claim, signer: Role): Uint8Array {
  const utf8 = new TextEncoder();
  const context = utf8.encode("XTLS openpgp: I am at this end of this tunnel");
  return frame(context, utf8.encode(signer), bindingOf(claim, "EXPORTER-XTLS-openpgp"));
}

export interface Forgery {
  readonly type?: pgp.enums.signature;
  readonly hash?: pgp.enums.hash;
  readonly date?: Date;
  readonly fields?: Partial<pgp.SignaturePacket>;
}

/** What is signed: bytes; or what a revocation is about: a key, one of its subkeys or user IDs. */
export type Subject =
  | Uint8Array
  | { readonly key: pgp.AnyKeyPacket; readonly bind?: pgp.AnyKeyPacket; readonly userID?: pgp.UserIDPacket | null };

/** A detached signature by whichever packet, for whatever it is meant. */
export async function forge(key: pgp.Key | pgp.Subkey, subject: Subject, forgery: Forgery = {}): Promise<Uint8Array> {
  const { type = pgp.enums.signature.binary, hash = pgp.enums.hash.sha512, date = new Date(), fields } = forgery;
  const packet = new pgp.SignaturePacket();
  const { keyPacket } = key;
  Object.assign(packet, {
    signatureType: type,
    hashAlgorithm: hash,
    publicKeyAlgorithm: keyPacket.algorithm,
    ...fields,
  });
  const data = subject instanceof Uint8Array ? (await pgp.createMessage({ binary: subject })).packets[0] : subject;
  // The declarations leave out the last argument, and call a packet bytes.
  const sign = packet.sign.bind(packet) as unknown as (...words: unknown[]) => Promise<void>;
  // The package would add a salt, which it has for no weak hash.
  await sign(keyPacket, data, date, true, { ...pgp.config, nonDeterministicSignaturesViaNotation: false });
  const list = new pgp.PacketList<pgp.SignaturePacket>();
  list.push(packet);
  return list.write();
}
