/**
 * Private keys under a passphrase: PKCS#8 EncryptedPrivateKeyInfo (RFC 5958 §3) by PBES2 (RFC 8018
 * §6.2), with PBKDF2-HMAC and AES-CBC, as `openssl pkcs8 -topk8 -v2 aes-256-cbc` has it.
 *
 * The platform computes (WebCrypto): CBC decrypts blocks, which nothing else here does, and
 * 600000 rounds of a hash are better spent off the thread that draws and listens.
 */

import { randomBytes, withSubtle } from "../base/platform.ts";
import { XtlsError } from "../errors.ts";
import { der, derInteger, DerReader, TAG } from "./der.ts";

/** Rounds for what is written here: OWASP's figure of 2023 for PBKDF2-HMAC-SHA-256. */
const ROUNDS = 600_000;

/** Some seconds of work: a file shall not keep us busy for hours. */
const ROUNDS_MAX = 10_000_000;

const WHAT = "A passphrase";
const SALT_LENGTH = 16;
const BLOCK_LENGTH = 16;

/** Object identifiers, hex of their DER contents. */
// prettier-ignore
const OID = {
  pbes2:     "2a864886f70d01050d",
  pbkdf2:    "2a864886f70d01050c",
  sha256:    "2a864886f70d0209",
  aes256:    "60864801650304012a",
} as const;

/** hmacWith… as the pseudo-random function of PBKDF2. */
// prettier-ignore
const HASHES: Readonly<Record<string, string>> = {
  "2a864886f70d0207": "SHA-1",
  [OID.sha256]:       "SHA-256",
  "2a864886f70d020a": "SHA-384",
  "2a864886f70d020b": "SHA-512",
};

/** RFC 8018 A.2: what stands for none. */
const DEFAULT_HASH = "SHA-1";

/** Bits of an AES key in CBC mode. */
// prettier-ignore
const CIPHERS: Readonly<Record<string, number>> = {
  "608648016503040102": 128,
  "608648016503040116": 192,
  [OID.aes256]:         256,
};

/** Not every browser has it. */
const OPTIONAL_BITS = 192;

/** Everything but the passphrase. */
interface Scheme {
  readonly hash: string;
  readonly salt: Uint8Array;
  readonly rounds: number;
  readonly bits: number;
  readonly iv: Uint8Array;
}

/**
 * Encrypts a PKCS#8 key: PBKDF2-HMAC-SHA-256, 600000 rounds, a fresh salt; AES-256-CBC.
 *
 * @param pkcs8 DER, not changed
 * @returns EncryptedPrivateKeyInfo, DER
 * @throws XtlsError `invalid-argument` for a passphrase that is empty or not Unicode, `platform-unsupported`
 */
export async function encryptKey(pkcs8: Uint8Array, passphrase: string): Promise<Uint8Array> {
  requirePassphrase(passphrase);
  const scheme = {
    hash: "SHA-256",
    salt: randomBytes(SALT_LENGTH),
    rounds: ROUNDS,
    bits: 256,
    iv: randomBytes(BLOCK_LENGTH),
  };
  const key = await deriveKey(bytesOf(passphrase.normalize("NFC")), scheme);
  const encrypted = await withSubtle(WHAT, (subtle) => subtle.encrypt({ name: "AES-CBC", iv: fixed(scheme.iv) }, key, fixed(pkcs8)));
  return der(TAG.sequence, writeScheme(scheme), der(TAG.octetString, new Uint8Array(encrypted)));
}

/**
 * Decrypts a PKCS#8 key. A wrong passphrase and damage to the encrypted bytes look alike.
 *
 * @param encrypted EncryptedPrivateKeyInfo, DER
 * @returns PKCS#8, DER: the caller zeroes it
 * @throws XtlsError `wrong-passphrase`; `invalid-identity` when it is encrypted in a way not known here,
 *   with more than ten million rounds, or is not well-formed; `invalid-argument`, `platform-unsupported`
 */
export async function decryptKey(encrypted: Uint8Array, passphrase: string): Promise<Uint8Array> {
  requirePassphrase(passphrase);
  const file = new DerReader(encrypted);
  const info = file.sequence();
  file.end();
  const scheme = readScheme(info.sequence());
  const data = info.next(TAG.octetString);
  info.end();
  for (const spelling of spellings(passphrase)) {
    const pkcs8 = await decrypt(await deriveKey(bytesOf(spelling), scheme), scheme, data);
    if (pkcs8 !== undefined) return pkcs8;
  }
  throw new XtlsError("wrong-passphrase");
}

/** The NFC, so that one passphrase is the same from every keyboard; then as it was given, which others encrypt with. */
function spellings(passphrase: string): ReadonlySet<string> {
  return new Set([passphrase.normalize("NFC"), passphrase]);
}

/** @returns undefined when it is another key's */
async function decrypt(key: CryptoKey, { iv }: Scheme, data: Uint8Array): Promise<Uint8Array | undefined> {
  const how = { name: "AES-CBC", iv: fixed(iv) };
  // The padding is wrong: all that CBC can tell.
  const plain = await withSubtle(WHAT, (subtle) => subtle.decrypt(how, key, fixed(data))).catch(() => undefined);
  if (plain === undefined) return undefined;
  const bytes = new Uint8Array(plain);
  if (isRight(bytes)) return bytes;
  bytes.fill(0);
  return undefined;
}

