/**
 * Trust policy: certificates whose fingerprints were compared beforehand.
 *
 * The safest policy: nothing is learnt, nothing is asked. A pin is the SHA-256 of the
 * certificate or of its public key (SPKI), written as in XEP-0320.
 */
import { XtlsError } from "../errors.ts";
import { bareJid } from "../xtls/jid.ts";
import type { Claim, Trust, Verdict } from "../xtls/trust.ts";

/** Fingerprints by bare JID; colons and case do not matter. */
export type Pins = Readonly<Record<string, string | readonly string[]>>;

/**
 * Trusts exactly the pinned keys.
 * @throws XtlsError `invalid-jid`; `invalid-argument` for a pin that is not 64 hex digits
 */
export function pinned(pins: Pins): Trust {
  const known = new Map(Object.entries(pins).map(([jid, pin]) => [bareJid(jid), [pin].flat().map(digits)]));
  return { judge: (claim) => compare(known.get(claim.jid) ?? [], claim) };
}

function compare(pins: readonly string[], { jid, peer }: Claim): Verdict {
  const shown = [peer.fingerprint, peer.spkiFingerprint].map(digits);
  if (pins.some((pin) => shown.includes(pin))) return { trusted: true, state: "verified" };
  const detail = `${jid} shows the certificate ${peer.fingerprint}`;
  return { trusted: false, code: pins.length === 0 ? "not-trusted" : "key-changed", detail };
}

function digits(fingerprint: string): string {
  const text = fingerprint.replaceAll(":", "").toLowerCase();
  if (/^[0-9a-f]{64}$/.test(text)) return text;
  throw new XtlsError("invalid-argument", "A fingerprint is the 64 hex digits of a SHA-256, with or without colons");
}
