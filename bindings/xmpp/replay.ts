/**
 * Requests that a server repeats after a stream was resumed.
 *
 * xmpp.js 0.14 does not count the answers that iqCaller takes, so the server believes that many of the
 * last stanzas lost and sends them again first thing (XEP-0198 §5). TLS takes a repeated record for
 * an attack; so what is exactly known is dropped then, and only then.
 */

import type { Element } from "@xmpp/xml";

import type { IncomingRequest } from "../xtls/endpoint.ts";

const NS_SM = "urn:xmpp:sm:3";

/** More than servers keep for a client that is away. */
const REMEMBERED = 1024;
/** An address, an id and a name, each as long as anybody needs; of what is longer nothing is kept. */
const KEY_AT_MOST = 6_144;
/** The end of a chunk is TLS's authentication tag: no two are alike. */
const TAIL = 32;

export class Replay {
  #known = new Set<string>();
  #isExpected = false;

  /** Shown every element; notices the resumption. */
  watch(element: Element): void {
    if (element.is("resumed", NS_SM)) this.#isExpected = true;
  }

  /** Shown every request, in order: true when it came before and is to be dropped. */
  repeats(request: IncomingRequest): boolean {
    const key = keyOf(request);
    if (key.length > KEY_AT_MOST) return false;
    if (this.#isExpected && this.#known.has(key)) return true;
    // The first new one ends the repetition.
    this.#isExpected = false;
    this.#remember(key);
    return false;
  }

  /** Another stream: nothing of the old one can come again. */
  forget(): void {
    this.#known.clear();
    this.#isExpected = false;
  }

  #remember(key: string): void {
    this.#known.add(key);
    const [oldest] = this.#known;
    if (this.#known.size > REMEMBERED) this.#known.delete(oldest!);
  }
}

function keyOf({ id, from, payload }: IncomingRequest): string {
  return JSON.stringify([from, id, payload.name, payload.getText().slice(-TAIL)]);
}
