/**
 * The peer's OpenPGP key as we know it: whose it is, and what it may sign today.
 *
 * Several copies of one key count as one, so that a newer copy's revocation or expiry reaches an older copy. Each
 * question is asked twice: of our own rules (self-signature.ts, revocation.ts), which go by the newest word, and of the
 * package, which goes by the newest that it can use. Both must agree. RFC 9580 §5.2.3, XEP-0373 (user ID `xmpp:` and a
 * bare JID).
 */
import type { Key, KeyID, PublicKey, Subkey } from "openpgp";
import { decodeJid } from "../../base/jid-uri.ts";
import { XtlsError } from "../../errors.ts";
import { timeFor } from "./clocks.ts";
import { strictRules, type Library } from "./library.ts";
import { readSections, type Section } from "./packets.ts";
import { isKeyRevoked, isSubkeyRevoked, isUserRevoked } from "./revocation.ts";
import { primaryFault, primarySigningFault, subkeyFault, userFault } from "./self-signature.ts";
import {
  assemble,
  saysTooMuch,
  toPublicKey,
  type Part,
  type SubkeyPacket,
  type TransferableKey,
  type UserPacket,
} from "./transferable-key.ts";

/** A key that is neither revoked nor expired: by our rules, and as the package has it. */
export interface KnownKey {
  readonly key: TransferableKey;
  readonly asPackage: PublicKey;
}

/**
 * The key with that fingerprint, out of all that are known.
 * @param blocks public keys and revocation certificates, armored or binary, one or more in each
 * @param fingerprint of the primary key, upper-case hex
 * @throws XtlsError `key-refused` when it is not among them, when it is revoked, expired or its newest self-signature is
 *   not in force, and when any of the blocks cannot be read
 */
export async function findKey(
  library: Library,
  blocks: readonly (string | Uint8Array)[],
  fingerprint: string,
): Promise<KnownKey> {
  const sections = (await Promise.all(blocks.map((block) => read(library, block)))).flat();
  const key = assemble(library, sections, fingerprint);
  if (key === undefined) throw refusal(`The key ${fingerprint} is not known`);
  if (saysTooMuch(key)) throw refusal(`The key ${fingerprint} has more self-signatures than are looked at`);
  if (await isKeyRevoked(library, key, sections)) throw refusal(`The key ${fingerprint} is revoked`);
  const fault = await primaryFault(library, key);
  if (fault !== undefined) throw refusal(`The key ${fingerprint} does not count: ${fault}`);
  return { key, asPackage: toPublicKey(library, key) };
}

/** True when a user ID, certified by the key itself and not revoked, is `xmpp:` and that bare JID. */
export async function namesOwner(library: Library, known: KnownKey, jid: string): Promise<boolean> {
  const isOwners = ({ packet }: Part<UserPacket>) => "userID" in packet && isUriOf(packet.userID, jid);
  const users = known.key.users.filter(isOwners);
  return (await Promise.all(users.map((user) => isCertified(library, known, user)))).includes(true);
}

/**
 * The part of the key with that ID, if it may sign now.
 * @param date when the key is looked at: now, by the clock that is ahead
 * @throws XtlsError `key-refused` when there is none, it is not for signing, weak, expired or revoked
 */
export async function signerOf(
  library: Library,
  known: KnownKey,
  id: KeyID,
  date = timeFor(known.key),
): Promise<Key | Subkey> {
  const { asPackage } = known;
  // Two with one ID: then it would not be sure that what is judged here is what verifies.
  if (asPackage.getKeys(id).length !== 1) throw refusal(`The known key has no part ${id.toHex()}`);
  const signer = await asPackage
    .getSigningKey(id, date, undefined, strictRules(library))
    .catch((cause: Error) => {
      throw refusal(`The key may not sign: ${cause.message}`);
    });
  const fault = await signingFault(library, known.key, signer);
  if (fault !== undefined) throw refusal(`The key's part ${id.toHex()} may not sign: ${fault}`);
  return signer;
}

/** What keeps the primary key or a subkey from signing, by our own rules. */
export async function signingFault(
  library: Library,
  key: TransferableKey,
  { keyPacket }: Pick<Key | Subkey, "keyPacket">,
): Promise<string | undefined> {
  const isSigner = ({ packet }: Part<SubkeyPacket>) => packet.hasSameFingerprintAs(keyPacket);
  const subkey = key.subkeys.find(isSigner);
  if (subkey === undefined) return primarySigningFault(library, key);
  return (await isSubkeyRevoked(library, key, subkey)) ? "the subkey is revoked" : subkeyFault(library, key, subkey);
}

async function read(library: Library, block: string | Uint8Array): Promise<readonly Section[]> {
  return readSections(library, block).catch((cause: unknown) => {
    throw refusal("A known key cannot be read", cause);
  });
}

/** RFC 5122: the scheme's case does not matter, and what is not plain is percent-encoded. */
function isUriOf(userId: string, jid: string): boolean {
  if (!/^xmpp:/i.test(userId)) return false;
  try {
    return decodeJid(userId.slice("xmpp:".length)) === jid;
  } catch {
    return false;
  }
}

async function isCertified(library: Library, { key, asPackage }: KnownKey, user: Part<UserPacket>): Promise<boolean> {
  if (await isUserRevoked(library, key, user)) return false;
  if ((await userFault(library, key, user)) !== undefined) return false;
  const asUser = asPackage.users[key.users.indexOf(user)];
  return (await asUser?.verify(timeFor(key), strictRules(library)).catch(() => false)) === true;
}

function refusal(detail: string, cause?: unknown): XtlsError {
  return new XtlsError("key-refused", detail, { cause });
}
