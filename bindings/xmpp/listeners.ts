/**
 * The plug-in's own events: typed, and a listener that throws harms nobody else.
 */

type Listener<Arguments extends unknown[]> = (...args: Arguments) => void;

/** Listeners by event; `Events` maps each event's name to its arguments. */
export class Listeners<Events extends Record<keyof Events, unknown[]>> {
  readonly #all: { [Name in keyof Events]?: Set<Listener<Events[Name]>> } = {};
  readonly #report: (error: unknown) => void;

  /** @param report told what a listener threw */
  constructor(report: (error: unknown) => void) {
    this.#report = report;
  }

  /** @returns what removes the listener again */
  on<Name extends keyof Events>(event: Name, listener: Listener<Events[Name]>): () => void {
    const listeners = (this.#all[event] ??= new Set());
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  emit<Name extends keyof Events>(event: Name, ...args: Events[Name]): void {
    for (const listener of [...(this.#all[event] ?? [])]) {
      try {
        listener(...args);
      } catch (error) {
        this.#report(error);
      }
    }
  }
}
