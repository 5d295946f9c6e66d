/**
 * The safety number: 60 decimal digits that two people compare instead of two fingerprints.
 *
 * Each identity gives 30 digits, a slow hash of its bare JID and key; the two are sorted, so both ends show the same
 * (after Signal's numeric fingerprints). Who wants another key to show one's 30 digits must try 10^30 = 2^99.7
 * keys, each at 2^17.6 compressions of SHA-512: 2^117. Knows neither store nor tunnel. RFC 8018 (PBKDF2).
 */
import { bareJid } from "../base/jid.ts";
import { withSubtle } from "../base/platform.ts";
import { requireObject } from "../base/shape.ts";
import { digitsOf } from "./fingerprint.ts";

/** Somebody's address and key. */
export interface KeyOwner {
  /** Bare or full; only the bare part counts. */
  readonly jid: string;
  /** SHA-256 of SubjectPublicKeyInfo: `certificate.spkiFingerprint`. */
  readonly spkiFingerprint: string;
}

/** In the hash: whoever changes anything below changes this. */
const VERSION = "xtls safety number 1";
/** Each takes two compressions of SHA-512: a tenth of a second for a person, 2^17.6 times the work for an attacker. */
const ITERATIONS = 100_000;
/** Five bytes to five digits: the remainder favours no group by more than 2^-23. */
const GROUP = { count: 6, bytes: 5, modulus: 100_000, digits: 5 } as const;

const utf8 = new TextEncoder();

/**
 * The safety number of two identities, in either order.
 *
 * It is one for each pair of devices, since each has its own key; it never needs renewing while they keep them.
 * @returns twelve groups of five digits, with spaces between
 * @throws XtlsError `invalid-jid`, `invalid-argument`; `platform-unsupported` without WebCrypto
 */
export async function safetyNumber(one: KeyOwner, other: KeyOwner): Promise<string> {
  for (const owner of [one, other]) requireObject(owner, "safetyNumber takes two owners of keys");
  const halves = await Promise.all([half(one), half(other)]);
  return halves.sort().join(" ");
}

/** One identity's 30 digits. The key comes as password and the JID as salt, so the two cannot run into each other. */
async function half({ jid, spkiFingerprint }: KeyOwner): Promise<string> {
  const password = utf8.encode(digitsOf(spkiFingerprint));
  const salt = utf8.encode(`${VERSION} ${bareJid(jid)}`);
  const parameters = { name: "PBKDF2", hash: "SHA-512", salt, iterations: ITERATIONS };
  const bits = await withSubtle("safetyNumber", async (subtle) => {
    const key = await subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
    return subtle.deriveBits(parameters, key, GROUP.count * GROUP.bytes * 8);
  });
  return Array.from({ length: GROUP.count }, (_, at) => group(new Uint8Array(bits, at * GROUP.bytes, GROUP.bytes))).join(" ");
}

/** Forty bits, big-endian, as five digits. */
function group(bytes: Uint8Array): string {
  const value = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  return String(value % GROUP.modulus).padStart(GROUP.digits, "0");
}
