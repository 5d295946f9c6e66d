/**
 * One address, for as long as it is bound: the endpoint's inputs, and its outputs obeyed.
 *
 * Everything here is synchronous and in order of arrival; only trust and consent, which may
 * ask a person, come back later. Knows no stream: what is to be sent goes to `send`.
 */

import xml, { type Element } from "@xmpp/xml";

import { Clock } from "../base/clock.ts";
import { nextTurn } from "../base/next-turn.ts";
import { XtlsError } from "../errors.ts";
import { Dialogue } from "../methods/dialogue.ts";
import type { Examiner } from "../methods/examiner.ts";
import { unlessOver } from "../methods/unless-over.ts";
import type { Certificate } from "../tls/certificate.ts";
import { Endpoint, type EndpointOptions, type IncomingAnswer, type IncomingRequest } from "../xtls/endpoint.ts";
import { bareJid, fullJid, isSameJid } from "../base/jid.ts";
import { watched } from "../base/listeners.ts";
import type { Offer } from "../xtls/offer.ts";
import type { Refusal } from "../xtls/association.ts";
import type { Output } from "../xtls/output.ts";
import type { BelievedState, Claim, Verdict } from "../xtls/trust.ts";
import type { Delivery, Tunnel as Association } from "../xtls/tunnel.ts";
import { Consents } from "./consents.ts";
import { randomId } from "./id.ts";
import { policyFor, type Policies, type Policy } from "./policy.ts";
import { Tunnel, type TunnelPort } from "./tunnel.ts";

/** A peer's wish for a tunnel. */
export interface Start {
  /** The peer's full JID, as its server vouches for it. Nothing of this is authenticated yet. */
  readonly from: string;
  /** What the peer says it could do (XEP-0250). */
  readonly offer: Offer | undefined;
  /** Aborted when the answer no longer matters: the peer has left, or time is up. */
  readonly signal: AbortSignal;
}

/** What a session asks of the plug-in. */
export interface SessionPort {
  send(stanza: Element): void;
  accept(start: Start): boolean | Promise<boolean>;
  /** A tunnel is open with a peer whom our own side asked, or whose key is verified. */
  connected?(tunnel: Tunnel): void;
  /** A peer's tunnel is open. */
  opened(tunnel: Tunnel): void;
  /** A peer's tunnel came to nothing. */
  refused(from: string, error: XtlsError): void;
  /** Something happened with this peer that a person should know. */
  alarmed(peer: string, error: XtlsError): void;
  /** A stanza came through a tunnel; nobody has seen it yet. */
  arrived(stanza: Element, tunnel: Tunnel): void;
  /** No request was waiting for it. */
  received(stanza: Element, tunnel: Tunnel): void;
  ended(tunnel: Tunnel): void;
  report(error: unknown): void;
}

/** What a session is made of. */
export interface SessionOptions extends Omit<EndpointOptions, "id" | "methods"> {
  readonly examiner: Examiner;
  readonly policy: Policies;
  /** Whose time counts; default: a clock of its own. */
  readonly clock?: Clock;
}

/** What smells of an attack, whoever opened the tunnel. */
const ALARMING: readonly string[] = ["downgraded", "not-compared", "capability-lost", "key-changed"];

/** What a stranger says wrongly is refused, and no error that everybody could cause in the application. */
const FAULTS_OF_PEERS: readonly string[] = ["method-violation", "not-authorized"];

function isOursToKnow({ code, cause }: XtlsError): boolean {
  return cause !== undefined && !FAULTS_OF_PEERS.includes(code);
}

type Probe = Extract<Output, { kind: "probe" }>;
type Close = Extract<Output, { kind: "close" }>;

interface Deferred<Value> {
  resolve(value: Value): void;
  reject(error: XtlsError): void;
}

/** The application's own error becomes the cause of ours. */
function policyBroke(cause: unknown): never {
  throw cause instanceof XtlsError ? cause : new XtlsError("not-trusted", "The trust policy broke", { cause });
}

/** The certificates that an offer names; undefined: there is no offer. */
function shownIn(offer: Offer | undefined): readonly string[] | undefined {
  return offer && [...offer.fingerprints, ...offer.keys];
}

export class Session {
  readonly address: string;
  readonly #endpoint: Endpoint;
  readonly #examiner: Examiner;
  readonly #policy: Policies;
  readonly #port: SessionPort;
  readonly #clock: Clock;
  #cancelWake = () => {};
  readonly #tunnels = new Map<Association, Tunnel>();
  readonly #opening = new Map<Association, Deferred<Tunnel>>();
  readonly #consents = new Consents();
  readonly #dialogues = new Map<Association, Dialogue>();
  readonly #deliveries = new Map<Delivery, Deferred<void>>();
  readonly #tunnelPort: TunnelPort;
  /** Who waits for an answer of the application's that is of use only as long as there is a stream. */
  readonly #waiting = new Set<AbortController>();
  #isObeying = false;
  #isReading = false;
  #isOver = false;

