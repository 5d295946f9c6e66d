/**
 * The method `srp`: both ends know one password, and neither tells the other anything about it (SRP-6a, RFC 5054).
 *
 *     responder  srp-challenge  salt, rounds, B
 *     initiator  srp-response   A, and its proof
 *     responder  srp-proof      its own, only after a good one
 *
 * The initiator is SRP's client, its bare JID the user name. Proofs are HMACs under SRP's key over the tunnel (exporter,
 * both JIDs, both certificates) and all that was said: whoever sits between two tunnels can relay none of it, and tests
 * one password a run. Owns the messages and their order. docs/protocol.md, "Methods".
 */
import { Element } from "@xmpp/xml";
import { randomBytes } from "../base/platform.ts";
import { requireMethods, requireObject, requireShape } from "../base/shape.ts";
import { XtlsError } from "../errors.ts";
import type { Core } from "../tls/core.ts";
import { equal } from "../tls/digest.ts";
import { srpClient, srpServer, SRP_LENGTH, SRP_PROOF_LENGTH, type Srp } from "../tls/srp.ts";
import { decodeBase64, encodeBase64 } from "../xtls/base64.ts";
import { bareJid } from "../base/jid.ts";
import { NS_XTLS_EXT } from "../xtls/namespaces.ts";
import type { Role } from "../xtls/state.ts";
import type { Prompt, Verdict } from "../xtls/trust.ts";
import { bindingOf, frame } from "./binding.ts";
import { FairQueue } from "./fair-queue.ts";
import type { Conversation, Method } from "./method.ts";
import { opaqueString } from "./srp/opaque-string.ts";
import { ROUNDS, ROUNDS_AT_MOST, SALT_LENGTH, stretch, type Stretch } from "./srp/stretch.ts";
import { Tries, WORK } from "./tries.ts";
import { requireVerifier, requireVerifiers, simulatedVerifier, verifierOf, type Verifier, type Verifiers } from "./srp/verifier.ts";
import { unlessOver } from "./unless-over.ts";

/** Whose password it is about. Ask a person as initiator only: how long a responder thinks tells the peer that there is a person. */
export type PasswordQuestion = Prompt;

/** Where passwords come from. */
export interface SrpOptions {
  /** What computes: `identity.core`. */
  readonly core: Core;
  /**
   * The password that we share with a peer, asked in each run; undefined when there is none. Two people agree on it over
   * something else than this chat. It need not be long, since each run tests but one guess. Asked for a few tunnels at a
   * time, and for one of each bare JID.
   */
  readonly password?: (question: PasswordQuestion) => string | undefined | Promise<string | undefined>;
  /** The responder's alternative to passwords. */
  readonly verifiers?: Verifiers;
}

/** What runs share, and what a test may replace. */
export interface SrpParts {
  /** Milliseconds that never go back. */
  readonly now: () => number;
  readonly stretch: Stretch;
}

/** `work` counts what strangers make us stretch. */
type Context = SrpOptions & SrpParts & { readonly tries: Tries; readonly work: Tries };

/** What both ends have seen, as far as their proofs cover it. */
interface Transcript {
  readonly challenge: Challenge;
  readonly client: Uint8Array;
  readonly server: Uint8Array;
}

interface Challenge {
  readonly salt: Uint8Array;
  readonly rounds: number;
}

/** What a responder computes with, made of a verifier; one that is not known, or cannot be used, is made up. */
interface Shown extends Challenge {
  readonly server: Srp;
  readonly isKnown: boolean;
  /** That one that is kept cannot be used, for our own side; its cause says why. */
  readonly fault?: XtlsError;
}

const NAME = "srp";
const LABEL = "EXPORTER-XTLS-srp";
const VERSION = "xtls srp 1";
const utf8 = new TextEncoder();

/** One password is stretched at a time: strangers in numbers keep one core busy and no more, and leave the platform's other threads to those who read and write files. */
const STRETCHES = { running: 1, runningPerDomain: 1, reserved: 0, waiting: 128, waitingPerDomain: 64, waitingPerJid: 16 };

/**
 * Believes the end that knows the password.
 *
 * Its run ends with `not-authorized` for another password, none, or an unfit one (RFC 8265 §4.2); with `too-many-tries`
 * when three proofs with a peer have failed, for a minute and twice as long after each further failure, at most a
 * day (or 32 with its domain, 128 with its site, at most an hour, unless our own side asked for the tunnel); with `too-many-pending` when too
 * many wait for a password, or to have one stretched; with `method-violation` for a malformed message; with `platform-unsupported` without WebCrypto.
 * Use one method object for all tunnels: it is what counts.
 * @throws XtlsError `invalid-argument` for options that are none, and for verifiers without a secret of 32 bytes or with another number of rounds
 */
