/**
 * What ties a method's proof to one tunnel: a proof over these bytes is worth nothing in any other.
 *
 * The exporter alone would do for TLS 1.3 but for one gap: it does not cover the client's certificate
 * (RFC 8446 §7.5). Hence both fingerprints, and both JIDs against misbinding.
 */
import { requireMethods, requireText } from "../base/shape.ts";
import { frame } from "../xtls/frame.ts";
import type { Claim } from "../xtls/trust.ts";

export { frame };

const utf8 = new TextEncoder();

/**
 * The same bytes at both ends of a tunnel, different ones in every other.
 * @param label of the exporter, such as `EXPORTER-XTLS-srp`
 * @throws XtlsError `invalid-argument`
 * @returns label, exporter, JID and fingerprint of the initiator, JID and fingerprint of the responder, framed
 */
export function bindingOf(claim: Claim, label: string): Uint8Array {
  requireMethods(claim, ["exporter"], "bindingOf takes a claim");
  requireText(label, "A label is a text");
  const { initiator, responder } = claim.ends;
  return frame(
    utf8.encode(label),
    claim.exporter(label),
    ...[initiator, responder].flatMap(({ jid, fingerprint }) => [utf8.encode(jid), utf8.encode(fingerprint)]),
  );
}
