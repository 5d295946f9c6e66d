/**
 * What a piece of key material holds: the packets of every armored block in a text, or of concatenated binary keys.
 *
 * The package reads a text's first block alone, and so passes over a revocation in the second. Here nothing is passed
 * over: what cannot be read is an error. Packets are parted into sections, each a primary key with what follows it;
 * packets before the first key, such as a bare revocation certificate, are a section without one. RFC 9580 §6.2, §10.
 */
import type {
  AnyPacket,
  PacketList,
  PublicKeyPacket,
  SecretKeyPacket,
  SignaturePacket,
  UserAttributePacket,
  UserIDPacket,
} from "openpgp";
import { strictRules, type Library } from "./library.ts";

/** A primary key and what follows it; a key of a kind that the package does not know is `unknown`. */
export interface Section {
  readonly primary: PublicKeyPacket | SecretKeyPacket | "unknown" | undefined;
  /** The primary key's packet among them. */
  readonly packets: readonly AnyPacket[];
}

/** A signature in key material, as far as it can be read. */
export interface KeySignature {
  readonly type: number;
  /** Key ID of who says to have made it, in hex; empty when that is not said. */
  readonly issuer: string;
  /** Undefined for one of a version or algorithm that the package does not know. */
  readonly packet: SignaturePacket | undefined;
}

/** Of a text that begins with a beginning. */
const BLOCK = /^-----BEGIN PGP (PUBLIC KEY BLOCK|PRIVATE KEY BLOCK|SIGNATURE)-----[^]*?^-----END PGP \1-----[ \t\r]*$/my;
/** GnuPG puts a colon before the certificate that it keeps for an emergency: that one is not meant to be read. */
const BEGINNINGS = /(?<!:)-----BEGIN PGP/g;
const LINE_END = /[\n\r\u2028\u2029]/;

/** @throws Error when any of it cannot be read */
export async function readSections(library: Library, material: string | Uint8Array): Promise<readonly Section[]> {
  if (typeof material === "string") return readArmored(library, material);
  // A packet's first bit is set, and no text's that begins with a dash.
  if ((material[0] ?? 0xff) < 0x80) return readArmored(library, new TextDecoder("utf-8", { fatal: true }).decode(material));
  return divide(library, await readPackets(library, material));
}

/** What can be told of a signature's packet; undefined for any other packet. */
export function asSignature(library: Library, packet: AnyPacket): KeySignature | undefined {
  if (packet instanceof library.SignaturePacket) return outline(packet, packet);
  const isUnread = packet instanceof library.UnparseablePacket && packet.tag === library.enums.packet.signature;
  return isUnread ? outlineOfUnread(library, packet.write()) : undefined;
}

async function readArmored(library: Library, text: string): Promise<readonly Section[]> {
  const sections: Section[] = [];
  for (const block of blocksIn(text)) {
    const { data } = await library.unarmor(block);
    for (const section of divide(library, await readPackets(library, data as Uint8Array))) sections.push(section);
  }
  return sections;
}

/** Each is looked for between its beginning and the next, so that a text is looked through once. */
function blocksIn(text: string): readonly string[] {
  const beginnings = Array.from(text.matchAll(BEGINNINGS), ({ index }) => index);
  const blocks = beginnings.map((from, at) => {
    BLOCK.lastIndex = 0;
    const isOnItsLine = from === 0 || LINE_END.test(text[from - 1]!);
    return isOnItsLine ? BLOCK.exec(text.slice(from, beginnings[at + 1]))?.[0] : undefined;
  });
  const whole = blocks.filter((block) => block !== undefined).filter(isReadWhole);
  const isWhole = whole.length > 0 && whole.length === blocks.length;
  if (!isWhole || whole.some((block) => block.includes("-----BEGIN", 1)))
    throw new Error("The text is not whole blocks of keys");
  return whole;
}

