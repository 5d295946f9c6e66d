/**
 * Trust policy: believe the keys that the trust store knows, and let methods and people add to them.
 *
 * The policy for a program that people use. Never on its own account: a key is known because a method
 * proved it or the user verified it. A new key where others are known is refused until one of these
 * says otherwise, and kept as `unknown` so that the user can look at it.
 */
import { requireMethods, requireObject } from "../base/shape.ts";
import type { Asker, Claim, Proof, RefusingVerdict, Trust, Verdict } from "../xtls/trust.ts";
import { type Keys, recordOf } from "./keys.ts";
import type { Room } from "./places.ts";
import { decided, isTrusted, shown, strongest, type TrustRecord } from "./record.ts";
import type { Revision, TrustStore } from "./store.ts";
import { noRoomFor, refusedKey, unfamiliarKey } from "./words.ts";

export interface RememberedOptions {
  /**
   * Asked about keys that the store does not know, such as `authorities(pem)`. It is not asked where the JID has a
   * verified key, nor about a distrusted one, and what it says is not remembered: it is asked again next time.
   */
  readonly otherwise?: Trust;
}

/** What the store says of a claim; `isOpen` when somebody else may say yes. */
interface Opinion {
  readonly verdict: Verdict;
  readonly isOpen: boolean;
  readonly record: TrustRecord;
}

/** Trusts the verified and the first-use keys of a store. @throws XtlsError `invalid-argument` */
export function remembered(store: TrustStore, options: RememberedOptions = {}): Trust {
  requireMethods(store, ["hasKeyOf", "keysOf", "revise"], "remembered takes a TrustStore");
  requireObject(options, "The options of remembered are an object");
  const { otherwise } = options;
  return {
    judge: (claim, asker) => judge(store, otherwise, claim, asker),
    knows: (jid, offered) => knows(store, otherwise, jid, offered),
    requiresOffer: async (jid) => {
      const trusted = (await store.keysOf(jid)).filter(isTrusted);
      return trusted.length > 0 && trusted.every(({ hasExtensions }) => hasExtensions);
    },
    hasKeyOf: (jid) => strongest([store.hasKeyOf(jid), otherwise?.hasKeyOf?.(jid)]),
    refusal: (claim) => refusal(store, claim),
    learn: (claim, proof) => store.revise(claim.jid, (keys, at, room) => learn(keys, claim, proof, at, room)),
    isKeyChange: (claim) => showsAnother(store, claim),
    onDistrust: (listener) =>
      store.on("change", ({ jid, spkiFingerprint, from, to }) => {
        const isForgotten = to === undefined && (from === "verified" || from === "first-use");
        if (to === "distrusted" || isForgotten) listener(jid, spkiFingerprint);
      }),
    onVerify: (listener) =>
      store.on("change", ({ jid, spkiFingerprint, to }) => {
        if (to === "verified") listener(jid, spkiFingerprint);
      }),
  };
}

async function judge(store: TrustStore, otherwise: Trust | undefined, claim: Claim, asker: Asker | undefined): Promise<Verdict> {
  const first = await look(store, claim);
  if (!first.isOpen || otherwise === undefined) return first.verdict;
  const second = await otherwise.judge(claim, asker);
  if (!second.trusted) return isKeyChange(first.verdict) ? first.verdict : second;
  // Somebody else may have taken long: a person, say, who distrusted the key meanwhile.
  const last = await store.revise(claim.jid, (keys, at) => vouched(opine(keys, claim, at), at));
  return last.isOpen ? { ...second, ...lost(last.record, claim) } : last.verdict;
}

/** Only a person ends distrust. */
async function refusal(store: TrustStore, claim: Claim): Promise<RefusingVerdict | undefined> {
  const keys = await store.keysOf(claim.jid);
  const record = keys.find(({ spkiFingerprint }) => spkiFingerprint === claim.peer.spkiFingerprint);
  return record?.state === "distrusted" ? { trusted: false, code: "not-trusted", detail: refusedKey(record) } : undefined;
}

/** A stranger whose proof failed is not worth a line in the store. */
async function showsAnother(store: TrustStore, claim: Claim): Promise<boolean> {
  const keys = await store.keysOf(claim.jid);
  return keys.some(({ state }) => state !== "unknown") && isKeyChange((await look(store, claim)).verdict);
}

