/**
 * The method `openpgp`: each end signs, with its owner's OpenPGP key, which tunnel this is and which end it is.
 *
 * The initiator signs first, the responder only when that signature has convinced it: who is
 * merely called reveals neither key nor name to a stranger, nor asks its owner for a passphrase.
 * What is signed names the signer's role (no reflection), both JIDs and both certificates (no
 * man in the middle) and the exporter (no replay). Owns the messages and their order; keys and
 * signatures are openpgp/*.ts. docs/protocol.md, "Methods".
 */
import { Element } from "@xmpp/xml";
import { requireMethods, requireShape } from "../base/shape.ts";
import { XtlsError } from "../errors.ts";
import { decodeBase64, encodeBase64 } from "../xtls/base64.ts";
import { NS_XTLS_EXT } from "../xtls/namespaces.ts";
import type { Role } from "../xtls/state.ts";
import type { Claim, Prompt, Verdict } from "../xtls/trust.ts";
import { bindingOf, frame } from "./binding.ts";
import { FairQueue } from "./fair-queue.ts";
import type { Conversation, Method } from "./method.ts";
import { findKey, namesOwner } from "./openpgp/known-key.ts";
import { loadLibrary, type Library } from "./openpgp/library.ts";
import { sign } from "./openpgp/own-key.ts";
import { verify } from "./openpgp/signature.ts";
import { Tries, WORK } from "./tries.ts";
import { unlessOver } from "./unless-over.ts";

/** OpenPGP keys as they are stored and sent: ASCII armor, one block or several, or their bytes. Revocation certificates may be among them. */
export type OpenPgpKey = string | Uint8Array;

/** Whose key signs for us, and whose keys are believed. */
export interface OpenPgpOptions {
  /**
   * Our private key, or what fetches it in each run. Locked with a passphrase or not; GnuPG's `--export-secret-keys` and
   * `--export-secret-subkeys` do. One private key; public copies of it, with a newer expiry, may stand beside it.
   */
  readonly key: OpenPgpKey | ((signal: AbortSignal) => OpenPgpKey | Promise<OpenPgpKey>);
  /**
   * Unlocks it. A function is asked when it comes to signing and not before, for a few tunnels at a time; it is told who
   * will see the signature, and by the prompt's signal when nobody wants to know any more.
   */
  readonly passphrase?: string | ((prompt: Prompt) => string | Promise<string>);
  /**
   * The public keys that may be this peer's. To be in here is not yet enough: the key must also have the user ID
   * `xmpp:` and the bare JID, or `vouches` must say that it is this peer's.
   * Where there are several copies of a key give them all, and revocation certificates too: then a revocation in any of
   * them counts. What cannot be read refuses everybody.
   * @param jid bare, prepared
   * @param fingerprint of the key that the peer says it has (upper-case hex): a hint where to look, no proof of anything
   */
  known(
    jid: string,
    fingerprint: string,
  ): readonly OpenPgpKey[] | OpenPgpKey | Promise<readonly OpenPgpKey[] | OpenPgpKey>;
  /**
   * Whether a known key is this peer's, whatever its user IDs say: because somebody has compared the fingerprint. Default: no.
   * @param jid bare, prepared
   * May ask a person: it is called for a few tunnels at a time.
   * @param fingerprint of the known key's primary key, upper-case hex: 40 digits (version 4) or 64 (version 6)
   * @param prompt which tunnel asks
   */
  vouches?(jid: string, fingerprint: string, prompt: Prompt): boolean | Promise<boolean>;
}

const NAME = "openpgp";
const LABEL = "EXPORTER-XTLS-openpgp";
const CONTEXT = "XTLS openpgp: I am at this end of this tunnel";
/** RSA of 16384 bits needs 2800; looked at before anything is decoded. */
const DIGITS_AT_MOST = 8192;
const FINGERPRINT = /^(?:[0-9A-F]{40}|[0-9A-F]{64})$/;
const OTHER = { initiator: "responder", responder: "initiator" } as const;
const utf8 = new TextEncoder();

/** What strangers show is looked at one after the other: it takes milliseconds of the one thread that all share. */
const JUDGED = { running: 1, runningPerDomain: 1, reserved: 0, waiting: 128, waitingPerDomain: 64, waitingPerJid: 16 };

type Context = OpenPgpOptions & { readonly tries: Tries; readonly judging: FairQueue };

/**
 * Believes the end whose owner's OpenPGP key has signed this tunnel. Needs the package `openpgp` (version 6).
 *
 * Its run ends with `dependency-missing` without that package, `platform-unsupported` without WebCrypto; `wrong-passphrase`
 * or `invalid-argument` for our own key; `key-refused` for a peer's key that is unknown, not the peer's, weak (RSA below 2048 bits, DSA), revoked, expired,
 * or whose newest self-signature is not in force (weak as SHA-1, expired); `not-authorized` for a signature that is not
 * over this tunnel; `method-violation` for a malformed message; `too-many-tries` when eight proofs of a stranger, or 256
 * of its domain, or 1024 of its site, came to nothing, for a minute and more; `too-many-pending` when too many wait to be looked at.
 * @throws XtlsError `invalid-argument` for options that are none
 */
