/**
 * Two endpoints joined by an in-memory server.
 *
 * Every output of one becomes an input of the other, in order in each direction, as XMPP
 * promises within one stream; which direction moves first is the test's choice. The server stamps `from`,
 * and a test may put itself in the server's place (`intercept`) or read everything (`log`).
 */
import { Element } from "@xmpp/xml";
import { XtlsError } from "../../bindings/errors.ts";
import { Endpoint, type EndpointOptions } from "../../bindings/xtls/endpoint.ts";
import type { Output } from "../../bindings/xtls/output.ts";
import type { Claim, Trust, Verdict } from "../../bindings/xtls/trust.ts";
import type { Delivery, Tunnel } from "../../bindings/xtls/tunnel.ts";

export const ROMEO = "romeo@montague.lit/orchard";
export const JULIET = "juliet@capulet.lit/balcony";

/** An IQ on the wire. */
export interface Iq {
  readonly type: "get" | "set" | "result" | "error";
  readonly id: string;
  readonly from: string | undefined;
  readonly to: string;
  readonly payload: Element | undefined;
}

export interface EndOptions extends Omit<EndpointOptions, "address" | "id"> {
  readonly trust?: Trust;
  /** Default true; undefined: the test decides by itself. */
  readonly accepts?: boolean | undefined;
  readonly ids?: () => string;
  /** Whether a probe is told our keys. */
}

/** One end: an endpoint, its owner's memory, and the queue of what it sent. */
export class End {
  readonly endpoint: Endpoint;
  readonly sent: Iq[] = [];
  readonly stanzas: string[] = [];
  readonly delivered: Delivery[] = [];
  readonly lost: Delivery[] = [];
  /** What the peer's method said. */
  readonly messages: Element[] = [];
  readonly consents: Tunnel[] = [];
  readonly opened: Tunnel[] = [];
  readonly closes: (XtlsError | undefined)[] = [];
  readonly claims: { tunnel: Tunnel; method: string; claim: Claim }[] = [];
  readonly #options: EndOptions;

  constructor(
    readonly address: string,
    readonly pair: WirePair,
    options: EndOptions,
  ) {
    let last = 0;
    const { trust: _trust, accepts: _accepts, ids, ...rest } = options;
    this.#options = options;
    this.endpoint = new Endpoint({ ...rest, address, id: ids ?? (() => `${address.split("@")[0]}-${++last}`) });
  }

  /** The tunnel that opened last. */
  get tunnel(): Tunnel {
    const tunnel = this.opened.at(-1);
    if (tunnel === undefined) throw new Error(`${this.address} has no open tunnel`);
    return tunnel;
  }

  open(peer: string): Tunnel {
    return this.after(() => this.endpoint.open(peer, this.pair.now));
  }

  send(stanza: Element, tunnel = this.tunnel): Delivery {
    return this.after(() => this.endpoint.send(tunnel, stanza, this.pair.now));
  }

  close(tunnel = this.tunnel): void {
    this.after(() => this.endpoint.close(tunnel, this.pair.now));
  }

  /** A method's message. */
  say(message: Element, tunnel = this.claims.at(-1)?.tunnel as Tunnel): void {
    this.after(() => this.endpoint.say(tunnel, message, this.pair.now));
  }

  judged(verdict: Verdict | XtlsError, tunnel = this.claims.at(-1)?.tunnel as Tunnel): void {
    this.after(() => this.endpoint.judged(tunnel, verdict, this.pair.now));
  }

  wake(): void {
    this.after(() => this.endpoint.wake(this.pair.now));
  }

  readOn(): void {
    this.after(() => this.endpoint.readOn(this.pair.now));
  }

  /** Takes an IQ as its server delivers it. @returns false for an answer that is not taken */
  receive({ type, id, from, payload }: Iq): boolean {
    return this.after(() => {
      if (type === "result" || type === "error")
        return this.endpoint.answer({ type, id, from, payload }, this.pair.now);
      this.endpoint.receive({ type, id, from: from as string, payload: payload as Element }, this.pair.now);
      return true;
    });
  }

