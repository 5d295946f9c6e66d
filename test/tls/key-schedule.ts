/**
 * What two engines must have had in their memory while they shook hands: computed anew, by Node's own
 * cryptography, from the randomness that the host gave them and the bytes that went over the wire.
 *
 * Knows X25519 and the key schedule (RFC 8446 §7.1), nothing of the core.
 */

import { createHash, createHmac, createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from "node:crypto";

type Bytes = Uint8Array;

const plain = (bytes: ArrayLike<number>): Bytes => Uint8Array.from(bytes);

/** Runs a body and returns a copy of each piece of randomness that the host gave meanwhile. */
export function recordRandomness(body: () => void): Bytes[] {
  const given: Bytes[] = [];
  const { getRandomValues } = crypto;
  crypto.getRandomValues = <T extends ArrayBufferView | null>(output: T): T => {
    getRandomValues.call(crypto, output as never);
    given.push(Uint8Array.from(output as unknown as Uint8Array));
    return output;
  };
  try {
    body();
  } finally {
    crypto.getRandomValues = getRandomValues;
  }
  return given;
}

/** RFC 8410: what stands before the 32 bytes of a private key in PKCS#8. */
const PKCS8_HEAD = Buffer.from("302e020100300506032b656e04220420", "hex");

const privateKey = (bytes: Bytes): KeyObject =>
  createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, bytes]), format: "der", type: "pkcs8" });

const publicBytes = (key: KeyObject): Buffer =>
  Buffer.from(createPublicKey(key).export({ format: "jwk" }).x as string, "base64url");

/** Those pieces of 32 bytes whose X25519 public value went over the wire. */
export function ephemeralKeys(randomness: readonly Bytes[], wire: Bytes): Bytes[] {
  const sent = Buffer.from(wire);
  return randomness.filter((piece) => piece.length === 32 && sent.includes(publicBytes(privateKey(piece))));
}

const expandLabel = (hash: string, secret: Bytes, label: string, context: Bytes, length: number): Bytes => {
  const name = Buffer.from(`tls13 ${label}`);
  const info = Buffer.concat([
    Buffer.of(length >> 8, length & 255, name.length),
    name,
    Buffer.of(context.length),
    context,
  ]);
  // HKDF-Expand alone; one block is enough for all that is wanted here.
  return plain(createHmac(hash, secret).update(info).update(Buffer.of(1)).digest().subarray(0, length));
};

const extract = (hash: string, salt: Bytes, input: Bytes): Bytes =>
  plain(createHmac(hash, salt).update(input).digest());

/** Everything that the handshake between the owners of two ephemeral keys is made of, and that outlives no handshake. */
export function handshakeSecrets(
  hash: "sha256" | "sha384",
  [one, other]: readonly [Bytes, Bytes],
  traffic: ReadonlyMap<string, Bytes>,
  psk?: Bytes,
): ReadonlyMap<string, Bytes> {
  const nothing = new Uint8Array(hash === "sha256" ? 32 : 48);
  const empty = createHash(hash).digest();
  const derived = (secret: Bytes): Bytes => expandLabel(hash, secret, "derived", empty, nothing.length);
  const shared = plain(diffieHellman({ privateKey: privateKey(one), publicKey: createPublicKey(privateKey(other)) }));
  const early = extract(hash, nothing, psk ?? nothing);
  const handshake = extract(hash, derived(early), shared);
  const master = extract(hash, derived(handshake), nothing);
  const secrets = new Map<string, Bytes>([
    ["an ephemeral key", one],
    ["the other ephemeral key", other],
    ["the shared secret", shared],
    ["the early secret", early],
    ["the handshake secret", handshake],
    ["the master secret", master],
  ]);
  for (const [label, secret] of traffic) {
    if (!label.includes("HANDSHAKE")) continue;
    secrets.set(label, secret);
    secrets.set(`${label}: finished key`, expandLabel(hash, secret, "finished", new Uint8Array(0), nothing.length));
    for (const [name, key] of recordKeys(hash, secret)) secrets.set(`${label}: ${name}`, key);
  }
  return secrets;
}

/** Key, of 256 and of 128 bits, and IV that a traffic secret stands for (RFC 8446 §7.3). */
export function recordKeys(hash: string, secret: Bytes): [string, Bytes][] {
  const of = (label: string, length: number): Bytes => expandLabel(hash, secret, label, new Uint8Array(0), length);
  return [
    ["key of 256 bits", of("key", 32)],
    ["key of 128 bits", of("key", 16)],
    ["IV", of("iv", 12)],
  ];
}
