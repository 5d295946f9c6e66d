/**
 * What the tests of trust have in common: two keys of Juliet's, claims to be her, a clock, and a store.
 */

import { memoryStorage, type TrustStorage } from "../../bindings/trust/storage.ts";
import { TrustStore } from "../../bindings/trust/store.ts";
import type { TrustChange } from "../../bindings/trust/words.ts";
import type { Claim, Verdict } from "../../bindings/xtls/trust.ts";
import { claimAt, core, juliet } from "../methods/stage.ts";

export const JID = "juliet@capulet.lit";
/** Her device, another one of hers, and one that may be anybody's. */
export const [phone, laptop, stranger] = [
  core.certificate(juliet.certificate),
  core.certificate(core.createIdentity({ jid: JID }).certificate),
  core.certificate(core.createIdentity({ jid: JID }).certificate),
] as const;
export const PHONE = phone.spkiFingerprint;
export const LAPTOP = laptop.spkiFingerprint;
export const STRANGER = stranger.spkiFingerprint;

/** Some key's fingerprint, a different one for each number. */
export const someKey = (number: number): string =>
  Array.from({ length: 32 }, (_, at) =>
    ((at === 31 ? number : at === 30 ? number >> 8 : at) & 255).toString(16).toUpperCase().padStart(2, "0"),
  ).join(":");

/** "This is Juliet's." */
export const claim = (peer = phone, changes: Partial<Claim> = {}): Claim =>
  claimAt("initiator", { peer, isBound: false, ...changes });

export interface Scene {
  readonly store: TrustStore;
  readonly changes: TrustChange[];
  /** Lets hours go by. */
  pass(hours: number): void;
}

/** A store on the third of May. */
export function open(storage: TrustStorage = memoryStorage()): Scene {
  let now = Date.UTC(2026, 4, 3, 12);
  const store = new TrustStore(storage, { now: () => now });
  const changes: TrustChange[] = [];
  store.on("change", (change) => changes.push(change));
  return { store, changes, pass: (hours) => void (now += hours * 3_600_000) };
}

/** `verified`, `first-use`, or why not. */
export const told = (verdict: Verdict): string => (verdict.trusted ? verdict.state : verdict.code);

/** The code of the error that a promise is rejected with. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "none",
    (error) => error.code ?? String(error),
  );
}
