/**
 * What an endpoint wants done, as values. Whoever owns the stream (bindings/xmpp) obeys them in order.
 */
import type { Element } from "@xmpp/xml";
import type { XtlsError } from "../errors.ts";
import type { Offer } from "./offer.ts";
import type { Claim } from "./trust.ts";
import type { Delivery, Tunnel } from "./tunnel.ts";

export type Output =
  /** Send `<iq type='set' id to>payload</iq>`. */
  | { readonly kind: "request"; readonly id: string; readonly to: string; readonly payload: Element }
  /** Answer an IQ: `<iq type='result' id to>`. */
  | { readonly kind: "result"; readonly id: string; readonly to: string; readonly payload?: Element }
  /** Answer an IQ: `<iq type='error' id to>` with this `<error/>`. */
  | { readonly kind: "error"; readonly id: string; readonly to: string; readonly error: Element }
  /** Somebody asks what we could do, without a start: answer by `describe`. */
  | { readonly kind: "probe"; readonly id: string; readonly from: string; readonly offer: Offer }
  /** A peer asks for a tunnel: answer by `accept` or `refuse`. */
  | { readonly kind: "consent"; readonly tunnel: Tunnel; readonly offer: Offer | undefined }
  /** Run the method on this claim: answer by `judged`; it may `say` something before. */
  | { readonly kind: "judge"; readonly tunnel: Tunnel; readonly method: string; readonly claim: Claim }
  /** For the method that runs: what the same method at the other end said. */
  | { readonly kind: "message"; readonly tunnel: Tunnel; readonly message: Element }
  /** Stanzas may be sent from now on. */
  | { readonly kind: "open"; readonly tunnel: Tunnel }
  /** A stanza from the peer: checked, `from` and `to` set. */
  | { readonly kind: "stanza"; readonly tunnel: Tunnel; readonly stanza: Element }
  /** Every chunk with bytes of that stanza was answered: by the peer, if the servers on the way are honest. */
  | { readonly kind: "delivered"; readonly tunnel: Tunnel; readonly delivery: Delivery }
  /** The tunnel ended before that: the peer may have read it or not. */
  | { readonly kind: "lost"; readonly tunnel: Tunnel; readonly delivery: Delivery; readonly error: XtlsError }
  /**
   * The tunnel's end, its last output. No error: both sides said close_notify, and all that we sent was answered.
   * Unbelieved: whom TLS has shown, where the tunnel ended before it was open; of its key somebody may have to be warned.
   */
  | { readonly kind: "close"; readonly tunnel: Tunnel; readonly error: XtlsError | undefined; readonly unbelieved: Claim | undefined };
