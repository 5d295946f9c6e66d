/**
 * Typed events for everything that has some: one set of listeners, and one rule for what goes wrong in them.
 *
 * A listener is the application's code. Whatever it throws, and whatever a promise that it returns rejects with, is
 * reported, and keeps neither the other listeners nor the emitter from going on. Knows no event.
 */

import { XtlsError } from "../errors.ts";

/** May well be an async function; what it returns is not used. */
export type Listener<Arguments extends readonly unknown[]> = (...args: Arguments) => void;

/** Listeners by event; `Events` maps each event's name to its arguments. */
export class Listeners<Events extends Record<keyof Events, unknown[]>> {
  readonly #all: { [Name in keyof Events]?: Set<Listener<Events[Name]>> } = {};
  readonly #report: (error: unknown, event: keyof Events) => void;

  /** @param report told what a listener threw or rejected with, and at which event; must not throw */
  constructor(report: (error: unknown, event: keyof Events) => void) {
    this.#report = report;
  }

  /**
   * @returns what removes the listener again
   * @throws XtlsError `invalid-argument` when it is no function
   */
  on<Name extends keyof Events>(event: Name, listener: Listener<Events[Name]>): () => void {
    if (typeof listener !== "function") throw new XtlsError("invalid-argument", "A listener is a function");
    const listeners = (this.#all[event] ??= new Set());
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  /** True when somebody listens to that event. */
  has(event: keyof Events): boolean {
    return (this.#all[event]?.size ?? 0) > 0;
  }

  /**
   * Calls every listener, in the order in which they were added; returns before their promises settle.
   * @returns false when nobody listens
   */
  emit<Name extends keyof Events>(event: Name, ...args: Events[Name]): boolean {
    const report = (error: unknown): void => this.#report(error, event);
    const listeners = [...(this.#all[event] ?? [])];
    for (const listener of listeners) watched(() => listener(...args), report);
    return listeners.length > 0;
  }
}

/** Runs the application's code; what it throws, now or by a promise, is reported and goes no further. */
export function watched(run: () => unknown, report: (error: unknown) => void): void {
  try {
    const returned = run();
    // A promise of another realm or library counts too; resolving looks at `then`, which may itself throw.
    if (isObject(returned)) Promise.resolve(returned).catch(report);
  } catch (error) {
    report(error);
  }
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" || typeof value === "function") && value !== null;
}
