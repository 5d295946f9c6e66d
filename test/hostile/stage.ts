/**
 * Romeo and Juliet, and between them a server that is the enemy.
 *
 * The victims are whole plug-in sessions, methods and trust store included, without a stream: what they send comes
 * to `server`, which passes it on, changes it, or answers in the other's name.
 */

import xml, { Element } from "@xmpp/xml";

import type { Clock } from "../../bindings/base/clock.ts";
import { XtlsError } from "../../bindings/errors.ts";
import { Examiner } from "../../bindings/methods/examiner.ts";
import type { Method } from "../../bindings/methods/method.ts";
import type { Identity } from "../../bindings/tls/identity.ts";
import { remembered } from "../../bindings/trust/remembered.ts";
import { memoryStorage } from "../../bindings/trust/storage.ts";
import { TrustStore } from "../../bindings/trust/store.ts";
import type { Policies } from "../../bindings/xmpp/policy.ts";
import { Session } from "../../bindings/xmpp/session.ts";
import { answerIn, xtlsRequest } from "../../bindings/xmpp/stanza.ts";
import type { Tunnel } from "../../bindings/xmpp/tunnel.ts";
import type { EndpointOptions } from "../../bindings/xtls/endpoint.ts";
import type { Trust } from "../../bindings/xtls/trust.ts";
import { loadCore } from "../module.ts";

export const core = await loadCore();
export const ROMEO = "romeo@montague.lit/orchard";
export const JULIET = "juliet@capulet.lit/balcony";
const identities = {
  [ROMEO]: core.createIdentity({ jid: "romeo@montague.lit" }),
  [JULIET]: core.createIdentity({ jid: "juliet@capulet.lit" }),
};

export interface VictimOptions {
  readonly identity?: Identity;
  readonly methods?: readonly Method[];
  readonly policy?: Policies;
  readonly hasExtensions?: boolean;
  readonly store?: TrustStore;
  /** Default: `remembered`. */
  readonly trust?: (store: TrustStore) => Trust;
  readonly engine?: EndpointOptions["engine"];
  readonly clock?: Clock;
}

/** One victim: a session, a store, and what became of its tunnels. */
export class Victim {
  readonly session: Session;
  readonly store: TrustStore;
  readonly identity: Identity;
  readonly opened: Tunnel[] = [];
  readonly refused: XtlsError[] = [];
  readonly alarms: XtlsError[] = [];
  readonly received: Element[] = [];
  readonly reports: unknown[] = [];
  /** What came inside, and through which tunnel. */
  readonly arrivals: { readonly stanza: Element; readonly tunnel: Tunnel }[] = [];

  constructor(
    readonly address: typeof ROMEO | typeof JULIET,
    send: (stanza: Element) => void,
    { identity = identities[address], methods = [], policy = "opportunistic", hasExtensions = true, store, trust = remembered, engine = {}, clock }: VictimOptions,
  ) {
    this.identity = identity;
    this.store = store ?? new TrustStore(memoryStorage());
    const examiner = new Examiner(trust(this.store), methods);
    const parts = { address, identity, examiner, policy, hasExtensions, limits: { verdictTimeout: 5_000 }, engine, ...(clock && { clock }) };
    this.session = new Session(parts, {
      // As it would arrive: parsed anew, so that nobody shares an element.
      send: (stanza) => send(copyOf(stanza)),
      accept: () => true,
      opened: (tunnel) => this.#open(tunnel),
      refused: (_, error) => this.refused.push(error),
      alarmed: (_, error) => this.alarms.push(error),
      arrived: (stanza, tunnel) => this.arrivals.push({ stanza, tunnel }),
      received: (stanza) => this.received.push(stanza),
      ended: () => undefined,
      report: (error) => this.reports.push(error),
    });
  }

  /** What comes from the server. */
  deliver(stanza: Element): void {
    const request = xtlsRequest(stanza);
    if (request !== undefined) return this.session.receive(request);
    const answer = answerIn(stanza);
    if (answer !== undefined) this.session.answer(answer);
  }

  /** Opens a tunnel. @returns the error that kept it from opening, or ended it at once; undefined: it is open */
  async attempt(peer: string, only?: readonly string[]): Promise<XtlsError | undefined> {
    try {
      this.#open(await this.session.open(peer, only));
      return undefined;
    } catch (error) {
      if (error instanceof XtlsError) return error;
      throw error;
    }
  }

  /** Knows a key from before. */
  async knows({ jid, spkiFingerprint }: Identity): Promise<void> {
    await this.store.verify(jid, spkiFingerprint);
  }

  #open(tunnel: Tunnel): void {
    this.opened.push(tunnel);
    tunnel.on("stanza", (stanza) => this.received.push(stanza));
    tunnel.on("close", (error) => error && this.refused.push(error));
  }
}

/** A stage with both victims. `server` gets every stanza and says what is delivered, and to whom. */
export class Stage {
  readonly romeo: Victim;
  readonly juliet: Victim;
  readonly log: Element[] = [];
  /** The server's deed; default: it does its duty. */
  server: (stanza: Element, stage: Stage) => void = (stanza) => this.pass(stanza);

  constructor(romeo: VictimOptions = {}, juliet: VictimOptions = {}) {
    this.romeo = new Victim(ROMEO, (stanza) => this.#carry(stanza), romeo);
    this.juliet = new Victim(JULIET, (stanza) => this.#carry(stanza), juliet);
  }

  /** Delivers a stanza, in order, when whoever sent it is done. */
  pass(stanza: Element): void {
    const victim = [this.romeo, this.juliet].find(({ address }) => address === stanza.attrs.to);
    queueMicrotask(() => victim?.deliver(stanza));
  }

  #carry(stanza: Element): void {
    this.log.push(stanza);
    this.server(stanza, this);
  }
}

/** Waits until nothing moves any more. */
export async function calm(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
}

export function iq(type: string, from: string, to: string, id: string, child?: Element): Element {
  return xml("iq", { type, from, to, id }, ...(child ? [child] : []));
}

export function copyOf(element: Element): Element {
  const copy = new Element(element.name, { ...element.attrs });
  for (const child of element.children) copy.append(typeof child === "string" ? child : copyOf(child as Element));
  return copy;
}
