/**
 * The xmpp.js plug-in: tunnels for a client or a component.
 *
 * Ties the parts to the entity's events. Own address and endpoint live from `online` until
 * the stream is lost for good (session.ts); resumption (XEP-0198) keeps them.
 */

import type { Element } from "@xmpp/xml";

import { type Listener, Listeners } from "../base/listeners.ts";
import { XtlsError } from "../errors.ts";
import type { Identity } from "../tls/identity.ts";
import { Examiner } from "../methods/examiner.ts";
import type { Method } from "../methods/method.ts";
import type { EndpointOptions } from "../xtls/endpoint.ts";
import { isSameJid } from "../base/jid.ts";
import { NS_C2CTLS } from "../xtls/namespaces.ts";
import { type Offer, parseOffer } from "../xtls/offer.ts";
import type { Trust } from "../xtls/trust.ts";
import type { Security } from "../xtls/tunnel.ts";
import { advertise, asksForInfo, ownInfo, supports } from "./disco.ts";
import type { Context, Entity } from "./entity.ts";
import { Inner } from "./inner.ts";
import { Outbox } from "./outbox.ts";
import { interceptSend } from "./outgoing.ts";
import { Replay } from "./replay.ts";
import { type Policies, refusal, refuseDeparture } from "./policy.ts";
import { Questions } from "./questions.ts";
import { Session, type Start } from "./session.ts";
import { disableNagle } from "./socket.ts";
import { answerIn, xtlsRequest } from "./stanza.ts";
import type { Tunnel } from "./tunnel.ts";

export interface XtlsOptions extends Pick<EndpointOptions, "limits" | "hasExtensions" | "engine"> {
  /** `client()` of @xmpp/client or `component()` of @xmpp/component. */
  readonly xmpp: Entity;
  /** Our key, and the certificate that names our bare JID. */
  readonly identity: Identity;
  /** Whose certificates are believed, and who remembers what the methods find out. */
  readonly trust: Trust;
  /** Ways to find out who a peer is that `trust` does not know yet, in order of preference. Default: none. */
  readonly methods?: readonly Method[];
  /**
   * Consent to a peer's wish for a tunnel; may ask a person. A promise that rejects is a no. Default: everybody
   * may try, and `trust` decides. Whoever tries learns that we are here and which certificate we have.
   */
  readonly accept?: (start: Start) => boolean | Promise<boolean>;
  /**
   * `off`, `opportunistic` (the default) or `required`, for everybody or by bare JID. Where tunnels are required, a clear message or
   * IQ request of the peer is answered by `security-required` and kept from middleware and `iqCallee` (listeners of the entity's
   * own events still see it; `security(stanza)` tells), and one to the peer is not sent: `send` rejects with the same code.
   */
  readonly policy?: Policies;
  /**
   * Components only: the full JID, below the component's domain, that this plug-in speaks for. Its other
   * addresses are left alone; give each its own `xtls()`. Default: the domain with the resource `xtls`.
   */
  readonly address?: string;
}

export interface XtlsEvents {
  /** A peer opened a tunnel. */
  tunnel: [tunnel: Tunnel];
  /** A peer's start came to nothing: declined, not trusted, or failed on the way. */
  refused: [from: string, error: XtlsError];
  /** Tell the user: this peer's key changed, its offers were changed on the way, or it seems to have lost what it could once do. */
  alarm: [peer: string, error: XtlsError];
}

/**
 * Adds tunnels to an entity, best right after it is made.
 *
 * @example
 * const tunnels = xtls({ xmpp, identity, trust });
 * const tunnel = await tunnels.open("juliet@capulet.example/balcony");
 * await tunnel.send(xml("message", { type: "chat" }, xml("body", {}, "I take thee at thy word")));
 */
export function xtls(options: XtlsOptions): Xtls {
  return new Xtls(options);
}

/** The tunnels of one address. */
export class Xtls {
  readonly #entity: Entity;
  readonly #options: XtlsOptions;
  readonly #outbox: Outbox;
  readonly #inner: Inner;
  readonly #questions: Questions;
  readonly #examiner: Examiner;
  readonly #policy: Policies;
  readonly #replay = new Replay();
  readonly #listeners: Listeners<XtlsEvents>;
  readonly #detach: () => void;
  #session: Session | undefined;

