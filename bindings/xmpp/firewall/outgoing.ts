/**
 * Every way out of an entity, and who looks at what leaves.
 *
 * xmpp.js has no hook for this: its outgoing middleware runs after the bytes have left. So `send` and `sendMany` are replaced on
 * the one entity, and `write`, by which these and the stream itself send bytes, lets nothing pass that did not come from there.
 * Whoever writes to the entity's socket directly is not seen here. RFC 6120 §4.2, RFC 7395 §3.3.
 */

import { type Element, Parser } from "@xmpp/xml";

import { isObject } from "../../base/shape.ts";
import { XtlsError } from "../../errors.ts";
import type { Entity } from "../entity.ts";
import { hasText } from "../stanza.ts";

/** Who looks at what is about to leave. */
export interface Guard {
  /**
   * @returns the stanza to send, or the promise of its sending when it goes another way
   * @throws XtlsError when it goes nowhere
   */
  pass(stanza: Element): Element | Promise<void>;
  /** Whether a text has something in it that must never leave. */
  isSecret(text: string): boolean;
  /** Whether there is anybody to whom not everything may go: then what cannot be looked at may not leave. */
  isStrict(): boolean;
}

/** White space that keeps a connection alive, and what opens and closes a stream. */
const FRAMING = [
  /^\s*$/,
  /^(<\?xml[^<>]*\?>)?\s*<stream:stream\s[^<>]*>$/,
  /^<\/stream:stream>$/,
  /^<(open|close)\s[^<>]*\/>$/,
] as const;

type Ways = Pick<Entity, "send" | "sendMany" | "write">;

export class Outgoing {
  readonly #entity: Entity;
  readonly #original: Ways;
  readonly #replaced: Ways;
  readonly #guard: Guard;
  /** What has left before: stream management sends it once more when a stream is resumed. */
  readonly #sent = new WeakSet<Element>();
  #isAdmitted = false;

  constructor(entity: Entity, guard: Guard) {
    const { send, sendMany, write } = entity;
    this.#entity = entity;
    this.#guard = guard;
    this.#original = { send, ...(sendMany && { sendMany }), ...(write && { write }) };
    this.#replaced = {
      send: (stanza, ...rest) => this.#send(stanza, rest),
      ...(sendMany && { sendMany: (stanzas) => this.#sendMany(stanzas) }),
      ...(write && { write: (text) => this.#write(text) }),
    };
    Object.assign(entity, this.#replaced);
  }

  /** Puts everything back, unless somebody else has replaced it meanwhile. */
  restore(): void {
    for (const name of Object.keys(this.#replaced) as (keyof Ways)[]) {
      if (this.#entity[name] !== this.#replaced[name]) continue;
      // Own properties of the entity hide those of its class.
      Reflect.deleteProperty(this.#entity, name);
      if (this.#entity[name] !== this.#original[name]) Object.assign(this.#entity, { [name]: this.#original[name] });
    }
  }

  #send(stanza: Element, rest: unknown[]): Promise<void> {
    return this.#attempt(stanza, (allowed) => this.#admit([allowed], () => this.#original.send.call(this.#entity, allowed, ...rest)));
  }

  async #sendMany(stanzas: Iterable<Element>): Promise<void> {
    const remaining: Element[] = [];
    const others: Promise<void>[] = [];
    for (const stanza of stanzas) others.push(this.#attemptAgain(stanza, async (allowed) => void remaining.push(allowed)));
    if (remaining.length > 0) others.unshift(this.#admit(remaining, () => this.#original.sendMany!.call(this.#entity, remaining)));
    await Promise.all(others);
  }

  /** What may not leave a second time is left out: a rejection would cost the stream that was resumed. */
  async #attemptAgain(stanza: Element, pass: (allowed: Element) => Promise<void>): Promise<void> {
    const isSecondTime = isObject(stanza) && this.#sent.has(stanza);
    return this.#attempt(stanza, pass).catch((error) => {
      if (!isSecondTime) throw error;
    });
  }

  #attempt(stanza: Element, pass: (allowed: Element) => Promise<void>): Promise<void> {
    let outcome: Element | Promise<void>;
    try {
      outcome = this.#guard.pass(stanza);
    } catch (error) {
      return Promise.reject(asXtlsError(error));
    }
    return outcome instanceof Promise ? outcome : pass(outcome);
  }

  /** xmpp.js writes before its first await. */
  #admit<Result>(stanzas: readonly Element[], send: () => Result): Result {
    for (const stanza of stanzas) this.#sent.add(stanza);
    this.#isAdmitted = true;
    try {
      return send();
    } finally {
      this.#isAdmitted = false;
    }
  }

  async #write(text: string): Promise<void> {
    if (this.#guard.isSecret(text)) throw new XtlsError("security-required", "It has the id of a request from inside a tunnel in it");
    if (!this.#isAdmitted && !FRAMING.some((pattern) => pattern.test(text))) this.#inspect(text);
    return this.#original.write!.call(this.#entity, text);
  }

  /** Bytes from elsewhere must be whole elements that `send` would take as they are. */
  #inspect(text: string): void {
    for (const stanza of elementsIn(text, this.#guard.isStrict())) {
      if (this.#guard.pass(stanza) !== stanza) throw new XtlsError("security-required", "It was written past `send`: use `send`");
    }
  }
}

/** Half an element, or text between elements, cannot be looked at. @throws XtlsError `security-required` */
function elementsIn(text: string, isStrict: boolean): Element[] {
  const elements: Element[] = [];
  const faults: unknown[] = /<[!?]/.test(text) ? [text] : [];
  const parser = new Parser();
  parser.on("element", (element: Element) => elements.push(element));
  parser.on("error", (error: unknown) => faults.push(error));
  parser.write(`<root>${text}</root>`);
  if (faults.length === 0 && parser.cursor === parser.root && parser.root !== null && !hasText(parser.root)) return elements;
  if (!isStrict) return [];
  throw new XtlsError("security-required", "What was written is not made of whole elements");
}

/** What is no element cannot be looked at. */
function asXtlsError(cause: unknown): XtlsError {
  return cause instanceof XtlsError ? cause : new XtlsError("invalid-argument", "`send` takes an element", { cause });
}
