/**
 * The method `sas`: two people compare a short code that only the two ends of one tunnel have in common.
 *
 *     initiator  commit     what its nonce is, without telling
 *     responder  nonce
 *     initiator  reveal     its nonce; now both show the code
 *     each end   confirmed  once its own person has said that the codes are the same
 *
 * The code is 48 bits over the tunnel and both nonces. Somebody in the middle has two tunnels and needs the same
 * code in both; the commitment makes her choose each nonce before she knows its counterpart, so each try is a
 * blind one with a chance of 2^-48. docs/protocol.md, "Methods"; after ZRTP (RFC 6189 §4.4.1.1, §4.5.2).
 */
import { Element } from "@xmpp/xml";
import { Clock } from "../base/clock.ts";
import { randomBytes, withSubtle } from "../base/platform.ts";
import { requireMethods } from "../base/shape.ts";
import { XtlsError } from "../errors.ts";
import { shortCode, SHORT_CODE_BYTES, type ShortCode } from "../verification/short-code.ts";
import { equal } from "../tls/digest.ts";
import { decodeBase64, encodeBase64 } from "../xtls/base64.ts";
import { NS_XTLS_EXT } from "../xtls/namespaces.ts";
import type { Prompt, Verdict } from "../xtls/trust.ts";
import { bindingOf, frame } from "./binding.ts";
import type { Conversation, Method } from "./method.ts";
import { Tries } from "./tries.ts";

/** Whom to ask, and how long to wait. */
export interface SasOptions {
  /**
   * Shows the code and asks whether the other person sees the same. Called once for each tunnel; of all tunnels a few at
   * a time, and of each bare JID one.
   *
   * Show all three ways to write it, or let people choose: the other one's application may show another first. Whatever is
   * not `true`, and an error, counts as "no". People must compare over something else than this very
   * chat: face to face, or by a voice they know.
   * @param codes the same 48 bits in three ways
   * @param prompt which tunnel asks. Its signal is aborted when the answer no longer matters: the tunnel ended, or time is up
   */
  confirm(codes: ShortCode, prompt: Prompt): boolean | Promise<boolean>;
  /** Milliseconds for the whole, both people included. Default 120 000. */
  readonly timeout?: number;
  /**
   * Calls `wake` after so many milliseconds, unless what it returns is called before. Default: a `Clock`, so that a process that was stopped loses no time.
   */
  readonly schedule?: (wake: () => void, milliseconds: number) => () => void;
}

type Context = SasOptions & { readonly tries: Tries };

const NAME = "sas";
const WHAT = "The method sas";
const LABEL = "EXPORTER-XTLS-sas";
const VERSION = "xtls sas 1";
const NONCE_BYTES = 32;
const MAC_BYTES = 32;
const PATIENCE = 120_000;
const OTHER = { initiator: "responder", responder: "initiator" } as const;
const utf8 = new TextEncoder();

/** HMAC-SHA-256 over a purpose and values, keyed by what ties it to this tunnel. */
type Seal = (purpose: string, ...values: readonly Uint8Array[]) => Promise<Uint8Array>;

/**
 * Believes the other end when the people at both ends say that they see the same code.
 *
 * Its run ends with `not-confirmed` when the person here says no or time is up; `not-authorized` for a commitment or a
 * confirmation that is false; `method-violation` for a malformed message; `too-many-tries` when three questions that a
 * peer has caused came to nothing, or 32 of its domain, or 128 of its site, for a minute and more; `too-many-pending` when too many wait to be
 * asked. A tunnel that our own side asked for is always asked about. The store hears of none of these.
 * @throws XtlsError `invalid-argument`
 */
export function sas(options: SasOptions): Method {
  requireMethods(options, ["confirm"], "sas takes an object with a function confirm");
  return sasOf(options, () => performance.now());
}

/** @internal As `sas`, by a given clock: milliseconds that never go back. */
export function sasOf(options: SasOptions, now: () => number): Method {
  const { timeout = PATIENCE } = options;
  if (!(timeout > 0 && timeout <= 0x7fff_ffff)) throw new XtlsError("invalid-argument", "A timeout is in milliseconds, at most 2147483647");
  const context = { ...options, tries: new Tries(now) };
  return { name: NAME, run: (conversation) => inTime(conversation, options, (signal) => run(conversation, context, signal)) };
}

