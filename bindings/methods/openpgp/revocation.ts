/**
 * Whether a key, or a part of it, is revoked.
 *
 * Whatever stands with a key and says that it revokes does, checked or not: the package drops revocations that it cannot
 * check (by a designated revoker, over SHA-1, of version 3), and who could plant one could as well withhold the key.
 * A revocation that stands elsewhere, such as a bare certificate, counts for the keys in whose name it can speak.
 * RFC 9580 §5.2.1.11-13, §5.2.3.23.
 */
import type { Library } from "./library.ts";
import type { KeySignature, Section } from "./packets.ts";
import { authenticity, subjectOf } from "./self-signature.ts";
import { fingerprintOf, type Part, type PrimaryPacket, type TransferableKey } from "./transferable-key.ts";

const DIGITS_OF_ID = 16;
/** More than ever came to stand in one block. Each is held against every key that is known. */
const LOOKS_AT_MOST = 64;

/** @param sections all that is known, also of other keys: a revocation of theirs may stand in this key's block */
export async function isKeyRevoked(
  library: Library,
  key: TransferableKey,
  sections: readonly Section[],
): Promise<boolean> {
  const isMeant = ({ type }: KeySignature) => type === library.enums.signature.keyRevocation;
  const speaking = key.strays.filter((stray) => speaksFor(key, stray));
  const revocations = [...key.primary.signatures, ...speaking].filter(isMeant);
  if (revocations.length > LOOKS_AT_MOST) return true;
  const isOthers = await Promise.all(
    revocations.map((revocation) => isAboutAnother(library, key, primaries(sections), revocation)),
  );
  return isOthers.includes(false);
}

export function isSubkeyRevoked(library: Library, key: TransferableKey, subkey: Part): Promise<boolean> {
  return isRevoked(library, key, subkey, subkey.signatures, library.enums.signature.subkeyRevocation);
}

/** Others take back their own certifications of a user ID: that says nothing about the owner's. */
export function isUserRevoked(library: Library, key: TransferableKey, user: Part): Promise<boolean> {
  const placed = user.signatures.filter((signature) => speaksFor(key, signature));
  return isRevoked(library, key, user, placed, library.enums.signature.certRevocation);
}

async function isRevoked(
  library: Library,
  key: TransferableKey,
  part: Part,
  placed: readonly KeySignature[],
  type: number,
): Promise<boolean> {
  if (placed.some((signature) => signature.type === type)) return true;
  const strays = key.strays.filter((stray) => stray.type === type && speaksFor(key, stray));
  const subject = subjectOf(library, key, part);
  const isMeant = ({ packet }: KeySignature) => packet && authenticity(library, packet, key.primary.packet, subject);
  return (await Promise.all(strays.map(isMeant))).some((what) => what !== "forged");
}

/** Whether it is another known key's revocation: it may stand here because keys were put one behind the other. */
async function isAboutAnother(
  library: Library,
  { fingerprint }: TransferableKey,
  known: readonly PrimaryPacket[],
  { packet, issuer }: KeySignature,
): Promise<boolean> {
  if (packet === undefined) return false;
  const signers = known.filter((key) => key.getKeyID().toHex() === issuer);
  const others = known.filter((key) => fingerprintOf(key) !== fingerprint);
  const found = await Promise.all(
    signers.flatMap((signer) => others.map((key) => authenticity(library, packet, signer, { key }))),
  );
  return found.includes("genuine");
}

/** The key itself, whom it has named as a revoker, and who does not say who it is. */
function speaksFor(key: TransferableKey, { issuer }: KeySignature): boolean {
  return issuer === "" || issuer === key.id || revokers(key).includes(issuer);
}

/** Key IDs of the designated revokers, also where their designation cannot be checked. */
function revokers({ primary, users, strays }: TransferableKey): readonly string[] {
  const signatures = [primary, ...users].flatMap(({ signatures }) => signatures).concat(strays);
  return signatures.flatMap(({ packet }) => {
    const fingerprint = packet?.revocationKeyFingerprint;
    return fingerprint
      ? Array.from(fingerprint, (byte) => byte.toString(16).padStart(2, "0"))
          .join("")
          .slice(-DIGITS_OF_ID)
      : [];
  });
}

function primaries(sections: readonly Section[]): readonly PrimaryPacket[] {
  return sections.flatMap(({ primary }) => (typeof primary === "object" ? primary : []));
}
