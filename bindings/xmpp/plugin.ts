/**
 * The xmpp.js plug-in: tunnels for a client or a component.
 *
 * Ties the parts to the entity's events. Own address and endpoint live from `online` until
 * the stream is lost for good (session.ts); resumption (XEP-0198) keeps them.
 */

import type { Element } from "@xmpp/xml";

import { type Listener, Listeners } from "../base/listeners.ts";
import { Clock } from "../base/clock.ts";
import { XtlsError } from "../errors.ts";
import type { Identity } from "../tls/identity.ts";
import { Examiner } from "../methods/examiner.ts";
import type { Method } from "../methods/method.ts";
import type { EndpointOptions } from "../xtls/endpoint.ts";
import { isOfAccount, isSameJid } from "../base/jid.ts";
import { NS_C2CTLS } from "../xtls/namespaces.ts";
import { type Offer, parseOffer } from "../xtls/offer.ts";
import type { Trust } from "../xtls/trust.ts";
import type { Security } from "../xtls/tunnel.ts";
import { type Address, fullAddressIn, isOwnAddress, requireNames, requireOptions, requireOwn } from "./arguments.ts";
import { advertise, isFeatureQuestion, ownInfo, supports } from "./disco.ts";
import { DirectedPresence } from "./directed-presence.ts";
import { type Context, type Entity, isComponent } from "./entity.ts";
import { entering, type Ground, leaving, refusal } from "./firewall/clear.ts";
import { type Gate, gateOf } from "./firewall/gate.ts";
import { Outbox } from "./outbox.ts";
import { OwnAddress } from "./own-address.ts";
import { Replay } from "./replay.ts";
import type { Policies } from "./policy.ts";
import { Questions } from "./questions.ts";
import { Reporter } from "./reporter.ts";
import { Session, type Start } from "./session.ts";
import { disableNagle } from "./socket.ts";
import { answerIn, isElement, isStanza, xtlsRequest } from "./stanza.ts";
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
   * Consent to a peer's wish for a tunnel; may ask a person: about one start of each bare JID at a time, and few in all.
   * Only `true` is a yes; anything else, or a promise that rejects, is a no. Default: everybody may try, and `trust` decides.
   * Whoever tries learns that we are here and which certificate we have.
   */
  readonly accept?: (start: Start) => boolean | Promise<boolean>;
  /**
   * `off`, `opportunistic` (the default) or `required`, for everybody or by bare JID. Where tunnels are required, only what
   * docs/security.md lists passes in clear. Whatever else comes is kept from middleware and `iqCallee`, and answered by
   * `security-required` where an answer is due; whatever else is to leave is not sent: `send` rejects with the same code. Listeners
   * of the entity's own events, and middleware that was there before this plug-in, still see what came in clear;
   * `security(stanza)` tells. A function that throws, or returns something else, requires.
   */
  readonly policy?: Policies;
  /**
   * Components only: the full JID, below the component's domain, that this plug-in speaks for. The policy holds for whatever
   * comes for its bare JID and leaves from there, with any resource that has no `xtls()` of its own; the component's other
   * accounts are left alone: give each its own. Default: the domain with the resource `xtls`.
   */
  readonly address?: string;
  /**
   * Clients only: whether the peer of a tunnel is sent our presence when the tunnel is open, so that it is told when we go offline
   * (RFC 6121 §4.6): what this stream has last broadcast, and nothing while it has broadcast none. A peer that opened the
   * tunnel itself is sent it only when its key is verified, which an authority may do for strangers, too. Default: true.
   */
  readonly directedPresence?: boolean;
}

export interface XtlsEvents {
  /** A stanza that came through a tunnel, whichever: nobody but the tunnel's peer can have sent it. */
  stanza: [stanza: Element, tunnel: Tunnel];
  /** A peer opened a tunnel. */
  tunnel: [tunnel: Tunnel];
  /** A peer's start came to nothing: declined, not trusted, or failed on the way. */
  refused: [from: string, error: XtlsError];
  /**
   * Tell the user: this peer's key changed, its offers were changed on the way or somebody kept them from being compared, or it seems to
   * have lost what it could once do.
   */
  alarm: [peer: string, error: XtlsError];
  /**
   * A listener or handler of the application's threw or rejected, an answer could not be sent, or there can be no tunnels on this
   * stream. Without a listener for it the entity's `error` tells, as xmpp.js does; if nobody listens there, the console, once.
   */
  error: [error: unknown];
}