  /** Does something and obeys the outputs. */
  after<T>(action: () => T): T {
    const result = action();
    for (let outputs = this.endpoint.take(); outputs.length > 0; outputs = this.endpoint.take()) {
      for (const output of outputs) this.#obey(output);
    }
    return result;
  }

  // prettier-ignore
  #obey(output: Output): void {
    const from = this.address;
    const { now } = this.pair;
    switch (output.kind) {
      case "request": this.sent.push({ type: "set", id: output.id, from, to: output.to, payload: output.payload }); break;
      case "result": this.sent.push({ type: "result", id: output.id, from, to: output.to, payload: output.payload }); break;
      case "error": this.sent.push({ type: "error", id: output.id, from, to: output.to, payload: output.error }); break;
      case "consent": this.consents.push(output.tunnel); this.#consent(output.tunnel, now); break;
      case "judge": this.claims.push(output); this.#judge(output.tunnel, output.claim, now); break;
      case "message": this.messages.push(output.message); break;
      case "probe": this.endpoint.describe(output); break;
      case "open": this.opened.push(output.tunnel); break;
      case "stanza": this.stanzas.push(output.stanza.toString()); break;
      case "delivered": this.delivered.push(output.delivery); break;
      case "lost": this.lost.push(output.delivery); break;
      case "close": this.closes.push(output.error); break;
    }
  }

  #consent(tunnel: Tunnel, now: number): void {
    const { accepts = "accepts" in this.#options ? undefined : true } = this.#options;
    if (accepts === true) this.endpoint.accept(tunnel, now);
    if (accepts === false) this.endpoint.refuse(tunnel, "declined", now);
  }

  /** A policy that answers by a promise leaves the answer to the test (`judged`). */
  #judge(tunnel: Tunnel, claim: Claim, now: number): void {
    const verdict = this.#options.trust
      ? this.#options.trust.judge(claim)
      : ({ trusted: true, state: "verified" } as const);
    if (!(verdict instanceof Promise)) this.endpoint.judged(tunnel, verdict, now);
  }
}

export class WirePair {
  /** Milliseconds; moves only when a test says so. */
  now = 1000;
  readonly romeo: End;
  readonly juliet: End;
  /** Everything that the server carried, in order. */
  readonly log: Iq[] = [];
  /** The server's hand: what to deliver instead of an IQ. */
  intercept: (iq: Iq) => Iq[] = (iq) => [iq];

  constructor(romeo: EndOptions, juliet: EndOptions) {
    this.romeo = new End(ROMEO, this, romeo);
    this.juliet = new End(JULIET, this, juliet);
  }

  /** Carries the oldest IQ of one end. @returns false when there is none */
  step(end: End): boolean {
    const iq = end.sent.shift();
    if (iq === undefined) return false;
    this.log.push(iq);
    for (const carried of this.intercept(iq)) this.#at(carried.to)?.receive(carried);
    return true;
  }

  /** Carries everything until nothing moves. @param first says which end's turn it is */
  settle(first: () => boolean = () => true): this {
    for (;;) {
      const [one, other] = first() ? [this.romeo, this.juliet] : [this.juliet, this.romeo];
      if (!this.step(one) && !this.step(other) && !this.readOn()) return this;
    }
  }

  /** Gives both ends another turn of their loops, if they want one. */
  readOn(): boolean {
    const waiting = [this.romeo, this.juliet].filter(({ endpoint }) => endpoint.hasUnread);
    for (const end of waiting) end.readOn();
    return waiting.length > 0;
  }

  /** Opens a tunnel from Romeo to Juliet. */
  open(): this {
    this.romeo.open(JULIET);
    return this.settle();
  }

  /** Lets time pass and wakes both. */
  pass(milliseconds: number): this {
    this.now += milliseconds;
    this.romeo.wake();
    this.juliet.wake();
    return this.settle();
  }

  #at(address: string): End | undefined {
    return [this.romeo, this.juliet].find((end) => end.address === address);
  }
}

/** An IQ as text, as it stands on the wire. */
export function written({ type, id, from, to, payload }: Iq): string {
  const iq = new Element("iq", { type, id, ...(from !== undefined && { from }), to });
  if (payload !== undefined) iq.append(payload);
  return iq.toString();
}
