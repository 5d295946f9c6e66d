/**
 * From the core's status numbers to the codes of bindings/errors.ts.
 *
 * Owns the numbers of core/status.h and those of Mbed TLS (mbedtls/ssl.h, x509.h, error.h)
 * that reach us; a test compares the first with the header. Knows nothing of engines.
 */

import { XtlsError, type ErrorCode } from "../errors.ts";
import type { Alert } from "./alerts.ts";

// prettier-ignore
export const STATUS = {
  ok:          0,
  argument:    -0x10001,
  state:       -0x10002,
  memory:      -0x10003,
  random:      -0x10004,
  limit:       -0x10005,
  space:       -0x10006,
  jid:         -0x10007,
  identity:    -0x10008,
  certificate: -0x10009,
  truncated:   -0x1000a,
  canceled:    -0x1000b,
  public:      -0x1000c,
  unrequested: -0x1000d,
  key:         -0x1000e,
  overflow:    -0x1000f,
  message:     -0x10010,
} as const;

// prettier-ignore
const CODES: Readonly<Record<number, ErrorCode>> = {
  [STATUS.argument]:    "invalid-argument",
  [STATUS.state]:       "invalid-state",
  [STATUS.memory]:      "out-of-memory",
  [STATUS.random]:      "randomness-missing",
  [STATUS.limit]:       "limit-exceeded",
  [STATUS.space]:       "internal-error",
  [STATUS.jid]:         "invalid-jid",
  [STATUS.identity]:    "invalid-identity",
  [STATUS.certificate]: "invalid-certificate",
  [STATUS.truncated]:   "truncated",
  [STATUS.canceled]:    "handshake-canceled",
  [STATUS.public]:      "method-violation",
  [STATUS.unrequested]: "certificate-not-requested",
  [STATUS.key]:         "unfit-key",
  [STATUS.overflow]:    "protocol-violation",
  [STATUS.message]:     "message-too-long",

  [-0x2700]: "certificate-refused",  // X509_CERT_VERIFY_FAILED
  [-0x2880]: "out-of-memory",        // X509_ALLOC_FAILED
  [-0x3000]: "certificate-refused",  // X509_FATAL_ERROR: the chain is too long
  [-0x6c00]: "internal-error",       // SSL_INTERNAL_ERROR
  [-0x6e80]: "no-common-parameters", // SSL_BAD_PROTOCOL_VERSION
  [-0x7180]: "bad-record",           // SSL_INVALID_MAC
  [-0x7280]: "truncated",            // SSL_CONN_EOF
  [-0x7400]: "randomness-missing",   // SSL_NO_RNG
  [-0x7480]: "certificate-missing",  // SSL_NO_CLIENT_CERTIFICATE
  [-0x7580]: "no-common-parameters", // SSL_NO_APPLICATION_PROTOCOL
  [-0x7780]: "alert-received",       // SSL_FATAL_ALERT_MESSAGE
  [-0x7a00]: "invalid-certificate",  // SSL_BAD_CERTIFICATE
  [-0x7f00]: "out-of-memory",        // SSL_ALLOC_FAILED
};

/** What we told the peer says best what was wrong, where Mbed TLS has one status for many faults. */
// prettier-ignore
const CODES_BY_ALERT: Readonly<Record<number, ErrorCode>> = {
  20:  "bad-record",           // bad_record_mac
  40:  "no-common-parameters", // handshake_failure
  42:  "invalid-certificate",  // bad_certificate
  43:  "invalid-certificate",  // unsupported_certificate
  45:  "certificate-refused",  // certificate_expired
  46:  "certificate-refused",  // certificate_unknown
  48:  "certificate-refused",  // unknown_ca
  70:  "no-common-parameters", // protocol_version
  71:  "no-common-parameters", // insufficient_security
  80:  "internal-error",       // internal_error: nothing that the peer did
  116: "certificate-missing",  // certificate_required
  120: "no-common-parameters", // no_application_protocol
};

/** What only the peer's bytes can bring about (mbedtls/ssl.h), if no alert could be sent for it. All else is no fault of the peer's. */
// prettier-ignore
const PEER_FAULTS: ReadonlySet<number> = new Set([
  -0x6600, // ILLEGAL_PARAMETER
  -0x6700, // UNEXPECTED_RECORD
  -0x6e00, // HANDSHAKE_FAILURE
  -0x7200, // INVALID_RECORD
  -0x7300, // DECODE_ERROR
  -0x7500, // UNSUPPORTED_EXTENSION
  -0x7700, // UNEXPECTED_MESSAGE
  -0x7800, // UNRECOGNIZED_NAME
]);

/** A status is a module's number plus, in its low seven bits, at times a lower layer's. */
const moduleOf = (status: number): number => -(-status & 0x7f80);

/** X.509 statuses other than the above: the peer's certificate cannot be read. */
const isCertificateFault = (status: number): boolean => moduleOf(status) <= -0x2080 && moduleOf(status) >= -0x2f80;

/**
 * The code for a negative status.
 *
 * @param sent the alert that the engine sent when it failed, if any
 */
export function codeOf(status: number, sent?: Alert): ErrorCode {
  const code = CODES[status] ?? CODES[moduleOf(status)] ?? (sent && CODES_BY_ALERT[sent.description]);
  if (code !== undefined) return code;
  if (isCertificateFault(status)) return "invalid-certificate";
  return sent !== undefined || PEER_FAULTS.has(moduleOf(status)) ? "protocol-violation" : "internal-error";
}

/**
 * Passes lengths and zero through.
 *
 * @throws XtlsError of the status when it is negative
 */
export function checked(status: number): number {
  if (status >= 0) return status;
  const isOurs = status <= STATUS.argument;
  throw new XtlsError(isOurs ? codeOf(status) : "internal-error", isOurs ? undefined : statusName(status));
}

/** Those of ours that say what the peer did, in words. */
const WORDS: Readonly<Record<number, string>> = {
  [STATUS.overflow]: "A record is longer than any may be",
  [STATUS.message]: "A handshake message has more than 16384 bytes",
};

/** A status as its headers write it, or in words. */
export const statusName = (status: number): string =>
  WORDS[status] ??
  `Mbed TLS status -0x${(-status).toString(16).toUpperCase().padStart(4, "0")}`;
