/**
 * Our IQ requests under way, and who may answer them.
 *
 * An answer counts only if its id and its `from` fit. A result must come from the very address
 * that was asked. An error may also come from those who bounce what they cannot deliver: the
 * peer's account, its domain, our own server. RFC 6120 §8.1.2.1, §10.5.
 */
import { bareJid, domainOf, isSameJid } from "../base/jid.ts";
import type { Request } from "./state.ts";

/** One request that waits for its answer. */
export interface Pending<Owner> {
  readonly id: string;
  readonly kind: Request;
  readonly owner: Owner;
  /** Full JID that was asked. */
  readonly to: string;
  /** When waiting ends. */
  readonly deadline: number;
}

export class Requests<Owner> {
  readonly #local: string;
  readonly #pending = new Map<string, Pending<Owner>>();

  /** @param local our own full JID */
  constructor(local: string) {
    this.#local = local;
  }

  add(request: Pending<Owner>): void {
    this.#pending.set(request.id, request);
  }

  /** The request that an answer settles; undefined, and nothing changed, when it settles none. */
  settle(id: string, from: string | undefined, type: "result" | "error"): Pending<Owner> | undefined {
    const request = this.#pending.get(id);
    if (request === undefined || !this.#mayAnswer(request.to, from, type)) return undefined;
    this.#pending.delete(id);
    return request;
  }

  /** Takes out the requests whose time is over. */
  expire(now: number): Pending<Owner>[] {
    const late = [...this.#pending.values()].filter(({ deadline }) => deadline <= now);
    for (const { id } of late) this.#pending.delete(id);
    return late;
  }

  /** Stops waiting for an owner's answers, save to `<start/>`: a late `<proceed/>` must still be turned down. */
  forget(owner: Owner): void {
    for (const request of this.#pending.values()) {
      if (request.owner === owner && request.kind !== "start") this.#pending.delete(request.id);
    }
  }

  /** When the first of them expires; Infinity: none waits. */
  get deadline(): number {
    return [...this.#pending.values()].reduce((first, { deadline }) => Math.min(first, deadline), Infinity);
  }

  #mayAnswer(to: string, from: string | undefined, type: "result" | "error"): boolean {
    if (from !== undefined && isSameJid(from, to)) return true;
    if (type === "result") return false;
    // No `from` at all: our own server speaks.
    if (from === undefined) return true;
    return [to, this.#local].some((jid) => isSameJid(from, bareJid(jid)) || isSameJid(from, domainOf(jid)));
  }
}