export function srp(options: SrpOptions): Method {
  return srpOf(options, { now: () => performance.now(), stretch });
}

/** @internal As `srp`, of given parts. */
export function srpOf(options: SrpOptions, parts: SrpParts): Method {
  requireOptions(options);
  const [tries, work] = [new Tries(parts.now), new Tries(parts.now, WORK)];
  const stretches = new FairQueue(STRETCHES);
  const run = { initiator, responder };
  return {
    name: NAME,
    run: (conversation) => {
      const { claim, signal } = conversation;
      const stretch: Stretch = (...given) =>
        stretches.run(claim, signal, () => {
          if (!claim.isOwnRequest) work.take(claim);
          return parts.stretch(...given);
        });
      return run[conversation.claim.role]({ ...options, ...parts, tries, work, stretch }, conversation);
    },
  };
}

/** @throws XtlsError `invalid-argument` */
function requireOptions(options: SrpOptions): void {
  requireObject(options, "srp takes an object with core, and password or verifiers");
  const { core, password, verifiers } = options;
  requireMethods(core, ["hmac"], "core is missing, or is not what loadCore gave");
  requireShape(password === undefined || typeof password === "function", "password is a function");
  if (verifiers === undefined) return;
  requireMethods(verifiers, ["verifier"], "verifiers is an object with a secret and a function verifier");
  requireVerifiers(verifiers);
}

/* --- SRP's client ------------------------------------------------------------- */

async function initiator(context: Context, conversation: Conversation): Promise<Verdict> {
  const { jid } = conversation.claim;
  context.tries.check(conversation.claim);
  const password = await passwordFor(context, conversation);
  if (password === undefined) throw new XtlsError("not-authorized", `There is no password for ${jid}, or not one that passwords may be`);
  try {
    return await login(context, conversation, password);
  } finally {
    password.fill(0);
  }
}

async function login(context: Context, conversation: Conversation, password: Uint8Array): Promise<Verdict> {
  const { challenge, own } = readChallenge(await conversation.hear("srp-challenge"));
  const client = await clientFor(context, conversation, password, challenge);
  try {
    return await convinceServer(context, conversation, client, { challenge, client: client.own, server: own });
  } finally {
    client[Symbol.dispose]();
  }
}

async function clientFor({ core, stretch }: Context, conversation: Conversation, password: Uint8Array, challenge: Challenge): Promise<Srp> {
  const stretched = await stretch(password, challenge.salt, challenge.rounds);
  const client = srpClient(core, { user: userOf(conversation), password: stretched, salt: challenge.salt });
  stretched.fill(0);
  return client;
}

async function convinceServer({ tries }: Context, conversation: Conversation, client: Srp, transcript: Transcript): Promise<Verdict> {
  const { jid } = conversation.claim;
  client.agree(transcript.server);
  // What comes now lets the peer test one password, whoever it is.
  tries.take(conversation.claim);
  conversation.say(message("srp-response", client.own, { proof: encodeBase64(prove(conversation, client, "initiator", transcript)) }));
  const proof = bytesOf(await conversation.hear("srp-proof"), SRP_PROOF_LENGTH);
  if (!equal(proof, prove(conversation, client, "responder", transcript))) throw wrong(jid);
  tries.forgive(conversation.claim);
  return verified();
}

/* --- SRP's server ------------------------------------------------------------- */

async function responder(context: Context, conversation: Conversation): Promise<Verdict> {
  context.tries.check(conversation.claim);
  if (!conversation.claim.isOwnRequest) context.work.check(conversation.claim);
  const shown = await shownTo(context, conversation);
  try {
    return await beConvinced(context, conversation, shown);
  } finally {
    shown.server[Symbol.dispose]();
  }
}

async function beConvinced({ tries, work }: Context, conversation: Conversation, shown: Shown): Promise<Verdict> {
  const { jid } = conversation.claim;
  const { server, salt, rounds, isKnown, fault } = shown;
  conversation.say(message("srp-challenge", server.own, { salt: encodeBase64(salt), rounds: String(rounds) }));
  const { own, proof } = readResponse(await conversation.hear("srp-response"));
  // Whoever says something that can be wrong is counted for that.
  if (!conversation.claim.isOwnRequest) work.forgive(conversation.claim);
  server.agree(own);
  // Counted before it is looked at, so that of tunnels that run at once each counts.
  tries.take(conversation.claim);
  const transcript = { challenge: shown, client: own, server: server.own };
  const isProved = equal(proof, prove(conversation, server, "initiator", transcript));
  if (!isProved || !isKnown) throw fault ?? wrong(jid);
  tries.forgive(conversation.claim);
  conversation.say(message("srp-proof", prove(conversation, server, "responder", transcript)));
  return verified();
}

