/**
 * Where every error goes: one class, one table.
 *
 * The floor everyone stands on: this file imports nothing. The table gives, for each
 * code, whose fault it is, the TLS alert that tells the peer (RFC 8446 §6.2), the stanza
 * error that answers its IQ (RFC 6120 §8.3, application condition in
 * `urn:xmpp:tmp:xtls:errors`) and what becomes of the tunnel. docs/protocol.md prints it.
 */

/** Who can mend it. */
export type Blame = "caller" | "host" | "peer" | "network" | "anyone";

/** What becomes of the tunnel: it never began, it goes on, or it ends for good. */
export type Outcome = "none" | "stays" | "ends";

/** A stanza error as it stands on the wire: [type, defined condition, application condition]. */
export type StanzaCondition = readonly [
  type: "cancel" | "modify" | "wait" | "auth",
  condition: string,
  application?: string,
];

/** One line of the table. */
export interface ErrorRow {
  readonly blame: Blame;
  readonly tunnel: Outcome;
  /** TLS alert description sent to the peer before the tunnel ends. */
  readonly alert?: number;
  /** Stanza error that answers the IQ in question. */
  readonly stanza?: StanzaCondition;
  /** What it means and what to do, for a person. */
  readonly advice: string;
}

// prettier-ignore
export const ERRORS = {
  // Loading the module
  "wasm-unsupported":     { blame: "host",    tunnel: "none",  advice: "This engine has no WebAssembly, or none with SIMD: use Node 20 or a current browser (Safari from 16.4 on)." },
  "wasm-not-found":       { blame: "host",    tunnel: "none",  advice: "The module could not be fetched: serve xtls.wasm and pass its URL to loadCore." },
  "wasm-invalid":         { blame: "host",    tunnel: "none",  advice: "What was loaded is not a WebAssembly module (often a 404 page): check the URL." },
  "wasm-blocked":         { blame: "host",    tunnel: "none",  advice: "The page's Content-Security-Policy forbids WebAssembly: add 'wasm-unsafe-eval' to script-src." },
  "abi-mismatch":         { blame: "host",    tunnel: "none",  advice: "Module and bindings are of different versions: load the xtls.wasm of this package." },
  "randomness-missing":   { blame: "host",    tunnel: "ends",  alert: 80, advice: "globalThis.crypto.getRandomValues is missing or failed: no keys can be made." },
  // Using the core
  "out-of-memory":        { blame: "host",    tunnel: "ends",  alert: 80, stanza: ["wait", "resource-constraint"], advice: "The module's memory is exhausted: dispose of engines that are no longer needed." },
  "disposed":             { blame: "caller",  tunnel: "none",  advice: "The object was disposed of: make a new one." },
  "invalid-argument":     { blame: "caller",  tunnel: "stays", advice: "An argument is outside what the function documents." },
  "invalid-state":        { blame: "caller",  tunnel: "stays", advice: "The call does not fit the present state: it came too early, too late or once too often." },
  "invalid-identity":     { blame: "caller",  tunnel: "none",  advice: "The PEM needs one private key and its certificate." },
  "wrong-passphrase":     { blame: "caller",  tunnel: "none",  advice: "The private key is encrypted, and the passphrase is missing or wrong." },
  "key-exposed":          { blame: "host",    tunnel: "none",  advice: "Others than this user may read, change or replace the file with the private key: mend what the message names." },
  "file-not-found":       { blame: "caller",  tunnel: "none",  advice: "There is no such file, or no such folder for it: make it first." },
  "file-failed":          { blame: "host",    tunnel: "none",  advice: "The file system refused to read or write; the cause says why." },
  "dependency-missing":   { blame: "host",    tunnel: "none",  advice: "Something that is loaded when it is needed could not be: install the package that the message names, or serve all files of this one." },
  "platform-unsupported": { blame: "host",    tunnel: "none",  advice: "The engine, or the page, lacks what the message names: use a current one, and HTTPS, without which browsers give pages no crypto.subtle." },
  "unfit-key":            { blame: "anyone",  tunnel: "ends",  alert: 43, advice: "A certificate's key is none that is taken: RSA has 2048 to 4096 bits and an odd exponent of at most 32 bits, EC is P-256 or P-384." },
  "invalid-certificate":  { blame: "anyone",  tunnel: "ends",  alert: 42, advice: "The bytes are not an X.509 certificate that can be read safely." },
  "invalid-jid":          { blame: "caller",  tunnel: "none",  advice: "A JID is malformed, or bare where a full one is needed, or full where a bare one is." },
  "limit-exceeded":       { blame: "caller",  tunnel: "stays", advice: "A bounded buffer is full and nothing was taken: drain or read first, or raise the limit." },
  "internal-error":       { blame: "host",    tunnel: "ends",  alert: 80, stanza: ["cancel", "internal-server-error"], advice: "A defect of this library: please report it." },
  // TLS
  "no-common-parameters": { blame: "anyone",  tunnel: "ends",  alert: 40, stanza: ["cancel", "not-acceptable", "no-common-method"], advice: "The two ends share no TLS version, cipher suite, group or ALPN protocol." },
  "certificate-missing":  { blame: "peer",    tunnel: "ends",  alert: 116, advice: "The peer sent no certificate; both ends must authenticate." },
  "certificate-not-requested": { blame: "peer", tunnel: "ends", alert: 40, advice: "The peer did not ask for our certificate; both ends must authenticate." },
  "certificate-refused":  { blame: "peer",    tunnel: "ends",  alert: 48, advice: "The peer's certificate does not lead to a configured authority, or is expired or not meant for this." },
  "bad-record":           { blame: "network", tunnel: "ends",  alert: 20, advice: "A record failed authentication: it was altered, lost, repeated or reordered on the way." },
  "protocol-violation":   { blame: "peer",    tunnel: "ends",  alert: 10, advice: "The peer's bytes are not TLS as the specification has it, or were altered before encryption began." },
  "message-too-long":     { blame: "peer",    tunnel: "ends",  alert: 47, advice: "The peer sent a handshake message of more than 16 KiB: most likely its chain of certificates, of which it need not show what others have." },
  "alert-received":       { blame: "peer",    tunnel: "ends",  advice: "The peer ended the connection with a fatal TLS alert, or with words that stand for one; they are named in the message." },
  "handshake-canceled":   { blame: "anyone",  tunnel: "ends",  alert: 90, advice: "The tunnel was closed before the handshake was over." },
  "truncated":            { blame: "network", tunnel: "ends",  advice: "The tunnel ended without close_notify: the last stanzas may have been cut off by someone else." },
  // Trust
  "wrong-address":        { blame: "peer",    tunnel: "ends",  alert: 42, advice: "The certificate names another JID than the peer's: somebody speaks in another's name." },
  "not-trusted":          { blame: "peer",    tunnel: "ends",  alert: 46, advice: "The trust policy does not believe this certificate." },
  "key-changed":          { blame: "peer",    tunnel: "ends",  alert: 46, advice: "The peer's key differs from the one known: a new device, or an attack. Compare fingerprints." },
  "downgraded":           { blame: "network", tunnel: "ends",  alert: 71, advice: "What the two ends offered each other was changed on the way: a server tampers. Do not talk to this peer in clear." },
  "not-compared":         { blame: "network", tunnel: "ends",  alert: 71, advice: "The tunnel was ended without proof that its peer did it, before both ends could compare what they had offered: a server may hide a change. Try again, and do not talk to this peer in clear meanwhile." },
  "capability-lost":      { blame: "network", tunnel: "ends",  alert: 71, advice: "This peer could once protect its offers and now seems not to: its client was replaced, or a server hides what it can." },
  "not-authorized":       { blame: "peer",    tunnel: "ends",  alert: 49, advice: "Nothing was proved: a password, key or code is missing or wrong, or somebody sits between the two ends." },
  "not-confirmed":        { blame: "anyone",  tunnel: "ends",  alert: 90, advice: "The two people did not both confirm in time. Nobody is distrusted for it: try again." },
  "too-many-tries":       { blame: "peer",    tunnel: "ends",  alert: 49, stanza: ["wait", "resource-constraint"], advice: "Too many proofs failed: wait as long as the message says before the next try." },
  "too-many-pending":     { blame: "anyone",  tunnel: "ends",  alert: 90, advice: "Too many authentications wait for a person or a computation: try again later." },
  "key-refused":          { blame: "peer",    tunnel: "ends",  alert: 49, advice: "The peer's OpenPGP key is unknown, expired, revoked, too weak or names somebody else." },
  "method-violation":     { blame: "peer",    tunnel: "ends",  alert: 10, advice: "A message of the authentication method was malformed, too large, repeated or out of order." },
  "store-damaged":        { blame: "host",    tunnel: "none",  advice: "The trust store cannot be read or written: nothing is trusted until it is repaired or restored." },
  // XTLS: answers to <start/>
  "unsupported":          { blame: "peer",    tunnel: "none",  stanza: ["cancel", "service-unavailable"], advice: "The peer does not speak XTLS, is not there, or does not answer strangers." },
  "declined":             { blame: "peer",    tunnel: "none",  stanza: ["cancel", "not-acceptable", "declined"], advice: "The other end refused the tunnel." },
  "no-common-method":     { blame: "anyone",  tunnel: "none",  stanza: ["cancel", "not-acceptable", "no-common-method"], advice: "The two ends share no authentication method." },
  "switched-off":         { blame: "caller",  tunnel: "none",  advice: "The policy for this peer is `off`: no tunnels with it." },
  "too-many-tunnels":     { blame: "anyone",  tunnel: "none",  stanza: ["wait", "resource-constraint"], advice: "Too many tunnels or starts at once: try again later." },
  "evicted":              { blame: "anyone",  tunnel: "ends",  alert: 90, advice: "Others wanted the place before anybody was authenticated: try again, or let this end open the tunnel, which gives way to nobody." },
  "tie-break":            { blame: "anyone",  tunnel: "none",  stanza: ["cancel", "conflict", "tie-break"], advice: "Both ends started at once; the other start goes on." },
  "already-open":         { blame: "caller",  tunnel: "stays", stanza: ["cancel", "conflict", "already-open"], advice: "A tunnel between these two addresses is alive: use it or close it; when only the other end still has one, try again later." },
  // XTLS: the wire
  "malformed":            { blame: "peer",    tunnel: "stays", stanza: ["modify", "bad-request"], advice: "The XTLS element is not as the protocol has it." },
  "unknown-tunnel":       { blame: "anyone",  tunnel: "none",  stanza: ["cancel", "item-not-found"], advice: "There is no such tunnel (any more): start a new one." },
  "out-of-order":         { blame: "peer",    tunnel: "stays", stanza: ["cancel", "unexpected-request", "out-of-order"], advice: "The request does not fit the tunnel's state, or came from the wrong side." },
  "invalid-base64":       { blame: "peer",    tunnel: "ends",  alert: 50, stanza: ["cancel", "bad-request", "invalid-base64"], advice: "A <data/> was empty or not strict base64." },
  "chunk-too-large":      { blame: "peer",    tunnel: "stays", stanza: ["modify", "resource-constraint", "max-bytes"], advice: "A <data/> was larger than this end accepts." },
  "security-required":    { blame: "peer",    tunnel: "none",  stanza: ["cancel", "not-acceptable", "security-required"], advice: "Where tunnels are required this does not pass in clear: send it by `tunnel.send` of an open tunnel, or `open` one first." },
  "remote-error":         { blame: "peer",    tunnel: "ends",  advice: "The peer or a server answered a request of the tunnel with an error; it is named in the message." },
  "stanza-error":         { blame: "peer",    tunnel: "stays", advice: "The peer answered the request inside the tunnel with a stanza error, which is this error's cause." },
  // XTLS: stanzas inside
  "foreign-address":      { blame: "caller",  tunnel: "stays", advice: "The stanza's to or from names someone who is not an end of this tunnel; it was not sent." },
  "unfit-stanza":         { blame: "caller",  tunnel: "stays", advice: "Only message, presence (no subscriptions) and iq travel through a tunnel; it was not sent." },
  "spoofed-address":      { blame: "peer",    tunnel: "ends",  alert: 49, advice: "An inner stanza claimed another address than its sender's." },
  "restricted-xml":       { blame: "peer",    tunnel: "ends",  alert: 50, advice: "The inner XML is not well-formed, not UTF-8, or has what XMPP forbids (RFC 6120 §11)." },
  "stanza-too-large":     { blame: "anyone",  tunnel: "ends",  alert: 22, advice: "A stanza exceeds the size, the depth or the number of elements or attributes that the limits allow." },
  // XTLS: ends
  "timeout":              { blame: "network", tunnel: "ends",  alert: 90, advice: "No answer in time." },
  "peer-unavailable":     { blame: "peer",    tunnel: "ends",  advice: "The peer's resource went offline." },
  "server-unreachable":   { blame: "network", tunnel: "ends",  advice: "Our server cannot reach the peer's: check the domain; after a `wait`, try again later." },
  "stream-lost":          { blame: "network", tunnel: "ends",  advice: "Our own XMPP stream ended and could not be resumed." },
  "answer-lost":          { blame: "network", tunnel: "ends",  alert: 90, advice: "Answers came out of turn, so something was lost on the way and neither end can tell what: open a new tunnel." },
  "undelivered":          { blame: "network", tunnel: "ends",  advice: "The tunnel ended before the peer acknowledged this stanza; it may or may not have been read. It is never sent again in clear." },
  "closed":               { blame: "caller",  tunnel: "none",  advice: "The tunnel is closed: open a new one." },
} as const satisfies Record<string, ErrorRow>;

/** A stable, documented name for what went wrong. */
export type ErrorCode = keyof typeof ERRORS;

/** Every error this library throws, rejects with or reports. */
export class XtlsError extends Error {
  override readonly name = "XtlsError";

  /**
   * @param code   what went wrong, for programs
   * @param detail the particulars, for people; never a secret
   * @param options.cause the error underneath, if any
   */
  constructor(
    readonly code: ErrorCode,
    detail?: string,
    options?: { cause?: unknown },
  ) {
    const { advice } = ERRORS[code];
    super(detail === undefined ? advice : `${detail}. ${advice}`, options);
  }

  /** The table's line for this code. */
  get row(): ErrorRow {
    return ERRORS[this.code];
  }
}
