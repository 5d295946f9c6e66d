/**
 * One OpenPGP key out of all its copies: its parts, and all that was signed about each.
 *
 * A signature stands behind the part that it is about. One that stands elsewhere, alone or in another key's block, is a
 * stray: it counts where it verifies. Judges nothing. RFC 9580 §10.1.
 */
import type {
  AnyPacket,
  PacketList,
  PrivateKey,
  PublicKey,
  PublicKeyPacket,
  PublicSubkeyPacket,
  SecretKeyPacket,
  SecretSubkeyPacket,
  UserAttributePacket,
  UserIDPacket,
} from "openpgp";
import type { Library } from "./library.ts";
import { asSignature, type KeySignature, type Section } from "./packets.ts";

export type PrimaryPacket = PublicKeyPacket | SecretKeyPacket;
export type SubkeyPacket = PublicSubkeyPacket | SecretSubkeyPacket;
export type UserPacket = UserIDPacket | UserAttributePacket;

/** Something that is signed about, with what stands behind it in any copy. */
export interface Part<
  Packet extends PrimaryPacket | SubkeyPacket | UserPacket = PrimaryPacket | SubkeyPacket | UserPacket,
> {
  packet: Packet;
  readonly signatures: KeySignature[];
}

export interface TransferableKey {
  /** Of the primary key, upper-case hex. */
  readonly fingerprint: string;
  /** Key ID of the primary key, in hex. */
  readonly id: string;
  readonly primary: Part<PrimaryPacket>;
  readonly users: readonly Part<UserPacket>[];
  readonly subkeys: readonly Part<SubkeyPacket>[];
  readonly strays: readonly KeySignature[];
}

export function fingerprintOf(packet: PrimaryPacket | SubkeyPacket): string {
  return packet.getFingerprint().toUpperCase();
}

/** The key with that fingerprint; undefined when no section has it. */
export function assemble(
  library: Library,
  sections: readonly Section[],
  fingerprint: string,
): TransferableKey | undefined {
  const isCopy = ({ primary }: Section) => typeof primary === "object" && fingerprintOf(primary) === fingerprint;
  const assembly = new Assembly(library);
  for (const { packets } of sections.filter(isCopy)) assembly.add(packets);
  for (const section of sections.filter((section) => !isCopy(section))) assembly.addForeign(section);
  return assembly.key(fingerprint);
}

/** Parts by what they are: a packet that is there twice is one part. */
class Assembly {
  readonly #library: Library;
  readonly #primary = new Map<string, Part<PrimaryPacket>>();
  readonly #users = new Map<string, Part<UserPacket>>();
  readonly #subkeys = new Map<string, Part<SubkeyPacket>>();
  readonly #strays: KeySignature[] = [];
  readonly #seen = new Map<KeySignature[], Set<string>>();

  constructor(library: Library) {
    this.#library = library;
  }

