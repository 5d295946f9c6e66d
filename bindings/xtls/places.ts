/**
 * Who has a place among an endpoint's tunnels, and who gives way when more want one.
 *
 * Nothing shows who starts a tunnel: the JID is the server's word. So strangers have a part of the places, and when it is full the
 * newcomer takes the place of the one that has been there unauthenticated for longest, at the site and of the account with most
 * of them: whoever comes in numbers gives way to himself. Tunnels that our own side opens, and peers of whom a key is
 * known, have places that no stranger can take. Known since its first use is whoever came once: verified peers have places
 * that those cannot take either. A tunnel that is open gives way to nobody. Knows neither keys nor wire.
 */
import { bareJid, siteOf } from "../base/jid.ts";
import { XtlsError } from "../errors.ts";
import type { Limits } from "./limits.ts";
import type { BelievedState } from "./trust.ts";
import type { Tunnel } from "./tunnel.ts";

/** Who wanted the tunnel: our own side; a peer of whom a key is believed, and how, if its server tells the truth; anybody. */
export type Standing = "own" | BelievedState | "stranger";

/** What a peer is whose start has come. A policy that says something else makes it nobody. */
export function standingOf(knownAs: BelievedState | undefined): Standing {
  return knownAs === "verified" || knownAs === "first-use" ? knownAs : "stranger";
}

interface Entry<Owner> {
  readonly tunnel: Owner;
  /** Bare JID. */
  readonly account: string;
  readonly site: string;
  readonly standing: Standing;
}

/** So many of these there may be. */
interface Share<Owner> {
  readonly most: number;
  isCounted(entry: Entry<Owner>): boolean;
  /** Who gives way: a person may be looking at the older ones, so that the latest of all goes, be it the newcomer. Default: the oldest. */
  readonly latest?: true;
}

/** Whoever gives way first comes first. */
const GIVE_WAY: Readonly<Record<Standing, readonly Standing[]>> = {
  stranger: ["stranger"],
  "first-use": ["stranger", "first-use"],
  verified: ["stranger", "first-use", "verified"],
  own: ["stranger", "first-use", "verified"],
};

export class Places<Owner extends Tunnel> {
  readonly #limits: Limits;
  /** In the order in which they came. */
  readonly #entries = new Map<Owner, Entry<Owner>>();

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /**
   * Who must give way to a tunnel with a peer that is not there yet.
   * @param peer full JID, prepared
   * @throws XtlsError `too-many-tunnels` when that would be somebody who does not
   */
  evictedBy(peer: string, standing: Standing): ReadonlySet<Owner> {
    const evicted = new Set<Owner>();
    for (const { most, isCounted, latest } of this.#shares(bareJid(peer), siteOf(peer), standing)) {
      const left = () => [...this.#entries.values()].filter((entry) => isCounted(entry) && !evicted.has(entry.tunnel));
      for (let counted = left(); counted.length >= most; counted = left())
        evicted.add(latest ? latestToGo(counted, peer) : oldestToGo(counted, standing));
    }
    return evicted;
  }

  add(tunnel: Owner, standing: Standing): void {
    this.#entries.set(tunnel, { tunnel, account: bareJid(tunnel.peer), site: siteOf(tunnel.peer), standing });
  }

  remove(tunnel: Owner): void {
    this.#entries.delete(tunnel);
  }

  /** What a newcomer counts against, narrowest first. */
  #shares(account: string, site: string, standing: Standing): readonly Share<Owner>[] {
    const { tunnels, tunnelsPerPeer, starts, unauthenticated } = this.#limits;
    const isAlike = (entry: Entry<Owner>): boolean => entry.standing === standing && isPending(entry);
    const inAll = [
      { most: tunnelsPerPeer, isCounted: (entry: Entry<Owner>) => entry.account === account },
      { most: tunnels, isCounted: () => true },
    ];
    if (standing === "own") return inAll;
    // A quarter is for what our own side opens, an eighth for verified peers, and another for them and those known since first use.
    const peers = tunnels - Math.floor(tunnels / 4);
    const unverified = peers - Math.floor(tunnels / 8);
    const strangers = tunnels - Math.floor(tunnels / 2);
    return [
      { most: starts, isCounted: (entry) => isAlike(entry) && entry.tunnel.state === "starting", latest: true },
      { most: unauthenticated, isCounted: isAlike },
      ...(standing === "stranger" ? sharesFor(site, strangers, isStrangers) : []),
      ...(standing === "verified" ? [] : sharesFor(site, unverified, isUnverified)),
      { most: peers, isCounted: (entry) => entry.standing !== "own" },
      ...inAll,
    ];
  }
}

/** What some have together, and half of it for those of one site: open ones give way to nobody, so that one site could keep it all. */
function sharesFor<Owner extends Tunnel>(site: string, most: number, isOne: (entry: Entry<Owner>) => boolean): readonly Share<Owner>[] {
  return [
    { most: Math.ceil(most / 2), isCounted: (entry) => entry.site === site && isOne(entry) },
    { most, isCounted: isOne },
  ];
}

/** Nobody has been authenticated, and our own side has not asked for it. */
function isPending<Owner extends Tunnel>({ tunnel, standing }: Entry<Owner>): boolean {
  return standing !== "own" && tunnel.security === undefined;
}

/** A stranger, or known since its first use. Whoever has proved more than to be the first who came is neither any more. */
function isUnverified<Owner extends Tunnel>({ tunnel, standing }: Entry<Owner>): boolean {
  return (standing === "stranger" || standing === "first-use") && tunnel.security?.trust !== "verified";
}

function isStrangers<Owner extends Tunnel>(entry: Entry<Owner>): boolean {
  return entry.standing === "stranger" && isUnverified(entry);
}

/** The oldest at the site, and there of the account, with most of those that give way. @throws XtlsError `too-many-tunnels` */
function oldestToGo<Owner extends Tunnel>(entries: readonly Entry<Owner>[], newcomer: Standing): Owner {
  for (const standing of GIVE_WAY[newcomer]) {
    const pending = entries.filter((entry) => entry.standing === standing && isPending(entry));
    const ofSite = largestBy(pending, ({ site }) => site);
    const [oldest] = largestBy(ofSite, ({ account }) => account);
    if (oldest !== undefined) return oldest.tunnel;
  }
  throw new XtlsError("too-many-tunnels");
}

/** The latest at the site with most of them. @throws XtlsError `too-many-tunnels` when the newcomer's own site has as many */
function latestToGo<Owner extends Tunnel>(entries: readonly Entry<Owner>[], newcomer: string): Owner {
  const ofSite = largestBy(entries, ({ site }) => site);
  const neighbours = entries.filter(({ site }) => site === siteOf(newcomer));
  const latest = ofSite.at(-1);
  if (latest === undefined || neighbours.length + 1 >= ofSite.length) throw new XtlsError("too-many-tunnels");
  return latest.tunnel;
}

/** The largest group of one name, in order; of several such, the one whose first is oldest. */
function largestBy<Owner>(entries: readonly Entry<Owner>[], name: (entry: Entry<Owner>) => string): readonly Entry<Owner>[] {
  const groups = new Map<string, Entry<Owner>[]>();
  for (const entry of entries) {
    const group = groups.get(name(entry)) ?? [];
    group.push(entry);
    groups.set(name(entry), group);
  }
  return [...groups.values()].reduce<Entry<Owner>[]>((largest, group) => (group.length > largest.length ? group : largest), []);
}
