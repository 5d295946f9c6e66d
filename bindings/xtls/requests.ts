/**
 * Our IQ requests under way, who may answer them, and how long that may take.
 *
 * An answer counts only if its id and its `from` fit. A result must come from the very address
 * that was asked. An error may also come from those who bounce what they cannot deliver: the
 * peer's account, its domain, our own server. RFC 6120 §8.1.2.1, §10.5.
 *
 * A `<start/>` has a time of its own. What a tunnel asks later shares one: it is over when *nothing* came from the peer
 * for so long, since a slow server is alive, however long its queue is, and answers stand in it behind the peer's chunks.
 */
import { bareJid, domainOf, isSameJid } from "../base/jid.ts";
import type { Request } from "./state.ts";

/** One request that waits for its answer. */
export interface Pending<Owner> {
  readonly id: string;
  readonly kind: Request;
  readonly owner: Owner;
  /** Full JID that was asked, prepared or not. */
  readonly to: string;
  /** Milliseconds after which waiting ends when nothing comes. */
  readonly timeout: number;
  /** … and when something comes, but no answer. */
  readonly answerTimeout: number;
}

/** What ends at the same time. */
interface Wait {
  deadline: number;
  /** What no `renew` moves. */
  limit: number;
  /** Requests that share it. */
  requests: number;
}

export class Requests<Owner> {
  readonly #local: string;
  readonly #pending = new Map<string, { readonly request: Pending<Owner>; readonly wait: Wait }>();
  /** By tunnel, for all but `<start/>`. */
  readonly #waits = new Map<Owner, Wait>();

  /** @param local our own full JID */
  constructor(local: string) {
    this.#local = local;
  }

  add(request: Pending<Owner>, now: number): void {
    const wait = this.#waitOf(request);
    if (wait.requests++ === 0) begin(wait, request, now);
    this.#pending.set(request.id, { request, wait });
  }

  /** The request that an answer settles; undefined, and nothing changed, when it settles none. */
  settle(id: string, from: string | undefined, type: "result" | "error", now: number): Pending<Owner> | undefined {
    const pending = this.#pending.get(id);
    if (pending === undefined || !this.#mayAnswer(pending.request.to, from, type)) return undefined;
    begin(pending.wait, pending.request, now);
    return this.#remove(pending);
  }

  /** Something else came from the peer: silence begins anew. */
  renew(owner: Owner, now: number, timeout: number): void {
    const wait = this.#waits.get(owner);
    if (wait !== undefined) wait.deadline = Math.min(now + timeout, wait.limit);
  }

  /** Takes out the requests whose time is over. */
  expire(now: number): Pending<Owner>[] {
    const late = [...this.#pending.values()].filter(({ wait }) => wait.deadline <= now);
    return late.map((pending) => this.#remove(pending));
  }

  /** Stops waiting for an owner's answers, save to `<start/>`: a late `<proceed/>` must still be turned down. */
  forget(owner: Owner): void {
    for (const { request } of this.#pending.values()) {
      if (request.owner === owner && request.kind !== "start") this.#pending.delete(request.id);
    }
    this.#waits.delete(owner);
  }

  /** Our stream is gone: nothing can be answered any more. */
  clear(): void {
    this.#pending.clear();
    this.#waits.clear();
  }

  /** When the first of them expires; Infinity: none waits. */
  get deadline(): number {
    return [...this.#pending.values()].reduce((first, { wait }) => Math.min(first, wait.deadline), Infinity);
  }

  #waitOf({ kind, owner }: Pending<Owner>): Wait {
    const own = { deadline: Infinity, limit: Infinity, requests: 0 };
    if (kind === "start") return own;
    const shared = this.#waits.get(owner) ?? own;
    this.#waits.set(owner, shared);
    return shared;
  }

  #remove({ request, wait }: { readonly request: Pending<Owner>; readonly wait: Wait }): Pending<Owner> {
    this.#pending.delete(request.id);
    wait.requests--;
    return request;
  }

  #mayAnswer(to: string, from: string | undefined, type: "result" | "error"): boolean {
    if (from !== undefined && isSameJid(from, to)) return true;
    if (type === "result") return false;
    // No `from` at all: our own server speaks.
    if (from === undefined) return true;
    return [to, this.#local].some((jid) => isSameJid(from, bareJid(jid)) || isSameJid(from, domainOf(jid)));
  }
}

function begin(wait: Wait, { timeout, answerTimeout }: Pick<Pending<unknown>, "timeout" | "answerTimeout">, now: number): void {
  wait.deadline = now + timeout;
  wait.limit = now + Math.max(timeout, answerTimeout);
}
