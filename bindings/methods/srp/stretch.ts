/**
 * Stretching: makes each guess at a stolen verifier cost what the owner's own login costs.
 *
 * SRP hashes a password once (RFC 5054 §2.4); so what we give it as password is PBKDF2-HMAC-SHA-256 (RFC 8018 §5.2)
 * of the real one, computed by the platform off the main thread. The number of rounds travels with the salt. Less
 * than ROUNDS would weaken us; more than ROUNDS_AT_MOST is a peer, still a stranger, that wants our processor.
 */
import { withSubtle } from "../../base/platform.ts";

/** What we ask for: OWASP's figure for PBKDF2-HMAC-SHA-256. */
export const ROUNDS = 600_000;

/** What we let a stranger ask for; about a second of one core. */
export const ROUNDS_AT_MOST = 2_000_000;

/** Bytes of a salt. */
export const SALT_LENGTH = 16;

const BITS = 256;

/** Stretches a password; a test may have a faster one. */
export type Stretch = (password: Uint8Array, salt: Uint8Array, rounds: number) => Promise<Uint8Array>;

/** 32 bytes for their owner to zero. @throws XtlsError `platform-unsupported` where there is no WebCrypto, as on pages without TLS */
export const stretch: Stretch = async (password, salt, rounds) => {
  const terms = { name: "PBKDF2", hash: "SHA-256", salt: owned(salt), iterations: rounds };
  return withSubtle("The method srp", async (subtle) => {
    const key = await subtle.importKey("raw", owned(password), "PBKDF2", false, ["deriveBits"]);
    return new Uint8Array(await subtle.deriveBits(terms, key, BITS));
  });
};

/** WebCrypto's types exclude shared memory, which nobody hands us. */
function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>;
}
