// Generated from abi.txt by scripts/abi.ts: change that and run `make abi`.

declare const brand: unique symbol;

/** An address in the module's memory; the brand keeps one kind of block from passing for another. */
export type Pointer<Kind extends string> = number & { readonly [brand]: Kind };

/** Raw memory. */
export type Bytes = Pointer<"bytes">;
/** Raw memory of at least four bytes, where a pointer or a u32 is written. */
export type Out = Bytes;
/** An `xtls_srp` of core/srp.h. */
export type SrpPointer = Pointer<"srp">;
/** An `xtls_identity` of core/identity.h. */
export type IdentityPointer = Pointer<"identity">;
/** An `xtls_authorities` of core/authorities.h. */
export type AuthoritiesPointer = Pointer<"authorities">;
/** An `xtls_tickets` of core/tickets.h. */
export type TicketsPointer = Pointer<"tickets">;
/** An `xtls_engine` of core/engine.h. */
export type EnginePointer = Pointer<"engine">;

/** What `xtls_abi_version` must return for this file to hold. */
export const ABI_VERSION = 1;

/** The module name under which the module asks for its imports. */
export const IMPORT_MODULE = "env";

/** What the host provides. */
export interface Imports {
  xtls_host_random(output: Bytes, length: number): number;
  xtls_host_time(): number;
}

/** What the module provides. */
export interface Exports {
  readonly memory: WebAssembly.Memory;
  /** The linker's, when the module has constructors to run: to be called once, before anything else. */
  _initialize?(): void;
  xtls_abi_version(): number;
  xtls_alloc(length: number): Bytes;
  xtls_free(block: Bytes): void;
  xtls_heap_used(): number;
  xtls_scrub_stack(): void;
  xtls_digest_sha256(bytes: Bytes, length: number, output: Bytes, max: number): number;
  xtls_digest_hmac(key: Bytes, keyLength: number, message: Bytes, length: number, output: Bytes, max: number): number;
  xtls_srp_verifier(user: Bytes, userLength: number, password: Bytes, passwordLength: number, salt: Bytes, saltLength: number, output: Bytes, max: number): number;
  xtls_srp_client(user: Bytes, userLength: number, password: Bytes, passwordLength: number, salt: Bytes, saltLength: number, output: Out): number;
  xtls_srp_server(verifier: Bytes, length: number, output: Out): number;
  xtls_srp_public(srp: SrpPointer, output: Bytes, max: number): number;
  xtls_srp_agree(srp: SrpPointer, peer: Bytes, length: number): number;
  xtls_srp_prove(srp: SrpPointer, message: Bytes, length: number, output: Bytes, max: number): number;
  xtls_srp_free(srp: SrpPointer): void;
  xtls_certificate_read(der: Bytes, length: number, output: Bytes, max: number): number;
  xtls_identity_create(jid: Bytes, length: number, days: number, output: Out): number;
  xtls_identity_parse(pem: Bytes, length: number, output: Out): number;
  xtls_identity_join(key: Bytes, keyLength: number, pem: Bytes, length: number, output: Out): number;
  xtls_identity_key(identity: IdentityPointer, output: Bytes, max: number): number;
  xtls_identity_certificate(identity: IdentityPointer, index: number, output: Bytes, max: number): number;
  xtls_identity_pem(identity: IdentityPointer, output: Bytes, max: number): number;
  xtls_identity_free(identity: IdentityPointer): void;
  xtls_authorities_parse(bytes: Bytes, length: number, output: Out): number;
  xtls_authorities_add(authorities: AuthoritiesPointer, bytes: Bytes, length: number): number;
  xtls_authorities_verify(authorities: AuthoritiesPointer, chain: Bytes, length: number, problems: Out): number;
  xtls_authorities_free(authorities: AuthoritiesPointer): void;
  xtls_fault_certificate(der: Bytes, length: number): number;
  xtls_fault_authority(der: Bytes, length: number): number;
  xtls_fault_list(der: Bytes, length: number): number;
  xtls_fault_key(key: Bytes, keyLength: number, der: Bytes, length: number): number;
  xtls_tickets_create(capacity: number, lifetime: number, output: Out): number;
  xtls_tickets_free(tickets: TicketsPointer): void;
  xtls_engine_create(role: number, identity: IdentityPointer, limit: number, output: Out): number;
  xtls_engine_ciphersuites(engine: EnginePointer, suites: Bytes, count: number): number;
  xtls_engine_groups(engine: EnginePointer, groups: Bytes, count: number): number;
  xtls_engine_alpn(engine: EnginePointer, names: Bytes, length: number): number;
  xtls_engine_authorities(engine: EnginePointer, authorities: AuthoritiesPointer): number;
  xtls_engine_tickets(engine: EnginePointer, tickets: TicketsPointer): number;
  xtls_engine_resume(engine: EnginePointer, session: Bytes, length: number): number;
  xtls_engine_log_keys(engine: EnginePointer): number;
  xtls_engine_start(engine: EnginePointer): number;
  xtls_engine_feed(engine: EnginePointer, bytes: Bytes, length: number): number;
  xtls_engine_drain(engine: EnginePointer, output: Bytes, max: number): number;
  xtls_engine_write(engine: EnginePointer, bytes: Bytes, length: number): number;
  xtls_engine_read(engine: EnginePointer, output: Bytes, max: number): number;
  xtls_engine_close(engine: EnginePointer): number;
  xtls_engine_abort(engine: EnginePointer, description: number): number;
  xtls_engine_end(engine: EnginePointer): number;
  xtls_engine_free(engine: EnginePointer): void;
  xtls_engine_state(engine: EnginePointer): number;
  xtls_engine_error(engine: EnginePointer): number;
  xtls_engine_version(engine: EnginePointer): number;
  xtls_engine_ciphersuite(engine: EnginePointer): number;
  xtls_engine_group(engine: EnginePointer): number;
  xtls_engine_resumed(engine: EnginePointer): number;
  xtls_engine_alert(engine: EnginePointer, direction: number): number;
  xtls_engine_problems(engine: EnginePointer): number;
  xtls_engine_pending(engine: EnginePointer): number;
  xtls_engine_alpn_chosen(engine: EnginePointer, output: Bytes, max: number): number;
  xtls_engine_peer(engine: EnginePointer, index: number, output: Bytes, max: number): number;
  xtls_engine_session(engine: EnginePointer, output: Bytes, max: number): number;
  xtls_engine_key_log(engine: EnginePointer, output: Bytes, max: number): number;
  xtls_engine_export(engine: EnginePointer, label: Bytes, labelLength: number, context: Bytes, contextLength: number, output: Bytes, length: number): number;
}

