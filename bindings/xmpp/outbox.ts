/**
 * Stanzas on their way out, in order, over the gap between a broken stream and its resumption.
 *
 * What was written to the broken stream is stream management's to repeat (XEP-0198 §5); what
 * could not be written waits here. Knows nothing of tunnels.
 */

import type { Element } from "@xmpp/xml";

import type { Entity } from "./entity.ts";

/** More than all tunnels have under way, and the answers to what comes right behind a resumption. */
export const MAX_WAITING = 8_192;

export class Outbox {
  readonly #entity: Pick<Entity, "send">;
  readonly #overflow: () => void;
  #waiting: Element[] = [];
  #isHeld = false;

  /** @param overflow told when too much waits: a server may go on asking over a stream that it does not resume */
  constructor(entity: Pick<Entity, "send">, overflow: () => void = () => {}) {
    this.#entity = entity;
    this.#overflow = overflow;
  }

  send(stanza: Element): void {
    if (this.#isHeld) {
      this.#keep(stanza);
      return;
    }
    // xmpp.js writes before its first await, so order is kept without waiting for one another.
    this.#entity.send(stanza).catch(() => this.#keep(stanza));
  }

  #keep(stanza: Element): void {
    this.#waiting.push(stanza);
    if (this.#waiting.length <= MAX_WAITING) return;
    this.discard();
    this.#overflow();
  }

  /** The stream broke: keep everything until `release` or `discard`. */
  hold(): void {
    this.#isHeld = true;
  }

  /** The stream is back. */
  release(): void {
    this.#isHeld = false;
    for (const stanza of this.#waiting.splice(0)) this.send(stanza);
  }

  /** The stream is gone for good; what waits belongs to nobody any more. */
  discard(): void {
    this.#isHeld = false;
    this.#waiting = [];
  }
}
