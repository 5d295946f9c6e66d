/**
 * How much of anything one endpoint takes, and how long it waits.
 *
 * Every queue, table and wait of xtls/ is bounded by a number that stands here. Knows nothing else.
 */
import { XtlsError } from "../errors.ts";

/** `<data/>` in flight that an end may offer to bear; we do, since they are fed as they come. */
export const MAX_WINDOW = 64;
/** TLS bytes of a `<data/>`: who offers to take less would have us send a handshake in hundreds of IQs. */
export const MIN_CHUNK_BYTES = 1024;
/** In base64 and with its IQ around it this fits into 256 KiB, where servers end the stream. */
export const MAX_CHUNK_BYTES = 184_320;

/**
 * Of a request's id. It is kept until its answer, and goes back in it: with an id as long as a stanza that would be too long for our own
 * server, which ends the stream.
 */
export const MAX_ID_CHARS = 1_023;

/** Sizes in bytes, waits in milliseconds, the rest are counts. */
export interface Limits {
  /** Tunnels of this endpoint in any state. Strangers get half of them, those of one site a quarter; peers known since their first use an eighth of their own, verified ones another; the rest is for what our own side opens. */
  readonly tunnels: number;
  /** Tunnels with one bare JID, over all of its resources. */
  readonly tunnelsPerPeer: number;
  /** Peers' starts that await local consent: of strangers, as many of peers known since their first use, and as many of verified ones. */
  readonly starts: number;
  /** Peers' tunnels that are not open yet: of strangers, as many of peers known since their first use, and as many of verified ones. */
  readonly unauthenticated: number;
  /** `<data/>` in flight: sent, not yet acknowledged. 1 is what every peer can bear; one that offers more gets at least 8. */
  readonly window: number;
  /** TLS bytes of one `<data/>` that we send. 4096 make an IQ of 5.6 kB, below every server's limit. */
  readonly chunk: number;
  /** TLS bytes of one `<data/>` that we accept: 1024 at least. */
  readonly maxBytes: number;
  /** What may wait to be sent: beyond it `send` throws `limit-exceeded`. */
  readonly queue: number;
  /** Plaintext that may arrive before the peer is judged: a method's messages, and stanzas, which are held as bytes. */
  readonly held: number;
  /** One inner stanza, as UTF-8. */
  readonly stanza: number;
  /** Nesting of one inner stanza, itself counted. */
  readonly depth: number;
  /** Elements of one inner stanza, itself counted: each costs many times its bytes. */
  readonly stanzaElements: number;
  /** Attributes of one inner stanza, over all of its elements. */
  readonly stanzaAttributes: number;
  /** From `<start/>` to its answer, at either end. */
  readonly startTimeout: number;
  /** How long a tunnel with `<data/>` or `<close/>` under way goes without an answer or a `<data/>` of the peer's. */
  readonly dataTimeout: number;
  /** How long it goes without an answer, whatever else comes. */
  readonly answerTimeout: number;
  /** From `<proceed/>` to the end of the TLS handshake; begins anew, once, when the peer has our first flight. */
  readonly handshakeTimeout: number;
  /** From there to the method's verdict, which may need a person. */
  readonly verdictTimeout: number;
  /** From the first goodbye of either end to the tunnel's end, what waits to be sent included. */
  readonly closeTimeout: number;
}

export const DEFAULT_LIMITS: Limits = Object.freeze({
  tunnels: 256,
  tunnelsPerPeer: 16,
  starts: 16,
  unauthenticated: 64,
  window: 1,
  chunk: 4096,
  maxBytes: MAX_CHUNK_BYTES,
  queue: 1048576,
  held: 262144,
  stanza: 262144,
  depth: 64,
  stanzaElements: 4096,
  stanzaAttributes: 4096,
  startTimeout: 60_000,
  dataTimeout: 30_000,
  answerTimeout: 300_000,
  handshakeTimeout: 30_000,
  verdictTimeout: 300_000,
  closeTimeout: 600_000,
});

/**
 * The defaults with the caller's changes.
 * @throws XtlsError `invalid-argument` for a limit that is not a positive whole number, or that is unknown; for a `maxBytes` that no peer may offer
 */
export function limitsWith(changes: Partial<Limits> = {}): Limits {
  if (typeof changes !== "object" || changes === null) throw new XtlsError("invalid-argument", "limits is an object with numbers");
  for (const [name, value] of Object.entries(changes)) {
    if (!Object.hasOwn(DEFAULT_LIMITS, name)) throw new XtlsError("invalid-argument", `There is no limit "${name}"`);
    if (Number.isSafeInteger(value) && value > 0) continue;
    throw new XtlsError("invalid-argument", `limits.${name} must be a positive whole number`);
  }
  const limits = { ...DEFAULT_LIMITS, ...changes };
  if (limits.maxBytes >= MIN_CHUNK_BYTES) return limits;
  throw new XtlsError("invalid-argument", `limits.maxBytes is ${MIN_CHUNK_BYTES} at least: peers refuse an offer of less`);
}
