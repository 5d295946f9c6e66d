/**
 * The public names of the xmpp.js plug-in, for the entries.
 */

export { discoFeatures } from "./disco.ts";
export type { Entity } from "./entity.ts";
export { xtls, Xtls, type XtlsEvents, type XtlsOptions } from "./plugin.ts";
export type { Policies, Policy } from "./policy.ts";
export type { Start } from "./session.ts";
export { type CloseResult, Tunnel, type TunnelEvents } from "./tunnel.ts";
