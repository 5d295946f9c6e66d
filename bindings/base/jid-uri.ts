/**
 * Addresses in `xmpp:` URIs (RFC 5122): percent-encoded part by part, so that an escaped "@" or "/" cannot move the border between two
 * parts. Bare ones alone. Knows no query: what a URI is for, its reader says.
 */
import { XtlsError } from "../errors.ts";
import { parseJid, requireBareJid } from "./jid.ts";

/** What stands between `xmpp:` and the query. @throws XtlsError `invalid-jid`, also for a full one */
export function encodeJid(jid: string): string {
  const { local, domain } = parseJid(requireBareJid(jid));
  // RFC 5122 wants an IPv6 address in its brackets as it is.
  return `${local && `${encodeURIComponent(local)}@`}${domain.startsWith("[") ? domain : encodeURIComponent(domain)}`;
}

/** The prepared bare JID. @throws XtlsError `invalid-jid`, also for a full one; `invalid-argument` for a broken encoding */
export function decodeJid(path: string): string {
  const parts = path.split("@").map(decode);
  if (parts.length <= 2 && !parts.some((part) => /[@/]/.test(part))) return requireBareJid(parts.join("@"));
  throw new XtlsError("invalid-jid", "The URI has something else than a bare JID");
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new XtlsError("invalid-argument", "The URI has a broken percent-encoding", { cause });
  }
}
