/**
 * The public names of the TLS layer, for the entries. Constructors are not public: `Core`
 * comes from `loadCore`, everything else from a `Core`.
 */

export type { ModuleSource } from "../../wasm/load.ts";
export { ALERTS, type Alert } from "./alerts.ts";
export { Authorities, type AuthoritySource, type AuthoritySources } from "./authorities.ts";
export { Certificate } from "./certificate.ts";
export { Core } from "./core.ts";
export { Engine, type Alerts, type EngineState, type Negotiated } from "./engine.ts";
export { Identity, type IdentityOptions } from "./identity.ts";
export { CIPHERSUITES, GROUPS, VERSIONS, type Group, type Version } from "./names.ts";
export type { EngineOptions, EngineRole } from "./options.ts";
export { Tickets, type TicketsOptions } from "./tickets.ts";
