/**
 * Verifiers: what a responder may keep in the password's place, and what it shows where there is none.
 *
 * Whoever steals a verifier can guess at its leisure (each guess costs ROUNDS) and can pass for the responder, but
 * cannot log in. A user who has none gets one that nobody can prove, the same each time: a stranger must not learn
 * who is known. RFC 5054 §2.4, §2.5.1.3.
 */
import { randomBytes } from "../../base/platform.ts";
import { requireMethods, requireObject, requireShape } from "../../base/shape.ts";
import { XtlsError } from "../../errors.ts";
import type { Core } from "../../tls/core.ts";
import { SRP_LENGTH, srpVerifier } from "../../tls/srp.ts";
import { bareJid } from "../../base/jid.ts";
import { frame } from "../binding.ts";
import { opaqueString } from "./opaque-string.ts";
import { ROUNDS, ROUNDS_AT_MOST, SALT_LENGTH, stretch, type Stretch } from "./stretch.ts";

/** Keep it as you would a password: it is only harder to misuse. */
export interface Verifier {
  /** 16 random bytes. */
  readonly salt: Uint8Array;
  /** Rounds of PBKDF2-HMAC-SHA-256 over the password. */
  readonly rounds: number;
  /** 384 bytes: g^x in RFC 5054's 3072-bit group. */
  readonly verifier: Uint8Array;
}

/** Where a responder's verifiers are. */
export interface Verifiers {
  /**
   * 32 random bytes of this installation, made once and kept: from them comes what is shown to users without a
   * verifier. Were they others after a restart, a stranger could tell these users by the salt that has changed.
   */
  readonly secret: Uint8Array;
  /** The verifier of that user, if any; found as fast as none. @param jid bare, prepared */
  verifier(jid: string): Verifier | undefined | Promise<Verifier | undefined>;
}

const SECRET_LENGTH = 32;
const utf8 = new TextEncoder();

/**
 * Makes a verifier, for `verifiers` of `srp`.
 *
 * @param jid of the user, who will be the initiator
 * @throws XtlsError `invalid-jid`; `invalid-argument` for a password that is empty or unfit (RFC 8265 §4.2); `dependency-missing`
 */
export async function createVerifier(core: Core, jid: string, password: string): Promise<Verifier> {
  requireMethods(core, ["hmac"], "core is what loadCore gave");
  const prepared = opaqueString(password);
  if (prepared === undefined) throw new XtlsError("invalid-argument", "The password is empty, too long, or has characters that no password may have");
  return verifierOf(core, bareJid(jid), prepared, stretch);
}

/** A verifier with a fresh salt. @param password prepared; zeroed */
export async function verifierOf(core: Core, user: string, password: Uint8Array, stretch: Stretch): Promise<Verifier> {
  const salt = randomBytes(SALT_LENGTH);
  const stretched = await stretch(password, salt, ROUNDS).finally(() => password.fill(0));
  const verifier = srpVerifier(core, { user: utf8.encode(user), password: stretched, salt });
  stretched.fill(0);
  return { salt, rounds: ROUNDS, verifier };
}

/** The verifier of a user who has none. */
export function simulatedVerifier(core: Core, secret: Uint8Array, jid: string): Verifier {
  const made = (what: string) => core.hmac(secret, frame(utf8.encode(`xtls srp 1 simulated ${what}`), utf8.encode(jid)));
  const salt = made("salt").subarray(0, SALT_LENGTH);
  return { salt, rounds: ROUNDS, verifier: srpVerifier(core, { user: utf8.encode(jid), password: made("password"), salt }) };
}

/** What is not as `createVerifier` made it would look like a fault of the peer's. @throws XtlsError `invalid-argument` */
export function requireVerifier(value: Verifier): void {
  requireObject(value, "A verifier is what createVerifier gave");
  const { salt, rounds, verifier } = value;
  requireShape(isBytes(salt, SALT_LENGTH), `A verifier's salt is ${SALT_LENGTH} bytes`);
  requireShape(isBytes(verifier, SRP_LENGTH), `A verifier is ${SRP_LENGTH} bytes`);
  const isFit = Number.isInteger(rounds) && rounds >= ROUNDS && rounds <= ROUNDS_AT_MOST;
  requireShape(isFit, `A verifier's rounds are ${ROUNDS} to ${ROUNDS_AT_MOST}`);
}

function isBytes(value: unknown, length: number): boolean {
  return value instanceof Uint8Array && value.length === length;
}

/** @throws XtlsError `invalid-argument` */
export function requireSecret({ secret }: Verifiers): void {
  if (!(secret instanceof Uint8Array) || secret.length < SECRET_LENGTH) throw new XtlsError("invalid-argument", `The secret of verifiers is ${SECRET_LENGTH} random bytes`);
}
