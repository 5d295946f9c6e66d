/**
 * Where it is told what went wrong in the application's code, or could not be sent.
 *
 * To whoever listens for the plug-in's own `error`; else to the entity's, as xmpp.js tells what its middleware throws; else to
 * the console, once: an "error" that nobody listens for would end the process, and a peer can cause as many as it likes.
 */

import type { Entity } from "./entity.ts";

export class Reporter {
  readonly #entity: Pick<Entity, "emit" | "listenerCount">;
  readonly #announce: (error: unknown) => boolean;
  #hasWarned = false;

  /** @param announce tells the listeners of the plug-in's own event; false when there are none */
  constructor(entity: Pick<Entity, "emit" | "listenerCount">, announce: (error: unknown) => boolean) {
    this.#entity = entity;
    this.#announce = announce;
  }

  /** Later: whoever listens shall not find anything half done here. */
  readonly report = (error: unknown): void => {
    queueMicrotask(() => this.tell(error));
  };

  /** At once. */
  tell(error: unknown): void {
    if (!this.#announce(error)) this.fallBack(error);
  }

  /** At once and to everybody who listens anywhere: `start()` of xmpp.js does, until it is online. */
  tellAll(error: unknown): void {
    const isHeard = this.#announce(error);
    if (!this.#emit(error) && !isHeard) this.#warn(error);
  }

  /** For what a listener of the plug-in's own event threw. */
  fallBack(error: unknown): void {
    if (!this.#emit(error)) this.#warn(error);
  }

  /** @returns false when nobody listens to the entity's event */
  #emit(error: unknown): boolean {
    if ((this.#entity.listenerCount?.("error") ?? 0) === 0) return false;
    try {
      this.#entity.emit("error", error);
    } catch (cause) {
      this.#warn(cause);
    }
    return true;
  }

  #warn(error: unknown): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    console.warn('xtls: nobody listens for "error"; this is the first one, no other will be shown:', error);
  }
}
