/**
 * What moves a tunnel: requests and answers of the peer, the caller's wishes, time.
 *
 * Owns one tunnel's state, its channel and what is under way; obeys the table in state.ts.
 * Whether a request may come at all, and from whom, the endpoint has checked before. Knows no
 * other tunnel. After `#end` nothing happens any more.
 */
import type { Element } from "@xmpp/xml";
import { fullJid } from "../base/jid.ts";
import { XtlsError } from "../errors.ts";
import { openChannel, type Channel } from "./channel.ts";
import { buildError } from "./condition.ts";
import { Goodbye } from "./goodbye.ts";
import type { Host } from "./host.ts";
import { Judgement, whyRefused } from "./judgement.ts";
import { Negotiation, type Demands } from "./negotiation.ts";
import { Outbox } from "./outbox.ts";
import { MAX_WAITING, MAX_WAITING_BYTES, ReadBudget } from "./read-budget.ts";
import { securityOf } from "./security.ts";
import { next, type Event, type Request, type Role, type State } from "./state.ts";
import type { TrustState, Verdict } from "./trust.ts";
import type { Delivery, Security, Tunnel } from "./tunnel.ts";
import { buildClose, buildClosed, buildProceed, buildStart, parseData, parseProceed, type Chunk } from "./wire.ts";

/** Why a peer's start can be refused. */
export type Refusal = "declined" | "unsupported" | "too-many-tunnels" | "no-common-method";

/** A peer that answers so has ended the tunnel, and has sent an alert before. */
const REFUSES_BYTES: readonly string[] = ["malformed", "invalid-base64"];

/** Another start of ours may still be answered well when one is refused so. */
const RETRIED: readonly string[] = ["already-open", "malformed"];

/** The peer itself is gone, so there is nobody to say goodbye to. */
const GONE: readonly string[] = ["alert-received", "unknown-tunnel", "peer-unavailable", "server-unreachable", "stream-lost"];

/** What came from the peer and keeps its place: it waits until what came before it is read. */
interface Arrival {
  /** Of a request, which is to be answered. */
  readonly id?: string;
  /** TLS bytes that it holds. */
  readonly bytes?: number;
  take(now: number, budget: ReadBudget): void;
}

export class Association implements Tunnel {
  /** The peer's full JID as it came, for the IQs: its server may not know the prepared form of a domain. */
  readonly address: string;
  readonly peer: string;
  readonly local: string;
  readonly isOwnRequest: boolean;
  readonly statistics = { bytesIn: 0, bytesOut: 0, iqsIn: 0, iqsOut: 0 };
  readonly #host: Host;
  readonly #outbox: Outbox;
  #role: Role;
  #state: State = "starting";
  #security: Security | undefined;
  #channel: Channel | undefined;
  readonly #negotiation: Negotiation;
  readonly #judgement: Judgement;
  readonly #goodbye = new Goodbye();
  /** The id of the peer's `<start/>`, until it is answered. */
  #start = "";
  /** The ids of our own that are not answered. */
  readonly #starts = new Set<string>();
  /** Why our `<start/>` was refused, while we wait for the peer to find out that its earlier tunnel with us is gone. */
  #staleRefusal: XtlsError | undefined;
  #hasRestarted = false;
  /** The peer has all of our first TLS flight. */
  #isFlightAnswered = false;
  /** The id of the `<data/>` that is being read. */
  #reading: string | undefined;
  readonly #arrivals: Arrival[] = [];
  #deadline: number | undefined;

  /**
   * @param address the peer's full JID, prepared or not
   * @param demands an initiator's; a responder's methods come with `accept`
   */
  constructor(host: Host, local: string, address: string, role: Role, demands?: Demands) {
    this.#host = host;
    this.local = local;
    this.address = address;
    this.peer = fullJid(address);
    this.#role = role;
    this.isOwnRequest = role === "initiator";
    this.#negotiation = new Negotiation(host, role, demands);
    this.#judgement = new Judgement(host, this, this.#negotiation);
    this.#outbox = new Outbox(host, this, this.#negotiation);
  }

  get role(): Role {
    return this.#role;
  }

  get state(): State {
    return this.#state;
  }

  get security(): Security | undefined {
    return this.#security;
  }

  /** When `overdue` is to be called, if nothing happens before. */
  get deadline(): number | undefined {
    return this.#deadline;
  }

  /** True while the peer's start awaits the local decision. */
  get awaitsConsent(): boolean {
    return this.#state === "starting" && this.#role === "responder";
  }

