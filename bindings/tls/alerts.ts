/**
 * TLS alerts by number and name (RFC 8446 §6, with the older ones of RFC 5246 §7.2: a peer
 * that is asked for TLS 1.3 may refuse in an older version's words).
 */

/** An alert as it was sent or received. */
export interface Alert {
  readonly level: "warning" | "fatal";
  /** AlertDescription, 0 to 255. */
  readonly description: number;
  /** The specification's name, `"bad_record_mac"`; `"alert_N"` when N is unassigned. */
  readonly name: string;
}

/** AlertDescription numbers and their names. */
// prettier-ignore
export const ALERTS: Readonly<Record<number, string>> = {
  0:   "close_notify",
  10:  "unexpected_message",
  20:  "bad_record_mac",
  21:  "decryption_failed",
  22:  "record_overflow",
  30:  "decompression_failure",
  40:  "handshake_failure",
  41:  "no_certificate",
  42:  "bad_certificate",
  43:  "unsupported_certificate",
  44:  "certificate_revoked",
  45:  "certificate_expired",
  46:  "certificate_unknown",
  47:  "illegal_parameter",
  48:  "unknown_ca",
  49:  "access_denied",
  50:  "decode_error",
  51:  "decrypt_error",
  60:  "export_restriction",
  70:  "protocol_version",
  71:  "insufficient_security",
  80:  "internal_error",
  86:  "inappropriate_fallback",
  90:  "user_canceled",
  100: "no_renegotiation",
  109: "missing_extension",
  110: "unsupported_extension",
  111: "certificate_unobtainable",
  112: "unrecognized_name",
  113: "bad_certificate_status_response",
  114: "bad_certificate_hash_value",
  115: "unknown_psk_identity",
  116: "certificate_required",
  120: "no_application_protocol",
};

/** AlertLevel 2; everything else is a warning. */
const FATAL = 2;

/**
 * Reads an alert from its two bytes on the wire.
 *
 * @param bytes level << 8 | description, or -1 for none
 */
export function alertOf(bytes: number): Alert | undefined {
  if (bytes < 0) return undefined;
  const description = bytes & 0xff;
  const level = bytes >> 8 === FATAL ? "fatal" : "warning";
  return { level, description, name: ALERTS[description] ?? `alert_${description}` };
}
