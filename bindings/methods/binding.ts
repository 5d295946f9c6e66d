/**
 * What ties a method's proof to one tunnel: a proof over these bytes is worth nothing in any other.
 *
 * The exporter alone would do for TLS 1.3 but for one gap: it does not cover the client's certificate
 * (RFC 8446 §7.5). Hence both fingerprints, and both JIDs against misbinding.
 */
import type { Claim } from "../xtls/trust.ts";

const utf8 = new TextEncoder();

/**
 * The same bytes at both ends of a tunnel, different ones in every other.
 * @param label of the exporter, such as `EXPORTER-XTLS-srp`
 * @returns exporter, then JID and fingerprint of the initiator, then of the responder; each after its length (32 bits, big-endian)
 */
export function bindingOf({ ends: { initiator, responder }, exporter }: Claim, label: string): Uint8Array {
  return frame(
    utf8.encode(label),
    exporter(label),
    ...[initiator, responder].flatMap(({ jid, fingerprint }) => [utf8.encode(jid), utf8.encode(fingerprint)]),
  );
}

/** Joins pieces so that no two different lists give the same bytes: each after its length (32 bits, big-endian). */
export function frame(...pieces: readonly Uint8Array[]): Uint8Array {
  const framed = new Uint8Array(pieces.reduce((sum, { length }) => sum + 4 + length, 0));
  const view = new DataView(framed.buffer);
  let at = 0;
  for (const piece of pieces) {
    view.setUint32(at, piece.length);
    framed.set(piece, at + 4);
    at += 4 + piece.length;
  }
  return framed;
}
