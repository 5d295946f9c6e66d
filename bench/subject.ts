/**
 * A subject: something that can be measured, seen through the few verbs every TLS library has.
 *
 * Owns the words that subjects and measures share. It knows no library, no clock and no output.
 * A new subject is one new file in subjects/ that exports `subject`; nothing else changes.
 *
 * Verbs may be synchronous or return a promise: an engine answers at once, a socket needs the
 * event loop. Whoever measures awaits only what is a promise.
 */

/** The TLS 1.3 suites that are compared, by their IANA names. */
export type Suite = "TLS_CHACHA20_POLY1305_SHA256" | "TLS_AES_128_GCM_SHA256";

/** One identity per end, PEM: a P-256 key and its self-signed certificate. The same for all subjects. */
export interface Credentials {
  readonly initiator: string;
  readonly responder: string;
}

export interface PairOptions {
  readonly suite: Suite;
  /** The responder hands out tickets. */
  readonly tickets?: boolean;
  /** Resume with this ticket of an earlier pair. */
  readonly ticket?: Uint8Array | undefined;
}

/** Two ends in one process: TLS 1.3, X25519, mutual certificates. */
export interface Pair {
  /**
   * Until both ends are open and each has compared the other's certificate, byte by byte.
   * @throws if an end fails, or a ticket was given and did not resume
   */
  handshake(): void | Promise<void>;

  /** A ticket that resumes this session, once; wants `tickets`. */
  ticket(): Uint8Array | Promise<Uint8Array>;

  /** Sends `count` copies one way and reads them all at the other end, as fast as the subject can. */
  transfer(message: Uint8Array, count: number): void | Promise<void>;

  /** Sends a copy there and one back, `count` times, each only after the one before was read. */
  exchange(message: Uint8Array, count: number): void | Promise<void>;

  [Symbol.dispose](): void;
}

/** A subject that has read its code and its credentials and can shake hands. */
export interface Loaded {
  pair(options: PairOptions): Pair;

  /** Bytes of a WebAssembly memory: in use by the allocator, and claimed from the host. */
  heap?(): { readonly used: number; readonly claimed: number };
}

export interface Subject {
  readonly name: string;

  /** What exactly was measured, for the record. */
  version(): string | Promise<string>;

  /** What a page must download to have it; absent when the platform brings it or many files make it up. */
  readonly artifact?: URL;

  /** What it can speak, the one it prefers first; absent: every suite there is here. */
  readonly suites?: readonly Suite[];

  /** False when it has no tickets. */
  readonly resumes?: boolean;

  /** What it does otherwise than the others or not at all, a sentence each; told under the table. */
  readonly notes?: readonly string[];

  /** Its own identities, for one that cannot use the shared ones. Not timed. */
  credentials?(): Credentials | Promise<Credentials>;

  /** Why it cannot be measured here, or undefined when it can. */
  missing?(): string | undefined;

  /** Reads its JavaScript, when that is not done by importing the subject. Not timed. */
  evaluate?(): Promise<unknown>;

  /** Reads, compiles and instantiates what the subject needs, anew each time it is called. */
  load(credentials: Credentials): Promise<Loaded>;
}