export function openpgp(options: OpenPgpOptions): Method {
  requireOptions(options);
  return openpgpOf(options, () => performance.now());
}

/** @throws XtlsError `invalid-argument` */
function requireOptions(options: OpenPgpOptions): void {
  requireMethods(options, ["known"], "openpgp takes an object with key and a function known");
  const { key, passphrase, vouches } = options;
  const isKey = ["string", "function"].includes(typeof key) || key instanceof Uint8Array;
  requireShape(isKey, "key is a private OpenPGP key, armored or its bytes, or a function that gives it");
  const isPassphrase = ["undefined", "string", "function"].includes(typeof passphrase);
  requireShape(isPassphrase, "passphrase is a string, or a function that gives it");
  requireShape(vouches === undefined || typeof vouches === "function", "vouches is a function");
}

/** @internal As `openpgp`, by a given clock: milliseconds that never go back. */
export function openpgpOf(options: OpenPgpOptions, now: () => number): Method {
  const context = { ...options, tries: new Tries(now, WORK), judging: new FairQueue(JUDGED) };
  return { name: NAME, run: (conversation) => run(context, conversation) };
}

async function run(context: Context, conversation: Conversation): Promise<Verdict> {
  const library = await loadLibrary();
  const { claim } = conversation;
  const prove = async () => conversation.say(await proof(library, context, conversation));
  const isFirst = claim.role === "initiator";
  if (!claim.isOwnRequest) context.tries.check(claim);
  if (isFirst) await prove();
  const message = await conversation.hear(NAME);
  if (!claim.isOwnRequest) context.tries.take(claim);
  const fingerprint = await judge(library, context, conversation, message);
  if (!claim.isOwnRequest) context.tries.forgive(claim);
  if (!isFirst) await prove();
  return { trusted: true, state: "verified", note: `OpenPGP key ${fingerprint}` };
}

/** The bytes that the end with that role signs. */
function statement(claim: Claim, signer: Role): Uint8Array {
  return frame(utf8.encode(CONTEXT), utf8.encode(signer), bindingOf(claim, LABEL));
}

async function proof(
  library: Library,
  { key, passphrase }: OpenPgpOptions,
  conversation: Conversation,
): Promise<Element> {
  const { claim, signal } = conversation;
  const block = await unlessOver(signal, typeof key === "function" ? key(signal) : key);
  const ask = async () => (typeof passphrase === "function" ? conversation.ask(passphrase) : passphrase);
  const { fingerprint, signature } = await sign(library, { block, passphrase: ask }, statement(claim, claim.role));
  return new Element(NAME, { xmlns: NS_XTLS_EXT, fingerprint }).t(encodeBase64(signature));
}

/** The fingerprint of the peer's key, when the message proves that this key's owner is at the other end. */
async function judge(
  library: Library,
  context: Context,
  conversation: Conversation,
  message: Element,
): Promise<string> {
  const { claim, signal } = conversation;
  const { fingerprint, signature } = parse(message);
  const blocks = await unlessOver(signal, context.known(claim.jid, fingerprint));
  const isNamed = await context.judging.run(claim, signal, async () => {
    const key = await findKey(library, [blocks].flat(), fingerprint);
    await verify(library, key, signature, statement(claim, OTHER[claim.role]));
    return namesOwner(library, key, claim.jid);
  });
  // Last, since it may ask a person: only about who holds the key.
  const isOwner = isNamed || (await isVouchedFor(context, conversation, fingerprint));
  if (isOwner) return fingerprint;
  throw new XtlsError("key-refused", `No valid user ID of the key ${fingerprint} is xmpp:${claim.jid}`);
}

/** Whatever is not `true` is no. */
async function isVouchedFor({ vouches }: Context, conversation: Conversation, fingerprint: string): Promise<boolean> {
  if (vouches === undefined) return false;
  return (await conversation.ask((prompt) => vouches(prompt.jid, fingerprint, prompt))) === true;
}

function parse(message: Element): { fingerprint: string; signature: Uint8Array } {
  const { fingerprint } = message.attrs as { fingerprint?: unknown };
  const digits = message.getText();
  if (typeof fingerprint !== "string" || !FINGERPRINT.test(fingerprint))
    throw violation("The fingerprint is malformed");
  if (message.getChildElements().length > 0) throw violation("The signature has child elements");
  if (digits.length > DIGITS_AT_MOST) throw violation("The signature is too large");
  try {
    return { fingerprint, signature: decodeBase64(digits) };
  } catch {
    throw violation("The signature is not base64");
  }
}

function violation(detail: string): XtlsError {
  return new XtlsError("method-violation", detail);
}
