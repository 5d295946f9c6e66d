/**
 * What a key says of itself: its newest self-signatures decide, by their own date and whatever their hash.
 *
 * The package passes over a self-signature that is weak, expired or has something that it does not know, and takes the
 * one before: an expiry in the newer one is lost. Here the newest that the key has made decides, and when that is not in
 * force, nothing is. Says what is wrong in words; decides nothing about revocations. RFC 9580 §5.2.3.10.
 */
import type { AnyKeyPacket, SignaturePacket } from "openpgp";
import { isNear } from "./clocks.ts";
import { isStrong, strictRules, type Library } from "./library.ts";
import type { KeySignature } from "./packets.ts";
import type { Part, SubkeyPacket, TransferableKey, UserPacket } from "./transferable-key.ts";

/** Whether a signature is its issuer's, about that very thing. `unknown`: it cannot be told. */
export type Authenticity = "genuine" | "forged" | "unknown";

/** What the package says of a signature that is not the key's. Whatever else it says leaves open whose it is. */
const FORGED = ["Signed digest did not match", "Signature verification failed"];

/** A self-signature that decides. */
interface Said {
  readonly packet: SignaturePacket;
  readonly authentic: Authenticity;
}

/** What is signed, as the package wants it. */
export interface Subject {
  readonly key: AnyKeyPacket;
  readonly bind?: AnyKeyPacket;
  readonly userID?: UserPacket;
  readonly userAttribute?: UserPacket;
}

/** Looks at the mathematics alone: not at dates, strength, or what the signature says. */
export async function authenticity(
  library: Library,
  signature: SignaturePacket,
  signer: AnyKeyPacket,
  subject: Subject,
): Promise<Authenticity> {
  const rules = {
    ...strictRules(library),
    rejectHashAlgorithms: new Set<never>(),
    rejectMessageHashAlgorithms: new Set<never>(),
  };
  // The package remembers that a signature was good, but not for what: hence a copy that has not been looked at.
  const copy = new library.SignaturePacket();
  copy.read(signature.write());
  Object.assign(copy, { unknownSubpackets: [], rawNotations: [], revocationKeyClass: null });
  try {
    // Without a date, which the declaration does not foresee.
    await copy.verify(signer, copy.signatureType!, subject, null as unknown as Date, false, rules);
    return "genuine";
  } catch (error) {
    return FORGED.includes((error as Error).message) ? "forged" : "unknown";
  }
}

/** What a signature about that part is about. */
export function subjectOf({ enums }: Library, { primary }: TransferableKey, { packet }: Part): Subject {
  const key = primary.packet;
  const { tag } = packet.constructor as { tag?: number };
  if (tag === enums.packet.userID) return { key, userID: packet as UserPacket };
  if (tag === enums.packet.userAttribute) return { key, userAttribute: packet as UserPacket };
  return packet === key ? { key } : { key, bind: packet as SubkeyPacket };
}

/** What is wrong with the primary key, whatever it is to be used for. */
export async function primaryFault(library: Library, key: TransferableKey): Promise<string | undefined> {
  const { direct, byUsers } = await statements(library, key);
  // What the key says of itself without a user ID stands beside all that it says with one.
  const fault = faultOf(library, key.primary.packet, [...direct, ...latest([...direct, ...byUsers])]);
  if (fault !== undefined) return fault;
  const isOver = [...direct, ...latest(byUsers.filter(limits))].some((said) => isExpired(key.primary.packet, said));
  return isOver ? "the key has expired" : undefined;
}

/** What keeps the primary key from signing. */
export async function primarySigningFault(library: Library, key: TransferableKey): Promise<string | undefined> {
  const { direct, byUsers } = await statements(library, key);
  const flagged = [...direct, ...latest(byUsers.filter(hasFlags))].filter(hasFlags);
  const isMeant = flagged.length > 0 && flagged.every((said) => maySign(library, said));
  return isMeant ? undefined : "the primary key is not for signing";
}

/** What keeps a subkey from signing. */
export async function subkeyFault(
  library: Library,
  key: TransferableKey,
  subkey: Part<SubkeyPacket>,
): Promise<string | undefined> {
  const bindings = await newest(library, key, subkey, [library.enums.signature.subkeyBinding]);
  const fault = faultOf(library, key.primary.packet, bindings);
  if (fault !== undefined) return fault;
  if (bindings.some((said) => isExpired(subkey.packet, said))) return "the subkey has expired";
  if (!bindings.every((said) => maySign(library, said))) return "the subkey is not for signing";
  const faults = await Promise.all(bindings.map((said) => backSignatureFault(library, key, subkey, said)));
  return faults.find((fault) => fault !== undefined);
}