/** Takes as long, and gives the like, for a user without a password. */
async function shownTo(context: Context, conversation: Conversation): Promise<Shown> {
  const { core, verifiers, stretch } = context;
  const { claim, signal } = conversation;
  if (verifiers !== undefined) {
    const simulated = simulatedVerifier(core, verifiers, claim.jid);
    // A database's null is none, too.
    const stored = (await unlessOver(signal, verifiers.verifier(claim.jid))) ?? undefined;
    return shownOf(core, claim.jid, stored, simulated);
  }
  const password = await passwordFor(context, conversation);
  const made = await verifierOf(core, claim.jid, password ?? randomBytes(32), stretch);
  return { ...made, server: srpServer(core, made.verifier), isKnown: password !== undefined };
}

/** What is kept, if nobody can tell it from what is made up: else that is shown, and our own side alone is told why. */
function shownOf(core: Core, jid: string, stored: Verifier | undefined, simulated: Verifier): Shown {
  const madeUp = (fault?: XtlsError) => ({ ...simulated, server: srpServer(core, simulated.verifier), isKnown: false, ...(fault && { fault }) });
  if (stored === undefined) return madeUp();
  try {
    requireVerifier(stored, simulated.rounds);
    return { ...stored, server: srpServer(core, stored.verifier), isKnown: true };
  } catch (cause) {
    if ((cause as XtlsError).code !== "invalid-argument") throw cause;
    return madeUp(new XtlsError("not-authorized", `The verifier that is kept for ${jid} cannot be used`, { cause }));
  }
}

/* --- what both need ----------------------------------------------------------- */

/** Prepared; undefined when there is none, or none that may be one. */
async function passwordFor({ password }: Context, conversation: Conversation): Promise<Uint8Array | undefined> {
  const word = password && (await conversation.ask(password));
  return word === undefined ? undefined : opaqueString(word);
}

function userOf({ claim }: Conversation): Uint8Array {
  return utf8.encode(bareJid(claim.ends.initiator.jid));
}

/** The proof of the end with that role. */
function prove(conversation: Conversation, srp: Srp, role: Role, { challenge, client, server }: Transcript): Uint8Array {
  const { salt, rounds } = challenge;
  const said = [userOf(conversation), salt, utf8.encode(String(rounds)), client, server];
  return srp.prove(frame(utf8.encode(`${VERSION} ${role}`), bindingOf(conversation.claim, LABEL), ...said));
}

function verified(): Verdict {
  return { trusted: true, state: "verified", note: "both ends knew the password" };
}

function wrong(jid: string): XtlsError {
  return new XtlsError("not-authorized", `${jid} has not proved to know the password`);
}

/* --- messages ----------------------------------------------------------------- */

function message(name: string, bytes: Uint8Array, attributes: Record<string, string> = {}): Element {
  return new Element(name, { xmlns: NS_XTLS_EXT, ...attributes }).t(encodeBase64(bytes));
}

function readChallenge(element: Element): { readonly challenge: Challenge; readonly own: Uint8Array } {
  const own = bytesOf(element, SRP_LENGTH);
  const { salt, rounds } = element.attrs as Record<string, unknown>;
  return { own, challenge: { salt: decode(salt, SALT_LENGTH), rounds: readRounds(rounds) } };
}

function readResponse(element: Element): { readonly own: Uint8Array; readonly proof: Uint8Array } {
  const { proof } = element.attrs as Record<string, unknown>;
  return { own: bytesOf(element, SRP_LENGTH), proof: decode(proof, SRP_PROOF_LENGTH) };
}

function readRounds(text: unknown): number {
  if (typeof text !== "string" || !/^[1-9]\d{5,6}$/.test(text)) throw malformed();
  const rounds = Number(text);
  if (rounds < ROUNDS || rounds > ROUNDS_AT_MOST) throw new XtlsError("method-violation", `The peer asks for ${rounds} rounds`);
  return rounds;
}

/** What a message holds: so many bytes and nothing else. */
function bytesOf(element: Element, length: number): Uint8Array {
  if (element.getNS() !== NS_XTLS_EXT || element.getChildElements().length > 0) throw malformed();
  return decode(element.getText(), length);
}

function decode(text: unknown, length: number): Uint8Array {
  if (typeof text !== "string" || text.length !== Math.ceil(length / 3) * 4) throw malformed();
  try {
    const bytes = decodeBase64(text);
    if (bytes.length === length) return bytes;
  } catch {
    // Said below, whatever is wrong with it.
  }
  throw malformed();
}

function malformed(): XtlsError {
  return new XtlsError("method-violation", "A message of srp is malformed");
}
