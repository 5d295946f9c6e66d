/**
 * A tunnel in its user's hands.
 *
 * Promises and events over an association that an endpoint moves (xtls/); knows neither
 * stream nor timer but that of `request`.
 */

import type { Element } from "@xmpp/xml";

import { type Listener, Listeners } from "../base/listeners.ts";
import { XtlsError } from "../errors.ts";
import type { Role, State } from "../xtls/state.ts";
import type { Security, Statistics, Tunnel as Association } from "../xtls/tunnel.ts";
import { randomId } from "./id.ts";
import { copyWith, isAnswer, isRequest } from "./stanza.ts";

export interface TunnelEvents {
  /** A stanza from the peer, `from` and `to` set. Answers that a `request` awaited are not repeated here. */
  stanza: [stanza: Element];
  /** The end, once. Without a reason both sides said goodbye and nothing was cut off. */
  close: [reason: XtlsError | undefined];
}

/** What a tunnel asks of the session that it belongs to. */
export interface TunnelPort {
  send(association: Association, stanza: Element): Promise<void>;
  close(association: Association): void;
  report(error: unknown): void;
}

interface Waiting {
  resolve(result: Element): void;
  reject(error: XtlsError): void;
}

const REQUEST_TIMEOUT = 30_000;

/** An encrypted, authenticated channel between two full JIDs, for whole stanzas. */
export class Tunnel {
  readonly #association: Association;
  readonly #port: TunnelPort;
  readonly #listeners: Listeners<TunnelEvents>;
  readonly #requests = new Map<string, Waiting>();
  readonly #ended: Promise<void>;
  #end!: () => void;

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
   * @returns resolves when the peer has acknowledged every byte
   * @throws XtlsError `foreign-address`, `unfit-stanza`, `stanza-too-large`, `limit-exceeded`, `invalid-state`,
   *   `closed`: it was not sent; `undelivered`: the tunnel ended first, the peer may or may not have read it
   */
  send(stanza: Element): Promise<void> {
    return this.#port.send(this.#association, stanza);
  }

  /**
   * Sends an IQ of type get or set and waits for its answer from inside the tunnel.
   *
   * @param timeout milliseconds
   * @returns the IQ of type result
   * @throws XtlsError what `send` throws; `stanza-error` with the `<error/>` as its cause; `timeout`;
   *   the reason of the tunnel's end, or `closed`
   */
  async request(iq: Element, timeout = REQUEST_TIMEOUT): Promise<Element> {
    if (!isRequest(iq)) throw new XtlsError("unfit-stanza", "A request is an iq of type get or set");
    const id = randomId();
    const request = copyWith(iq, { id });
    const answer = this.#await(id, timeout);
    this.send(request).catch((error) => this.#requests.get(id)?.reject(error));
    return answer;
  }

  /** @returns what removes the listener again */
  on<Name extends keyof TunnelEvents>(event: Name, listener: Listener<TunnelEvents[Name]>): () => void {
    return this.#listeners.on(event, listener);
  }

  /** Says goodbye and resolves at the tunnel's end, whatever its reason; `close` events name it. */
  close(): Promise<void> {
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
    this.#end();
    this.#listeners.emit("close", reason);
  }

  #await(id: string, timeout: number): Promise<Element> {
    const answer = new Promise<Element>((resolve, reject) => this.#requests.set(id, { resolve, reject }));
    const timer = setTimeout(() => {
      this.#requests.get(id)?.reject(new XtlsError("timeout", "The request inside the tunnel"));
    }, timeout);
    return answer.finally(() => {
      clearTimeout(timer);
      this.#requests.delete(id);
    });
  }
}

function stanzaError(stanza: Element): XtlsError {
  const cause = stanza.getChild("error");
  const condition = cause?.getChildElements().find((child) => child.name !== "text")?.name;
  return new XtlsError("stanza-error", condition, { cause });
}