  /** True while the peer has not said `<proceed/>` to a start of ours. */
  get awaitsProceed(): boolean {
    return this.#state === "starting" && this.#role === "initiator";
  }

  /** True while our start waits for the end of an earlier tunnel that only the peer still has. */
  get awaitsStaleEnd(): boolean {
    return this.#staleRefusal !== undefined;
  }

  // --- start ---------------------------------------------------------------

  /** Sends `<start/>`. */
  ask(now: number): void {
    this.#starts.add(this.request("start", buildStart(this.#negotiation.makeOffer()), now));
  }

  /** The peer's `<start/>` came: asks for consent. */
  asked(id: string, offer: Element | undefined, now: number): void {
    this.statistics.iqsIn++;
    this.#start = id;
    this.#negotiation.hear(offer);
    this.#deadline = now + this.#host.limits.startTimeout;
    this.#host.emit({ kind: "consent", tunnel: this, offer: this.#negotiation.offer });
  }

  /** Both sides sent `<start/>` and the peer's wins: our caller wanted this tunnel, so it has consented. */
  yield(id: string, offer: Element | undefined, now: number): void {
    this.statistics.iqsIn++;
    this.#negotiation.yield();
    this.#negotiation.hear(offer);
    this.#role = "responder";
    this.#start = id;
    this.#starts.clear();
    this.#staleRefusal = undefined;
    this.accept(now);
  }

  /**
   * Our start was refused. `already-open` means a tunnel from before this end lost its stream: the peer tests it now, our
   * answer to that ends it, and we start once more. `malformed` may mean a peer that bears no offer: once more without.
   */
  #startRefused(id: string, error: XtlsError, now: number): void {
    if (!this.#starts.delete(id) || this.#state !== "starting") return;
    if (RETRIED.includes(error.code) && this.#starts.size > 0) return;
    if (error.code === "malformed") return this.#startWithoutOffer(error, now);
    if (error.code !== "already-open" || this.#hasRestarted) return this.#end(error);
    this.#staleRefusal = error;
    this.#deadline = now + this.#host.limits.startTimeout;
  }

  #startWithoutOffer(refusal: XtlsError, now: number): void {
    try {
      this.#negotiation.withdrawOffer(refusal);
    } catch (error) {
      return this.#end(asXtlsError(error));
    }
    this.ask(now);
  }

  /**
   * The peer speaks of a tunnel that we do not know of, and has been told so. It is an earlier one, or that which it consented
   * to and we did not hear of: once more. An earlier start of ours may still be answered, and counts then.
   */
  restart(now: number): void {
    this.statistics.iqsIn++;
    if (this.#hasRestarted) return;
    this.#hasRestarted = true;
    this.#staleRefusal = undefined;
    this.#deadline = undefined;
    this.ask(now);
  }

  /** @param methods ours for this peer, in order of preference */
  accept(now: number, methods?: readonly string[]): void {
    if (!this.awaitsConsent) return;
    let proceed: Element;
    try {
      proceed = buildProceed(this.#negotiation.answer(methods));
      this.#channel = openChannel(this, this.#host);
    } catch (error) {
      return this.#turnDown(asXtlsError(error));
    }
    this.#host.emit({ kind: "result", id: this.#start, to: this.address, payload: proceed });
    this.#proceed(now);
  }

  refuse(code: Refusal): void {
    if (this.awaitsConsent) this.#turnDown(new XtlsError(code, "Refused at this end"));
  }

  #turnDown(error: XtlsError, told = error.code): void {
    this.#host.emit({ kind: "error", id: this.#start, to: this.address, error: buildError(told) });
    this.#end(error);
  }

  #consented(payload: Element | undefined, now: number): void {
    try {
      this.#negotiation.conclude(parseProceed(payload));
      this.#channel = openChannel(this, this.#host);
    } catch (error) {
      return this.#fail(asXtlsError(error), now);
    }
    this.#proceed(now);
  }

  #proceed(now: number): void {
    this.#move("proceed");
    this.#deadline = now + this.#host.limits.handshakeTimeout;
    this.#flush(now);
  }

  // --- the peer's requests -------------------------------------------------------

  /** A `<data/>`: its bytes go into the engine, then they are read, then it is answered, then the rest follows. */
  data(id: string, payload: Element, now: number): void {
    this.statistics.iqsIn++;
    const chunk = this.#parsed(payload);
    const bytes = chunk instanceof XtlsError ? 0 : chunk.bytes.length;
    this.#inTurn({ id, bytes, take: (at, budget) => this.#take(id, chunk, at, budget) }, now);
  }

