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
  /**
   * Rounds of every verifier of this installation, 600000 to 2000000; default 600000, also in later versions. What is shown to users
   * without a verifier has as many; one that is kept with another number would show that there is one, and counts as none.
   */
  readonly rounds?: number;
  /** The verifier of that user, if any; found as fast as none. @param jid bare, prepared */
  verifier(jid: string): Verifier | undefined | Promise<Verifier | undefined>;
}

const SECRET_LENGTH = 32;
/** What verifiers are made with unless told otherwise. It stays when ROUNDS grows: those that are kept do not grow with it. */
const ROUNDS_KEPT = 600_000;
const utf8 = new TextEncoder();

/**
 * Makes a verifier, for `verifiers` of `srp`.
 *
 * @param jid of the user, who will be the initiator
 * @param rounds of PBKDF2, 600000 to 2000000, the same for all verifiers of an installation: then tell `verifiers.rounds` too
 * @throws XtlsError `invalid-jid`; `invalid-argument` for a password that is empty or unfit (RFC 8265 §4.2), or another number of
 *   rounds; `platform-unsupported`
 */
export async function createVerifier(core: Core, jid: string, password: string, rounds = ROUNDS_KEPT): Promise<Verifier> {
  requireMethods(core, ["hmac"], "core is missing, or is not what loadCore gave");
  requireRounds(rounds);
  const prepared = opaqueString(password);
  if (prepared === undefined) throw new XtlsError("invalid-argument", "The password is empty, too long, or has characters that no password may have");
  return verifierOf(core, bareJid(jid), prepared, stretch, rounds);
}

/** A verifier with a fresh salt. @param password prepared; zeroed */
export async function verifierOf(core: Core, user: string, password: Uint8Array, stretch: Stretch, rounds = ROUNDS): Promise<Verifier> {
  const salt = randomBytes(SALT_LENGTH);
  const stretched = await stretch(password, salt, rounds).finally(() => password.fill(0));
  const verifier = srpVerifier(core, { user: utf8.encode(user), password: stretched, salt });
  stretched.fill(0);
  return { salt, rounds, verifier };
}

/** The verifier of a user who has none. */
export function simulatedVerifier(core: Core, { secret, rounds = ROUNDS_KEPT }: Pick<Verifiers, "secret" | "rounds">, jid: string): Verifier {
  const made = (what: string) => core.hmac(secret, frame(utf8.encode(`xtls srp 1 simulated ${what}`), utf8.encode(jid)));
  const salt = made("salt").subarray(0, SALT_LENGTH);
  return { salt, rounds, verifier: srpVerifier(core, { user: utf8.encode(jid), password: made("password"), salt }) };
}

/**
 * What is not as `createVerifier` made it would look like a fault of the peer's, and what is unlike those of the rest like somebody's.
 * @param number of rounds
 * @throws XtlsError `invalid-argument`
 */
export function requireVerifier(value: Verifier, number: number): void {
  requireObject(value, "A verifier is what createVerifier gave");
  const { salt, rounds, verifier } = value;
  requireShape(isBytes(salt, SALT_LENGTH), `A verifier's salt is ${SALT_LENGTH} bytes`);
  requireShape(isBytes(verifier, SRP_LENGTH), `A verifier is ${SRP_LENGTH} bytes`);
  requireShape(rounds === number, `A verifier of this installation has ${number} rounds, and this one ${String(rounds).slice(0, 20)}: make it anew, or tell verifiers.rounds`);
}

function isBytes(value: unknown, length: number): boolean {
  return value instanceof Uint8Array && value.length === length;
}

/** @throws XtlsError `invalid-argument` */
export function requireVerifiers({ secret, rounds = ROUNDS_KEPT }: Verifiers): void {
  requireRounds(rounds);
  if (!(secret instanceof Uint8Array) || secret.length < SECRET_LENGTH) throw new XtlsError("invalid-argument", `The secret of verifiers is ${SECRET_LENGTH} random bytes`);
}

function requireRounds(rounds: number): void {
  const isFit = Number.isInteger(rounds) && rounds >= ROUNDS && rounds <= ROUNDS_AT_MOST;
  if (!isFit) throw new XtlsError("invalid-argument", `A verifier has ${ROUNDS} to ${ROUNDS_AT_MOST} rounds`);
}