  /** Use `xtls()`. */
  constructor(options: XtlsOptions) {
    const { xmpp, trust, methods = [], policy = "opportunistic" } = options;
    this.#examiner = new Examiner(trust, methods);
    this.#policy = policy;
    this.#entity = xmpp;
    this.#options = options;
    this.#outbox = new Outbox(xmpp);
    this.#inner = new Inner(xmpp, this.#report);
    this.#questions = new Questions((stanza) => this.#outbox.send(stanza));
    this.#listeners = new Listeners(this.#report);
    this.#detach = this.#attach();
    disableNagle(xmpp);
    if (xmpp.status === "online") this.#bind();
  }

  /** Our own full JID; undefined when not online. */
  get address(): string | undefined {
    return this.#session?.address;
  }

  /**
   * Opens a tunnel with a peer's full JID.
   *
   * @param options.methods names of those to be used and no other, in order of preference; default: `x509` for a peer whose key `trust`
   *   might know, then the others
   * @throws XtlsError `invalid-state` when not online; `invalid-jid`, `switched-off`, `already-open`, `too-many-tunnels`;
   *   then whatever keeps it from opening: `unsupported`, `declined`, `no-common-method`, `timeout`, `not-trusted`, `key-changed`,
   *   `wrong-address`, `downgraded`, `not-authorized`, `not-confirmed`, `bad-record`, …
   */
  async open(peer: string, options: { readonly methods?: readonly string[] } = {}): Promise<Tunnel> {
    return this.#online().open(peer, options.methods);
  }

