/**
 * A ledger of failures by name, for as many names as it has room for: after so many free ones each costs a wait.
 *
 * Whoever has used up its free failures is kept for a day after the last one, whatever others do: to be forgotten
 * sooner would be a way to guess on. When the ledger is full of those, new names wait. Knows neither JIDs nor domains.
 */

/** What a ledger allows; times in milliseconds. */
export interface Terms {
  /** Failures that cost nothing. */
  readonly free: number;
  /** The wait after the last free one; doubled by each further failure. */
  readonly firstWait: number;
  readonly longestWait: number;
  /** After each such time one failure less is counted. */
  readonly leak: number;
  /** Names remembered: bounds what strangers can make us remember. */
  readonly capacity: number;
  /** Room beside that for names which no stranger chooses. */
  readonly reserve: number;
}

interface Entry {
  readonly taken: number;
  /** When that was so. */
  readonly at: number;
  /** When the next try is free. */
  readonly until: number;
  /** Until then it is not forgotten. */
  readonly keptUntil: number;
}

const KEPT = 24 * 3_600_000;

export class Ledger {
  readonly #entries = new Map<string, Entry>();
  readonly #now: () => number;
  readonly #terms: Terms;

  /** @param now milliseconds that never go back */
  constructor(now: () => number, terms: Terms) {
    this.#now = now;
    this.#terms = terms;
  }

  /** Names remembered. */
  get size(): number {
    return this.#entries.size;
  }

  /** Milliseconds until a name may try: zero or less when it may. @param isReserved for a name that no stranger has chosen */
  wait(name: string, isReserved = false): number {
    const entry = this.#entries.get(name);
    if (entry !== undefined) return entry.until - this.#now();
    if (this.#hasRoom(isReserved) || this.#dispensable() !== undefined) return 0;
    return this.#firstDispensable() - this.#now();
  }

  /** Counts a failure of a name that need not wait. */
  take(name: string, isReserved = false): void {
    const { free, firstWait, longestWait } = this.#terms;
    const now = this.#now();
    const taken = this.#taken(name) + 1;
    const wait = taken < free ? 0 : Math.min(firstWait * 2 ** (taken - free), longestWait);
    if (!this.#entries.delete(name) && !this.#hasRoom(isReserved)) this.#entries.delete(this.#dispensable() ?? name);
    this.#entries.set(name, { taken, at: now, until: wait && now + wait, keptUntil: wait && now + KEPT });
  }

  /** The last one was no failure after all. */
  giveBack(name: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    if (entry.taken > 1) this.#entries.set(name, { ...entry, taken: entry.taken - 1, until: 0 });
    else this.#entries.delete(name);
  }

  forget(name: string): void {
    this.#entries.delete(name);
  }

  #taken(name: string): number {
    const { taken = 0, at = 0 } = this.#entries.get(name) ?? {};
    return Math.max(0, taken - Math.floor((this.#now() - at) / this.#terms.leak));
  }

  #hasRoom(isReserved: boolean): boolean {
    const { capacity, reserve } = this.#terms;
    return this.#entries.size < capacity + (isReserved ? reserve : 0);
  }

  /** Of those that need not be kept, whoever failed least, the longest ago. */
  #dispensable(): string | undefined {
    const now = this.#now();
    let least: string | undefined;
    let fewest = Infinity;
    for (const [name, { taken, keptUntil }] of this.#entries) {
      if (keptUntil <= now && taken < fewest) [least, fewest] = [name, taken];
      if (fewest === 1) break;
    }
    return least;
  }

  #firstDispensable(): number {
    let first = Infinity;
    for (const { keptUntil } of this.#entries.values()) first = Math.min(first, keptUntil);
    return first;
  }
}
