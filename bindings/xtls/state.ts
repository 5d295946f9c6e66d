/**
 * The states of a tunnel and what moves it from one to the next.
 *
 * The rules, in prose. A tunnel is `starting` from the moment a `<start/>` is sent or received. Only
 * consent (`<proceed/>`, sent or received) lets TLS begin. When TLS is done, the peer's certificate
 * is judged; no stanza passes before it is found good. An open tunnel closes by close_notify and
 * `<close/>`. From anywhere it can end: an error, a refusal, a time-out, a vanished peer; an end is
 * for good. Both parts obey the same table: who initiated decides who is the TLS client, not what is allowed.
 *
 * docs/protocol.md has the picture, generated from this table. Knows nothing but error codes.
 */
import { XtlsError, type ErrorCode } from "../errors.ts";

/** The initiator sends `<start/>` and is the TLS client; the responder is the TLS server. */
export type Role = "initiator" | "responder";

/** Every state, in the order in which a tunnel lives through them. */
export const STATES = ["starting", "handshaking", "judging", "open", "closing", "closed"] as const;
export type State = (typeof STATES)[number];

/** What moves a tunnel on. */
export type Event = "proceed" | "secure" | "trust" | "close" | "end";

/** What each event means, for the picture's legend. */
export const EVENTS = {
  proceed: "`<proceed/>` was sent or received",
  secure: "the TLS handshake is over",
  trust: "the method found the peer's certificate good",
  close: "close_notify was sent, by choice or in answer to the peer's",
  end: "both sides said close_notify, or anything went wrong",
} as const satisfies Record<Event, string>;

// prettier-ignore
export const TRANSITIONS = {
  starting:    { proceed: "handshaking",    end: "closed" },
  handshaking: { secure:  "judging",        end: "closed" },
  judging:     { trust:   "open",           end: "closed" },
  open:        { close:   "closing",        end: "closed" },
  closing:     {                            end: "closed" },
  closed:      {},
} as const satisfies Record<State, Partial<Record<Event, State>>>;

/** The requests of the wire that a peer may send. */
export type Request = "start" | "data" | "close";

/** Which requests a state admits; otherwise the error that answers them and leaves the tunnel alone. */
// prettier-ignore
export const ADMISSION = {
  starting:    { start: "tie-break",    data: "out-of-order",   close: "out-of-order" },
  handshaking: { start: "already-open", data: "admitted",       close: "admitted" },
  judging:     { start: "already-open", data: "admitted",       close: "admitted" },
  open:        { start: "already-open", data: "admitted",       close: "admitted" },
  closing:     { start: "already-open", data: "admitted",       close: "admitted" },
  closed:      { start: "admitted",     data: "unknown-tunnel", close: "unknown-tunnel" },
} as const satisfies Record<State, Record<Request, ErrorCode | "admitted">>;

/** The events that a state knows. */
export type EventOf<S extends State> = keyof (typeof TRANSITIONS)[S];

/**
 * The state that follows. A constant state and event are checked by the compiler.
 * @throws XtlsError `internal-error` when the table has no such transition
 */
export function next<S extends State>(state: S, event: EventOf<S> | Event): State {
  const following = (TRANSITIONS[state] as Partial<Record<Event, State>>)[event as Event];
  if (following !== undefined) return following;
  throw new XtlsError("internal-error", `A tunnel that is ${state} knows no "${String(event)}"`);
}
