/**
 * SRP-6a with the 3072-bit group and SHA-256 (RFC 5054), and the password as docs/protocol.md has it.
 *
 * Of this project's own code nothing is used here. Big integers whose times depend on their values: for public vectors alone.
 */
import { createHash, pbkdf2Sync } from "node:crypto";

/** RFC 3526 §4, which RFC 5054 takes over; g is 5. */
const N = BigInt(
  "0xFFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3BE39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
);
const G = 5n;
const LENGTH = 384;
const k = number(sha256(padded(N), padded(G)));

export interface SrpRun {
  /** I: the initiator's bare JID. */
  readonly user: string;
  readonly password: string;
  readonly salt: Buffer;
  readonly rounds: number;
  /** The client's secret and the server's. */
  readonly a: bigint;
  readonly b: bigint;
}

export interface SrpValues {
  readonly x: Buffer;
  readonly v: Buffer;
  readonly A: Buffer;
  readonly B: Buffer;
  readonly u: Buffer;
  /** Premaster secret, as the client and as the server compute it. */
  readonly clientS: Buffer;
  readonly serverS: Buffer;
  readonly K: Buffer;
}

export function srp({ user, password, salt, rounds, a, b }: SrpRun): SrpValues {
  const stretched = pbkdf2Sync(password, salt, rounds, 32, "sha256");
  const x = sha256(salt, sha256(Buffer.from(`${user}:`), stretched));
  const v = power(G, number(x));
  const A = power(G, a);
  const B = number(serverPublic(padded(v), b));
  const u = sha256(padded(A), padded(B));
  const base = (((B - k * v) % N) + N) % N;
  const clientS = power(base, a + number(u) * number(x));
  const serverS = power((A * power(v, number(u))) % N, b);
  return { x, u, v: padded(v), A: padded(A), B: padded(B), clientS: padded(clientS), serverS: padded(serverS), K: sha256(padded(clientS)) };
}

/** A, to an a. */
export function clientPublic(a: bigint): Buffer {
  return padded(power(G, a));
}

/** B, to a verifier and a b. */
export function serverPublic(v: Buffer, b: bigint): Buffer {
  return padded((k * number(v) + power(G, b)) % N);
}

export function number(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString("hex")}`);
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = base, rest = exponent; rest > 0n; rest >>= 1n, square = (square * square) % N) if (rest & 1n) result = (result * square) % N;
  return result;
}

function padded(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(2 * LENGTH, "0"), "hex");
}

function sha256(...pieces: readonly Buffer[]): Buffer {
  return createHash("sha256").update(Buffer.concat(pieces)).digest();
}
