/**
 * XMPP addresses (RFC 7622): split, prepared, compared. Whoever cuts or compares addresses does it here.
 *
 * Preparation is PRECIS for localparts and resources, IDNA2008 for domains (precis.ts, domain.ts): an address has one form, preparing
 * that form gives it again, and what Unicode does not know or could show as something else is refused. Unlike
 * @xmpp/jid it never escapes (XEP-0106): that would turn a legal address into another one.
 */
import { XtlsError } from "../errors.ts";
import { prepareDomain } from "./domain.ts";
import { prepareOpaqueString, prepareUsername } from "./precis.ts";

/** The parts of an address; an absent one is the empty string. */
export interface Jid {
  readonly local: string;
  readonly domain: string;
  readonly resource: string;
}

const PART_BYTES_AT_MOST = 1023;
/** What comes out at 1023 bytes never went in longer; more is not looked at. */
const PART_LENGTH_AT_MOST = 4 * PART_BYTES_AT_MOST;

/** RFC 7622 §3.3.1. */
const FORBIDDEN_IN_LOCAL = /["&'/:<>@]/;

/** What is in its prepared form already, as almost every address is. */
const PLAIN = {
  local: /^[-!#-%(-.0-9;=?[-`{-~a-z]+$/,
  domain: /^(?=.{1,63}$)(?:[a-z0-9]+(?:-[a-z0-9]+)*)(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)*$/,
  resource: /^[ -~]+$/,
} as const;

const utf8 = new TextEncoder();

/** Splits and prepares. @throws XtlsError `invalid-jid` */
export function parseJid(text: string): Jid {
  if (typeof text !== "string") throw invalid("is not a string");
  // RFC 7622 §3.1: the first "/" ends the bare JID, only then does "@" count.
  const [bare, resource] = cut(text, text.indexOf("/"));
  const at = bare.indexOf("@");
  const local = at < 0 ? "" : bare.slice(0, at);
  const domain = at < 0 ? bare : bare.slice(at + 1);
  if (at === 0 || (resource === "" && text.includes("/"))) throw invalid("has an empty part");
  return {
    local: local && prepare(local, "localpart", PLAIN.local, localpart),
    domain: prepare(domain, "domain", PLAIN.domain, prepareDomain),
    resource: resource && prepare(resource, "resource", PLAIN.resource, prepareOpaqueString),
  };
}

/** The prepared address, bare or full. @throws XtlsError `invalid-jid` */
export function prepareJid(text: string): string {
  return write(parseJid(text));
}

/** The prepared full JID. @throws XtlsError `invalid-jid` also when there is no resource */
export function fullJid(text: string): string {
  const jid = parseJid(text);
  if (jid.resource === "") throw invalid("is bare where a full one is needed");
  return write(jid);
}

/** The prepared bare JID, whatever the resource. @throws XtlsError `invalid-jid` */
export function bareJid(text: string): string {
  return write({ ...parseJid(text), resource: "" });
}

/** The prepared bare JID of what must not have a resource. @throws XtlsError `invalid-jid` */
export function requireBareJid(text: string): string {
  const jid = parseJid(text);
  if (jid.resource !== "") throw invalid("is full where a bare one is needed");
  return write(jid);
}

/** The prepared domainpart. @throws XtlsError `invalid-jid` */
export function domainOf(text: string): string {
  return parseJid(text).domain;
}

/**
 * Who may be behind a prepared address: the last two labels of its domain, since whoever owns a domain makes as many below it as
 * he likes. For shares among strangers, not for trust.
 */
export function siteOf(jid: string): string {
  const [bare] = cut(jid, jid.indexOf("/"));
  return bare
    .slice(bare.indexOf("@") + 1)
    .split(".")
    .slice(-2)
    .join(".");
}

/** True when both are the same address. An invalid one is nobody's. */
export function isSameJid(a: string, b: string): boolean {
  try {
    const prepared = prepareJid(a);
    return a === b || prepared === prepareJid(b);
  } catch {
    return false;
  }
}

/** True when both have the same bare JID. An invalid one is nobody's. */
export function isOfAccount(a: string, b: string): boolean {
  try {
    return bareJid(a) === bareJid(b);
  } catch {
    return false;
  }
}

/** Octet order of two prepared JIDs: negative when `a` sorts first. */
export function compareOctets(a: string, b: string): number {
  const [left, right] = [utf8.encode(a), utf8.encode(b)];
  const different = left.findIndex((octet, at) => octet !== right[at]);
  if (different < 0) return left.length - right.length;
  return (left[different] ?? 0) - (right[different] ?? -1);
}

/** An address in one string. */
function write({ local, domain, resource }: Jid): string {
  return `${local && `${local}@`}${domain}${resource && `/${resource}`}`;
}

function cut(text: string, at: number): [string, string] {
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

type Profile = (text: string) => string | undefined;

/** One part. RFC 8264 §7: a form that is not its own prepared form is none. */
function prepare(text: string, name: string, plain: RegExp, profile: Profile): string {
  if (text.length > PART_LENGTH_AT_MOST) throw tooLong(name);
  const prepared = plain.test(text) ? text : stable(text, profile);
  if (prepared === undefined) throw invalid(`has a ${name} that is empty, misshapen or has characters that none may have`);
  // Three bytes at most for each UTF-16 code unit.
  if (3 * prepared.length > PART_BYTES_AT_MOST && utf8.encode(prepared).length > PART_BYTES_AT_MOST) throw tooLong(name);
  return prepared;
}

function stable(text: string, profile: Profile): string | undefined {
  const prepared = profile(text);
  return prepared === undefined || prepared === text || profile(prepared) === prepared ? prepared : undefined;
}

function localpart(text: string): string | undefined {
  const prepared = prepareUsername(text);
  return prepared !== undefined && FORBIDDEN_IN_LOCAL.test(prepared) ? undefined : prepared;
}

function tooLong(name: string): XtlsError {
  return invalid(`has a ${name} of more than ${PART_BYTES_AT_MOST} bytes`);
}

function invalid(why: string): XtlsError {
  return new XtlsError("invalid-jid", `The address ${why}`);
}
