/**
 * All tunnels of one address: what comes from the network goes in, what is to be done comes out.
 *
 * Owns the tunnels, who they belong to and the requests under way. Sans-IO: every input is a
 * synchronous call that brings the time along (`now`, milliseconds on any steady clock), every
 * output is a value from `take()`. Call `take()` after every input and obey in order; call `wake`
 * at `deadline`. Knows no stream, timer or randomness source. docs/protocol.md has the protocol.
 */
import type { Element } from "@xmpp/xml";
import { XtlsError } from "../errors.ts";
import type { EngineOptions } from "../tls/engine.ts";
import type { Identity } from "../tls/identity.ts";
import type { Limits } from "./limits.ts";
import type { Method } from "./methods/method.ts";
import type { Offer } from "./offer.ts";
import type { Output } from "./output.ts";
import type { Trust, Verdict } from "./trust.ts";
import type { Delivery, Tunnel } from "./tunnel.ts";

/** What an endpoint is made of. */
export interface EndpointOptions {
  /** Our own full JID. */
  readonly address: string;
  readonly identity: Identity;
  readonly limits?: Partial<Limits>;
  /** In order of preference; default: `x509` alone. */
  readonly methods?: readonly Method[];
  /** Sent along with `<start/>`, and with `<proceed/>` to a peer that made an offer itself. Default: none. */
  readonly offer?: Offer;
  /** Changes to the engines' options: versions, suites, authorities, tickets, key log. */
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
}

/** An IQ's answer as it arrived. `payload` is the child of a result, the `<error/>` of an error. */
export interface IncomingAnswer {
  readonly id: string;
  readonly from: string | undefined;
  readonly type: "result" | "error";
  readonly payload?: Element | undefined;
}

export class Endpoint {
  constructor(_options: EndpointOptions) {}

  /** Asks a peer for a tunnel. @throws XtlsError `invalid-jid`, `already-open`, `too-many-tunnels` */
  open(_peer: string, _now: number): Tunnel { throw todo(); }

  /** Consents to a peer's start. Nothing happens when the tunnel has ended in the meantime. */
  accept(_tunnel: Tunnel, _now: number): void { throw todo(); }

  /** Refuses a peer's start. Nothing happens when the tunnel has ended in the meantime. */
  refuse(_tunnel: Tunnel, _code: "declined" | "unsupported" | "too-many-tunnels" | "no-common-method", _now: number): void { throw todo(); }

  /** The trust policy's answer to `judge`. Nothing happens when the tunnel has ended in the meantime. */
  judged(_tunnel: Tunnel, _verdict: Verdict, _now: number): void { throw todo(); }

  /**
   * Sends a stanza through an open tunnel; `delivered` or `lost` names the result later.
   * @throws XtlsError `closed`, `invalid-state`, `foreign-address`, `unfit-stanza`, `stanza-too-large`, `limit-exceeded`: nothing was sent
   */
  send(_tunnel: Tunnel, _stanza: Element, _now: number): Delivery { throw todo(); }

  /** Says goodbye in order: close_notify, then `<close/>`. Before the tunnel is open this gives it up. Harmless when closing or closed. */
  close(_tunnel: Tunnel, _now: number): void { throw todo(); }

  /** An IQ request whose child is in `urn:xmpp:tmp:xtls`, or an `<offer/>` of XEP-0250. Call in order of arrival, without waiting for anything. */
  receive(_request: IncomingRequest, _now: number): void { throw todo(); }

  /** An IQ's answer. @returns false when it is none of ours: unknown id, or from someone who may not answer */
  answer(_answer: IncomingAnswer, _now: number): boolean { throw todo(); }

  /** A full JID went offline, or all resources of a bare JID. */
  unavailable(_peer: string, _now: number): void { throw todo(); }

  /** Our own stream is gone for good: every tunnel ends. */
  disconnect(_now: number): void { throw todo(); }

  /** Does what is due. */
  wake(_now: number): void { throw todo(); }

  /** When to call `wake`; undefined: nothing is waiting. */
  get deadline(): number | undefined { throw todo(); }

  /** What to do now, in order; empties the list. */
  take(): Output[] { throw todo(); }
}

const todo = () => new XtlsError("internal-error", "Not written yet");