/** What is wrong with a user ID, so that the key does not vouch for it. */
export async function userFault(
  library: Library,
  key: TransferableKey,
  user: Part<UserPacket>,
): Promise<string | undefined> {
  return faultOf(library, key.primary.packet, await newest(library, key, user, certifications(library)));
}

/** The subkey's own word that it belongs to the key: else anybody could adopt it. */
async function backSignatureFault(
  library: Library,
  key: TransferableKey,
  subkey: Part<SubkeyPacket>,
  { packet }: Said,
): Promise<string | undefined> {
  const back = packet.embeddedSignature;
  if (back?.signatureType !== library.enums.signature.keyBinding)
    return "the subkey has not signed that it belongs to the key";
  const authentic = await authenticity(library, back, subkey.packet, subjectOf(library, key, subkey));
  return faultOf(library, subkey.packet, [{ packet: back, authentic }]);
}

/** What the key says of itself, directly and with each user ID that it has not taken back. */
async function statements(
  library: Library,
  key: TransferableKey,
): Promise<{ direct: readonly Said[]; byUsers: readonly Said[] }> {
  const { certRevocation, key: directKey } = library.enums.signature;
  const types = [...certifications(library), certRevocation];
  const users = await Promise.all(key.users.map((user) => newest(library, key, user, types)));
  const standing = users.filter((said) => !said.some(({ packet }) => packet.signatureType === certRevocation));
  return { direct: await newest(library, key, key.primary, [directKey]), byUsers: standing.flat() };
}

/** The self-signatures of these types with the latest date: mostly one. */
async function newest(
  library: Library,
  key: TransferableKey,
  part: Part,
  types: readonly number[],
): Promise<readonly Said[]> {
  const isOwn = ({ type, issuer }: KeySignature) => types.includes(type) && issuer === key.id;
  const own = [...part.signatures, ...key.strays].filter(isOwn).flatMap(({ packet }) => packet ?? []);
  const subject = subjectOf(library, key, part);
  const look = async (packet: SignaturePacket) => ({
    packet,
    authentic: await authenticity(library, packet, key.primary.packet, subject),
  });
  // One date after the other: who pours a thousand forged ones into a copy makes us look at those of a later date only.
  for (const date of new Set(own.map(dateOf).sort((one, other) => other - one))) {
    const said = await Promise.all(own.filter((packet) => dateOf(packet) === date).map(look));
    const ours = said.filter(({ authentic }) => authentic !== "forged");
    if (ours.length > 0) return ours;
  }
  return [];
}

/** Why these do not count; none at all do not either. */
function faultOf(library: Library, signer: AnyKeyPacket, said: readonly Said[]): string | undefined {
  if (said.length === 0) return "it has no self-signature";
  return said.map((one) => weakness(library, signer, one)).find((fault) => fault !== undefined);
}

function weakness(library: Library, signer: AnyKeyPacket, { packet, authentic }: Said): string | undefined {
  const now = Date.now();
  if (!isStrong(library, packet.hashAlgorithm)) return "the newest self-signature is over a weak hash";
  if (authentic !== "genuine") return "the newest self-signature cannot be checked";
  if (!isNear(dateOf(packet), now)) return "the newest self-signature is from the future";
  if (dateOf(packet) < signer.created.getTime()) return "the newest self-signature is older than the key";
  if (now >= Number(packet.getExpirationTime())) return "the newest self-signature has expired";
  const isUnknown = [...packet.unknownSubpackets, ...packet.rawNotations].some(({ critical }) => critical);
  return isUnknown ? "the newest self-signature says something that is not understood" : undefined;
}

function certifications({ enums: { signature } }: Library): readonly number[] {
  return [signature.certGeneric, signature.certPersona, signature.certCasual, signature.certPositive];
}

function latest(said: readonly Said[]): readonly Said[] {
  const last = said.reduce((latest, { packet }) => Math.max(latest, dateOf(packet)), -Infinity);
  return said.filter(({ packet }) => dateOf(packet) === last);
}

function dateOf({ created }: SignaturePacket): number {
  return created?.getTime() ?? 0;
}

/** Whether it says when the key ends. */
function limits({ packet }: Said): boolean {
  return packet.keyNeverExpires === false;
}

function isExpired({ created }: AnyKeyPacket, said: Said): boolean {
  return limits(said) && Date.now() >= created.getTime() + (said.packet.keyExpirationTime ?? 0) * 1000;
}

function hasFlags({ packet }: Said): boolean {
  return packet.keyFlags !== null;
}

function maySign({ enums }: Library, { packet }: Said): boolean {
  return ((packet.keyFlags?.[0] ?? 0) & enums.keyFlags.signData) !== 0;
}
