/**
 * The bare JID that goes into a certificate (RFC 6120 §13.7.1.4, RFC 7622 §3.1).
 *
 * Only what a certificate could be abused by is refused here; preparing a JID
 * (PRECIS, IDNA) is the caller's work.
 */

import { XtlsError } from "../errors.ts";

/** Octets that each part may have (RFC 7622 §3). */
const LONGEST = 1023;

// Neither controls, white space nor half of a surrogate pair; the local part also without what RFC 7622 §3.3.1 excludes.
const LOCAL = /^[^\p{Cc}\p{Cs}\s"&'/:<>@]+$/u;
const DOMAIN = /^[^\p{Cc}\p{Cs}\s"&'/<>@]+$/u;

/**
 * Passes a bare JID, `juliet@capulet.example` or `capulet.example`, through.
 *
 * @throws XtlsError `invalid-jid`
 */
export function bareJid(jid: string): string {
  if (typeof jid === "string" && isBareJid(jid)) return jid;
  throw new XtlsError("invalid-jid", "A certificate needs a bare JID");
}

function isBareJid(jid: string): boolean {
  const at = jid.indexOf("@");
  const local = jid.slice(0, Math.max(at, 0));
  const domain = jid.slice(at + 1);
  return (at < 0 || isPart(local, LOCAL)) && isPart(domain, DOMAIN);
}

const isPart = (part: string, shape: RegExp): boolean =>
  shape.test(part) && new TextEncoder().encode(part).length <= LONGEST;
