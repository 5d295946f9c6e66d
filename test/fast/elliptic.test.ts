import {
  createECDH,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  randomBytes,
  randomInt,
  sign,
  verify,
  type KeyObject,
} from "node:crypto";
import { assert, suite } from "../suite.ts";
import { buildKernels, Kernels } from "./kernels.ts";

const CASES = process.env.LONG ? 100_000 : 200;
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

const test = suite("elliptic");
buildKernels();

/** 32 bytes, half of the time with long runs of ones and zeros, which carries run through. */
function scalar(): Uint8Array {
  const bytes = new Uint8Array(randomBytes(32));
  if (randomInt(2) === 0) return bytes;
  for (let at = 0; at < 32;) {
    const run = randomInt(1, 12);
    bytes.fill(randomInt(2) === 0 ? 0 : 0xff, at, at + run);
    at += run + randomInt(3);
  }
  return bytes;
}

/** One from 1 to the order of P-256 less one. */
function key(): Uint8Array {
  const bytes = scalar();
  const number = BigInt(`0x${hex(bytes)}`);
  return number > 0n && number < ORDER ? bytes : key();
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash("sha256").update(bytes).digest());

/** Results come back in the place named `output`. */
class Curves {
  readonly #kernels: Kernels;

  constructor(kernels: Kernels) {
    this.#kernels = kernels;
  }

  /** What the primitive writes, or undefined if it refuses. */
  output(name: string, length: number, ...inputs: readonly Uint8Array[]): Uint8Array | undefined {
    const at = this.#kernels.place("output", length);
    if (this.#kernels.call(name, at, ...inputs) !== 0) return undefined;
    return this.#kernels.bytes(at, length).slice();
  }

  isVerified(publicKey: Uint8Array, digest: Uint8Array, signature: Uint8Array): boolean {
    return this.#kernels.call("ecdsa_verify", publicKey, digest, signature) === 0;
  }
}

const X25519_PRIVATE = Buffer.from("302e020100300506032b656e04220420", "hex");
const X25519_PUBLIC = Buffer.from("302a300506032b656e032100", "hex");

const privateX25519 = (bytes: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.concat([X25519_PRIVATE, bytes]), format: "der", type: "pkcs8" });

const publicX25519 = (bytes: Uint8Array): KeyObject =>
  createPublicKey({ key: Buffer.concat([X25519_PUBLIC, bytes]), format: "der", type: "spki" });

/** node:crypto's secret, or undefined if it refuses. */
function secretOf(privateKey: Uint8Array, publicKey: Uint8Array): string | undefined {
  try {
    return hex(diffieHellman({ privateKey: privateX25519(privateKey), publicKey: publicX25519(publicKey) }));
  } catch {
    return undefined;
  }
}

const curves = new Curves(new Kernels());

test("computes X25519 as node:crypto does", () => {
  for (let i = 0; i < CASES; i++) {
    const [own, peer] = [scalar(), scalar()];
    const shared = curves.output("x25519_shared", 32, own, peer);
    assert.is(shared && hex(shared), secretOf(own, peer), `${hex(own)} ${hex(peer)}`);
    const spki = createPublicKey(privateX25519(own)).export({ format: "der", type: "spki" });
    assert.is(hex(curves.output("x25519_public", 32, own)!), hex(spki.subarray(12)), hex(own));
  }
});

test("multiplies points of P-256 as node:crypto does", () => {
  const [own, peer] = [createECDH("prime256v1"), createECDH("prime256v1")];
  for (let i = 0; i < CASES; i++) {
    const [mine, theirs] = [key(), key()];
    own.setPrivateKey(mine);
    peer.setPrivateKey(theirs);
    const publicKey = curves.output("p256_public", 64, mine);
    assert.is(hex(publicKey!), hex(own.getPublicKey().subarray(1)), hex(mine));
    const shared = curves.output("p256_shared", 64, mine, new Uint8Array(peer.getPublicKey().subarray(1)));
    assert.is(
      hex(shared!.subarray(0, 32)),
      hex(own.computeSecret(peer.getPublicKey())),
      `${hex(mine)} ${hex(theirs)}`,
    );
  }
});

test("signs what node:crypto verifies, and verifies what it signs", () => {
  const dsaEncoding = "ieee-p1363";
  let pair = keyPair();
  for (let i = 0; i < CASES; i++) {
    if (i % 16 === 0) pair = keyPair();
    const message = randomBytes(randomInt(64));
    const [digest, bit] = [sha256(message), randomInt(512)];
    const ours = curves.output("ecdsa_sign", 64, pair.secret, digest)!;
    assert.ok(verify("sha256", message, { key: pair.publicKey, dsaEncoding }, ours), hex(message));
    const theirs = new Uint8Array(sign("sha256", message, { key: pair.privateKey, dsaEncoding }));
    assert.ok(curves.isVerified(pair.point, digest, ours));
    assert.ok(curves.isVerified(pair.point, digest, theirs), `${hex(digest)} ${hex(theirs)}`);
    theirs[bit >> 3]! ^= 1 << (bit & 7);
    assert.not.ok(curves.isVerified(pair.point, digest, theirs), `${hex(digest)} ${hex(theirs)}`);
  }
});

test("refuses points that are not on P-256", () => {
  for (let i = 0; i < CASES; i++) {
    const [own, at] = [keyPair(), randomInt(64)];
    own.point[at]! ^= randomInt(1, 256);
    assert.is(curves.output("p256_shared", 64, key(), own.point), undefined, hex(own.point));
  }
});

test("signs the same each time, whatever the randomness", () => {
  const fresh = new Curves(new Kernels());
  for (let i = 0; i < CASES; i++) {
    const [secret, digest] = [key(), new Uint8Array(randomBytes(32))];
    assert.equal(fresh.output("ecdsa_sign", 64, secret, digest), curves.output("ecdsa_sign", 64, secret, digest));
  }
});

interface Pair {
  privateKey: KeyObject;
  publicKey: KeyObject;
  secret: Uint8Array;
  point: Uint8Array;
}

/** Not by generateKeyPairSync: Node 20 can lock itself up when a pair made by it is exported as a JWK. */
function keyPair(): Pair {
  const [own, secret] = [createECDH("prime256v1"), key()];
  own.setPrivateKey(secret);
  const point = new Uint8Array(own.getPublicKey().subarray(1));
  const [d, x, y] = [secret, point.subarray(0, 32), point.subarray(32)].map((part) =>
    Buffer.from(part).toString("base64url"),
  );
  const privateKey = createPrivateKey({ key: { kty: "EC", crv: "P-256", d: d!, x: x!, y: y! }, format: "jwk" });
  return { privateKey, publicKey: createPublicKey(privateKey), secret, point };
}

test.run();
