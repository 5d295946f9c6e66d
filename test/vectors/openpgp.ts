/**
 * OpenPGP as far as the vectors need it: version 4 keys and signatures of Ed25519 (RFC 9580 §4.2, §5.2.3, §5.5.2, §5.2.4).
 *
 * Of this project's own code nothing is used here. Whether a key counts today is not asked.
 */
import { createHash, createPublicKey, verify } from "node:crypto";

interface Packet {
  readonly tag: number;
  readonly body: Buffer;
}

const PUBLIC_KEY = 6;
const SIGNATURE = 2;
const USER_ID = 13;
const ED25519 = 27;
const HASHES: Readonly<Record<number, string>> = { 8: "sha256", 9: "sha384", 10: "sha512" };
/** SubjectPublicKeyInfo of Ed25519 up to the key itself (RFC 8410). */
const SPKI = Buffer.from("302a300506032b6570032100", "hex");

export interface PublicKey {
  /** Upper-case hex. */
  readonly fingerprint: string;
  readonly userIds: readonly string[];
  readonly point: Buffer;
}

/** @param armored one public key of version 4, Ed25519 */
export function readPublicKey(armored: string): PublicKey {
  const packets = packetsOf(dearmored(armored));
  const [{ tag, body } = { tag: 0, body: Buffer.alloc(0) }] = packets;
  if (tag !== PUBLIC_KEY || body[0] !== 4 || body[5] !== ED25519) throw new Error("Not a public key of version 4 with Ed25519");
  const length = Buffer.alloc(2);
  length.writeUInt16BE(body.length);
  const fingerprint = createHash("sha1").update(Buffer.concat([Buffer.of(0x99), length, body])).digest("hex").toUpperCase();
  const userIds = packets.filter((packet) => packet.tag === USER_ID).map((packet) => packet.body.toString());
  return { fingerprint, userIds, point: body.subarray(6, 38) };
}

/** Whether bytes are exactly one signature packet, of type binary, by a key over a message. */
export function isSigned(message: Buffer, bytes: Buffer, { point }: PublicKey): boolean {
  const [packet, other] = packetsOf(bytes);
  if (packet?.tag !== SIGNATURE || other !== undefined) return false;
  const { body } = packet;
  const [version, type, algorithm, hash = 0] = body;
  if (version !== 4 || type !== 0 || algorithm !== ED25519 || HASHES[hash] === undefined) return false;
  const hashed = body.subarray(0, 6 + body.readUInt16BE(4));
  const trailer = Buffer.alloc(6);
  trailer.writeUInt16BE(0x04ff);
  trailer.writeUInt32BE(hashed.length, 2);
  const digest = createHash(HASHES[hash]).update(message).update(hashed).update(trailer).digest();
  const key = createPublicKey({ key: Buffer.concat([SPKI, point]), format: "der", type: "spki" });
  return verify(null, digest, key, body.subarray(-64));
}

function dearmored(text: string): Buffer {
  const lines = text.trim().split(/\r?\n/);
  const start = lines.indexOf("") + 1;
  return Buffer.from(lines.slice(start).filter((line) => !/^[=-]/.test(line)).join(""), "base64");
}

/** Packets of the current format, with lengths in one, two or five bytes. */
function packetsOf(bytes: Buffer): Packet[] {
  const packets: Packet[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = (bytes[at] as number) & 0x3f;
    if ((bytes[at] as number) < 0xc0) throw new Error("A packet of the legacy format");
    const [size, header] = lengthAt(bytes, at + 1);
    const start = at + 1 + header;
    packets.push({ tag, body: bytes.subarray(start, start + size) });
    at = start + size;
  }
  return packets;
}

function lengthAt(bytes: Buffer, at: number): [size: number, header: number] {
  const first = bytes[at] as number;
  if (first < 192) return [first, 1];
  if (first < 224) return [((first - 192) << 8) + (bytes[at + 1] as number) + 192, 2];
  if (first === 255) return [bytes.readUInt32BE(at + 1), 5];
  throw new Error("A packet of unknown length");
}
