/**
 * The only timer: wakes an endpoint at its deadline.
 *
 * Milliseconds on a clock that never jumps (`performance.now`).
 */

/** What setTimeout can hold; more would fire at once. */
const LONGEST = 0x7fff_ffff;

export class Clock {
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #wake: () => void;

  constructor(wake: () => void) {
    this.#wake = wake;
  }

  get now(): number {
    return performance.now();
  }

  /** Replaces the deadline; undefined: nothing is waiting. */
  set(deadline: number | undefined): void {
    clearTimeout(this.#timer);
    if (deadline === undefined) return;
    const wait = Math.min(Math.max(deadline - this.now, 0), LONGEST);
    this.#timer = setTimeout(this.#wake, wait);
  }
}