/** What the store says now; it remembers to have been shown the key. */
function look(store: TrustStore, claim: Claim): Promise<Opinion> {
  return store.revise(claim.jid, (keys, at) => opine(keys, claim, at));
}

/** @returns undefined when it takes a tunnel to tell */
async function knows(
  store: TrustStore,
  otherwise: Trust | undefined,
  jid: string,
  offered: readonly string[] = [],
): Promise<boolean | undefined> {
  const keys = await store.keysOf(jid);
  const trusted = keys.filter(isTrusted);
  if (trusted.some((key) => offered.length === 0 || isNamed(key, offered))) return true;
  // An offer names certificates: a key that was never shown in one may be in any.
  if (trusted.some(({ certificates }) => certificates.length === 0)) return undefined;
  if (otherwise === undefined || keys.some(({ state }) => state === "verified")) return false;
  return otherwise.knows?.(jid, offered);
}

function isNamed({ certificates }: TrustRecord, offered: readonly string[]): boolean {
  const names = new Set(offered.map((name) => name.toUpperCase()));
  return certificates.some(({ fingerprint, sha1 }) => names.has(fingerprint) || names.has(sha1.toUpperCase()));
}

function opine(keys: Keys, claim: Claim, at: string): Revision<Opinion> {
  const record = met(keys, claim, at);
  const others = decidedOthers(keys, record);
  const isOpen = record.state === "unknown" && others.every(({ state }) => state !== "verified");
  return { record, result: { verdict: verdictOn(record, others, claim), isOpen, record } };
}

/** Strangers must not push out what is known of a key that somebody else says yes to (places.ts). */
function vouched({ record, result }: Revision<Opinion>, at: string): Revision<Opinion> {
  if (!result.isOpen || record.history.length > 0) return { record, result };
  return { record: decided(record, { at, to: "unknown", by: "otherwise" }), result };
}

function learn(keys: Keys, claim: Claim, { method, state, note }: Proof, at: string, room: Room): Revision<Verdict> {
  const record = met(keys, claim, at);
  const others = decidedOthers(keys, record);
  const isVain = state === "first-use" && (isTrusted(record) || others.length > 0);
  if (isVain || record.state === "verified" || record.state === "distrusted")
    return { record, result: verdictOn(record, others, claim) };
  if (record.state === "unknown" && !hasRoom(room, state, claim))
    return { record, result: { trusted: false, code: "not-trusted", detail: noRoomFor(record) } };
  const learnt = decided(record, { at, to: state, by: method, ...(note === undefined ? {} : { note }) });
  return { record: learnt, result: yes(state, learnt, claim) };
}

function hasRoom(room: Room, state: Proof["state"], { role }: Claim): boolean {
  return state === "first-use" ? room.forLeap(role === "initiator") : room.forProof();
}

function verdictOn(record: TrustRecord, others: Keys, claim: Claim): Verdict {
  if (record.state === "verified" || record.state === "first-use") return yes(record.state, record, claim);
  if (record.state === "distrusted" || others.length === 0)
    return { trusted: false, code: "not-trusted", detail: refusedKey(record) };
  return { trusted: false, code: "key-changed", detail: unfamiliarKey(record.jid, record.spkiFingerprint, others) };
}

function yes(state: "verified" | "first-use", record: TrustRecord, claim: Claim): Verdict {
  return { trusted: true, state, ...lost(record, claim) };
}

/** Who once compared offers and now does not may be the victim of somebody who rewrites them. */
function lost({ hasExtensions }: TrustRecord, { isBound }: Claim): { readonly hasLostCapabilities?: true } {
  return hasExtensions && !isBound ? { hasLostCapabilities: true } : {};
}

/** The record of the claim's key, with what the meeting tells. */
function met(keys: Keys, { jid, peer, isBound }: Claim, at: string): TrustRecord {
  return shown(recordOf(keys, jid, peer.spkiFingerprint, at), peer, isBound, at);
}

/** The JID's other keys about which somebody decided. */
function decidedOthers(keys: Keys, { spkiFingerprint }: TrustRecord): Keys {
  return keys.filter((key) => key.state !== "unknown" && key.spkiFingerprint !== spkiFingerprint);
}

function isKeyChange(verdict: Verdict): boolean {
  return !verdict.trusted && verdict.code === "key-changed";
}