  /** A `<close/>`. */
  closeAsked(id: string, now: number): void {
    this.statistics.iqsIn++;
    this.#inTurn({ id, take: (at) => this.#closeAsked(id, at) }, now);
  }

  /** Reads on where the last turn stopped. */
  readOn(now: number, budget: ReadBudget): void {
    if (this.#channel?.hasUnread) this.#advance(now, budget);
    while (!budget.isSpent && !this.#channel?.hasUnread && this.#arrivals.length > 0) this.#arrivals.shift()?.take(now, budget);
    if (this.#isBehind) this.#host.unread(this);
  }

  /** While something is being read the rest waits: who sends more than anybody may have in flight has it read at once, at the cost of this turn. */
  #inTurn(arrival: Arrival, now: number): void {
    if (!this.#isBehind) arrival.take(now, new ReadBudget());
    else this.#arrivals.push(arrival);
    while (this.#isOverfull) this.readOn(now, new ReadBudget());
    if (this.#isBehind) this.#host.unread(this);
  }

  /** True while not all that came is read. */
  get #isBehind(): boolean {
    return this.#arrivals.length > 0 || this.#channel?.hasUnread === true;
  }

  get #isOverfull(): boolean {
    if (this.#arrivals.length > MAX_WAITING) return true;
    return this.#arrivals.reduce((sum, { bytes = 0 }) => sum + bytes, 0) > MAX_WAITING_BYTES;
  }

  #take(id: string, chunk: Chunk | XtlsError, now: number, budget: ReadBudget): void {
    this.#reading = id;
    const error = chunk instanceof XtlsError ? chunk : this.#feed(chunk);
    if (error !== undefined) return error.row.tunnel === "stays" ? this.#answer(error) : this.#fail(error, now, true);
    this.#advance(now, budget);
    // Its answers may stand behind what it sends itself.
    this.#host.renew(this, now);
  }

  /** Answers the `<data/>` that was being read. An alert is the peer's goodbye and arrived well; everything else that went wrong it must learn. */
  #answer(error?: XtlsError): void {
    const id = this.#reading;
    this.#reading = undefined;
    if (id === undefined) return;
    if (error === undefined || error.code === "alert-received") this.#host.emit({ kind: "result", id, to: this.address });
    else this.#host.emit({ kind: "error", id, to: this.address, error: buildError(error.code) });
  }

  /** Without close_notify before it, somebody may have cut something off. */
  #closeAsked(id: string, now: number): void {
    this.#goodbye.peers = id;
    if (this.#channel?.isOver) return this.#finish(now);
    if (this.#awaitsComparison) return this.#fail(new XtlsError("not-compared", "A <close/> came without an alert"), now);
    const isEarly = this.#state === "handshaking" || this.#state === "judging";
    this.#end(
      new XtlsError(isEarly ? "handshake-canceled" : "truncated", "The peer said <close/> without close_notify"),
    );
  }

  #parsed(payload: Element): Chunk | XtlsError {
    try {
      return parseData(payload, this.#host.limits.maxBytes);
    } catch (error) {
      return asXtlsError(error);
    }
  }

  #feed({ bytes, method }: Chunk): XtlsError | undefined {
    try {
      this.#negotiation.agree(method);
      this.statistics.bytesIn += bytes.length;
      this.#channel?.feed(bytes);
      return undefined;
    } catch (error) {
      return asXtlsError(error);
    }
  }

  // --- after bytes came ---------------------------------------------------------------

  #advance(now: number, budget: ReadBudget): void {
    const channel = this.#channel as Channel;
    const stanzas = this.#read(channel, now, budget);
    if (this.#state === "handshaking" && channel.isSecure) this.#secure(channel, now);
    if (this.#state === "judging") this.#judge(channel, now);
    for (const stanza of stanzas) this.#host.emit({ kind: "stanza", tunnel: this, stanza });
    if (channel.isOver && !channel.hasUnread) this.#farewell(channel, now);
    this.#flush(now);
  }

  /** The next stanzas. When there are no more the `<data/>` that brought them is answered: so a peer that keeps a window goes no faster than we read. */
  #read(channel: Channel, now: number, budget: ReadBudget): Element[] {
    try {
      const stanzas = channel.arrivals(budget);
      if (!channel.hasUnread) this.#answer();
      return stanzas;
    } catch (error) {
      this.#fail(asXtlsError(error), now, true);
      return [];
    }
  }

  /** TLS is done: now, who is it? */
  #secure(channel: Channel, now: number): void {
    this.#move("secure");
    this.#deadline = now + this.#host.limits.verdictTimeout;
    try {
      this.#judgement.begin(channel);
    } catch (error) {
      this.#fail(asXtlsError(error), now);
    }
  }

