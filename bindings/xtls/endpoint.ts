/**
 * All tunnels of one address: what comes from the network goes in, what is to be done comes out.
 *
 * Owns the tunnels, who they belong to and the requests under way. Sans-IO: every input is a
 * synchronous call that brings the time along (`now`, milliseconds on any steady clock), every
 * output is a value from `take()`. Call `take()` after every input and obey in order; call `wake`
 * at `deadline`, and `readOn` in the loop's next turns while `hasUnread`. Knows no stream, timer or randomness source. docs/protocol.md has the protocol.
 */
import type { Element } from "@xmpp/xml";
import { XtlsError, type ErrorCode } from "../errors.ts";
import type { Identity } from "../tls/identity.ts";
import type { EngineOptions } from "../tls/options.ts";
import { Association, type Refusal } from "./association.ts";
import { buildError, parseError } from "./condition.ts";
import type { Host } from "./host.ts";
import { compareOctets, fullJid, prepareJid } from "../base/jid.ts";
import { requireMethods, requireObject, requireShape } from "../base/shape.ts";
import { limitsWith, MAX_ID_CHARS, type Limits } from "./limits.ts";
import { BASE_METHOD, offerOf, type Demands } from "./negotiation.ts";
import { buildOffer, parseOffer } from "./offer.ts";
import type { Output } from "./output.ts";
import { Places, standingOf, type Standing } from "./places.ts";
import { ReadBudget } from "./read-budget.ts";
import { Requests } from "./requests.ts";
import { ADMISSION, type Request, type Role } from "./state.ts";
import type { BelievedState, Verdict } from "./trust.ts";
import type { Delivery, Tunnel } from "./tunnel.ts";
import { buildClose, parseAsk } from "./wire.ts";

/** What an endpoint is made of. */
export interface EndpointOptions {
  /** Our own full JID. */
  readonly address: string;
  readonly identity: Identity;
  readonly limits?: Partial<Limits>;
  /** Names of methods, in order of preference, for whom `open` and `accept` say nothing else; default: `x509` alone. */
  readonly methods?: readonly string[];
  /** Whether offers are made, and compared inside the tunnel. False: the base wire and nothing else. Default: true. */
  readonly hasExtensions?: boolean;
  /** Changes to the engines' options: suites, authorities, key log; tickets for where we respond, a session for where we initiate. */
  readonly engine?: Partial<Omit<EngineOptions, "role" | "identity">>;
  /** Makes ids of IQs: unique and not to be guessed, since they are all that an answer must match besides its `from`. */
  readonly id: () => string;
}

/** An IQ request as it arrived. `from` is as the server stamped it. */
export interface IncomingRequest {
  readonly id: string;
  readonly from: string;
  readonly type: "get" | "set";
  /** The IQ's child. */
  readonly payload: Element;
  /** Of a start: how a key of the sender's account is believed already. Then strangers cannot keep it out. */
  readonly knownAs?: BelievedState | undefined;
}

/** An IQ's answer as it arrived. `payload` is the child of a result, the `<error/>` of an error. */
export interface IncomingAnswer {
  readonly id: string;
  readonly from: string | undefined;
  readonly type: "result" | "error";
  readonly payload?: Element | undefined;
}

/** A question for our offer, as it came with the output `probe`. */
export type Probe = Pick<IncomingRequest, "id" | "from">;

export class Endpoint {
  /** Our own full JID, prepared. */
  readonly address: string;
  readonly #id: () => string;
  readonly #limits: Limits;
  readonly #host: Host;
  readonly #methods: readonly string[];
  readonly #requests: Requests<Association>;
  readonly #tunnels = new Map<string, Association>();
  /** Tunnels with more to read than the turns so far had time for; whoever waits longest comes first. */
  readonly #unread = new Set<Association>();
  readonly #places: Places<Association>;
  #outputs: Output[] = [];
  #deliveries = 0;

