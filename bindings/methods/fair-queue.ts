/**
 * A queue for what strangers can ask of us: a person's attention, a processor.
 *
 * A few run at once, one for each JID; what our own side asked for goes first. The rest wait, and of strangers few, in all
 * and of each JID and domain (what stands below one is one). Where there is no more room the domain that has most waiting loses its last, so that nobody
 * fills the queue for others. Knows nothing of what is done.
 */
import { siteOf } from "../base/jid.ts";
import { XtlsError } from "../errors.ts";
import type { Party } from "./party.ts";

/** How many at once. */
export interface Places {
  /** At work, in all. */
  readonly running: number;
  /** Of these, for strangers of one domain. */
  readonly runningPerDomain: number;
  /** Places at work beside these that only our own requests may take. */
  readonly reserved: number;
  /** Waiting for a place, of strangers in all. Of our own requests, which no stranger multiplies, any number waits. */
  readonly waiting: number;
  readonly waitingPerDomain: number;
  readonly waitingPerJid: number;
}

interface Waiter extends Party {
  readonly domain: string;
  start(): void;
  reject(error: XtlsError): void;
}

export class FairQueue {
  readonly #places: Places;
  #running: readonly Waiter[] = [];
  #waiting: readonly Waiter[] = [];

  constructor(places: Places) {
    this.#places = places;
  }

  /**
   * Does it when it is its turn. The place is free again when what `work` returned has settled.
   * @throws XtlsError `too-many-pending` when there is no room to wait; the signal's reason if it is aborted while it waits
   */
  async run<Result>(party: Party, signal: AbortSignal, work: () => Result | Promise<Result>): Promise<Result> {
    const self = await this.#turn(party, signal);
    try {
      signal.throwIfAborted();
      return await work();
    } finally {
      this.#running = this.#running.filter((other) => other !== self);
      this.#startNext();
    }
  }

  async #turn({ jid, isOwnRequest }: Party, signal: AbortSignal): Promise<Waiter> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const leave = () => (this.#remove(waiter), reject(signal.reason));
      const settled = () => signal.removeEventListener("abort", leave);
      const waiter: Waiter = {
        ...{ jid, isOwnRequest, domain: siteOf(jid) },
        start: () => (settled(), resolve(waiter)),
        reject: (error) => (settled(), reject(error)),
      };
      signal.addEventListener("abort", leave, { once: true });
      this.#waiting = [...this.#waiting, waiter];
      this.#startNext();
      this.#makeRoom(waiter);
    });
  }

  /** Own requests first, then in order of arrival. */
  #startNext(): void {
    const next = this.#waiting.filter(isOwn).concat(this.#waiting.filter(isStrangers)).find((waiter) => this.#mayRun(waiter));
    if (next === undefined) return;
    this.#remove(next);
    this.#running = [...this.#running, next];
    next.start();
    this.#startNext();
  }

  #mayRun({ jid, domain, isOwnRequest }: Waiter): boolean {
    const { running, runningPerDomain, reserved } = this.#places;
    if (this.#running.some((other) => other.jid === jid)) return false;
    if (isOwnRequest) return this.#running.length < running + reserved;
    const neighbours = this.#running.filter((other) => isStrangers(other) && other.domain === domain);
    return this.#running.length < running && neighbours.length < runningPerDomain;
  }

  /** Turns somebody away when there are too many since that one came. */
  #makeRoom(newcomer: Waiter): void {
    if (newcomer.isOwnRequest) return;
    const { waiting, waitingPerDomain, waitingPerJid } = this.#places;
    const strangers = this.#waiting.filter(isStrangers);
    const ofJid = strangers.filter(({ jid }) => jid === newcomer.jid);
    const ofDomain = strangers.filter(({ domain }) => domain === newcomer.domain);
    if (ofJid.length > waitingPerJid || ofDomain.length > waitingPerDomain) this.#turnAway(newcomer);
    else if (strangers.length > waiting) this.#turnAway(lastOfLargest(strangers));
  }

  #turnAway(waiter: Waiter | undefined): void {
    if (waiter === undefined || !this.#waiting.includes(waiter)) return;
    this.#remove(waiter);
    waiter.reject(new XtlsError("too-many-pending", `No room for ${waiter.jid} to wait`));
  }

  #remove(waiter: Waiter): void {
    this.#waiting = this.#waiting.filter((other) => other !== waiter);
  }
}

function isOwn({ isOwnRequest }: Party): boolean {
  return isOwnRequest;
}

function isStrangers({ isOwnRequest }: Party): boolean {
  return !isOwnRequest;
}

/** The last to come of the domain with most waiting; of several such, of the one whose last came last. */
function lastOfLargest(waiting: readonly Waiter[]): Waiter | undefined {
  const counts = new Map<string, number>();
  for (const { domain } of waiting) counts.set(domain, (counts.get(domain) ?? 0) + 1);
  const most = [...counts.values()].reduce((one, other) => Math.max(one, other), 0);
  return waiting.findLast(({ domain }) => counts.get(domain) === most);
}