/**
 * Adds tunnels to an entity, best right after it is made; an account with a backslash in its name needs it so (own-address.ts).
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
  readonly #own: OwnAddress;
  readonly #outbox: Outbox;
  readonly #gate: Gate;
  readonly #questions: Questions;
  readonly #examiner: Examiner;
  readonly #policy: Policies;
  readonly #replay = new Replay();
  readonly #presence: DirectedPresence;
  readonly #reporter: Reporter;
  readonly #clock = new Clock();
  readonly #listeners: Listeners<XtlsEvents>;
  readonly #detach: () => void;
  #session: Session | undefined;
  #isClosed = false;

  /** Use `xtls()`. */
  constructor(options: XtlsOptions) {
    requireOptions(options);
    const { xmpp, trust, methods = [], policy = "opportunistic", directedPresence = true } = options;
    this.#presence = new DirectedPresence(directedPresence && !isComponent(xmpp));
    this.#examiner = new Examiner(trust, methods);
    this.#policy = policy;
    this.#entity = xmpp;
    this.#options = options;
    this.#own = new OwnAddress(xmpp);
    this.#outbox = new Outbox(xmpp, () => this.#lose());
    this.#gate = gateOf(xmpp);
    this.#questions = new Questions((stanza) => this.#outbox.send(stanza), this.#clock);
    this.#reporter = new Reporter(xmpp, (error) => this.#listeners.emit("error", error));
    this.#listeners = new Listeners((error, event) => (event === "error" ? this.#reporter.fallBack(error) : this.#reporter.report(error)));
    if (xmpp.status === "online") this.#session = this.#newSession();
    this.#detach = this.#attach();
    disableNagle(xmpp);
  }

  /** Our own full JID, as the server bound it; undefined when not online. */
  get address(): string | undefined {
    return this.#session?.address;
  }

  /**
   * Opens a tunnel with a peer's full JID. Resolves when we believe the peer, which may still judge us: if it refuses, the tunnel
   * ends, and what was sent meanwhile is `undelivered` or was read by nobody.
   *
   * @param options.methods names of those to be used and no other, in order of preference; default: `x509` for a peer whose key `trust`
   *   might know, then the others
   * @throws XtlsError `invalid-state` when not online; `invalid-jid`, `switched-off`, `already-open`, `too-many-tunnels`;
   *   then whatever keeps it from opening: `unsupported`, `declined`, `no-common-method`, `timeout`, `not-trusted`, `key-changed`,
   *   `wrong-address`, `downgraded`, `not-authorized`, `not-confirmed`, `bad-record`, …
   */
  async open(peer: Address, options: { readonly methods?: readonly string[] } = {}): Promise<Tunnel> {
    const jid = fullAddressIn(peer, "The peer");
    requireNames(options?.methods);
    return this.#online().open(jid, options?.methods);
  }

  /**
   * Asks whether a full JID advertises XTLS. A server on the way can make the answer what it likes.
   *
   * @throws XtlsError `invalid-state` when not online; `invalid-jid`, `timeout` after 60 s, `stream-lost`
   */
  async supports(peer: Address): Promise<boolean> {
    const jid = fullAddressIn(peer, "The peer");
    return supports(jid, this.#online().address, this.#questions);
  }

  /**
   * Asks a full JID what it could do, without a start (XEP-0250). Neither end names its keys: nothing here shows who asks or answers.
   * A server on the way can make the answer what it likes.
   *
   * @throws XtlsError `invalid-state` when not online; `invalid-jid`, `unsupported`, `timeout` after 60 s, `stream-lost`, `malformed`
   */
  async probe(peer: Address): Promise<Offer> {
    const jid = fullAddressIn(peer, "The peer");
    const session = this.#online();
    const { type, payload } = await this.#questions.ask(jid, session.address, session.offer);
    if (type === "result" && payload?.is("offer", NS_C2CTLS)) return parseOffer(payload);
    throw new XtlsError("unsupported", `${jid} makes no offer`);
  }

  /** The tunnel that a stanza came through, in middleware or a listener; undefined: it came in clear. */
  tunnel(stanza: Element): Tunnel | undefined {
    return this.#gate.inner.tunnelOf(stanza);
  }

  /** How safely a stanza came; undefined: in clear. */
  security(stanza: Element): Security | undefined {
    return this.tunnel(stanza)?.security;
  }

  /** @returns what removes the listener again */
  on<Name extends keyof XtlsEvents>(event: Name, listener: Listener<XtlsEvents[Name]>): () => void {
    return this.#listeners.on(event, listener);
  }

  /**
   * Closes every tunnel, then leaves the entity as it was. Only answers to requests from inside that the application has not given
   * yet go nowhere from then on, not even in clear.
   */
  async close(): Promise<void> {
    // Whoever leaves does not wait for a broken stream longer than for a silent peer.
    this.#clock.resume();
    await this.#session?.close();
    this.#isClosed = true;
    this.#lose();
    this.#detach();
  }

  #attach(): () => void {
    const { xmpp } = this.#options;
    const { streamManagement } = xmpp;
    const detach = this.#gate.attach({
      address: this.#claimedAddress(),
      isStrict: this.#policy === "required" || typeof this.#policy === "function",
      complete: (stanza) => {
        this.#presence.watch(stanza);
        this.#complete(stanza);
      },
      leaveInClear: (stanza) => (this.#answersFor(stanza.attrs.from) ? leaving(stanza, this.#ground) : stanza),
    });
    const listeners = {
      connect: () => {
        this.#presence.interrupt();
        disableNagle(xmpp);
      },
      online: () => this.#bind(),
      disconnect: () => this.#interrupt(),
      offline: () => this.#lose(),
      element: (stanza: Element) => this.#receive(stanza),
    };
    const resumed = () => {
      this.#presence.resume();
      this.#clock.resume();
      this.#outbox.release();
      // It was given up in between.
      if (this.#session === undefined) this.#bind();
    };
    for (const [event, listener] of Object.entries(listeners)) xmpp.on(event as "element", listener);
    streamManagement?.on?.("resumed", resumed);
    xmpp.middleware?.use((context, next) => this.#respond(context, next));
    const { trust } = this.#options;
    const unwatch = [
      trust.onDistrust?.((jid, key) => this.#session?.distrust(jid, key)),
      trust.onVerify?.((jid, key) => this.#session?.verified(jid, key)),
    ];
    return () => {
      detach();
      for (const stop of unwatch) stop?.();
      for (const [event, listener] of Object.entries(listeners)) xmpp.removeListener(event, listener);
      streamManagement?.removeListener?.("resumed", resumed);
    };
  }

  /** A new address: whatever there was under the old one is over. */
  #bind(): void {
    this.#lose();
    try {
      this.#session = this.#newSession();
    } catch (error) {
      this.#endStream(error);
    }
  }

  /** @throws XtlsError `invalid-jid` for an address that cannot have tunnels; `invalid-argument` for one that is not the identity's */
  #newSession(): Session {
    const { identity, limits, hasExtensions = true, engine = {}, accept = () => true } = this.#options;
    const address = this.#ownAddress();
    requireOwn(identity, address);
    const parts = { address, identity, limits: limits ?? {}, hasExtensions, engine, examiner: this.#examiner, policy: this.#policy, clock: this.#clock };
    return new Session(parts, {
      send: (stanza) => this.#outbox.send(stanza),
      accept,
      connected: ({ peer }) => this.#appear(peer),
      opened: (tunnel) => this.#listeners.emit("tunnel", tunnel),
      refused: (from, error) => this.#listeners.emit("refused", from, error),
      alarmed: (peer, error) => this.#listeners.emit("alarm", peer, error),
      arrived: (stanza, tunnel) => this.#gate.inner.remember(stanza, tunnel, this.#reporter.report),
      received: (stanza, tunnel) => this.#receiveInner(stanza, tunnel),
      ended: (tunnel) => this.#gate.inner.forget(tunnel),
      report: this.#reporter.report,
    });
  }

  /** What is not sent is no loss: a peer that is not told finds out by its next stanza. */
  #appear(peer: string): void {
    const presence = this.#presence.for(peer);
    if (presence !== undefined) this.#entity.send(presence).catch(() => {});
  }

  /** A stream without tunnels would have to do without what they are for. `start()` rejects with the reason, if it is still waiting. */
  #endStream(error: unknown): void {
    this.#reporter.tellAll(error);
    this.#entity.stop?.().catch(this.#reporter.report);
  }

  // A component has a domain for an address, and a tunnel needs a resource.
  #ownAddress(): string {
    return this.#claimedAddress() ?? this.#own.text;
  }

  /** The address that a component's plug-in speaks for; a client's is whatever its stream carries. */
  #claimedAddress(): string | undefined {
    if (!isComponent(this.#entity)) return undefined;
    return this.#options.address ?? `${this.#entity.options?.domain ?? String(this.#entity.jid)}/xtls`;
  }

  #interrupt(): void {
    if (!this.#entity.streamManagement?.id) return this.#lose();
    this.#outbox.hold();
    this.#clock.pause();
  }

  #lose(): void {
    this.#clock.resume();
    this.#outbox.discard();
    this.#replay.forget();
    this.#questions.abandon();
    this.#session?.disconnect();
    this.#session = undefined;
  }

  /** In order of arrival and without waiting for anything: TLS does not bear reordering. */
  #receive(stanza: Element): void {
    this.#own.watch(stanza);
    this.#replay.watch(stanza);
    if (this.tunnel(stanza) || !this.#session || !this.#isOurs(stanza.attrs.to)) return;
    const { from, type } = stanza.attrs;
    if (stanza.is("presence") && type === "unavailable" && from) return this.#session.unavailable(from);
    const request = xtlsRequest(stanza);
    if (request && this.#replay.repeats(request)) return;
    if (request) return this.#session.receive(request);
    const answer = answerIn(stanza);
    if (answer && !this.#session.answer(answer)) this.#questions.answer(answer);
  }

  #receiveInner(stanza: Element, tunnel: Tunnel): void {
    this.#listeners.emit("stanza", stanza, tunnel);
    this.#gate.inner.dispatch(stanza);
  }

  /** Of the entity's middleware, which cannot be taken away again. */
  async #respond({ stanza }: Context, next: () => Promise<unknown>): Promise<unknown> {
    const isInner = this.tunnel(stanza) !== undefined;
    const isOurs = this.#isOurs(stanza.attrs.to);
    if (!isInner && (this.#isClosed || !this.#answersFor(stanza.attrs.to))) return next();
    // A promise that never settles keeps iqCallee from answering what is answered elsewhere.
    if (!isInner && isOurs && this.#session && xtlsRequest(stanza)) return new Promise(() => {});
    if (!isInner && !this.#mayEnter(stanza)) return new Promise(() => this.#refuse(stanza));
    const reply = (await next()) || (isOurs && this.#session && isFeatureQuestion(stanza) ? ownInfo() : undefined);
    return isElement(reply) && isStanza(reply) ? this.#reply(stanza, reply) : reply;
  }

  /** A stanza that middleware returns goes where it may; xmpp.js makes an "error" of one that it cannot send. */
  #reply(stanza: Element, reply: Element): Element | undefined {
    if (this.#gate.inner.takesReply(stanza, reply)) return undefined;
    try {
      this.#gate.requireWay(reply);
      return reply;
    } catch (error) {
      this.#reporter.report(error);
      return undefined;
    }
  }

  /** What cannot be looked at does not pass. */
  #mayEnter(stanza: Element): boolean {
    try {
      return entering(stanza, this.#ground);
    } catch (error) {
      this.#reporter.report(error);
      return false;
    }
  }

  /** Not by way of the middleware, which makes an "error" of an answer that cannot be sent any more. */
  #refuse(stanza: Element): void {
    const answer = refusal(stanza, this.#ground);
    if (answer) this.#entity.send(answer).catch(() => {});
  }

  #complete(stanza: Element): void {
    const { from } = stanza.attrs;
    if (this.#session && (from === undefined || isSameJid(String(from), this.#session.address))) advertise(stanza);
  }

  /** Without a session the same rules hold, as far as it is known whose stream this is. */
  get #ground(): Ground {
    const own = this.#session?.address ?? this.#claimedAddress() ?? this.#boundAddress();
    return { policies: this.#policy, own };
  }

  /** A server could bind a peer's address, so that what the peer says came from the own account. */
  #boundAddress(): string | undefined {
    const { known } = this.#own;
    return known !== undefined && isOwnAddress(this.#options.identity, known) ? known : undefined;
  }

  /** A client's stream carries only what is its own address's; a component's, what is its whole domain's. */
  #isOurs(address: unknown): boolean {
    const claimed = this.#claimedAddress();
    return claimed === undefined || address === undefined || isSameJid(String(address), claimed);
  }

  /**
   * … and what else is its account's: whoever writes to a bare JID, or gives it another resource, writes to the same people. The
   * policy holds for that, too, unless there is a plug-in for that very address.
   */
  #answersFor(address: unknown): boolean {
    const claimed = this.#claimedAddress();
    if (claimed === undefined || this.#isOurs(address)) return true;
    return isOfAccount(String(address), claimed) && !this.#gate.hasPluginFor(String(address));
  }

  #online(): Session {
    if (this.#session) return this.#session;
    const way = this.#isClosed ? "These tunnels are closed: make others by xtls()" : "The stream is not online: wait for `xmpp.start()`, or for its event `online`";
    throw new XtlsError("invalid-state", way);
  }
}