  /** @throws XtlsError `invalid-jid`, `invalid-argument` */
  constructor(options: EndpointOptions) {
    requireObject(options, "An endpoint needs an address, an identity and ids");
    const { address, identity, limits, methods = [BASE_METHOD], hasExtensions = true, engine = {}, id } = options;
    requireObject(identity, "An endpoint needs an identity");
    requireMethods(options, ["id"], "An endpoint needs a function id");
    requireList(methods);
    this.address = fullJid(address);
    if (methods.length === 0) throw new XtlsError("invalid-argument", "An endpoint needs a method");
    this.#id = id;
    this.#methods = methods;
    this.#limits = limitsWith(limits);
    this.#places = new Places(this.#limits);
    this.#requests = new Requests(this.address);
    this.#host = {
      identity,
      hasExtensions,
      engine,
      id,
      limits: this.#limits,
      emit: (output) => this.#outputs.push(output),
      request: (owner, kind, payload, now) => this.#request(owner, kind, payload, now),
      renew: (owner, now) => this.#requests.renew(owner, now, this.#limits.dataTimeout),
      unread: (owner) => this.#unread.add(owner),
      ended: (owner) => this.#forget(owner),
    };
  }

  // --- the caller's wishes -----------------------------------------------------

  /**
   * Asks a peer for a tunnel.
   * @param demands for this tunnel
   * @throws XtlsError `invalid-jid`, `already-open`, `too-many-tunnels`
   */
  open(peer: string, now: number, demands: Demands = {}): Tunnel {
    const jid = fullJid(peer);
    if (jid === this.address) throw new XtlsError("invalid-jid", "A tunnel to oneself leads nowhere");
    if (this.#tunnels.has(jid)) throw new XtlsError("already-open");
    this.#makeRoom(jid, "own", now);
    const tunnel = this.#add(peer, "initiator", "own", { methods: this.#methods, ...demands });
    tunnel.ask(now);
    return tunnel;
  }

  /**
   * Consents to a peer's start. Nothing happens when the tunnel has ended in the meantime.
   * @param methods in order of preference, for this tunnel
   */
  accept(tunnel: Tunnel, now: number, methods = this.#methods): void {
    this.#own(tunnel)?.accept(now, methods);
  }

  /** Refuses a peer's start. Nothing happens when the tunnel has ended in the meantime. */
  refuse(tunnel: Tunnel, code: Refusal, _now: number): void {
    this.#own(tunnel)?.refuse(code);
  }

  /** The method's answer to `judge`, or the error that broke it. Nothing happens when the tunnel has ended in the meantime. */
  judged(tunnel: Tunnel, verdict: Verdict | XtlsError, now: number): void {
    this.#own(tunnel)?.judged(verdict, now);
  }

  /** The key of an open tunnel's peer has been verified since. */
  verified(tunnel: Tunnel): void {
    this.#own(tunnel)?.verified();
  }

  /**
   * Sends a message of the method that runs, an element in `urn:xmpp:tmp:xtls:ext` of at most 64 KiB.
   * @throws XtlsError `closed` when no method runs; `unfit-stanza`, `stanza-too-large`, `limit-exceeded`
   */
  say(tunnel: Tunnel, message: Element, now: number): void {
    const own = this.#own(tunnel);
    if (own === undefined) throw new XtlsError("closed");
    own.say(message, now);
  }

  /** Answers a `probe`. Anybody could ask in anybody's name: what is told must not depend on who that is. */
  describe(probe: Probe, methods = this.#methods): void {
    requireObject(probe, "What is described is a probe");
    const { id, from: to } = probe;
    this.#outputs.push({ kind: "result", id, to, payload: this.offer(methods) });
  }

  /** Answers a `probe` as if there were no XTLS here. */
  ignore(probe: Probe): void {
    requireObject(probe, "What is ignored is a probe");
    const { id, from: to } = probe;
    this.#outputs.push({ kind: "error", id, to, error: buildError("unsupported") });
  }

  /** An `<offer/>` without a start: it names no keys, since nothing shows who will read it. @param methods in order of preference */
  offer(methods = this.#methods): Element {
    requireList(methods);
    return buildOffer({ ...offerOf(this.#host, methods, ""), keys: [], fingerprints: [] });
  }

  /**
   * Sends a stanza through an open tunnel; `delivered` or `lost` names the result later.
   * @throws XtlsError `closed`, `invalid-state`, `foreign-address`, `unfit-stanza`, `stanza-too-large`, `limit-exceeded`: nothing was sent
   */
  send(tunnel: Tunnel, stanza: Element, now: number): Delivery {
    const own = this.#own(tunnel);
    if (own === undefined) throw new XtlsError("closed");
    const delivery = ++this.#deliveries;
    own.send(stanza, delivery, now);
    return delivery;
  }

  /** Says goodbye in order: close_notify, then `<close/>`. Before the tunnel is open this gives it up. Harmless when closing or closed. */
  close(tunnel: Tunnel, now: number): void {
    this.#own(tunnel)?.close(now);
  }

  /** Ends a tunnel because of something that came up: alert, `<close/>`, end. Harmless when it has ended. */
  abort(tunnel: Tunnel, error: XtlsError, now: number): void {
    this.#own(tunnel)?.abort(error, now);
  }

  // --- what comes from the network --------------------------------------------------

  /** An IQ request whose child is in `urn:xmpp:tmp:xtls`, or an `<offer/>` of XEP-0250. Call in order of arrival, without waiting for anything. */
  receive(request: IncomingRequest, now: number): void {
    requireObject(request, "What is received is a request");
    if (String(request.id).length > MAX_ID_CHARS) return;
    try {
      this.#dispatch(request, now);
    } catch (error) {
      this.#refuse(request, error instanceof XtlsError ? error.code : "internal-error");
    }
  }

  /** An IQ's answer. @returns false when it is none of ours: unknown id, or from someone who may not answer */
  answer(answer: IncomingAnswer, now: number): boolean {
    requireObject(answer, "What answers is an answer");
    const { id, from, type, payload } = answer;
    const request = this.#requests.settle(id, from, type, now);
    if (request === undefined) return false;
    const { owner, kind, to } = request;
    if (owner.state === "closed") this.#decline(to, type);
    else if (type === "result") owner.answered(kind, id, payload, now);
    else owner.refused(kind, id, parseError(payload, kind), now);
    return true;
  }

  /** A full JID went offline, or all resources of a bare JID. */
  unavailable(peer: string, now: number): void {
    const isGone = isOrHas(peer);
    const gone = [...this.#tunnels.values()].filter((tunnel) => isGone(tunnel.peer));
    for (const tunnel of gone) tunnel.unavailable(now);
  }

  /** Our own stream is gone for good: every tunnel ends. */
  disconnect(_now: number): void {
    for (const tunnel of [...this.#tunnels.values()]) tunnel.vanish(new XtlsError("stream-lost"));
    this.#requests.clear();
  }

  /** True while more has come than one turn of the loop should read: call `readOn` in another. */
  get hasUnread(): boolean {
    return this.#unread.size > 0;
  }

  /** Reads on, as much as is good for one turn. One budget for all tunnels: each that still has something to read goes to the end. */
  readOn(now: number): void {
    const budget = new ReadBudget();
    for (const tunnel of this.#unread) {
      if (budget.isSpent) return;
      this.#unread.delete(tunnel);
      tunnel.readOn(now, budget);
    }
  }

  // --- time and outputs -----------------------------------------------------------------

  /** Does what is due. */
  wake(now: number): void {
    for (const { owner, kind, id } of this.#requests.expire(now)) {
      if (owner.state !== "closed") owner.expired(kind, id, now);
    }
    for (const tunnel of [...this.#tunnels.values()]) {
      if ((tunnel.deadline ?? Infinity) <= now) tunnel.overdue(now);
    }
  }

  /** When to call `wake`; undefined: nothing is waiting. */
  get deadline(): number | undefined {
    let first = this.#requests.deadline;
    for (const { deadline } of this.#tunnels.values()) first = Math.min(first, deadline ?? Infinity);
    return first === Infinity ? undefined : first;
  }

  /** What to do now, in order; empties the list. */
  take(): Output[] {
    return this.#outputs.splice(0);
  }

  // --- inside ------------------------------------------------------------------------------

  #refuse({ id, from: to }: IncomingRequest, code: ErrorCode): void {
    this.#outputs.push({ kind: "error", id, to, error: buildError(code) });
  }

  #dispatch(request: IncomingRequest, now: number): void {
    const { id, from, type, payload } = request;
    const tunnel = this.#tunnels.get(addressOf(from));
    const ask = parseAsk(type, payload);
    if (ask.kind === "offer") return this.#probed(id, from, ask.offer);
    if (ask.kind === "start") return this.#start(request, tunnel, ask.offer, now);
    if (tunnel?.awaitsProceed) return this.#restart(request, tunnel, now);
    const admission = ADMISSION[tunnel?.state ?? "closed"][ask.kind];
    if (admission !== "admitted") throw new XtlsError(admission);
    if (ask.kind === "data") tunnel?.data(id, ask.payload, now);
    else tunnel?.closeAsked(id, now);
  }

  /** XEP-0250: an offer can be asked for without a start. Having none is having no support. */
  #probed(id: string, from: string, offer: Element): void {
    if (!this.#host.hasExtensions) throw new XtlsError("unsupported");
    this.#outputs.push({ kind: "probe", id, from, offer: parseOffer(offer) });
  }

  #start(request: IncomingRequest, tunnel: Association | undefined, offer: Element | undefined, now: number): void {
    if (offer !== undefined) parseOffer(offer); // malformed: nothing has happened yet
    if (tunnel === undefined) return this.#welcome(request, offer, now);
    const isTie = ADMISSION[tunnel.state].start === "tie-break" && tunnel.role === "initiator";
    if (!isTie) return this.#doubt(request, tunnel, now);
    if (!tunnel.awaitsStaleEnd && compareOctets(this.address, tunnel.peer) < 0) throw new XtlsError("tie-break");
    tunnel.yield(request.id, offer, now);
  }

  #welcome({ id, from, knownAs }: IncomingRequest, offer: Element | undefined, now: number): void {
    const peer = addressOf(from);
    if (peer === this.address) throw new XtlsError("malformed", "A start from oneself");
    const standing = standingOf(knownAs);
    this.#makeRoom(peer, standing, now);
    this.#add(from, "responder", standing).asked(id, offer, now);
  }

  /** A start from a peer whose tunnel lives. Anyone could have sent it, so the tunnel stays; but has the peer lost it? */
  #doubt(request: IncomingRequest, tunnel: Association, now: number): void {
    this.#refuse(request, "already-open");
    tunnel.probe(now);
  }

  /** A request of a tunnel of which this end knows nothing: the answer ends it there, and our start comes behind. */
  #restart(request: IncomingRequest, tunnel: Association, now: number): void {
    this.#refuse(request, tunnel.awaitsStaleEnd ? "unknown-tunnel" : "out-of-order");
    tunnel.restart(now);
  }

  /** A `<proceed/>` for a tunnel that we have given up must not leave the peer waiting. */
  #decline(to: string, type: "result" | "error"): void {
    if (type === "result") this.#outputs.push({ kind: "request", id: this.#id(), to, payload: buildClose() });
  }

  /** @throws XtlsError `too-many-tunnels` */
  #makeRoom(peer: string, standing: Standing, now: number): void {
    for (const tunnel of this.#places.evictedBy(peer, standing)) tunnel.evict(now);
  }

  /** @param address the peer's, as it came */
  #add(address: string, role: Role, standing: Standing, demands?: Demands): Association {
    const tunnel = new Association(this.#host, this.address, address, role, demands);
    this.#tunnels.set(tunnel.peer, tunnel);
    this.#places.add(tunnel, standing);
    return tunnel;
  }

  #own(tunnel: Tunnel): Association | undefined {
    const own = this.#tunnels.get(tunnel?.peer);
    return own === tunnel ? own : undefined;
  }

  #forget(owner: Association): void {
    this.#unread.delete(owner);
    this.#tunnels.delete(owner.peer);
    this.#places.remove(owner);
    this.#requests.forget(owner);
  }

  #request(owner: Association, kind: Request, payload: Element, now: number): string {
    const id = this.#id();
    const to = owner.address;
    const { startTimeout, dataTimeout, answerTimeout } = this.#limits;
    const timeout = kind === "start" ? startTimeout : dataTimeout;
    this.#requests.add({ id, kind, owner, to, timeout, answerTimeout }, now);
    this.#outputs.push({ kind: "request", id, to, payload });
    return id;
  }
}

/** @throws XtlsError `invalid-argument` */
function requireList(methods: readonly string[]): void {
  requireShape(Array.isArray(methods), "Methods are a list of names");
}

/** @throws XtlsError `malformed` for a `from` that cannot have a tunnel */
function addressOf(from: string): string {
  try {
    return fullJid(from);
  } catch (cause) {
    throw new XtlsError("malformed", "A tunnel has a full JID at each end", { cause });
  }
}

/** Whether a prepared full JID is `jid`, or one of its resources. Prepared once: there may be many tunnels, and an address may be long. */
function isOrHas(jid: string): (peer: string) => boolean {
  try {
    const gone = prepareJid(jid);
    return gone.includes("/") ? (peer) => peer === gone : (peer) => peer.startsWith(`${gone}/`);
  } catch {
    return () => false;
  }
}
