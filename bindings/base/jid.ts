/**
 * XMPP addresses (RFC 7622), as far as a tunnel needs them: split, prepared, compared.
 *
 * Preparation is the cheap half of PRECIS: NFC everywhere, lower case in localpart and domainpart.
 * Servers stamp prepared addresses on what they deliver, so this only has to bring what the
 * caller typed to the same form. Unlike @xmpp/jid it never escapes (XEP-0106): that would turn a
 * legal address into another one.
 */
import { XtlsError } from "../errors.ts";

/** The parts of an address; an absent one is the empty string. */
export interface Jid {
  readonly local: string;
  readonly domain: string;
  readonly resource: string;
}

const PART_BYTES_AT_MOST = 1023;
const FORBIDDEN_IN_LOCAL = /[\s"&'/:<>@\p{Cc}]/u;
const FORBIDDEN_IN_DOMAIN = /[\s"&'/<>@\p{Cc}]/u;
const FORBIDDEN_IN_RESOURCE = /\p{Cc}/u;
const utf8 = new TextEncoder();

/** Splits and prepares. @throws XtlsError `invalid-jid` */
export function parseJid(text: string): Jid {
  // RFC 7622 §3.1: the first "/" ends the bare JID, only then does "@" count.
  const [bare, resource] = cut(text, text.indexOf("/"));
  const at = bare.indexOf("@");
  const local = at < 0 ? "" : bare.slice(0, at);
  const domain = at < 0 ? bare : bare.slice(at + 1);
  if (at === 0 || (resource === "" && text.includes("/"))) throw invalid("has an empty part");
  return {
    local: part(local.normalize("NFKC").toLowerCase().normalize("NFC"), FORBIDDEN_IN_LOCAL),
    domain: part(requireDomain(domain), FORBIDDEN_IN_DOMAIN),
    resource: part(resource.normalize("NFC"), FORBIDDEN_IN_RESOURCE),
  };
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

/** The prepared domainpart. @throws XtlsError `invalid-jid` */
export function domainOf(text: string): string {
  return parseJid(text).domain;
}

/** True when both are the same address. An invalid one is nobody's. */
export function isSameJid(a: string, b: string): boolean {
  try {
    return write(parseJid(a)) === write(parseJid(b));
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

function requireDomain(domain: string): string {
  const prepared = domain.normalize("NFC").toLowerCase().replace(/\.$/, "");
  if (prepared === "") throw invalid("has no domain");
  return prepared;
}

function part(text: string, forbidden: RegExp): string {
  if (forbidden.test(text)) throw invalid("has a forbidden character");
  if (utf8.encode(text).length > PART_BYTES_AT_MOST) throw invalid("has a part of more than 1023 bytes");
  return text;
}

function invalid(why: string): XtlsError {
  return new XtlsError("invalid-jid", `The address ${why}`);
}
