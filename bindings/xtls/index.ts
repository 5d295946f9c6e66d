/**
 * The public names of the protocol, for the entries: words of trust, limits and offers for everyone;
 * `Endpoint` for those who bring their own XMPP library.
 */

export type { Refusal } from "./association.ts";
export { Endpoint, type EndpointOptions, type IncomingAnswer, type IncomingRequest } from "./endpoint.ts";
export type { Limits } from "./limits.ts";
export type { Offer, TunnelOffer } from "./offer.ts";
export type { Output } from "./output.ts";
export type { Role, State } from "./state.ts";
export type { Asker, BelievedState, Claim, End, Prompt, Proof, Trust, TrustState, Verdict } from "./trust.ts";
export type { Delivery, Security, Statistics } from "./tunnel.ts";
