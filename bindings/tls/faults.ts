/**
 * Why something could not be read, in words: which block of a text, and what is wrong with it.
 *
 * Looks again, once the core has refused; decides nothing. Owns the words for Mbed TLS's codes (mbedtls/x509.h, pk.h,
 * asn1.h). Never quotes what it looks at: that may be a key.
 */

import { XtlsError } from "../errors.ts";
import type { Bytes } from "../../wasm/abi.ts";
import type { Core } from "./core.ts";
import { STATUS } from "./status.ts";
import { pemBlocks, type PemBlock } from "./pem.ts";

/** What RFC 8446 lets a chain have, and Mbed TLS sends in one message, is counted in core/identity.c. */
const MESSAGE = 16384;
const CERTIFICATES_MAX = 10;

const CERTIFICATE = "CERTIFICATE";
const LIST = "X509 CRL";
const KEYS = ["PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY"];

/** By a code's high bits, its module's. */
// prettier-ignore
const WORDS: Readonly<Record<number, string>> = {
  0x2080: "it uses something that is not supported here",
  0x2100: "it has an algorithm or a name that is not known here",
  0x2180: "it is no well-formed DER, or cut off",
  0x2200: "its version is malformed",
  0x2280: "its serial number is malformed",
  0x2300: "its algorithm is malformed, or not supported here",
  0x2380: "a name in it is malformed",
  0x2400: "a date in it is malformed",
  0x2480: "its signature is malformed",
  0x2500: "it has an extension that is malformed, or critical and not known here",
  0x2580: "its version is not known here",
  0x2600: "it is signed with an algorithm that is not supported here",
  0x2680: "it names two algorithms for one signature",
  0x3a00: "its key is on a curve that is not supported here: P-256 and P-384 are",
  0x3a80: "its key's algorithm is malformed",
  0x3b00: "its public key is malformed",
  0x3c80: "its key is of a kind that is not supported here: EC and RSA are",
  0x3d00: "it is malformed, or of a kind that is not supported here: EC and RSA are",
  0x3d80: "its version is not known here",
  0x3f00: "it belongs to another certificate",
};

/** A status of core/fault.h in words; `undefined` when it says that nothing is wrong. */
function wordsOf(status: number): string | undefined {
  if (status >= 0) return undefined;
  if (status === STATUS.key) return "its key has a length, or is of a kind, that is not taken";
  return WORDS[-status & 0x7f80] ?? `Mbed TLS status -0x${(-status).toString(16).toUpperCase()}`;
}

/** Runs `read`; what it throws for a fault of the source is told in `why`'s words. */
export function explained<Result>(read: () => Result, why: () => string | undefined): Result {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof XtlsError) || !["invalid-identity", "invalid-certificate", "unfit-key"].includes(cause.code))
      throw cause;
    const reason = reasonOf(why);
    throw reason === undefined ? cause : new XtlsError(cause.code, reason, { cause });
  }
}

/** Who looks for words, and fails at it, must not hide what there were to be words for. */
function reasonOf(why: () => string | undefined): string | undefined {
  try {
    return why();
  } catch {
    return undefined;
  }
}

// --- certificates, authorities ------------------------------------------------------------------

type Fault = "xtls_fault_certificate" | "xtls_fault_authority" | "xtls_fault_list";

const faultOf = ({ module, memory }: Core, fault: Fault, der: Uint8Array): string | undefined =>
  wordsOf(memory.lend(der, (block, length) => module[fault](block, length)));

/** What is wrong with the bytes of a certificate. */
export const certificateFault = (core: Core, der: Uint8Array): string | undefined =>
  faultOf(core, "xtls_fault_certificate", der);

/** Which block of which source is bad, and why. */
export function authoritiesFault(core: Core, sources: readonly (string | Uint8Array)[]): string | undefined {
  const found = sources.map((source, index) => sourceFault(core, source, index === 0));
  const index = found.findIndex((fault) => fault !== undefined);
  if (index < 0) return undefined;
  return sources.length === 1 ? capital(found[index]!) : `Source ${index + 1} of ${sources.length}: ${found[index]}`;
}