  /**
   * Asks whether a full JID advertises XTLS. A server on the way can make the answer what it likes.
   *
   * @throws XtlsError `invalid-state` when not online; `invalid-jid`, `timeout`
   */
  async supports(peer: string): Promise<boolean> {
    return supports(peer, this.#online().address, this.#questions);
  }

  /**
   * Asks a full JID what it could do, without a start (XEP-0250). Our own key is named only to a peer whose key we know.
   * A server on the way can make the answer what it likes.
   *
   * @throws XtlsError `invalid-state` when not online; `invalid-jid`, `unsupported`, `timeout`, `malformed`
   */
  async probe(peer: string): Promise<Offer> {
    const session = this.#online();
    const { type, payload } = await this.#questions.ask(peer, session.address, await session.offerFor(peer));
    if (type === "result" && payload?.is("offer", NS_C2CTLS)) return parseOffer(payload);
    throw new XtlsError("unsupported", `${peer} makes no offer`);
  }

  /** The tunnel that a stanza came through, in middleware or a listener; undefined: it came in clear. */
  tunnel(stanza: Element): Tunnel | undefined {
    return this.#inner.origin(stanza);
  }

  /** How safely a stanza came; undefined: in clear. */
  security(stanza: Element): Security | undefined {
    return this.tunnel(stanza)?.security;
  }

  /** @returns what removes the listener again */
  on<Name extends keyof XtlsEvents>(event: Name, listener: Listener<XtlsEvents[Name]>): () => void {
    return this.#listeners.on(event, listener);
  }

  /** Closes every tunnel, then leaves the entity as it was. */
  async close(): Promise<void> {
    await this.#session?.close();
    this.#lose();
    this.#detach();
  }

  #attach(): () => void {
    const { xmpp } = this.#options;
    const { streamManagement } = xmpp;
    const listeners = {
      connect: () => disableNagle(xmpp),
      online: () => this.#bind(),
      disconnect: () => this.#interrupt(),
      offline: () => this.#lose(),
      element: (stanza: Element) => this.#receive(stanza),
    };
    const resumed = () => this.#outbox.release();
    for (const [event, listener] of Object.entries(listeners)) xmpp.on(event as "element", listener);
    streamManagement?.on?.("resumed", resumed);
    xmpp.middleware?.use((context, next) => this.#respond(context, next));
    const { trust } = this.#options;
    const unwatch = [
      trust.onDistrust?.((jid, key) => this.#session?.distrust(jid, key)),
      trust.onVerify?.((jid, key) => this.#session?.verified(jid, key)),
    ];
    const restoreSend = interceptSend(xmpp, (stanza) => this.#depart(stanza));
    return () => {
      restoreSend();
      for (const stop of unwatch) stop?.();
      for (const [event, listener] of Object.entries(listeners)) xmpp.removeListener(event, listener);
      streamManagement?.removeListener?.("resumed", resumed);
    };
  }

  /** A new address: whatever there was under the old one is over. */
  #bind(): void {
    this.#lose();
    const { identity, limits, hasExtensions = true, engine = {}, accept = () => true } = this.#options;
    const address = this.#ownAddress();
    const parts = { address, identity, limits: limits ?? {}, hasExtensions, engine, examiner: this.#examiner, policy: this.#policy };
    this.#session = new Session(parts, {
      send: (stanza) => this.#outbox.send(stanza),
      accept,
      opened: (tunnel) => this.#listeners.emit("tunnel", tunnel),
      refused: (from, error) => this.#listeners.emit("refused", from, error),
      alarmed: (peer, error) => this.#listeners.emit("alarm", peer, error),
      received: (stanza, tunnel) => this.#inner.pass(stanza, tunnel),
      ended: (tunnel) => this.#inner.forget(tunnel),
      report: this.#report,
    });
  }

  // A component has a domain for an address, and a tunnel needs a resource.
  #ownAddress(): string {
    const own = String(this.#entity.jid);
    return this.#options.address ?? (own.includes("/") ? own : `${own}/xtls`);
  }

  #interrupt(): void {
    if (this.#entity.streamManagement?.id) this.#outbox.hold();
    else this.#lose();
  }

  #lose(): void {
    this.#outbox.discard();
    this.#replay.forget();
    this.#session?.disconnect();
    this.#session = undefined;
  }

  /** In order of arrival and without waiting for anything: TLS does not bear reordering. */
  #receive(stanza: Element): void {
    this.#replay.watch(stanza);
    if (this.#inner.origin(stanza) || !this.#session || !this.#isOurs(stanza.attrs.to)) return;
    const { from, type } = stanza.attrs;
    if (stanza.is("presence") && type === "unavailable" && from) return this.#session.unavailable(from);
    const request = xtlsRequest(stanza);
    if (request && this.#replay.repeats(request)) return;
    if (request) return this.#session.receive(request);
    const answer = answerIn(stanza);
    if (answer && !this.#session.answer(answer)) this.#questions.answer(answer);
  }

  /** Of the entity's middleware: a promise that never settles keeps iqCallee from answering what we answer. */
  async #respond({ stanza }: Context, next: () => Promise<unknown>): Promise<unknown> {
    const isClear = this.#inner.origin(stanza) === undefined;
    if (!this.#session || !this.#isOurs(stanza.attrs.to)) return next();
    if (isClear && xtlsRequest(stanza)) return new Promise(() => {});
    return (isClear && refusal(stanza, this.#policy)) || (await next()) || (asksForInfo(stanza) ? ownInfo() : undefined);
  }

  #depart(stanza: Element): Promise<void> | undefined {
    const { from } = stanza.attrs;
    if (this.#session && (from === undefined || isSameJid(String(from), this.#session.address))) advertise(stanza);
    return this.#inner.divert(stanza) ?? (this.#isOurs(from) ? this.#keep(stanza) : undefined);
  }

  /** Nothing in clear where a tunnel is required. */
  #keep(stanza: Element): Promise<void> | undefined {
    try {
      refuseDeparture(stanza, this.#policy);
      return undefined;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** A client's stream carries only what is its own address's; a component's, what is its whole domain's. */
  #isOurs(address: unknown): boolean {
    const own = String(this.#entity.jid);
    if (own.includes("/") || address === undefined) return true;
    return isSameJid(String(address), this.#session?.address ?? this.#options.address ?? own);
  }

  #online(): Session {
    if (this.#session) return this.#session;
    throw new XtlsError("invalid-state", "The stream is not online");
  }

  // As xmpp.js reports what middleware throws; later, so that the throw of an unheard "error" breaks nothing here.
  #report = (error: unknown): void => {
    queueMicrotask(() => this.#entity.emit("error", error));
  };
}
