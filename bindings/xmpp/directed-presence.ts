/**
 * Presence for the peers of open tunnels, so that their servers tell them when we go offline (RFC 6121 §4.6).
 *
 * Servers tell those who are subscribed, and those to whom presence was directed. Owns what this stream last said to everybody:
 * it is repeated to the peer, so that it says nothing new, and whoever said nothing stays invisible. Knows no tunnel.
 */

import { Element } from "@xmpp/xml";

import { isPlainPresence } from "./firewall/plain-presence.ts";
import { childrenOf } from "./stanza.ts";

/** What a contact shows, and nothing that belongs to one occasion. */
const REPEATED: readonly string[] = ["show", "status", "priority", "c"];

export class DirectedPresence {
  readonly #isWanted: boolean;
  /** What everybody was told on this stream; undefined: nothing, or that we are gone. */
  #children: readonly Element[] | undefined;
  /** … and on the one before, which may yet be resumed. */
  #before: readonly Element[] | undefined;

  constructor(isWanted: boolean) {
    this.#isWanted = isWanted;
  }

  /** Something leaves. */
  watch(stanza: Element): void {
    const { to, type } = stanza.attrs as Record<string, unknown>;
    if (!stanza.is("presence") || to !== undefined || (type !== undefined && type !== "unavailable")) return;
    this.#children = type === undefined ? childrenOf(stanza).filter(({ name }) => REPEATED.includes(name)) : undefined;
  }

  /** What a peer is to be sent; undefined: nothing, since we are invisible or nobody wants it. */
  for(peer: string): Element | undefined {
    if (!this.#isWanted || this.#children === undefined) return undefined;
    const presence = new Element("presence", { to: peer });
    for (const child of this.#children) presence.append(copyOf(child));
    return isPlainPresence(presence) ? presence : undefined;
  }

  /** There is another connection: on a new stream nothing has been said. */
  interrupt(): void {
    this.#before = this.#children;
    this.#children = undefined;
  }

  /** It is the old stream (XEP-0198). */
  resume(): void {
    this.#children ??= this.#before;
  }
}

/** An element has one parent. */
function copyOf(element: Element): Element {
  const copy = new Element(element.name, element.attrs);
  for (const child of element.children) copy.append(typeof child === "object" ? copyOf(child as Element) : child);
  return copy;
}
