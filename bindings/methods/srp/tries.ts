/**
 * Tries: how often somebody may guess. Each run of SRP lets the other end test one password; nothing else limits it.
 *
 * Counted per bare JID, in both roles together: a stranger at the other end guesses as well by answering as by
 * asking. A try is taken before its outcome is known, so that parallel tunnels gain nothing, and given back with all
 * others by a success. Counts outlive tunnels, not the process.
 */
import { XtlsError } from "../../errors.ts";

const FREE = 3;
/** Milliseconds after the last free try; doubled by each further failure. */
const FIRST_WAIT = 60_000;
const LONGEST_WAIT = 24 * 3_600_000;
/** JIDs remembered: bounds what strangers can make us remember. */
const CAPACITY = 4096;

interface Entry {
  readonly taken: number;
  /** When the next try is free, by the clock. */
  readonly until: number;
}

export class Tries {
  readonly #entries = new Map<string, Entry>();
  readonly #now: () => number;

  /** @param now milliseconds that never go back */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** @throws XtlsError `too-many-tries` that says for how long */
  check(jid: string): void {
    const left = (this.#entries.get(jid)?.until ?? 0) - this.#now();
    if (left <= 0) return;
    throw new XtlsError("too-many-tries", `Proofs with ${jid} failed too often: the next try is in ${inWords(left)}`);
  }

  /** Counts one try. @throws XtlsError `too-many-tries`, and then counts nothing */
  take(jid: string): void {
    this.check(jid);
    const taken = (this.#entries.get(jid)?.taken ?? 0) + 1;
    const wait = taken < FREE ? 0 : Math.min(FIRST_WAIT * 2 ** (taken - FREE), LONGEST_WAIT);
    this.#entries.delete(jid);
    this.#makeRoom();
    this.#entries.set(jid, { taken, until: wait && this.#now() + wait });
  }

  /** The other end has proved itself. */
  forgive(jid: string): void {
    this.#entries.delete(jid);
  }

  /** Forgets whoever failed least, the longest ago: to push out one that failed often, others have to fail as often. */
  #makeRoom(): void {
    if (this.#entries.size < CAPACITY) return;
    const [least] = [...this.#entries].reduce((one, other) => (other[1].taken < one[1].taken ? other : one));
    this.#entries.delete(least);
  }
}

function inWords(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  return seconds < 120 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`;
}
