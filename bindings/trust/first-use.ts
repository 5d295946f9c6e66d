/**
 * Trust policy: a leap of faith at the first meeting, then the same key for ever.
 *
 * Whoever sits in the middle at the first meeting stays there; hence `dangerously`. It never
 * accepts a *changed* key: another device is added by the user (`store.verify` after comparing) or
 * by a method that proves something, not by another leap.
 */
import type { Proof, Trust } from "../xtls/trust.ts";
import { remembered } from "./remembered.ts";
import type { TrustStore } from "./store.ts";

const LEAP: Proof = { method: "insecure", state: "first-use" };

/**
 * Trusts the first key of a JID and then only that, or those that were verified. To strangers other methods are
 * offered first, if there are any; with none it is this or nothing.
 */
export function dangerouslyTrustOnFirstUse(store: TrustStore): Trust {
  const known = remembered(store) as Required<Trust>;
  return { ...known, judge: (claim) => known.learn(claim, LEAP) };
}