  #judge(channel: Channel, now: number): void {
    try {
      for (const message of channel.messages()) this.#judgement.hear(message);
      if (channel.holdsStanzas) this.#judgement.heardStanza();
    } catch (error) {
      this.#fail(asXtlsError(error), now);
    }
  }

  /** Our method speaks. @throws XtlsError `closed` when the verdict is there or the tunnel gone */
  say(message: Element, now: number): void {
    if (this.#state !== "judging") throw new XtlsError("closed");
    this.#channel?.say(message);
    this.#flush(now);
  }

  /** The method's verdict, or what broke it. */
  judged(verdict: Verdict | XtlsError, now: number): void {
    if (this.#state !== "judging" || !this.#judgement.isAsked) return;
    if (verdict instanceof XtlsError) this.#fail(verdict, now);
    else if (verdict.trusted) this.#trust(verdict.state, now);
    else this.#fail(new XtlsError(verdict.code, verdict.detail), now);
  }

  #trust(trust: TrustState, now: number): void {
    const channel = this.#channel as Channel;
    this.#move("trust");
    this.#deadline = undefined;
    this.#security = securityOf(channel, this.#negotiation.method, this.#judgement.isBound, trust);
    this.#outbox.oweSoFar(channel);
    this.#host.emit({ kind: "open", tunnel: this });
    channel.trust();
    this.#advance(now, new ReadBudget());
    if (this.#isBehind) this.#host.unread(this);
  }

  /** Somebody has verified the peer's key while the tunnel was open. */
  verified(): void {
    if (this.#security !== undefined) this.#security = { ...this.#security, trust: "verified" };
  }

  // --- stanzas out ------------------------------------------------------------------------

  /** @throws XtlsError the caller's errors: nothing was sent */
  send(stanza: Element, delivery: Delivery, now: number): void {
    if (this.#state === "closing" || this.#state === "closed") throw new XtlsError("closed");
    if (this.#state !== "open") throw new XtlsError("invalid-state", `The tunnel is ${this.#state}`);
    const channel = this.#channel as Channel;
    channel.write(stanza);
    this.#outbox.expect(delivery, channel);
    this.#flush(now);
  }

  /** Makes the peer show that it still has this tunnel: white space says nothing, but must be answered. */
  probe(now: number): void {
    if ((this.#state !== "open" && this.#state !== "judging") || !this.#outbox.hasRoom) return;
    this.#channel?.writeSpace();
    this.#flush(now);
  }

  /** Sends what the window admits; while it is full, ciphertext gathers in the engine for the next chunk. */
  #flush(now: number): void {
    const channel = this.#channel;
    if (channel === undefined || this.#state === "closed") return;
    try {
      this.#pump(channel, now);
    } catch (error) {
      this.#fail(asXtlsError(error), now);
    }
  }

  #pump(channel: Channel, now: number): void {
    if (this.#goodbye.isWanted) channel.close();
    this.#outbox.pump(channel, now);
    if (this.#goodbye.isToBeAsked && this.#isQuiet(channel)) {
      this.#goodbye.ask();
      this.request("close", buildClose(), now);
    }
    this.#finish(now);
  }

  #isQuiet(channel: Channel): boolean {
    return this.#outbox.isIdle && channel.pending === 0;
  }

  /** True when both have said close_notify, all of the peer's is read and no stanza of ours is under way: nothing can get lost any more. */
  get #hasOnlyGoodbyes(): boolean {
    return this.#hasRead && this.#state === "closing" && !this.#outbox.expectsDelivery;
  }

  /** True when the peer has said close_notify, we have, and all that came before it is read. */
  get #hasRead(): boolean {
    return this.#channel?.isOver === true && !this.#channel.hasUnread;
  }

  // --- answers to our requests ------------------------------------------------------------------

  answered(kind: Request, id: string, payload: Element | undefined, now: number): void {
    if (kind === "start") return this.#proceeded(id, payload, now);
    this.#inTurn({ take: (at) => this.#answered(kind, id, at) }, now);
  }

  refused(kind: Request, id: string, error: XtlsError, now: number): void {
    this.#inTurn({ take: (at) => this.#refused(kind, id, error, at) }, now);
  }

  #proceeded(id: string, payload: Element | undefined, now: number): void {
    if (this.#starts.delete(id) && this.#state === "starting") this.#consented(payload, now);
  }

  #answered(kind: Request, id: string, now: number): void {
    if (kind === "data") return this.#acknowledged(id, now);
    this.#closed(new XtlsError("truncated", "The peer said <closed/> without close_notify"), now);
  }

  #refused(kind: Request, id: string, error: XtlsError, now: number): void {
    if (kind === "start") return this.#startRefused(id, error, now);
    if (kind === "close") return this.#closed(error, now);
    if (this.#hasOnlyGoodbyes) return this.#end(undefined);
    this.#fail(this.#awaitsComparison && REFUSES_BYTES.includes(error.code) ? new XtlsError("not-compared", error.message) : error, now);
  }

  /** No answer came in time. */
  expired(kind: Request, id: string, now: number): void {
    this.refused(kind, id, new XtlsError("timeout", `No answer to <${kind}/>`), now);
  }

  #acknowledged(id: string, now: number): void {
    if (!this.#outbox.isOldest(id)) return this.#fail(new XtlsError("answer-lost"), now);
    this.#outbox.acknowledge(id);
    if (this.#state === "handshaking") this.#flightAnswered(now);
    this.#flush(now);
  }

  /** Until the peer has our first flight, the handshake waits for our own queue; so its time begins anew, this once. */
  #flightAnswered(now: number): void {
    if (this.#isFlightAnswered || !this.#isQuiet(this.#channel as Channel)) return;
    this.#isFlightAnswered = true;
    this.#deadline = now + this.#host.limits.handshakeTimeout;
  }

  // --- ends -----------------------------------------------------------------------------------------

  /** The caller wants to close. */
  close(now: number): void {
    if (this.#state === "closing" || this.#state === "closed") return;
    if (this.awaitsConsent) return this.refuse("declined");
    if (this.#state !== "open") return this.abort(new XtlsError("handshake-canceled", "Closed at this end"), now);
    this.#leave(now);
    this.#goodbye.want();
    this.#flush(now);
  }

  /** The caller wants it to end at once, and says why. */
  abort(error: XtlsError, now: number): void {
    if (this.#state === "starting") this.#end(error);
    else this.#fail(error, now);
  }

  /** Somebody else gets the place. */
  evict(now: number): void {
    const error = new XtlsError("evicted", `${this.peer} was ${this.#state}`);
    if (this.awaitsConsent) this.#turnDown(error, "too-many-tunnels");
    else this.#fail(error, now);
  }

  /** `<close/>` was answered, well or badly: the exchange is over. Only close_notify says whether all was read. */
  #closed(otherwise: XtlsError, now: number): void {
    this.#goodbye.answered();
    if (this.#channel?.isOver) this.#finish(now);
    else this.#end(otherwise);
  }

  /** The peer said close_notify, and the engine has answered it. */
  #farewell(channel: Channel, now: number): void {
    if (this.#state === "handshaking" || this.#state === "judging") {
      return this.#fail(new XtlsError("handshake-canceled", "The peer said close_notify"), now);
    }
    if (!channel.isComplete)
      return this.#fail(new XtlsError("truncated", "The peer said close_notify in the middle of a stanza"), now);
    if (this.#state === "open") this.#leave(now);
  }

  /** One end has said goodbye. What is still to be sent may take its time, but a peer that answers now and then shall not hold up for days whoever wants to leave. */
  #leave(now: number): void {
    this.#move("close");
    this.#deadline = now + this.#host.limits.closeTimeout;
  }

  /**
   * True between the handshake and the peer's bind. Every end says an alert there before it leaves, so who takes the
   * alert away, or leaves in another's name, may want to hide what the bind would show.
   */
  get #awaitsComparison(): boolean {
    return this.#state === "judging" && this.#judgement.awaitsBind;
  }

  /** True between the handshake and the verdict, also when what came with the handshake's last bytes ends the tunnel. */
  get #isUnjudged(): boolean {
    return this.#state === "judging" || (this.#state === "handshaking" && this.#channel?.isSecure === true);
  }

  /** Ends in order when close_notify has gone both ways, everything is acknowledged and one side's `<close/>` is through. */
  #finish(now: number): void {
    if (this.#state !== "closing" || !this.#hasRead || !this.#isQuiet(this.#channel as Channel)) return;
    if (this.#goodbye.isThrough) return this.#end(undefined);
    // A close_notify alone is a goodbye too, but leave time for the <close/>.
    if (this.#goodbye.isSilent) this.#deadline = Math.min(this.#deadline ?? Infinity, now + this.#host.limits.dataTimeout);
  }

  /** Time is over for the present state. */
  overdue(now: number): void {
    this.#deadline = undefined;
    if (this.#staleRefusal !== undefined) return this.#end(this.#staleRefusal);
    if (this.awaitsConsent) return this.#turnDown(new XtlsError("timeout", "Nobody consented"), "declined");
    if (this.#hasOnlyGoodbyes) return this.#end(undefined);
    this.#fail(new XtlsError("timeout", `The tunnel was still ${this.#state}`), now);
  }

  /** The peer is gone; what came before that is read first. */
  unavailable(now: number): void {
    this.#inTurn({ take: () => this.vanish(new XtlsError("peer-unavailable")) }, now);
  }

  /** There is nobody to talk to any more: nothing is sent. What is not read is not answered, so that the peer does not count it as delivered. */
  vanish(error: XtlsError): void {
    this.#goodbye.peers = undefined;
    this.#reading = undefined;
    this.#arrivals.length = 0;
    this.#end(this.#hasOnlyGoodbyes ? undefined : error);
  }

  /**
   * Something went wrong for good: alert, answer to the `<data/>` that did it, `<close/>`, end. The alert
   * goes first, since it alone is authenticated: the peer shall believe it and not the answer.
   */
  #fail(error: XtlsError, now: number, isPeersDoing = false): void {
    if (this.#state === "closed") return;
    const isHeard = !GONE.includes(error.code);
    if (isHeard) this.#sendAlert(error, now, isPeersDoing);
    if (isPeersDoing) this.#answer(error);
    if (isHeard && this.#goodbye.peers === undefined) this.request("close", buildClose(), now);
    this.#end(error);
  }

  /**
   * The alert for what the peer, or somebody on the way, has sent always goes, else they could keep the other end from
   * knowing. What time or the local user ends does not send a long queue first: to a peer that does not answer, or is distrusted.
   */
  #sendAlert(error: XtlsError, now: number, isPeersDoing: boolean): void {
    // Who started and then said nothing of TLS is told by the <close/>, and cannot make us say more than that.
    if (this.#role === "responder" && this.statistics.bytesIn === 0) return;
    const isOpen = this.#state === "open" || this.#state === "closing";
    try {
      this.#channel?.abort(error);
      if (this.#channel !== undefined) this.#outbox.sendAlert(this.#channel, now, isOpen && !isPeersDoing);
    } catch {
      // The engine cannot even do that: `error` says more than this would.
    }
  }

  #end(cause: XtlsError | undefined): void {
    if (this.#state === "closed") return;
    const unjudged = this.#isUnjudged ? this.#channel : undefined;
    const error = unjudged === undefined ? cause : whyRefused(cause, unjudged);
    const unbelieved = unjudged && this.#judgement.shownBy(unjudged);
    this.#move("end");
    this.#deadline = undefined;
    const { peers: id } = this.#goodbye;
    if (id !== undefined) this.#host.emit({ kind: "result", id, to: this.address, payload: buildClosed() });
    this.#forsake();
    this.#outbox.abandon(error);
    this.#channel?.[Symbol.dispose]();
    this.#host.ended(this);
    this.#host.emit({ kind: "close", tunnel: this, error, unbelieved });
  }

  /** What was not read to its end finds no tunnel any more. */
  #forsake(): void {
    const unread = [this.#reading, ...this.#arrivals.map(({ id }) => id)];
    this.#reading = undefined;
    this.#arrivals.length = 0;
    for (const id of unread)
      if (id !== undefined) this.#host.emit({ kind: "error", id, to: this.address, error: buildError("unknown-tunnel") });
  }

  #move(event: Event): void {
    this.#state = next(this.#state, event);
  }

  /** @internal Sends a request to the peer. @returns its id */
  request(kind: Request, payload: Element, now: number): string {
    this.statistics.iqsOut++;
    return this.#host.request(this, kind, payload, now);
  }
}

/** Anything thrown as one of ours. */
function asXtlsError(error: unknown): XtlsError {
  return error instanceof XtlsError ? error : new XtlsError("internal-error", String(error), { cause: error });
}
