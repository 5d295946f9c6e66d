/**
 * Whether what the application hands over can be used, said at once and by name.
 *
 * What only shows later, somewhere inside or at the far end, is hard to find there. Knows shapes, and does nothing else.
 */

import { bareJid, fullJid, isSameJid } from "../base/jid.ts";
import { hasMethods, isObject, requireShape } from "../base/shape.ts";
import type { Identity } from "../tls/identity.ts";
import { type ChannelHost, openChannel } from "../xtls/channel.ts";
import { limitsWith } from "../xtls/limits.ts";
import { type Entity, isComponent } from "./entity.ts";
import { localpartOf } from "./own-address.ts";
import type { XtlsOptions } from "./plugin.ts";
import { requirePolicy } from "./policy.ts";

/** An address in a text, or in an object that turns into one, as @xmpp/jid makes them. */
export type Address = string | { toString(): string };

/** @throws XtlsError `invalid-argument`, `invalid-jid`; `disposed` when the identity was */
export function requireOptions(options: XtlsOptions): void {
  requireShape(isObject(options), "xtls() takes an object with xmpp, identity and trust");
  const { xmpp, identity, trust, methods = [], accept, policy, address, limits, hasExtensions, engine, directedPresence } = options;
  requireShape(hasMethods(xmpp, "send", "on", "emit", "removeListener"), "xmpp is a client() of @xmpp/client or a component() of @xmpp/component");
  requireShape(isObject(identity) && typeof identity.fingerprint === "string", "identity is missing: core.createIdentity or core.identityFromPEM makes one");
  requireShape(hasMethods(trust, "judge"), "trust is missing: pinned(…), authorities(…) or remembered(store)");
  requireShape(Array.isArray(methods) && methods.every(isMethod), "methods is a list of what srp(…), sas(…), openpgp(…) and the like return");
  requireShape(accept === undefined || typeof accept === "function", "accept is a function");
  requireShape(hasExtensions === undefined || typeof hasExtensions === "boolean", "hasExtensions is true or false");
  requireShape(directedPresence === undefined || typeof directedPresence === "boolean", "directedPresence is true or false");
  requireShape(engine === undefined || isObject(engine), "engine is an object with changes to the engines' options");
  if (policy !== undefined && typeof policy !== "function") requirePolicy(policy);
  requireShape(address === undefined || isComponent(xmpp), "address is for components: a client's is what its server binds");
  const own = address === undefined ? accountOf(xmpp) : fullJid(address);
  if (own !== undefined) requireOwn(identity, own);
  requireEngine({ identity, limits: limitsWith(limits), hasExtensions: hasExtensions ?? true, engine: engine ?? {} });
}

/** The account that a client is made for, as far as it says so before it is online. What xmpp.js escapes (XEP-0106) is no address. */
function accountOf(xmpp: Entity): string | undefined {
  const text = xmpp.jid === null || isComponent(xmpp) ? "" : String(xmpp.jid);
  return text.includes("@") && !text.includes("\\") ? text : undefined;
}

/** The engines' options are for the core to judge, and whether the identity can be used: an engine of each role is made and thrown away. */
function requireEngine(host: ChannelHost): void {
  for (const role of ["initiator", "responder"] as const) openChannel({ role, local: "", peer: "" }, host)[Symbol.dispose]();
}

/** A time to wait, in milliseconds. @throws XtlsError `invalid-argument` */
export function requireWait(wait: number): void {
  requireShape(typeof wait === "number" && wait > 0, "A time-out is a positive number of milliseconds");
}

/** Names of methods for one tunnel. @throws XtlsError `invalid-argument` */
export function requireNames(names: unknown): void {
  const isList = Array.isArray(names) && names.every((name) => typeof name === "string");
  requireShape(names === undefined || isList, "methods is a list of names");
}

/**
 * The identity must name the own account: a peer would refuse the certificate of somebody else. One that names nobody may be
 * pinned by its fingerprint.
 * @throws XtlsError `invalid-argument`
 */
export function requireOwn(identity: Pick<Identity, "jids">, address: string): void {
  const account = bareJid(address);
  requireShape(mayBeOf(identity, account), `identity names ${identity.jids.join(", ")}, and the account is ${account}: use an identity made for it`);
}

/** Whether an address can be that of the identity's account. An invalid one is nobody's. */
export function isOwnAddress(identity: Pick<Identity, "jids">, address: string): boolean {
  try {
    return mayBeOf(identity, bareJid(address));
  } catch {
    return false;
  }
}

function mayBeOf({ jids }: Pick<Identity, "jids">, account: string): boolean {
  return jids.length === 0 || jids.some((jid) => isSameJid(jid, account));
}

/**
 * A full JID as text, letter by letter: the server may not know the prepared form of a domain.
 * @throws XtlsError `invalid-argument`, also for an object that may have become another address; `invalid-jid`
 */
export function fullAddressIn(address: Address, what: string): string {
  const isAddress = typeof address === "string" || (isObject(address) && address.toString !== Object.prototype.toString);
  requireShape(isAddress, `${what} is an address, as a string or as @xmpp/jid makes them`);
  const text = String(address);
  const mayBeEscaped = typeof address !== "string" && localpartOf(text).includes("\\5c");
  requireShape(!mayBeEscaped, `${what} is given as an object, which may have escaped a backslash (XEP-0106): give ${text} as a string`);
  fullJid(text);
  return text;
}

function isMethod(method: unknown): boolean {
  return hasMethods(method, "run") && typeof (method as { name?: unknown }).name === "string";
}