  /** One copy of the key. */
  add(packets: readonly AnyPacket[]): void {
    let user: Part | undefined;
    let subkey: Part | undefined;
    for (const packet of packets) {
      const signature = asSignature(this.#library, packet);
      if (signature !== undefined) this.#place(signature, user, subkey);
      else [user, subkey] = [this.#user(packet), this.#key(packet)];
    }
  }

  /** Packets without a key; or another key's, behind which a bare revocation may stand. */
  addForeign({ primary, packets }: Section): void {
    const signatures = packets.flatMap((packet) => asSignature(this.#library, packet) ?? []);
    const { keyRevocation } = this.#library.enums.signature;
    for (const signature of signatures)
      if (primary === undefined || signature.type === keyRevocation) this.#strays.push(signature);
  }

  key(fingerprint: string): TransferableKey | undefined {
    const [primary] = this.#primary.values();
    if (primary === undefined) return undefined;
    const id = primary.packet.getKeyID().toHex();
    const [users, subkeys] = [[...this.#users.values()], [...this.#subkeys.values()]];
    return { fingerprint, id, primary, users, subkeys, strays: this.#strays };
  }

  #place(signature: KeySignature, user: Part | undefined, subkey: Part | undefined): void {
    const { key, keyRevocation, subkeyBinding, subkeyRevocation } = this.#library.enums.signature;
    const [primary] = this.#primary.values();
    const isAboutKey = signature.type === key || signature.type === keyRevocation;
    const isAboutSubkey = signature.type === subkeyBinding || signature.type === subkeyRevocation;
    const part = isAboutKey ? primary : isAboutSubkey ? subkey : user;
    const place = part?.signatures ?? this.#strays;
    if (this.#isNew(place, signature)) place.push(signature);
  }

  /** What is in several copies counts once. */
  #isNew(place: KeySignature[], { packet }: KeySignature): boolean {
    const bytes = packet?.write().join();
    if (bytes === undefined) return true;
    const seen = this.#seen.get(place) ?? new Set<string>();
    this.#seen.set(place, seen);
    return seen.size < seen.add(bytes).size;
  }

  #user(packet: AnyPacket): Part | undefined {
    const { UserIDPacket, UserAttributePacket } = this.#library;
    if (!(packet instanceof UserIDPacket || packet instanceof UserAttributePacket)) return undefined;
    const bytes = `${(packet.constructor as { tag?: number }).tag} ${packet.write().join()}`;
    return partOf<UserPacket>(this.#users, bytes, packet as UserPacket);
  }

  /** Of a primary key nothing is returned: what is about it is told by its type. */
  #key(packet: AnyPacket): Part | undefined {
    const { PublicKeyPacket, SecretKeyPacket, PublicSubkeyPacket, SecretSubkeyPacket } = this.#library;
    // First the subkeys: the package derives their classes from those of keys.
    if (packet instanceof PublicSubkeyPacket || packet instanceof SecretSubkeyPacket)
      return keyOf<SubkeyPacket>(this.#subkeys, packet as SubkeyPacket);
    if (packet instanceof PublicKeyPacket || packet instanceof SecretKeyPacket)
      keyOf<PrimaryPacket>(this.#primary, packet as PrimaryPacket);
    return undefined;
  }
}

function partOf<Packet extends PrimaryPacket | SubkeyPacket | UserPacket>(
  parts: Map<string, Part<Packet>>,
  name: string,
  packet: Packet,
): Part<Packet> {
  const part = parts.get(name) ?? { packet, signatures: [] };
  parts.set(name, part);
  return part;
}

/** Of several copies the one that holds the secret is kept. */
function keyOf<Packet extends PrimaryPacket | SubkeyPacket>(
  parts: Map<string, Part<Packet>>,
  packet: Packet,
): Part<Packet> {
  const part = partOf(parts, fingerprintOf(packet), packet);
  if (secrecy(packet) > secrecy(part.packet)) part.packet = packet;
  return part;
}

/** 0: public; 1: the place of a secret that is elsewhere; 2: secret. */
function secrecy(packet: PrimaryPacket | SubkeyPacket): number {
  if (!isSecret(packet)) return 0;
  return packet.isMissingSecretKeyMaterial() ? 1 : 2;
}

function isSecret(packet: Part["packet"]): packet is SecretKeyPacket | SecretSubkeyPacket {
  return "isMissingSecretKeyMaterial" in packet;
}

/** More than a person's key ever says of itself: twenty user IDs, renewed twenty times, say. */
const LOOKS_AT_MOST = 1024;

/**
 * Whether so much is signed in the key's own name that it takes too long to look at all of it. A signature that stands
 * alone may be about any part. Whoever hands out a key decides what is in it, not whose name signatures are in.
 */
export function saysTooMuch({ id, primary, users, subkeys, strays }: TransferableKey): boolean {
  const parts = [primary, ...users, ...subkeys];
  const isOwn = ({ issuer }: KeySignature) => issuer === id || issuer === "";
  const count = (signatures: readonly KeySignature[]) => signatures.filter(isOwn).length;
  const placed = parts.reduce((sum, { signatures }) => sum + count(signatures), 0);
  return parts.length + placed + count(strays) * parts.length > LOOKS_AT_MOST;
}

/** The key as the package has it, without what the package cannot read. */
export function toPublicKey(library: Library, key: TransferableKey): PublicKey {
  const toPublic = (packet: Part["packet"]) => (isSecret(packet) ? withoutSecret(library, packet) : packet);
  return new library.PublicKey(toPackets(library, [key.primary, ...key.users, ...key.subkeys], toPublic));
}

/** The same with its secrets, and without subkeys that have none; undefined when the primary key has none. */
export function toPrivateKey(library: Library, key: TransferableKey): PrivateKey | undefined {
  if (!isSecret(key.primary.packet)) return undefined;
  const subkeys = key.subkeys.filter(({ packet }) => isSecret(packet));
  return new library.PrivateKey(toPackets(library, [key.primary, ...key.users, ...subkeys], (packet) => packet));
}

function toPackets(
  { PacketList }: Library,
  parts: readonly Part[],
  convert: (packet: Part["packet"]) => Part["packet"],
): PacketList<AnyPacket> {
  const packets = new PacketList<AnyPacket>();
  for (const { packet, signatures } of parts) {
    packets.push(convert(packet));
    for (const signature of signatures) if (signature.packet !== undefined) packets.push(signature.packet);
  }
  return packets;
}

/** The package's own conversion, which its declarations leave out. */
function withoutSecret(
  { PublicKeyPacket, PublicSubkeyPacket, SecretSubkeyPacket }: Library,
  packet: SecretKeyPacket | SecretSubkeyPacket,
): Part["packet"] {
  type Converter = Record<"fromSecretKeyPacket" | "fromSecretSubkeyPacket", (secret: typeof packet) => Part["packet"]>;
  if (packet instanceof SecretSubkeyPacket)
    return (PublicSubkeyPacket as unknown as Converter).fromSecretSubkeyPacket(packet);
  return (PublicKeyPacket as unknown as Converter).fromSecretKeyPacket(packet);
}
