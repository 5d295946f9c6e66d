/**
 * Tries: how often somebody may guess, or make a question appear. Each run of SRP lets the other end test one password,
 * and each of SAS takes a person's time; nothing else limits it.
 *
 * Counted per bare JID, in both roles together: a stranger at the other end guesses as well by answering as by
 * asking. A try is taken before its outcome is known, so that parallel tunnels gain nothing, and given back with all
 * others by a success. Beside that per domain, more generously: a server makes as many JIDs as it likes; and per site, more
 * generously still: whoever owns a domain makes as many below it as he likes. A request of our own is not held up by what
 * others of its domain or site have done. Counts outlive tunnels, not the process.
 */
import { domainOf, siteOf } from "../base/jid.ts";
import { XtlsError } from "../errors.ts";
import type { Party } from "./party.ts";
import { Ledger, type Terms } from "./ledger.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What is allowed to each bare JID, to each domain and to each site. */
interface Allowance {
  readonly jid: Terms;
  readonly domain: Terms;
  readonly site: Terms;
}

const OF_JID = { firstWait: MINUTE, longestWait: DAY, leak: Infinity, capacity: 4096, reserve: 1024 };
/** Mild, since it also holds up whoever is at the same server and means well. */
const OF_DOMAIN = { firstWait: MINUTE, longestWait: HOUR, leak: HOUR, capacity: 1024, reserve: 0 };
/** Milder still: below some sites, such as the suffixes of registries, there are domains of several owners. */
const OF_SITE = { ...OF_DOMAIN, leak: HOUR / 4 };

/** For what gives a stranger something: a guess, or a person's attention. */
export const PROOFS: Allowance = { jid: { ...OF_JID, free: 3 }, domain: { ...OF_DOMAIN, free: 32 }, site: { ...OF_SITE, free: 128 } };
/** For what costs us work and gives nothing: a server that restarts may well have made hundreds of its users break off. */
export const WORK: Allowance = {
  jid: { ...OF_JID, free: 8, longestWait: HOUR, leak: 10 * MINUTE },
  domain: { ...OF_DOMAIN, free: 256, leak: MINUTE / 6 },
  site: { ...OF_SITE, free: 1024, leak: MINUTE / 24 },
};

export class Tries {
  readonly #jids: Ledger;
  readonly #domains: Ledger;
  readonly #sites: Ledger;

  /** @param now milliseconds that never go back */
  constructor(now: () => number, { jid, domain, site } = PROOFS) {
    this.#jids = new Ledger(now, jid);
    this.#domains = new Ledger(now, domain);
    this.#sites = new Ledger(now, site);
  }

  /** Names remembered. */
  get size(): number {
    return this.#jids.size + this.#domains.size + this.#sites.size;
  }

  /** @throws XtlsError `too-many-tries` that says for how long */
  check(party: Party): void {
    const { jid, isOwnRequest } = party;
    requireNoWait(jid, this.#jids.wait(jid, isOwnRequest));
    for (const [name, ledger] of this.#neighbourhoods(party)) requireNoWait(name, ledger.wait(name));
  }

  /** Counts one try. @throws XtlsError `too-many-tries`, and then counts nothing */
  take(party: Party): void {
    this.check(party);
    this.#jids.take(party.jid, party.isOwnRequest);
    for (const [name, ledger] of this.#neighbourhoods(party)) ledger.take(name);
  }

  /** The other end has proved itself: its failures are forgotten, and its domain and site get this try back. */
  forgive(party: Party): void {
    this.#jids.forget(party.jid);
    for (const [name, ledger] of this.#neighbourhoods(party)) ledger.giveBack(name);
  }

  /** What else a stranger's tries count against. */
  #neighbourhoods({ jid, isOwnRequest }: Party): readonly (readonly [name: string, ledger: Ledger])[] {
    if (isOwnRequest) return [];
    return [
      [domainOf(jid), this.#domains],
      [siteOf(jid), this.#sites],
    ];
  }
}

function requireNoWait(who: string, milliseconds: number): void {
  if (milliseconds <= 0) return;
  throw new XtlsError("too-many-tries", `Too many tries with ${who} came to nothing: the next is possible in ${inWords(milliseconds)}`);
}

function inWords(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  return seconds < 120 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`;
}
