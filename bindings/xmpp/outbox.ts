/**
 * Stanzas on their way out, in order, over the gap between a broken stream and its resumption.
 *
 * What was written to the broken stream is stream management's to repeat (XEP-0198 §5); what
 * could not be written waits here. Knows nothing of tunnels.
 */

import type { Element } from "@xmpp/xml";

import type { Entity } from "./entity.ts";

export class Outbox {
  readonly #entity: Pick<Entity, "send">;
  #waiting: Element[] = [];
  #isHeld = false;

  constructor(entity: Pick<Entity, "send">) {
    this.#entity = entity;
  }

  send(stanza: Element): void {
    if (this.#isHeld) {
      this.#waiting.push(stanza);
      return;
    }
    // xmpp.js writes before its first await, so order is kept without waiting for one another.
    this.#entity.send(stanza).catch(() => this.#waiting.push(stanza));
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