async function run(conversation: Conversation, { confirm, tries }: Context, signal: AbortSignal): Promise<Verdict> {
  const { claim } = conversation;
  const { jid, role, isOwnRequest } = claim;
  if (!isOwnRequest) tries.check(claim);
  const seal = await sealFor(conversation);
  const nonces = role === "initiator" ? await commit(conversation, seal) : await respond(conversation, seal);
  const codes = await shortCode((await seal("code", ...nonces)).subarray(0, SHORT_CODE_BYTES));

  const isSame = await conversation.ask((prompt) => {
    // Counted before the answer: whoever leaves while the question stands there has taken a person's time.
    if (!isOwnRequest) tries.take(claim);
    return answered(() => confirm(codes, prompt));
  }, signal);
  signal.throwIfAborted();
  if (!isSame) throw new XtlsError("not-confirmed", `The codes were not said to be the same as those of ${jid}`);
  say(conversation, "confirmed", await seal(`confirmed by ${role}`, ...nonces));

  const confirmation = await hear(conversation, "confirmed", MAC_BYTES);
  requireSame(confirmation, await seal(`confirmed by ${OTHER[role]}`, ...nonces), "confirmed another code");
  if (!isOwnRequest) tries.forgive(claim);
  return { trusted: true, state: "verified", note: `both people confirmed the code ${codes.decimals}` };
}

/** The initiator's part up to the code. @returns its nonce, and the responder's */
async function commit(conversation: Conversation, seal: Seal): Promise<readonly Uint8Array[]> {
  const ours = freshNonce();
  say(conversation, "commit", await seal("commit", ours));
  const theirs = await hear(conversation, "nonce", NONCE_BYTES);
  say(conversation, "reveal", ours);
  return [ours, theirs];
}

/** The responder's part up to the code. @returns the initiator's nonce, and its own */
async function respond(conversation: Conversation, seal: Seal): Promise<readonly Uint8Array[]> {
  const commitment = await hear(conversation, "commit", MAC_BYTES);
  const ours = freshNonce();
  say(conversation, "nonce", ours);
  const theirs = await hear(conversation, "reveal", NONCE_BYTES);
  requireSame(commitment, await seal("commit", theirs), "revealed something else than it had committed to");
  return [theirs, ours];
}

async function answered(question: () => boolean | Promise<boolean>): Promise<boolean> {
  try {
    return (await question()) === true;
  } catch (cause) {
    throw new XtlsError("not-confirmed", "The question whether the codes are the same failed", { cause });
  }
}

/** Runs until time is up or the tunnel ends; what comes later finds nobody. */
async function inTime<T>(conversation: Conversation, options: SasOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { timeout = PATIENCE, schedule = wait } = options;
  const time = new AbortController();
  const signal = AbortSignal.any([conversation.signal, time.signal]);
  signal.throwIfAborted();
  const cancel = schedule(() => time.abort(new XtlsError("not-confirmed", "Time is up")), timeout);
  const ending = new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as XtlsError)));
  try {
    return await Promise.race([work(signal), ending]);
  } finally {
    cancel();
  }
}

function wait(wake: () => void, milliseconds: number): () => void {
  return new Clock().after(milliseconds, wake);
}

async function sealFor({ claim }: Conversation): Promise<Seal> {
  const binding = bindingOf(claim, LABEL) as Uint8Array<ArrayBuffer>;
  const key = await withSubtle(WHAT, (subtle) => subtle.importKey("raw", binding, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]));
  return async (purpose, ...values) => {
    const input = frame(utf8.encode(`${VERSION} ${purpose}`), ...values) as Uint8Array<ArrayBuffer>;
    return new Uint8Array(await withSubtle(WHAT, (subtle) => subtle.sign("HMAC", key, input)));
  };
}

function say(conversation: Conversation, name: string, bytes: Uint8Array): void {
  conversation.say(new Element(name, { xmlns: NS_XTLS_EXT }).t(encodeBase64(bytes)));
}

/** The bytes of the peer's next message: so many, and nothing else in it. */
async function hear(conversation: Conversation, name: string, length: number): Promise<Uint8Array> {
  const message = await conversation.hear(name);
  const text = message.getText();
  const isPlain = message.getNS() === NS_XTLS_EXT && message.getChildElements().length === 0;
  if (!isPlain || text.length !== Math.ceil(length / 3) * 4) throw malformed(name);
  const bytes = decode(name, text);
  if (bytes.length !== length) throw malformed(name);
  return bytes;
}

function decode(name: string, text: string): Uint8Array {
  try {
    return decodeBase64(text);
  } catch {
    throw malformed(name);
  }
}

function malformed(name: string): XtlsError {
  return new XtlsError("method-violation", `<${name}/> is malformed`);
}

/** In constant time, though neither side of it is a secret by now. @throws XtlsError `not-authorized` */
function requireSame(one: Uint8Array, other: Uint8Array, deed: string): void {
  if (!equal(one, other)) throw new XtlsError("not-authorized", `The peer ${deed}`);
}

function freshNonce(): Uint8Array {
  return randomBytes(NONCE_BYTES);
}
