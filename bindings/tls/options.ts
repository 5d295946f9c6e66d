/**
 * What an engine can be told at birth, and how that reaches the core.
 *
 * Owns defaults and the checking of every option; the core's defaults are used where
 * none is given. After this an engine has no settings.
 */

import { XtlsError } from "../errors.ts";
import type { EnginePointer } from "../../wasm/abi.ts";
import { Authorities, type AuthoritySources } from "./authorities.ts";
import { checkedText } from "./bytes.ts";
import type { Core } from "./core.ts";
import type { Identity } from "./identity.ts";
import { CIPHERSUITES, GROUPS, numbersOf, type Group } from "./names.ts";
import { joined } from "./memory.ts";
import { checked } from "./status.ts";
import { Tickets } from "./tickets.ts";

/** The initiator is the TLS client, the responder the TLS server. */
export type EngineRole = "initiator" | "responder";

/** What an engine is told at birth; nothing can be changed afterwards. */
export interface EngineOptions {
  readonly role: EngineRole;
  /** Own key and certificate; the engine keeps them alive. */
  readonly identity: Identity;
  /** IANA names in order of preference. Default: all, ChaCha20-Poly1305 first, then AES-GCM. */
  readonly ciphersuites?: readonly string[];
  /** Groups in order of preference; an initiator sends a key share for the first. Default: X25519, P-256, P-384. */
  readonly groups?: readonly Group[];
  /** CA certificates and revocation lists, read or to be read: the peer's chain must lead to one, or the handshake fails. Default: any chain, judged by the caller. */
  readonly authorities?: Authorities | AuthoritySources;
  /** Application protocols in order of preference (RFC 7301). Default: none. */
  readonly alpn?: readonly string[];
  /** Responder: issue and accept tickets of this table; those that another identity issued are passed over. Default: none. */
  readonly tickets?: Tickets;
  /** Initiator: resume the session that an earlier engine's `session` gave; one of another identity is passed over. */
  readonly session?: Uint8Array;
  /** Bytes that each of the engine's rings may hold: ciphertext in and out, plaintext in. Default 4 MiB. */
  readonly limit?: number;
  /** Called with each line of the NSS key log. Whoever has the lines reads everything. It must not throw. */
  readonly keyLog?: (line: string) => void;
}

/** Bytes that a ring may hold when nothing else is said. */
export const DEFAULT_LIMIT = 0x400000;

/** More would let one engine fill the module's memory. */
const LARGEST_LIMIT = 0x4000000;

const ROLES = { initiator: 0, responder: 1 } as const;

/**
 * A new engine in the core, options set, not yet started.
 *
 * @throws XtlsError `invalid-argument`, `disposed`, `out-of-memory`
 */
export function createEngine(core: Core, options: EngineOptions): EnginePointer {
  const { module, memory } = core;
  const { role, identity, limit = DEFAULT_LIMIT } = options;
  if (!Object.hasOwn(ROLES, role)) throw new XtlsError("invalid-argument", "role is initiator or responder");
  if (!Number.isInteger(limit) || limit < 1 || limit > LARGEST_LIMIT) {
    throw new XtlsError("invalid-argument", `limit is a whole number from 1 to ${LARGEST_LIMIT}`);
  }
  const address = memory.output((place) =>
    module.xtls_engine_create(ROLES[role], identity.owned.addressIn(module), limit, place),
  ) as EnginePointer;
  try {
    configure(core, address, options);
    return address;
  } catch (error) {
    module.xtls_engine_free(address);
    throw error;
  }
}

/** What is left out is undefined; anything else is looked at. */
function configure(core: Core, engine: EnginePointer, options: EngineOptions): void {
  const { module } = core;
  const { ciphersuites, groups, authorities, alpn, tickets, session, keyLog } = options;
  if (ciphersuites !== undefined)
    setNumbers(core, engine, numbersOf(CIPHERSUITES, ciphersuites), module.xtls_engine_ciphersuites);
  if (groups !== undefined) setNumbers(core, engine, numbersOf(GROUPS, groups), module.xtls_engine_groups);
  if (authorities !== undefined) setAuthorities(core, engine, authorities);
  if (alpn !== undefined) setProtocols(core, engine, alpn);
  if (tickets !== undefined) setTickets(core, engine, tickets);
  if (session !== undefined) setSession(core, engine, session);
  if (keyLog !== undefined) logKeys(core, engine, keyLog);
}

type SetNumbers = (engine: EnginePointer, block: never, count: number) => number;

function setNumbers(core: Core, engine: EnginePointer, numbers: readonly number[], set: SetNumbers): void {
  const bytes = new Uint8Array(Uint16Array.from(numbers).buffer);
  checked(core.memory.lend(bytes, (block) => set(engine, block as never, numbers.length)));
}

function setAuthorities(core: Core, engine: EnginePointer, given: Authorities | AuthoritySources): void {
  const { owned } = given instanceof Authorities ? given : core.knownAuthorities.of(given);
  checked(core.module.xtls_engine_authorities(engine, owned.addressIn(core.module))); // which keeps it
}

function setTickets(core: Core, engine: EnginePointer, tickets: Tickets): void {
  if (!(tickets instanceof Tickets)) throw new XtlsError("invalid-argument", "tickets are what core.tickets() made");
  checked(core.module.xtls_engine_tickets(engine, tickets.owned.addressIn(core.module)));
}

function logKeys({ module }: Core, engine: EnginePointer, keyLog: unknown): void {
  if (typeof keyLog !== "function") throw new XtlsError("invalid-argument", "keyLog is a function");
  checked(module.xtls_engine_log_keys(engine));
}

function setProtocols(core: Core, engine: EnginePointer, protocols: readonly string[]): void {
  if (!Array.isArray(protocols)) throw new XtlsError("invalid-argument", "alpn is a list of protocols");
  if (protocols.length === 0) return;
  const names = protocols.map((protocol) => {
    const name = new TextEncoder().encode(checkedText(protocol));
    if (name.length >= 1 && name.length <= 255) return Uint8Array.of(name.length, ...name);
    throw new XtlsError("invalid-argument", "An ALPN protocol has 1 to 255 bytes");
  });
  checked(core.memory.lend(joined(names), (block, length) => core.module.xtls_engine_alpn(engine, block, length)));
}

function setSession(core: Core, engine: EnginePointer, session: Uint8Array): void {
  checked(core.memory.lend(session, (block, length) => core.module.xtls_engine_resume(engine, block, length)));
}