/**
 * Of the wrong keys one in 256 leaves what looks like padding; this tells it from what was encrypted. Whether that is a key that
 * can be used is another question, and no fault of the passphrase's.
 */
function isRight(bytes: Uint8Array): boolean {
  try {
    const file = new DerReader(bytes);
    const info = file.sequence();
    file.end();
    info.integer();
    return true;
  } catch {
    return false;
  }
}

/** @param secret zeroed */
async function deriveKey(secret: Uint8Array<ArrayBuffer>, { hash, salt, rounds, bits }: Scheme): Promise<CryptoKey> {
  const how = { name: "PBKDF2", hash, salt: fixed(salt), iterations: rounds };
  try {
    return await withSubtle(WHAT, async (subtle) => {
      const base = await subtle.importKey("raw", secret, "PBKDF2", false, ["deriveKey"]);
      return subtle.deriveKey(how, base, { name: "AES-CBC", length: bits }, false, ["encrypt", "decrypt"]);
    });
  } catch (cause) {
    if (bits === OPTIONAL_BITS && (cause as XtlsError).code === "internal-error") throw unknown("AES-192, which this engine lacks");
    throw cause;
  } finally {
    secret.fill(0);
  }
}

/** @throws XtlsError `invalid-argument` */
function requirePassphrase(passphrase: string): void {
  const isText = typeof passphrase === "string" && passphrase.length > 0 && !/\p{Surrogate}/u.test(passphrase);
  if (!isText) throw new XtlsError("invalid-argument", "A passphrase is a text that is not empty");
}

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => fixed(new TextEncoder().encode(text));

/* AlgorithmIdentifier { pbes2, PBES2-params { AlgorithmIdentifier { pbkdf2, … }, AlgorithmIdentifier { aes, iv } } } */

function writeScheme({ salt, rounds, iv }: Scheme): Uint8Array {
  const prf = der(TAG.sequence, oid(OID.sha256), der(TAG.null));
  const derivation = der(TAG.sequence, der(TAG.octetString, salt), derInteger(rounds), prf);
  const how = [
    der(TAG.sequence, oid(OID.pbkdf2), derivation),
    der(TAG.sequence, oid(OID.aes256), der(TAG.octetString, iv)),
  ];
  return der(TAG.sequence, oid(OID.pbes2), der(TAG.sequence, ...how));
}

function readScheme(algorithm: DerReader): Scheme {
  if (hex(algorithm.next(TAG.oid)) !== OID.pbes2) throw unknown("an old scheme");
  const parameters = algorithm.sequence();
  algorithm.end();
  const derivation = readDerivation(parameters.sequence());
  const cipher = readCipher(parameters.sequence());
  parameters.end();
  const { keyLength = cipher.bits / 8 } = derivation;
  if (keyLength !== cipher.bits / 8) throw unknown("a key of another length than its cipher's");
  return { ...derivation, ...cipher };
}

function readDerivation(algorithm: DerReader) {
  if (hex(algorithm.next(TAG.oid)) !== OID.pbkdf2) throw unknown("scrypt or another derivation of keys");
  const parameters = algorithm.sequence();
  algorithm.end();
  const salt = parameters.next(TAG.octetString);
  const rounds = parameters.integer();
  const keyLength = parameters.has(TAG.integer) ? parameters.integer() : undefined;
  const hash = parameters.has(TAG.sequence) ? HASHES[readHash(parameters.sequence())] : DEFAULT_HASH;
  parameters.end();
  if (hash === undefined) throw unknown("another hash");
  if (rounds < 1 || rounds > ROUNDS_MAX) throw unknown(`${rounds} rounds, and ${ROUNDS_MAX} is the most`);
  return { hash, salt, rounds, keyLength };
}

function readHash(algorithm: DerReader): string {
  const name = hex(algorithm.next(TAG.oid));
  if (algorithm.has(TAG.null)) algorithm.next(TAG.null);
  algorithm.end();
  return name;
}

function readCipher(algorithm: DerReader) {
  const bits = CIPHERS[hex(algorithm.next(TAG.oid))];
  if (bits === undefined) throw unknown("another cipher");
  const iv = algorithm.next(TAG.octetString);
  algorithm.end();
  if (iv.length !== BLOCK_LENGTH) throw unknown("a wrong initial vector");
  return { bits, iv };
}

const unknown = (what: string): XtlsError =>
  new XtlsError(
    "invalid-identity",
    `The private key is encrypted with ${what}; what can be read is PBES2 with PBKDF2-HMAC and AES-CBC ` +
      "(openssl pkcs8 -topk8 -v2 aes-256-cbc)",
  );

const oid = (digits: string): Uint8Array =>
  der(
    TAG.oid,
    Uint8Array.from(digits.match(/../g) ?? [], (byte) => parseInt(byte, 16)),
  );

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** WebCrypto takes no view of memory that could be shared. */
const fixed = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => bytes as Uint8Array<ArrayBuffer>;