function sourceFault(core: Core, source: string | Uint8Array, isFirst: boolean): string | undefined {
  if (typeof source !== "string" && isDer(source)) return derFault(core, source, isFirst);
  const blocks = pemBlocks(typeof source === "string" ? source : new TextDecoder().decode(source));
  const wanted = blocks.filter(({ label }) => label === CERTIFICATE || label === LIST);
  if (wanted.length === 0) return `there is no certificate and no revocation list in it, ${contentsOf(blocks)}`;
  for (const [index, block] of wanted.entries()) {
    const fault = blockFault(core, block);
    if (fault !== undefined) return `${block.label} ${index + 1} of ${wanted.length}: ${fault}`;
  }
  if (isFirst && !wanted.some(({ label }) => label === CERTIFICATE)) return "the first source has no certificate";
  return undefined;
}

/** DER begins with a SEQUENCE of more than 127 bytes, which no text does. */
const isDer = (source: Uint8Array): boolean => source[0] === 0x30 && (source[1] ?? 0) > 0x80;

function derFault(core: Core, der: Uint8Array, isFirst: boolean): string | undefined {
  const fault = faultOf(core, "xtls_fault_authority", der);
  if (fault === undefined || (!isFirst && faultOf(core, "xtls_fault_list", der) === undefined)) return undefined;
  return isFirst
    ? `the first source is no certificate: ${fault}`
    : `it is neither a certificate nor a revocation list: ${fault}`;
}

function blockFault(core: Core, { label, bytes, isWhole }: PemBlock): string | undefined {
  if (!isWhole) return "it is cut off";
  if (bytes === undefined) return "its text is not base64";
  return faultOf(core, label === LIST ? "xtls_fault_list" : "xtls_fault_authority", bytes);
}

// --- identities -----------------------------------------------------------------------------------

/**
 * What keeps a text from being an identity.
 *
 * @param key PKCS#8, when it was encrypted in the text
 */
export function identityFault(core: Core, pem: string, key?: Uint8Array): string | undefined {
  const blocks = pemBlocks(pem);
  const certificates = blocks.filter(({ label }) => label === CERTIFICATE);
  const keys = blocks.filter(({ label }) => KEYS.includes(label));
  if (certificates.length === 0) return `There is no certificate, ${contentsOf(blocks)}`;
  if (key === undefined && keys.length === 0) return `There is no private key, ${contentsOf(blocks)}`;
  return (
    chainFault(core, certificates) ??
    keyFault(core, key ?? new TextEncoder().encode(pem), certificates, keys.length) ??
    sizeFault(certificates)
  );
}

function chainFault(core: Core, certificates: readonly PemBlock[]): string | undefined {
  for (const [index, { bytes, isWhole }] of certificates.entries()) {
    const fault = !isWhole
      ? "it is cut off"
      : bytes === undefined
        ? "its text is not base64"
        : certificateFault(core, bytes);
    if (fault !== undefined) return `Certificate ${index + 1} of ${certificates.length}: ${fault}`;
  }
  return undefined;
}

function sizeFault(certificates: readonly PemBlock[]): string | undefined {
  const { length } = certificates;
  if (length > CERTIFICATES_MAX) return `There are ${length} certificates, and ${CERTIFICATES_MAX} are the most`;
  const bytes = certificates.reduce((sum, { bytes }) => sum + (bytes?.length ?? 0), 0);
  if (bytes < MESSAGE - 8 - 5 * length) return undefined;
  return `Its ${length} certificates have ${bytes} bytes, and a handshake carries ${MESSAGE}: leave out what the peer has`;
}

function keyFault(core: Core, key: Uint8Array, certificates: readonly PemBlock[], keys: number): string | undefined {
  try {
    const faults = certificates.map(({ bytes }) => keyFaultBeside(core, key, bytes as Uint8Array));
    if (faults[0] === undefined) return undefined;
    const owner = faults.indexOf(undefined);
    if (owner > 0) return `The private key belongs to certificate ${owner + 1}: its own comes first`;
    return keys > 1 ? `The first of ${keys} private keys: ${faults[0]}` : `The private key: ${faults[0]}`;
  } finally {
    key.fill(0);
  }
}

const keyFaultBeside = ({ module, memory }: Core, key: Uint8Array, certificate: Uint8Array): string | undefined =>
  memory.lend(key, (keyBlock: Bytes, keyLength) =>
    memory.lend(certificate, (block, length) => wordsOf(module.xtls_fault_key(keyBlock, keyLength, block, length))),
  );

// --- texts ------------------------------------------------------------------------------------------

/** What there is instead. */
function contentsOf(blocks: readonly PemBlock[]): string {
  if (blocks.length === 0) return "nor any other block of PEM";
  return `only ${[...new Set(blocks.map(({ label, isWhole }) => (isWhole ? label : `${label}, cut off`)))].join(", ")}`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