export const IMPORT_NAMES = [
  "xtls_host_random",
  "xtls_host_time",
] as const satisfies readonly (keyof Imports)[];

export const EXPORT_NAMES = [
  "memory",
  "xtls_abi_version",
  "xtls_alloc",
  "xtls_free",
  "xtls_heap_used",
  "xtls_scrub_stack",
  "xtls_digest_sha256",
  "xtls_digest_hmac",
  "xtls_srp_verifier",
  "xtls_srp_client",
  "xtls_srp_server",
  "xtls_srp_public",
  "xtls_srp_agree",
  "xtls_srp_prove",
  "xtls_srp_free",
  "xtls_certificate_read",
  "xtls_identity_create",
  "xtls_identity_parse",
  "xtls_identity_join",
  "xtls_identity_key",
  "xtls_identity_certificate",
  "xtls_identity_pem",
  "xtls_identity_free",
  "xtls_authorities_parse",
  "xtls_authorities_add",
  "xtls_authorities_verify",
  "xtls_authorities_free",
  "xtls_fault_certificate",
  "xtls_fault_authority",
  "xtls_fault_list",
  "xtls_fault_key",
  "xtls_tickets_create",
  "xtls_tickets_free",
  "xtls_engine_create",
  "xtls_engine_ciphersuites",
  "xtls_engine_groups",
  "xtls_engine_alpn",
  "xtls_engine_authorities",
  "xtls_engine_tickets",
  "xtls_engine_resume",
  "xtls_engine_log_keys",
  "xtls_engine_start",
  "xtls_engine_feed",
  "xtls_engine_drain",
  "xtls_engine_write",
  "xtls_engine_read",
  "xtls_engine_close",
  "xtls_engine_abort",
  "xtls_engine_end",
  "xtls_engine_free",
  "xtls_engine_state",
  "xtls_engine_error",
  "xtls_engine_version",
  "xtls_engine_ciphersuite",
  "xtls_engine_group",
  "xtls_engine_resumed",
  "xtls_engine_alert",
  "xtls_engine_problems",
  "xtls_engine_pending",
  "xtls_engine_alpn_chosen",
  "xtls_engine_peer",
  "xtls_engine_session",
  "xtls_engine_key_log",
  "xtls_engine_export",
] as const satisfies readonly (keyof Exports)[];
