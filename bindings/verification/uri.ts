/**
 * The URI that a QR code shows: whose keys these are.
 *
 *     xmpp:romeo@montague.lit?xtls-verify;sha-256=93B10C4E…;sha-256=…
 *
 * XEP-0147 for the query, RFC 5122 for the address. The fingerprints are of SubjectPublicKeyInfo, since trust is kept
 * per key and outlives its certificates; one `sha-256` for each of the owner's devices. Believes nothing: scan.ts does.
 */
import { decodeJid, encodeJid } from "../base/jid-uri.ts";
import { requireText } from "../base/shape.ts";
import { XtlsError } from "../errors.ts";
import { digitsOf, parseFingerprint } from "./fingerprint.ts";

/** What such a URI says. */
export interface VerificationUri {
  /** Bare, prepared. */
  readonly jid: string;
  /** SHA-256 of SubjectPublicKeyInfo, upper-case hex with colons; at least one, none twice. */
  readonly spkiFingerprints: readonly string[];
}

const QUERY_TYPE = "xtls-verify";
const FINGERPRINT = "sha-256";
/** More than a QR code of the largest version holds (ISO/IEC 18004: 2953 bytes). */
const LONGEST = 4096;
const SHAPE = /^xmpp:([^?#]+)\?([^#]*)(?:#.*)?$/is;

/**
 * Writes the URI for one's own keys.
 * @param jid bare
 * @param spkiFingerprints one, or one for each device
 * @throws XtlsError `invalid-jid`, also for a full one; `invalid-argument` for something else than SHA-256 fingerprints
 */
export function buildVerificationUri(jid: string, spkiFingerprints: string | readonly string[]): string {
  const digits = new Set([spkiFingerprints].flat().map(digitsOf));
  if (digits.size === 0) throw new XtlsError("invalid-argument", "There is no fingerprint to show");
  return `xmpp:${encodeJid(jid)}?${QUERY_TYPE}${[...digits].map((hex) => `;${FINGERPRINT}=${hex}`).join("")}`;
}

/**
 * Reads such a URI, from a QR code or a link. Parameters it does not know, and a fragment, mean nothing.
 * @throws XtlsError `invalid-argument` when it is another kind of URI, is malformed or has no fingerprint;
 *   `invalid-jid` when its address is none, or a full one
 */
export function parseVerificationUri(text: string): VerificationUri {
  requireText(text, "The code is a text");
  const [, path, query] = SHAPE.exec(text.length > LONGEST ? "" : text.trim()) ?? [];
  if (path === undefined || query === undefined) throw invalid("is not an xmpp: URI with a query");
  const [type, ...parameters] = query.split(";");
  if (type !== QUERY_TYPE) throw invalid(`does not ask for ${QUERY_TYPE}`);
  const fingerprints = new Set(parameters.flatMap(fingerprintIn));
  if (fingerprints.size === 0) throw invalid(`has no ${FINGERPRINT}`);
  return { jid: decodeJid(path), spkiFingerprints: [...fingerprints] };
}

function fingerprintIn(parameter: string): string[] {
  const [key, ...value] = parameter.split("=");
  return decode(key!) === FINGERPRINT ? [parseFingerprint(decode(value.join("=")))] : [];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new XtlsError("invalid-argument", "The code has a broken percent-encoding", { cause });
  }
}

function invalid(why: string): XtlsError {
  return new XtlsError("invalid-argument", `The code ${why}`);
}