/** The package reads base64 as far as its padding, and skips what is none: what stands there would be passed over. */
function isReadWhole(block: string): boolean {
  const [, body = ""] = block.split(/\n[ \t\r]*\n([^]*)/);
  const data = body.replace(/\n-----END[^]*$/, "").replace(/(?:^|\n)=[A-Za-z0-9+/]{4}\s*$/, "");
  return /^[A-Za-z0-9+/]+={0,2}$/.test(data.replace(/\s+/g, ""));
}

async function readPackets(library: Library, bytes: Uint8Array): Promise<PacketList<AnyPacket>> {
  const { PublicKeyPacket, SecretKeyPacket, PublicSubkeyPacket, SecretSubkeyPacket, SignaturePacket } = library;
  const keys = [PublicKeyPacket, SecretKeyPacket, PublicSubkeyPacket, SecretSubkeyPacket];
  const users = [exact(library.UserIDPacket), exact(library.UserAttributePacket)];
  const allowed = Object.fromEntries([...keys, ...users, SignaturePacket].map((kind) => [kind.tag, kind]));
  // Declared as a map; the package looks it up by property.
  type Allowed = Parameters<typeof library.PacketList.fromBinary>[1];
  return library.PacketList.fromBinary(bytes, allowed as unknown as Allowed, strictRules(library));
}

/** User IDs and attributes that are written as they were read: the package changes what is not UTF-8, and then no signature fits. */
function exact(kind: typeof UserIDPacket | typeof UserAttributePacket) {
  return class extends (kind as typeof UserIDPacket) {
    #bytes = new Uint8Array();
    override read(bytes: Uint8Array): void {
      super.read(bytes);
      this.#bytes = bytes.slice();
    }
    override write(): Uint8Array {
      return this.#bytes;
    }
  };
}

function divide(library: Library, packets: Iterable<AnyPacket>): readonly Section[] {
  const sections: { primary: Section["primary"]; packets: AnyPacket[] }[] = [];
  for (const packet of packets) {
    const primary = primaryKey(library, packet);
    const section = sections.at(-1);
    if (section === undefined || primary !== undefined) sections.push({ primary, packets: [packet] });
    else section.packets.push(packet);
  }
  const isStray = ({ primary, packets }: Section) =>
    primary === undefined && packets.some((packet) => !asSignature(library, packet));
  if (sections.some(isStray)) throw new Error("Something stands before the first key");
  return sections;
}

function primaryKey(library: Library, packet: AnyPacket): Section["primary"] {
  const { PublicKeyPacket, SecretKeyPacket, PublicSubkeyPacket, SecretSubkeyPacket, UnparseablePacket, enums } =
    library;
  // The package derives its subkeys' classes from those of keys.
  if (packet instanceof PublicSubkeyPacket || packet instanceof SecretSubkeyPacket) return undefined;
  if (packet instanceof PublicKeyPacket || packet instanceof SecretKeyPacket)
    return packet as PublicKeyPacket | SecretKeyPacket;
  const isUnknown =
    packet instanceof UnparseablePacket && [enums.packet.publicKey, enums.packet.secretKey].includes(packet.tag);
  return isUnknown ? "unknown" : undefined;
}

function outline(packet: SignaturePacket, read: SignaturePacket | undefined): KeySignature {
  return { type: packet.signatureType ?? -1, issuer: packet.issuerKeyID.toHex(), packet: read };
}

function outlineOfUnread({ SignaturePacket }: Library, bytes: Uint8Array): KeySignature {
  const packet = new SignaturePacket();
  // RFC 9580 §5.2.2, version 3: the type after a length, then the time (4 bytes) and the issuer (8).
  const [version = 0, type = -1, typeInOld = -1] = bytes;
  if (version < 4) packet.issuerKeyID.bytes = String.fromCharCode(...bytes.subarray(7, 15));
  try {
    packet.read(bytes);
  } catch {
    // That it cannot be read is why it is here. What it says of its issuer may have been read by then.
  }
  return { ...outline(packet, undefined), type: version < 4 ? typeInOld : type };
}
