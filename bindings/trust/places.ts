/**
 * How many keys a store holds, and which give way when there are more.
 *
 * Peers decide how often they show themselves, from how many addresses and with how many keys, and a server can do so
 * in anybody's name. So whatever rests on their word alone is bounded, and a person's decision always has room. Above
 * all shares stands one rule: no address loses its last decided key here. It would be a stranger again, and the next
 * leap of faith (first-use.ts) would take a changed key for a first one. Hence keys that await a decision give way;
 * of first-use keys none does, but no further leap is taken.
 */
import { siteOf } from "../base/jid.ts";
import { XtlsError } from "../errors.ts";
import type { TrustRecord } from "./record.ts";

type Keys = readonly TrustRecord[];

/** How many keys, of which kind. */
export const STORE_LIMITS = {
  /** In all. */
  keys: 16_384,
  /**
   * Decided ones, while methods and leaps add to them; while one's own document does that is imported; while somebody
   * else's does: its distrust must leave room for friends. What is beyond is the person's own.
   */
  decided: 8_192,
  decidedByImport: 12_288,
  decidedByOthers: 4_096,
  /** Leaps of faith that are remembered; while peers begin; of those at one site. */
  firstUse: 2_048,
  firstUseByPeers: 1_536,
  firstUsePerSite: 256,
  /** Keys that methods proved to be of one address; the latest stay. */
  provedPerJid: 32,
  /** Keys that were refused and await a decision. */
  unknown: 256,
  unknownPerJid: 4,
  /** Keys that another policy vouches for each time. */
  vouched: 2_048,
  vouchedPerJid: 8,
} as const;

/** What a policy may add to a store without a person's word. */
export interface Room {
  /** Whether there is room for a leap of faith. @param isOurs true when our own side began: strangers cannot cause that */
  forLeap(isOurs: boolean): boolean;
  /** Whether there is room for a key that a method has proved. */
  forProof(): boolean;
}

/** What may be added to these keys for one bare JID. */
export function roomIn(keys: Keys, jid: string): Room {
  const leaps = (): Keys => keys.filter(({ state }) => state === "first-use");
  const forProof = (): boolean => keys.filter(isDecided).length < STORE_LIMITS.decided;
  return {
    forProof,
    forLeap: (isOurs) => {
      if (!forProof()) return false;
      if (isOurs) return leaps().length < STORE_LIMITS.firstUse;
      const site = siteOf(jid);
      const neighbours = leaps().filter((key) => siteOf(key.jid) === site);
      return leaps().length < STORE_LIMITS.firstUseByPeers && neighbours.length < STORE_LIMITS.firstUsePerSite;
    },
  };
}

/**
 * Refuses more decided keys than a policy or an import may add.
 * @throws XtlsError `limit-exceeded`
 */
export function requireRoom(before: Keys, after: Keys, most: number): void {
  const count = after.filter(isDecided).length;
  if (count <= most || count <= before.filter(isDecided).length) return;
  throw new XtlsError(
    "limit-exceeded",
    `The trust store has room for ${most} keys that no person decided about: forget some`,
  );
}

/** The keys but those that give way; the very same list when all of them have room. */
export function withinShares(keys: Keys): Keys {
  const waiting = keys.filter((key) => !isDecided(key));
  const giveWay = new Set([
    ...beyond(waiting.filter(isVouched), STORE_LIMITS.vouchedPerJid, STORE_LIMITS.vouched, keys),
    ...beyond(
      waiting.filter((key) => !isVouched(key)),
      STORE_LIMITS.unknownPerJid,
      STORE_LIMITS.unknown,
      keys,
    ),
    ...beyond(keys.filter(isProved), STORE_LIMITS.provedPerJid, Infinity, keys),
  ]);
  return giveWay.size === 0 ? keys : keys.filter((key) => !giveWay.has(key));
}

/**
 * The keys of one kind that give way. Each address keeps its latest. Of those, addresses with a decided key come first,
 * since strangers cannot make themselves known; then each site's latest, then each site's second, and so on: whoever
 * fills the store gives way to himself.
 */
function beyond(kind: Keys, perJid: number, inAll: number, keys: Keys): readonly TrustRecord[] {
  if (kind.length <= inAll && [...roundsBy(kind, ({ jid }) => jid).values()].every((round) => round < perJid))
    return [];
  const latest = latestFirst(kind);
  const byJid = roundsBy(latest, ({ jid }) => jid);
  const within = latest.filter((key) => byJid.get(key)! < perJid);
  const extra = latest.filter((key) => byJid.get(key)! >= perJid);
  if (within.length <= inAll) return extra;
  const known = new Set(keys.filter(isDecided).map(({ jid }) => jid));
  const bySite = roundsBy(within, ({ jid }) => siteOf(jid));
  const rank = (key: TrustRecord): number => (known.has(key.jid) ? -1 : bySite.get(key)!);
  return [...extra, ...within.sort((a, b) => rank(a) - rank(b)).slice(inAll)];
}

/** For each key, how many before it have the same name. */
function roundsBy(keys: Keys, name: (key: TrustRecord) => string): ReadonlyMap<TrustRecord, number> {
  const counts = new Map<string, number>();
  const rounds = keys.map((key) => {
    const count = counts.get(name(key)) ?? 0;
    counts.set(name(key), count + 1);
    return [key, count] as const;
  });
  return new Map(rounds);
}

/** By when they were last of use; of two alike the one that became known later comes first. */
function latestFirst(keys: Keys): TrustRecord[] {
  const used = keys.map((key) => ({ key, at: Date.parse(key.lastSeen ?? key.firstSeen) }));
  return used
    .reverse()
    .sort((a, b) => b.at - a.at)
    .map(({ key }) => key);
}

function isDecided({ state }: TrustRecord): boolean {
  return state !== "unknown";
}

/** Another policy has said yes to it (remembered.ts). */
function isVouched({ history }: TrustRecord): boolean {
  return history.length > 0;
}

/** Rests on a method's word alone. */
function isProved({ state, history }: TrustRecord): boolean {
  return state === "verified" && !["user", "import"].includes(history.at(-1)?.by ?? "");
}
