/**
 * The only timer: time that passes while this process listens.
 *
 * A peer is late only if it is silent while somebody listens. A process that was stopped, or whose loop was blocked, has
 * heard nothing: what came meanwhile lies in its sockets, and timers run before those are read. So time is counted in
 * ticks. One that comes long after it was due shows such a gap, which does not count; and whoever's time is over is
 * called only after the sockets have been read once more. Milliseconds on a clock that never jumps (`performance.now`).
 */

/** What the platform has; tests bring their own. */
export interface Platform {
  now(): number;
  /** @returns what calls it off */
  sleep(milliseconds: number, callback: () => void): () => void;
  /** Calls back when what has arrived so far was read. */
  afterInput(callback: () => void): void;
}

/** How long time may run without being looked at. A gap may cost its waits this much more, never less. */
const TICK_MS = 1_000;
/** A tick later than that was kept from coming. */
const LATE_MS = 250;
/** So much of pauses does not count; … */
const MAX_PAUSE_MS = 300_000;
/** … and so much more for each millisecond listened since: whoever breaks streams again and again shall not make a wait endless. */
const PAUSE_REGAINED = 10;

const PLATFORM: Platform = {
  now: () => performance.now(),
  sleep: (milliseconds, callback) => {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
  // Node's immediates run behind its sockets; elsewhere messages of a socket are tasks like timers.
  afterInput: (callback) => void (globalThis.setImmediate ?? setTimeout)(callback),
};

interface Wait {
  readonly deadline: number;
  readonly callback: () => void;
}

export class Clock {
  readonly #platform: Platform;
  readonly #waits = new Set<Wait>();
  /** The time of this clock, and the platform's when it was last looked at. */
  #passed = 0;
  #seen: number;
  /** When the next tick is due, by the platform's time; Infinity: none is. */
  #due = Infinity;
  #cancelTick = () => {};
  #wasLate = false;
  #isPaused = false;
  /** How much more of a pause does not count. */
  #patience = MAX_PAUSE_MS;

  constructor(platform = PLATFORM) {
    this.#platform = platform;
    this.#seen = platform.now();
  }

  /** Milliseconds that have passed on this clock. */
  get now(): number {
    this.#look();
    return this.#passed;
  }

  /**
   * Calls back when that time has come.
   * @param deadline made of `now`, in the same turn of the loop
   * @returns what calls it off
   */
  at(deadline: number, callback: () => void): () => void {
    // Who has worked since it looked at `now` has not listened.
    if (this.#due === Infinity) this.#seen = this.#platform.now();
    const wait = { deadline, callback };
    this.#waits.add(wait);
    this.#arm(deadline);
    return () => this.#remove(wait);
  }

  /** Calls back when so many milliseconds have passed. @returns what calls it off */
  after(milliseconds: number, callback: () => void): () => void {
    return this.at(this.now + milliseconds, callback);
  }

  /** There is nothing to listen to until `resume`; for five minutes at most, since that may never come, or not for long. */
  pause(): void {
    this.#look();
    this.#isPaused = true;
  }

  resume(): void {
    this.#look();
    this.#isPaused = false;
  }

  /** Counts what has passed since the last look, unless nobody listened. */
  #look(): void {
    const real = this.#platform.now();
    // A second late tick in a row shows no gap: a page in the background has all its timers late.
    const isGap = real - this.#due > LATE_MS && !this.#wasLate;
    if (!isGap) this.#passed += this.#counted(real - this.#seen);
    this.#seen = real;
  }

  /** How much of what has gone by counts. */
  #counted(milliseconds: number): number {
    const excused = this.#isPaused ? Math.min(milliseconds, this.#patience) : 0;
    this.#patience -= excused;
    if (!this.#isPaused) this.#patience = Math.min(this.#patience + PAUSE_REGAINED * milliseconds, MAX_PAUSE_MS);
    return milliseconds - excused;
  }

  /** Sees to it that there is a tick no later than that time of this clock. */
  #arm(deadline: number): void {
    const wait = !this.#isPaused ? Math.min(Math.max(deadline - this.#passed, 0), TICK_MS) : TICK_MS;
    if (this.#seen + wait >= this.#due) return;
    this.#cancelTick();
    this.#due = this.#seen + wait;
    this.#cancelTick = this.#platform.sleep(this.#due - this.#platform.now(), () => this.#tick());
  }

  #tick(): void {
    const isLate = this.#platform.now() - this.#due > LATE_MS;
    this.#look();
    this.#wasLate = isLate;
    this.#due = Infinity;
    if (this.#earliest > this.#passed) this.#arm(this.#earliest);
    else this.#platform.afterInput(() => this.#call());
  }

  /** What has arrived is read, and has called off who waited for it: whoever is left has waited in vain. */
  #call(): void {
    const over = [...this.#waits].filter(({ deadline }) => deadline <= this.#passed);
    try {
      for (const wait of over) if (this.#waits.delete(wait)) wait.callback();
    } finally {
      if (this.#waits.size > 0) this.#arm(this.#earliest);
    }
  }

  #remove(wait: Wait): void {
    this.#waits.delete(wait);
    if (this.#waits.size > 0) return;
    this.#cancelTick();
    this.#due = Infinity;
  }

  get #earliest(): number {
    return [...this.#waits].reduce((first, { deadline }) => Math.min(first, deadline), Infinity);
  }
}
