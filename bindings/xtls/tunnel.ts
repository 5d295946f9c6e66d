/**
 * A tunnel as its user sees it: who is at the other end, how far it has come, how safe it is.
 *
 * Facts only. What moves a tunnel stands in association.ts, and the way in is the `Endpoint`
 * (endpoint.ts): whoever holds a tunnel can look at it and hand it back, nothing more.
 */
import type { Certificate } from "../tls/certificate.ts";
import type { Negotiated } from "../tls/engine.ts";
import type { Role, State } from "./state.ts";
import type { TrustState } from "./trust.ts";

/** The security of an open tunnel: what TLS agreed on, whose key it is, why it is believed. */
export interface Security {
  /** The method that judged the peer, such as `x509`. */
  readonly method: string;
  readonly version: Negotiated["version"];
  /** IANA name. */
  readonly ciphersuite: string;
  readonly group: string;
  /** `xtls/1`, or undefined for a peer that knows no ALPN. */
  readonly alpn: string | undefined;
  /** The peer's certificate. */
  readonly certificate: Certificate;
  readonly trust: TrustState;
  /** True when both ends compared their offers inside: nobody on the way changed them. */
  readonly isBound: boolean;
  /** True when TLS resumed an earlier session. */
  readonly resumed: boolean;
}

/** Counters of one tunnel. Bytes are TLS bytes before base64; IQs are requests, answers not counted. */
export interface Statistics {
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly iqsIn: number;
  readonly iqsOut: number;
}

/** An association of two full JIDs. */
export interface Tunnel {
  /** The other end's full JID, prepared. */
  readonly peer: string;
  /** Our own full JID, prepared. */
  readonly local: string;
  /** Our part: the initiator asked and is the TLS client. A tie can turn it while `state` is `starting`. */
  readonly role: Role;
  /** True when our own side asked for it, also when both did and the peer's request won. */
  readonly isOwnRequest: boolean;
  readonly state: State;
  /** Set when the tunnel opens, and kept after its end. */
  readonly security: Security | undefined;
  readonly statistics: Statistics;
}

/** Names one `send` until it is reported delivered or lost. Opaque, unique per endpoint. */
export type Delivery = number;
