/**
 * A tunnel in its user's hands.
 *
 * Promises and events over an association that an endpoint moves (xtls/); knows no stream.
 */

import type { Element } from "@xmpp/xml";

import { type Listener, Listeners } from "../base/listeners.ts";
import { XtlsError } from "../errors.ts";
import { definedCondition } from "../xtls/condition.ts";
import type { Role, State } from "../xtls/state.ts";
import type { Security, Statistics, Tunnel as Association } from "../xtls/tunnel.ts";
import { requireWait } from "./arguments.ts";
import { randomId } from "./id.ts";
import { copyWith, isAnswer, isElement, isRequest } from "./stanza.ts";

export interface TunnelEvents {
  /** A stanza from the peer, `from` and `to` set. Answers that a `request` awaited are not repeated here. */
  stanza: [stanza: Element];
  /** The end, once. Without a reason it ended in order: see `CloseResult`. */
  close: [reason: XtlsError | undefined];
}

/**
 * How a tunnel ended.
 *
 * In order: both ends said TLS close_notify, and all that this end sent was answered. The peer's close_notify proves that
 * nothing of what *it* sent was cut off. For the other direction only the peer can know: an answer is the servers' word.
 */
export type CloseResult =
  | { readonly inOrder: true; readonly reason?: undefined }
  | { readonly inOrder: false; readonly reason: XtlsError };

/** What a tunnel asks of the session that it belongs to. */
export interface TunnelPort {
  send(association: Association, stanza: Element): Promise<void>;
  close(association: Association): void;
  /** Calls back after so many milliseconds. @returns what calls it off */
  after(milliseconds: number, callback: () => void): () => void;
  report(error: unknown): void;
}

interface Waiting {
  resolve(result: Element): void;
  reject(error: XtlsError): void;
}

const REQUEST_TIMEOUT_MS = 30_000;

/** An encrypted, authenticated channel between two full JIDs, for whole stanzas. */
export class Tunnel {
  readonly #association: Association;
  readonly #port: TunnelPort;
  readonly #listeners: Listeners<TunnelEvents>;
  readonly #requests = new Map<string, Waiting>();
  readonly #ended: Promise<CloseResult>;
  #end!: (result: CloseResult) => void;

  /** @internal Use `Xtls.open`, or listen for `tunnel`. */
  constructor(association: Association, port: TunnelPort) {
    this.#association = association;
    this.#port = port;
    this.#listeners = new Listeners(port.report);
    this.#ended = new Promise((resolve) => (this.#end = resolve));
  }

  /** The other end's full JID. */
  get peer(): string {
    return this.#association.peer;
  }

  /** Our own full JID. */
  get local(): string {
    return this.#association.local;
  }

  /** The initiator asked and is the TLS client. */
  get role(): Role {
    return this.#association.role;
  }

  get state(): State {
    return this.#association.state;
  }

  /** What TLS agreed on, whose key it is and why that is believed. Kept after the end. */
  get security(): Security | undefined {
    return this.#association.security;
  }

  get statistics(): Statistics {
    return this.#association.statistics;
  }

  /**
   * Sends a message, presence or iq. `to` and `from` are left out or name the tunnel's ends.
   *
   * @returns resolves when every chunk with bytes of it was answered by the peer, *as the servers on the way say*: an honest
   *   peer answers what its TLS took, but a server can keep the bytes and answer itself. Where that matters let the
   *   application answer inside (`request`, XEP-0184), which nobody else can
   * @throws XtlsError `foreign-address`, `unfit-stanza`, `stanza-too-large`, `limit-exceeded`, `invalid-state`,
   *   `closed`: it was not sent; `undelivered`: the tunnel ended first, the peer may or may not have read it
   */
  send(stanza: Element): Promise<void> {
    return this.#port.send(this.#association, stanza);
  }

  /**
   * Sends an IQ of type get or set and waits for its answer from inside the tunnel, which proves that the peer has it.
   *
   * @param timeout milliseconds from its delivery, so that a slow link costs none of them
   * @returns the IQ of type result
   * @throws XtlsError what `send` throws; `invalid-argument`; `stanza-error` with the `<error/>` as its cause; `timeout`;
   *   the reason of the tunnel's end, or `closed`
   */
  async request(iq: Element, timeout = REQUEST_TIMEOUT_MS): Promise<Element> {
    if (!isElement(iq) || !isRequest(iq)) throw new XtlsError("unfit-stanza", "A request is an iq of type get or set");
    requireWait(timeout);
    return this.#await(copyWith(iq, { id: randomId() }), timeout);
  }

  /** @returns what removes the listener again */
  on<Name extends keyof TunnelEvents>(event: Name, listener: Listener<TunnelEvents[Name]>): () => void {
    return this.#listeners.on(event, listener);
  }

  /**
   * Says close_notify behind what was sent, and waits for the tunnel's end. Before and after that it may be called again.
   *
   * @returns how it ended; never rejects
   */
  close(): Promise<CloseResult> {
    this.#port.close(this.#association);
    return this.#ended;
  }

  /**
   * The session's: a stanza came in.
   *
   * @internal
   * @returns true when a request was waiting for it
   */
  receive(stanza: Element): boolean {
    const waiting = isAnswer(stanza) ? this.#requests.get(stanza.attrs.id) : undefined;
    if (waiting === undefined) {
      this.#listeners.emit("stanza", stanza);
      return false;
    }
    if (stanza.attrs.type === "error") waiting.reject(stanzaError(stanza));
    else waiting.resolve(stanza);
    return true;
  }

  /** The session's: it is over. @internal */
  end(reason: XtlsError | undefined): void {
    for (const waiting of this.#requests.values()) waiting.reject(reason ?? new XtlsError("closed"));
    this.#end(reason === undefined ? { inOrder: true } : { inOrder: false, reason });
    this.#listeners.emit("close", reason);
  }

  /** Its time begins when it has been delivered: until then it waits for our own queue, and the tunnel's time-out watches over that. */
  async #await(request: Element, timeout: number): Promise<Element> {
    const id: string = request.attrs.id;
    let cancel = () => {};
    const answer = new Promise<Element>((resolve, reject) => {
      this.#requests.set(id, { resolve, reject });
      const giveUp = () => reject(unanswered(request, timeout));
      const delivered = () => (cancel = this.#port.after(timeout, giveUp));
      this.send(request).then(() => this.#requests.has(id) && delivered(), reject);
    });
    return answer.finally(() => {
      cancel();
      this.#requests.delete(id);
    });
  }
}

function unanswered({ attrs: { type, id }, children }: Element, timeout: number): XtlsError {
  const payload = children.find((child): child is Element => typeof child !== "string");
  const what = payload === undefined ? "nothing in it" : `<${payload.name} xmlns="${payload.getNS() ?? ""}"/>`;
  return new XtlsError("timeout", `The request ${id} (${type}, ${what}) was delivered, but not answered inside the tunnel in ${timeout} ms`);
}

function stanzaError(stanza: Element): XtlsError {
  const cause = stanza.getChild("error");
  return new XtlsError("stanza-error", definedCondition(cause), { cause });
}
