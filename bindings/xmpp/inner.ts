/**
 * Stanzas from a tunnel on their way through the client's own handlers, and the answers' way back.
 *
 * A decrypted stanza is emitted on the entity like any other, so that middleware and iqCallee see
 * it, and is remembered as decrypted. An IQ request is given an id that nobody outside can know;
 * the answer is recognised by it as the entity is about to send it, and goes into the tunnel
 * instead. Whatever bears such an id never leaves in clear, even when its tunnel is no more.
 * Answers from inside are not emitted: iqCaller goes by id alone and would take one for an
 * answer from outside.
 */

import { Element } from "@xmpp/xml";

import type { Entity } from "./entity.ts";
import { randomId } from "./id.ts";
import { isAnswer, isRequest } from "./stanza.ts";
import type { Tunnel } from "./tunnel.ts";

/** Where an answer goes: the tunnel's number and the peer's own id for the request. */
const ADDRESS = /^(\d+):(.*)$/s;

export class Inner {
  readonly #entity: Entity;
  readonly #report: (error: unknown) => void;
  readonly #origin = new WeakMap<Element, Tunnel>();
  readonly #tunnels = new Map<number, Tunnel>();
  readonly #numbers = new WeakMap<Tunnel, number>();
  readonly #secret = `${randomId()}:`;
  #count = 0;

  /** @param report told what the application's handlers throw */
  constructor(entity: Entity, report: (error: unknown) => void) {
    this.#entity = entity;
    this.#report = report;
  }

  /** The tunnel that a stanza came through; undefined for one that came in clear. */
  origin(stanza: Element): Tunnel | undefined {
    return this.#origin.get(stanza);
  }

  /** Shows a stanza to the entity's handlers, as coming through that tunnel. */
  pass(stanza: Element, tunnel: Tunnel): void {
    this.#origin.set(stanza, tunnel);
    if (isAnswer(stanza)) return;
    this.#emit(isRequest(stanza) ? this.#disguise(stanza, tunnel) : stanza);
  }

  /** Answers to that tunnel's requests go nowhere from now on. */
  forget(tunnel: Tunnel): void {
    this.#tunnels.delete(this.#numbers.get(tunnel) ?? -1);
  }

  /** Sends the answer to a request from inside back inside. Undefined: it is no such answer. */
  divert(stanza: Element): Promise<void> | undefined {
    const id: unknown = stanza.attrs.id;
    if (!isAnswer(stanza) || typeof id !== "string" || !id.startsWith(this.#secret)) return undefined;
    const [, number, original = ""] = ADDRESS.exec(id.slice(this.#secret.length)) ?? [];
    const answer = new Element(stanza.name, { ...stanza.attrs, id: original });
    answer.append(...stanza.children);
    return this.#answer(answer, this.#tunnels.get(Number(number)));
  }

  // Whoever asked learns of an answer lost with the tunnel by the tunnel's end; the application need not.
  async #answer(answer: Element, tunnel: Tunnel | undefined): Promise<void> {
    try {
      await tunnel?.send(answer);
    } catch (error) {
      if (tunnel?.state === "open") this.#report(error);
    }
  }

  #disguise(request: Element, tunnel: Tunnel): Element {
    const id = `${this.#secret}${this.#number(tunnel)}:${request.attrs.id ?? ""}`;
    const disguised = new Element(request.name, { ...request.attrs, id });
    disguised.append(...request.children);
    this.#origin.set(disguised, tunnel);
    return disguised;
  }

  #number(tunnel: Tunnel): number {
    const number = this.#numbers.get(tunnel) ?? ++this.#count;
    this.#numbers.set(tunnel, number);
    this.#tunnels.set(number, tunnel);
    return number;
  }

  // Stream management counts what it sees here as received from the server; the server counts otherwise.
  #emit(stanza: Element): void {
    const { streamManagement } = this.#entity;
    const counted = streamManagement?.inbound ?? 0;
    try {
      this.#entity.emit("element", stanza);
      this.#entity.emit("stanza", stanza);
    } catch (error) {
      this.#report(error);
    }
    if (streamManagement) streamManagement.inbound = counted;
  }
}
