/**
 * The peer's OpenPGP key as we know it: whose it is, and what it may sign today.
 *
 * Several copies of one key count as one, so that a newer copy's revocation or expiry reaches an
 * older copy. Whatever says that it revokes does, checked or not: the library drops revocations
 * that it cannot check (by a designated revoker, or over SHA-1), and who could plant one could
 * as well withhold the key. RFC 9580 §5.2.3, XEP-0373 (user ID `xmpp:` and a bare JID).
 */
import type { Key, KeyID, PublicKey, Subkey, User } from "openpgp";
import { XtlsError } from "../../errors.ts";
import { isSameJid } from "../../base/jid.ts";
import { strictRules, type Library } from "./library.ts";

/**
 * The key with that fingerprint, out of all that are known.
 * @param blocks public keys, armored or binary, one or more in each
 * @param fingerprint of the primary key, upper-case hex
 * @throws XtlsError `key-refused` when it is not among them, when it is revoked, and when one of them cannot be read
 */
export async function findKey(
  library: Library,
  blocks: readonly (string | Uint8Array)[],
  fingerprint: string,
): Promise<PublicKey> {
  const keys = (await Promise.all(blocks.map((block) => read(library, block)))).flat();
  const copies = keys.filter((key) => key.getFingerprint().toUpperCase() === fingerprint);
  if (copies.length === 0) throw new XtlsError("key-refused", `The key ${fingerprint} is not known`);
  const key = merge(library, copies);
  if (key.revocationSignatures.length > 0) throw new XtlsError("key-refused", `The key ${fingerprint} is revoked`);
  return key;
}

/** True when a user ID, certified by the key itself and not revoked, is `xmpp:` and that bare JID. */
export async function namesOwner(library: Library, key: PublicKey, jid: string): Promise<boolean> {
  const users = key.users.filter(({ userID }) => isUriOf(userID?.userID ?? "", jid));
  return (await Promise.all(users.map((user) => isCertified(library, user)))).includes(true);
}

/**
 * The part of the key with that ID, if it may sign now.
 * @throws XtlsError `key-refused` when there is none, it is not for signing, weak, expired or revoked, or the primary key is
 */
export async function signerOf(library: Library, key: PublicKey, id: KeyID): Promise<Key | Subkey> {
  // Two with one ID: then it would not be sure that what is judged here is what verifies.
  if (key.getKeys(id).length !== 1) throw new XtlsError("key-refused", `The known key has no part ${id.toHex()}`);
  const signer = await key.getSigningKey(id, new Date(), undefined, strictRules(library)).catch((cause: Error) => {
    throw new XtlsError("key-refused", `The key may not sign: ${cause.message}`, { cause });
  });
  if (signer.revocationSignatures.length > 0) throw new XtlsError("key-refused", `The subkey ${id.toHex()} is revoked`);
  return signer;
}

async function read(library: Library, block: string | Uint8Array): Promise<Key[]> {
  const config = strictRules(library);
  try {
    if (typeof block === "string") return await library.readKeys({ armoredKeys: block, config });
    return await library.readKeys({ binaryKeys: block, config });
  } catch (cause) {
    throw new XtlsError("key-refused", "A known key cannot be read", { cause });
  }
}

/** One key with the signatures of all copies, each after the key, subkey or user ID that it is about. */
function merge({ PacketList, PublicKey, SignaturePacket }: Library, copies: readonly Key[]): PublicKey {
  type Packets = ReturnType<Key["toPacketList"]>;
  const groups = new Map<string, Packets>();
  for (const copy of copies) {
    let group: Packets | undefined;
    for (const packet of copy.toPublic().toPacketList()) {
      if (!(packet instanceof SignaturePacket)) {
        const subject = `${(packet.constructor as { tag?: number }).tag} ${packet.write().join()}`;
        group = groups.get(subject) ?? new PacketList();
        if (group.length > 0) continue;
        groups.set(subject, group);
      }
      group?.push(packet);
    }
  }
  const packets: Packets = new PacketList();
  packets.push(...[...groups.values()].flat());
  return new PublicKey(packets);
}

/** RFC 5122: the scheme's case does not matter, and what is not plain is percent-encoded. */
function isUriOf(userId: string, jid: string): boolean {
  if (!/^xmpp:/i.test(userId)) return false;
  try {
    return isSameJid(decodeURIComponent(userId.slice("xmpp:".length)), jid);
  } catch {
    return false;
  }
}

async function isCertified(library: Library, user: User): Promise<boolean> {
  const owner = user.mainKey.getKeyID();
  // Others revoke their own certifications: that says nothing about the owner's.
  const isRevoked = user.revocationSignatures.some(({ issuerKeyID: by }) => by.bytes === "" || by.equals(owner));
  if (isRevoked) return false;
  return user.verify(new Date(), strictRules(library)).catch(() => false);
}