  constructor({ examiner, policy, clock = new Clock(), ...options }: SessionOptions, port: SessionPort) {
    this.address = options.address;
    this.#endpoint = new Endpoint({ ...options, id: randomId });
    this.#examiner = examiner;
    this.#policy = policy;
    this.#clock = clock;
    this.#port = port;
    this.#tunnelPort = {
      send: (association, stanza) => this.#send(association, stanza),
      close: (association) => this.#enter((now) => this.#endpoint.close(association, now)),
      after: (milliseconds, callback) => clock.after(milliseconds, callback),
      report: port.report,
    };
    // Whatever the policy has to read for `hasKeyOf`, it has read before the first start: whom it knows has a place. What is wrong with it is told by the first that needs it.
    examiner.knows(bareJid(this.address)).catch(() => undefined);
  }

  /**
   * @param only the methods to be used, and no other; undefined: all that make sense
   * @throws XtlsError `switched-off`; what `Endpoint.open` throws, then whatever ends the tunnel before it is open
   */
  async open(peer: string, only?: readonly string[]): Promise<Tunnel> {
    const jid = fullJid(peer);
    if (this.#policyFor(jid) === "off") throw new XtlsError("switched-off", `No tunnel with ${peer}`);
    const methods = await this.#whileOnline(this.#examiner.methodsFor(bareJid(jid), undefined, only)).catch(policyBroke);
    const requiresOffer = await this.#whileOnline(this.#examiner.requiresOffer(bareJid(jid))).catch(policyBroke);
    const isNarrowed = only !== undefined && only.length > 0;
    return new Promise((resolve, reject) => {
      this.#enter((now) => this.#opening.set(this.#endpoint.open(peer, now, { methods, isNarrowed, requiresOffer }), { resolve, reject }));
    });
  }

  /** What we could do, for whoever asks or is asked. */
  get offer(): Element {
    return this.#endpoint.offer(this.#examiner.names);
  }

  receive(request: IncomingRequest): void {
    const knownAs = request.payload.is("start") ? this.#hasKeyOf(request.from) : undefined;
    this.#enter((now) => this.#endpoint.receive({ ...request, knownAs }, now));
  }

  /** An address that is none, or a policy that throws, has no place of its own. */
  #hasKeyOf(peer: string): BelievedState | undefined {
    try {
      return this.#examiner.hasKeyOf(bareJid(peer));
    } catch (error) {
      if (!(error instanceof XtlsError)) this.#port.report(error);
      return undefined;
    }
  }

  /** @returns false when it is not for us */
  answer(answer: IncomingAnswer): boolean {
    return this.#enter((now) => this.#endpoint.answer(answer, now));
  }

  unavailable(peer: string): void {
    this.#enter((now) => this.#endpoint.unavailable(peer, now));
  }

  /** The stream is gone for good. */
  disconnect(): void {
    this.#isOver = true;
    for (const waiting of this.#waiting) waiting.abort(new XtlsError("stream-lost"));
    this.#enter((now) => this.#endpoint.disconnect(now));
  }

  /** Somebody has stopped to believe a key: what it opened ends, and what is being judged, whatever was found out so far. */
  distrust(jid: string, spkiFingerprint: string): void {
    const error = new XtlsError("not-trusted", `The key of ${jid} is believed no longer: it was distrusted or forgotten`);
    for (const association of this.#withKey(jid, spkiFingerprint)) this.#enter((now) => this.#endpoint.abort(association, error, now));
  }

  /** Somebody has verified a key: what it opened says so. */
  verified(jid: string, spkiFingerprint: string): void {
    for (const association of this.#withKey(jid, spkiFingerprint)) this.#enter(() => this.#endpoint.verified(association));
  }

  /** Closes every tunnel in order, and gives up those that are not open yet. */
  async close(): Promise<void> {
    for (const association of [...this.#opening.keys(), ...this.#dialogues.keys()]) this.#tunnelPort.close(association);
    await Promise.all([...this.#tunnels.values()].map((tunnel) => tunnel.close()));
  }

  async #send(association: Association, stanza: Element): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#enter((now) => this.#deliveries.set(this.#endpoint.send(association, stanza, now), { resolve, reject }));
    });
  }

  /** The tunnels with a peer's key that are open or being judged. */
  #withKey(jid: string, spkiFingerprint: string): readonly Association[] {
    const isMeant = (association: Association, certificate: Certificate | undefined): boolean =>
      isSameJid(bareJid(association.peer), jid) && certificate?.spkiFingerprint === spkiFingerprint;
    return this.#certificates().flatMap(([association, certificate]) => (isMeant(association, certificate) ? [association] : []));
  }

  /** The certificates at the other ends of tunnels that are open or being judged. */
  #certificates(): (readonly [Association, Certificate | undefined])[] {
    return [
      ...[...this.#tunnels].map(([association, { security }]) => [association, security?.certificate] as const),
      ...[...this.#dialogues].map(([association, { claim }]) => [association, claim.peer] as const),
    ];
  }

  /** The application's answer, as long as there is a stream to use it on. @throws XtlsError `stream-lost` */
  async #whileOnline<Answer>(asked: Promise<Answer>): Promise<Answer> {
    const waiting = new AbortController();
    this.#waiting.add(waiting);
    const answer = await unlessOver(waiting.signal, asked).finally(() => this.#waiting.delete(waiting));
    if (this.#isOver) throw new XtlsError("stream-lost");
    return answer;
  }

  /** One input to the endpoint, then all that follows from it. */
  #enter<Result>(input: (now: number) => Result): Result {
    try {
      return input(this.#clock.now);
    } finally {
      this.#obeyAll();
    }
  }

  // A listener may well use its tunnel while outputs are being obeyed: what follows is obeyed by the outer loop.
  #obeyAll(): void {
    if (this.#isObeying) return;
    this.#isObeying = true;
    try {
      for (let outputs = this.#endpoint.take(); outputs.length > 0; outputs = this.#endpoint.take()) {
        // What goes wrong with one shall not cost the others: each is obeyed on its own.
        for (const output of outputs) watched(() => this.#obey(output), this.#port.report);
      }
    } finally {
      this.#isObeying = false;
    }
    this.#schedule(this.#endpoint.deadline);
    this.#readOn();
  }

  /** What came at once is read in turns of the loop: others have theirs between. */
  #readOn(): void {
    if (this.#isReading || !this.#endpoint.hasUnread) return;
    this.#isReading = true;
    nextTurn(() => {
      this.#isReading = false;
      this.#enter((now) => this.#endpoint.readOn(now));
    });
  }

  /** Replaces the deadline of before; undefined: nothing is waiting. */
  #schedule(deadline: number | undefined): void {
    const cancelPrevious = this.#cancelWake;
    const wake = () => this.#enter((now) => this.#endpoint.wake(now));
    this.#cancelWake = deadline === undefined ? () => {} : this.#clock.at(deadline, wake);
    cancelPrevious();
  }

  /** @returns the promise of what takes its time */
  #obey(output: Output): void | Promise<void> {
    switch (output.kind) {
      case "request":
        return this.#sendIq("set", output, output.payload);
      case "result":
        return this.#sendIq("result", output, output.payload);
      case "error":
        return this.#sendIq("error", output, output.error);
      case "consent":
        return this.#consent(output.tunnel, output.offer);
      case "probe":
        return this.#describe(output);
      case "judge":
        return this.#judge(output.tunnel, output.method, output.claim);
      case "message":
        return this.#hear(output.tunnel, output.message);
      case "open":
        return this.#open(output.tunnel);
      case "stanza":
        return this.#deliver(output.tunnel, output.stanza);
      case "delivered":
        return this.#settle(output.delivery, (delivery) => delivery.resolve());
      case "lost":
        return this.#settle(output.delivery, (delivery) => delivery.reject(output.error));
      case "close":
        this.#close(output.tunnel, output.error);
        return this.#warn(output);
    }
  }

  /** Whoever comes too late with an answer does not write to the next stream in this one's name. */
  #sendIq(type: string, { id, to }: { id: string; to: string }, child: Element | undefined): void {
    if (this.#isOver) return;
    this.#port.send(xml("iq", { from: this.address, id, to, type }, ...(child ? [child] : [])));
  }

  async #consent(association: Association, offer: Offer | undefined): Promise<void> {
    const { peer } = association;
    if (this.#policyFor(peer) === "off") return this.#refuse(association, "unsupported");
    const isKnown = (await this.#ask(() => this.#examiner.knows(bareJid(peer)))) === true;
    // Only `true` is a yes: an answer in words, such as "no", is truthy as well.
    const ask = async (signal: AbortSignal) => (await this.#ask(() => this.#port.accept({ from: peer, offer, signal }))) === true;
    // Undefined: there was no room to ask, or the tunnel has ended.
    const isWanted = await this.#consents.ask(association, isKnown, ask).catch(() => undefined);
    if (isWanted === undefined) return this.#refuse(association, "too-many-tunnels");
    const methods = isWanted && (await this.#ask(() => this.#examiner.methodsFor(bareJid(peer), shownIn(offer))));
    if (!methods) return this.#refuse(association, "declined");
    this.#enter((now) => this.#endpoint.accept(association, now, methods));
  }

  #refuse(association: Association, code: Refusal): void {
    this.#enter((now) => this.#endpoint.refuse(association, code, now));
  }

  /** Nothing shows who asks, so everybody is told the same. */
  #describe(probe: Probe): void {
    const isOff = this.#policyFor(probe.from) === "off";
    this.#enter(() => (isOff ? this.#endpoint.ignore(probe) : this.#endpoint.describe(probe, this.#examiner.names)));
  }

  async #judge(association: Association, method: string, claim: Claim): Promise<void> {
    const dialogue = new Dialogue(claim, (message) => this.#enter((now) => this.#endpoint.say(association, message, now)), this.#examiner.prompts);
    this.#dialogues.set(association, dialogue);
    const verdict = this.#temper(await this.#examiner.examine(method, dialogue), association.peer);
    this.#dialogues.delete(association);
    // What broke our method is the application's to know; that the tunnel ended under it, the tunnel says.
    if (!dialogue.signal.aborted && verdict instanceof XtlsError && isOursToKnow(verdict)) this.#port.report(verdict.cause);
    this.#enter((now) => this.#endpoint.judged(association, verdict, now));
  }

  /**
   * Whoever was not believed may be somebody else, whatever ended the tunnel: a method does not know that there was another key,
   * and a peer can leave before there is a verdict. The policy's own word for a changed key is an alarm by itself.
   */
  async #warn({ tunnel: { peer }, error, unbelieved }: Close): Promise<void> {
    if (unbelieved === undefined || error?.code === "key-changed") return;
    const isKeyChange = await this.#ask(() => this.#examiner.isKeyChange(unbelieved));
    if (isKeyChange) this.#port.alarmed(peer, new XtlsError("key-changed", `${peer} has not proved that the new key is its own`));
  }

  /** A peer that hides what it could once do is worth an alarm, and where tunnels are required a refusal. */
  #temper(verdict: Verdict | XtlsError, peer: string): Verdict | XtlsError {
    if (verdict instanceof XtlsError || !verdict.trusted || !verdict.hasLostCapabilities) return verdict;
    const error = new XtlsError("capability-lost", `${peer} once compared offers and now did not`);
    if (this.#policyFor(peer) !== "opportunistic") return error;
    this.#port.alarmed(peer, error);
    return verdict;
  }

  #hear(association: Association, message: Element): void {
    try {
      this.#dialogues.get(association)?.deliver(message);
    } catch (error) {
      this.#endpoint.judged(association, error as XtlsError, this.#clock.now);
    }
  }

  /** A policy that throws wants nothing of anybody. */
  #policyFor(peer: string): Policy {
    try {
      return policyFor(this.#policy, peer);
    } catch (error) {
      this.#port.report(error);
      return "off";
    }
  }

  /** Undefined when the application's answer is an exception: whoever asks takes that for a no. */
  async #ask<Answer>(question: () => Answer | Promise<Answer>): Promise<Answer | undefined> {
    try {
      return await question();
    } catch (error) {
      this.#port.report(error);
      return undefined;
    }
  }

  #open(association: Association): void {
    const tunnel = new Tunnel(association, this.#tunnelPort);
    this.#tunnels.set(association, tunnel);
    const opening = this.#opening.get(association);
    this.#opening.delete(association);
    // Whoever came first and proved no more is a stranger: it is not told where we are, nor when we leave.
    if (association.isOwnRequest || association.security?.trust === "verified") this.#port.connected?.(tunnel);
    if (opening) opening.resolve(tunnel);
    else this.#port.opened(tunnel);
  }

  #deliver(association: Association, stanza: Element): void {
    const tunnel = this.#tunnels.get(association);
    if (tunnel === undefined) return;
    this.#port.arrived(stanza, tunnel);
    if (!tunnel.receive(stanza)) this.#port.received(stanza, tunnel);
  }

  #settle(delivery: Delivery, how: (deferred: Deferred<void>) => void): void {
    const deferred = this.#deliveries.get(delivery);
    this.#deliveries.delete(delivery);
    if (deferred) how(deferred);
  }

  #close(association: Association, error: XtlsError | undefined): void {
    this.#consents.end(association, error);
    this.#dialogues.get(association)?.end(error ?? new XtlsError("closed"));
    this.#dialogues.delete(association);
    if (error !== undefined && ALARMING.includes(error.code)) this.#port.alarmed(association.peer, error);
    const tunnel = this.#tunnels.get(association);
    this.#tunnels.delete(association);
    if (tunnel === undefined) return this.#fail(association, error ?? new XtlsError("closed"));
    tunnel.end(error);
    this.#port.ended(tunnel);
  }

  #fail(association: Association, error: XtlsError): void {
    const opening = this.#opening.get(association);
    this.#opening.delete(association);
    if (opening) opening.reject(error);
    else this.#port.refused(association.peer, error);
  }
}
