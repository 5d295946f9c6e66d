/**
 * Clocks that do not agree: how far they may be apart, and at which time a key is looked at.
 *
 * Whoever made a key, or said something of it, may have a clock that is ahead of ours, like the peer that signs with it: the package
 * would find a key not made yet. So the key is looked at when the last of that was made, if that is near. A key that ends before then has ended.
 */
import type { TransferableKey } from "./transferable-key.ts";

/** Milliseconds. */
export const SKEW_AT_MOST = 10 * 60 * 1000;

/** Whether it may be later than now on the clock that says so. */
export function isNear(time: number, now = Date.now()): boolean {
  return time <= now + SKEW_AT_MOST;
}

/**
 * When to look at a key: now, or when the last that counts was made, by a clock that is a little ahead.
 * @param made when the key signed what is looked at; by default nothing is
 */
export function timeFor(key: TransferableKey, made = 0): Date {
  const now = Date.now();
  return new Date([made, ...timesOf(key)].filter((time) => isNear(time, now)).reduce((last, time) => Math.max(last, time), now));
}

/** When it and its parts were made, and when it said something of them. */
function timesOf({ id, primary, users, subkeys }: TransferableKey): readonly number[] {
  const words = [primary, ...users, ...subkeys].flatMap(({ signatures }) => signatures).filter(({ issuer }) => issuer === id);
  const said = words.flatMap(({ packet }) => [packet?.created, packet?.embeddedSignature?.created]);
  const made = [primary, ...subkeys].map(({ packet }) => packet.created);
  return [...said, ...made].flatMap((date) => (date instanceof Date ? date.getTime() : []));
}
