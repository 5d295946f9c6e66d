/**
 * An engine: one TLS endpoint over bytes. It knows no XML, no socket and no clock.
 *
 *     ciphertext in -> feed  ->  +--------+  -> read  -> plaintext out
 *                                | engine |
 *     ciphertext out <- drain <- +--------+  <- write <- plaintext in
 *
 * Owns an `xtls_engine` of core/engine.h and the error that failed it. Synchronous; "would
 * block" is a state and no exception; an error sticks until disposal. RFC 8446, RFC 5246.
 */

import { XtlsError } from "../errors.ts";
import type { EnginePointer, Exports } from "../../wasm/abi.ts";
import { alertOf, type Alert } from "./alerts.ts";
import { problemsOf } from "./authorities.ts";
import { checkedBytes } from "./bytes.ts";
import { Certificate } from "./certificate.ts";
import type { Core } from "./core.ts";
import { collectChain } from "./identity.ts";
import type { Memory } from "./memory.ts";
import { CIPHERSUITES, GROUPS, nameOf, VERSIONS, type Version } from "./names.ts";
import { createEngine, DEFAULT_LIMIT, type EngineOptions, type EngineRole } from "./options.ts";
import { Owned } from "./owned.ts";
import { codeOf, STATUS, statusName } from "./status.ts";

/**
 * - `handshaking`: drain, carry over, feed
 * - `open`: plaintext may be written
 * - `closing`: our close_notify is out, the peer's is awaited; reading goes on
 * - `closed`: both close_notify are exchanged
 * - `failed`: `error` says why; the alert may still be drained
 * - `disposed`: nothing is left
 */
export type EngineState = "handshaking" | "open" | "closing" | "closed" | "failed" | "disposed";

/** What the two ends agreed on. */
export interface Negotiated {
  readonly version: Version;
  /** IANA's name. */
  readonly ciphersuite: string;
  /** The key exchange's group. */
  readonly group: string;
  /** The application protocol, if one was agreed on. */
  readonly alpn: string | undefined;
  /** A ticket stood in for the certificates, which are then those of the session it continues. */
  readonly resumed: boolean;
}

/** The latest alert in each direction. */
export interface Alerts {
  readonly sent?: Alert;
  readonly received?: Alert;
}

/** By the numbers of core/engine.h. */
const STATES: readonly EngineState[] = ["handshaking", "handshaking", "open", "closing", "closed", "failed"];

const SENT = 0;
const RECEIVED = 1;

const BAD_CERTIFICATE = 42;

/** Use `core.engine`. */
export class Engine {
  readonly role: EngineRole;
  readonly #module: Exports;
  readonly #memory: Memory;
  readonly #owned: Owned<EnginePointer>;
  readonly #limit: number;
  readonly #keyLog: ((line: string) => void) | undefined;
  #error: XtlsError | undefined;
  #peer: Certificate | undefined;
  #negotiated: Negotiated | undefined;

  /** @internal */
  constructor(core: Core, options: EngineOptions) {
    this.role = options.role;
    this.#module = core.module;
    this.#memory = core.memory;
    this.#limit = options.limit ?? DEFAULT_LIMIT;
    this.#keyLog = options.keyLog;
    this.#owned = new Owned(core.module, "Engine", createEngine(core, options), core.module.xtls_engine_free, this);
    this.#settle(this.#module.xtls_engine_start(this.#owned.address));
  }

  // --- the four ports ---------------------------------------------------------

  /**
   * Takes ciphertext from the peer and goes as far as it can with it. After the peer's
   * close_notify bytes are ignored.
   *
   * @param bytes copied; may end anywhere
   * @throws XtlsError `invalid-argument` when they are no Uint8Array, `limit-exceeded` having taken nothing; else the error that failed the engine, every time
   */
  feed(bytes: Uint8Array): void {
    const engine = this.#owned.address;
    if (checkedBytes(bytes).length > this.#limit) this.#settle(STATUS.limit);
    const status = this.#memory.push(this.#module.xtls_engine_feed, engine, bytes, "left");
    this.#logKeys();
    // An alert may come with the end of the handshake: what it means depends on whether that is over, and on whose it is.
    if (this.#negotiated === undefined && this.#module.xtls_engine_version(engine) !== 0) {
      this.#negotiated = this.#agreement(engine);
      this.#meetPeer();
    }
    this.#settle(status);
  }

  /**
   * Moves ciphertext for the peer out; works in every state, so that alerts get away.
   *
   * @param max bytes at most; default all
   * @returns a fresh copy, empty when there is none
   * @throws XtlsError `disposed`, `invalid-argument`
   */
  drain(max = Infinity): Uint8Array {
    const engine = this.#owned.address;
    if (max !== Infinity && !(Number.isInteger(max) && max > 0)) {
      throw new XtlsError("invalid-argument", "max is a whole number of bytes");
    }
    return this.#memory.pull(this.#module.xtls_engine_drain, engine, max);
  }

  /**
   * As `drain`, but into memory of the caller's, who may use it again and again: nothing is
   * allocated, which for short messages is a good part of the time.
   *
   * @param output written from its start on, what is behind the bytes stays as it is
   * @returns how many bytes were written, 0 when there is no ciphertext; there may be more when `output` is full
   * @throws XtlsError `disposed`, `invalid-argument` when `output` is no Uint8Array, or has no room
   */
  drainInto(output: Uint8Array): number {
    const engine = this.#owned.address;
    return this.#memory.pullInto(this.#module.xtls_engine_drain, engine, roomy(output), "left");
  }

  /**
   * Encrypts plaintext for the peer, all of it or nothing.
   *
   * @param bytes copied
   * @throws XtlsError `invalid-argument` when they are no Uint8Array, `invalid-state` when not open, `limit-exceeded` when
   *   there is no room: drain first; else the error that failed the engine
   */
  write(bytes: Uint8Array): void {
    const engine = this.#owned.address;
    if (checkedBytes(bytes).length > this.#limit) this.#settle(STATUS.limit);
    this.#settle(this.#memory.push(this.#module.xtls_engine_write, engine, bytes));
  }

  /**
   * Moves plaintext of the peer out. What was authentic stays readable after an error. As
   * reading makes room, an engine that was full goes on, and may fail: `error` tells.
   *
   * @returns a fresh copy, empty when there is none
   * @throws XtlsError `disposed`
   */
  read(): Uint8Array {
    const engine = this.#owned.address;
    return this.#memory.pull(this.#module.xtls_engine_read, engine, Infinity, this.#limit);
  }

  /**
   * As `read`, but into memory of the caller's, as `drainInto` does it. What is read there is the
   * caller's to wipe.
   *
   * @param output written from its start on, what is behind the bytes stays as it is
   * @returns how many bytes were written, 0 when there is no plaintext; there may be more when `output` is full
   * @throws XtlsError `disposed`, `invalid-argument` when `output` is no Uint8Array, or has no room
   */
  readInto(output: Uint8Array): number {
    const engine = this.#owned.address;
    return this.#memory.pullInto(this.#module.xtls_engine_read, engine, roomy(output), "wiped", this.#limit);
  }

  // --- ends ---------------------------------------------------------------------

  /**
   * Says close_notify; a second time does nothing. Before the handshake is over it cancels
   * that, by user_canceled and close_notify (RFC 8446 §6.1): the engine fails with `handshake-canceled`.
   *
   * @throws XtlsError `disposed`, `limit-exceeded`
   */
  close(): void {
    const engine = this.#owned.address;
    const isEarly = this.state === "handshaking";
    const status = this.#module.xtls_engine_close(engine);
    if (isEarly) this.#error ??= new XtlsError("handshake-canceled");
    if (this.error === undefined) this.#settle(status);
  }

  /**
   * Fails the engine because the caller judged the peer, and tells the peer by a fatal alert; in a handshake
   * user_canceled is no fatal one but what `close` says.
   *
   * @param alert AlertDescription (RFC 8446 §6.2), 1 to 255
   * @param error what `error` shall be
   * @throws XtlsError `disposed`, `invalid-argument`
   */
  abort(alert: number, error: XtlsError): void {
    const engine = this.#owned.address;
    if (!Number.isInteger(alert) || alert < 1 || alert > 255) {
      throw new XtlsError("invalid-argument", "A fatal alert is a number from 1 to 255");
    }
    if (!(error instanceof XtlsError)) throw new XtlsError("invalid-argument", "The reason is an XtlsError");
    this.#module.xtls_engine_abort(engine, alert);
    if (this.state === "failed") this.#error ??= error;
  }

  /**
   * The transport ended. That is an attack or an accident unless close_notify came before;
   * it counts once all that came before it was read.
   *
   * @throws XtlsError `truncated`, which also fails the engine
   */
  end(): void {
    const engine = this.#owned.address;
    if (this.state !== "failed") this.#settle(this.#module.xtls_engine_end(engine));
  }

  /** Zeroes keys, plaintext and everything else of this engine in the module. */
  [Symbol.dispose](): void {
    try {
      void this.error; // which is known to the module until now
    } catch (error) {
      this.#error ??= error as XtlsError; // the module is shut
    }
    this.#owned.dispose();
  }

  // --- what became of it ---------------------------------------------------------

  get state(): EngineState {
    if (this.#owned.isDisposed) return "disposed";
    return STATES[this.#module.xtls_engine_state(this.#owned.address)] as EngineState;
  }

  /** What failed the engine; also after disposal. */
  get error(): XtlsError | undefined {
    if (this.state === "failed") this.#error ??= this.#failure(this.#module.xtls_engine_error(this.#owned.address));
    return this.#error;
  }

  /** The peer's certificate, once the handshake is over; also after disposal. */
  get peer(): Certificate | undefined {
    return this.#peer;
  }

  /** What was agreed on, once the handshake is over; also after disposal. */
  get negotiated(): Negotiated | undefined {
    return this.#negotiated;
  }

  /** @throws XtlsError `disposed` */
  get alerts(): Alerts {
    const sent = this.#alert(SENT);
    const received = this.#alert(RECEIVED);
    return { ...(sent && { sent }), ...(received && { received }) };
  }

  /**
   * Ciphertext bytes that `drain` would give.
   *
   * @throws XtlsError `disposed`
   */
  get pending(): number {
    return this.#module.xtls_engine_pending(this.#owned.address);
  }

  /**
   * Initiator: the latest ticket, for `session` of another engine; each is given once, none after a failure.
   * It is secret and good for one handshake.
   *
   * @throws XtlsError `disposed`
   */
  get session(): Uint8Array | undefined {
    const engine = this.#owned.address;
    const session = this.#memory.collect((block, max) => this.#module.xtls_engine_session(engine, block, max));
    return session.length > 0 ? session : undefined;
  }

  /**
   * A secret that both ends can derive and nobody else (RFC 8446 §7.5, RFC 5705).
   *
   * @param context bound into it; `undefined` is an empty one
   * @param length  bytes, 1 to 8160
   * @throws XtlsError `invalid-state` before the handshake is over and once the engine is closed or failed, `invalid-argument`, `disposed`
   */
  exportKeyingMaterial(label: string, context: Uint8Array | undefined, length: number): Uint8Array {
    const engine = this.#owned.address;
    if (!Number.isInteger(length) || length < 1)
      throw new XtlsError("invalid-argument", "length is a whole number of bytes");
    return this.#memory.lendText(label, (name, nameLength) =>
      this.#memory.lend(context === undefined ? new Uint8Array(0) : context, (block, blockLength) => {
        const place = context === undefined ? (0 as typeof block) : block;
        const derive = (output: typeof block): number =>
          this.#module.xtls_engine_export(engine, name, nameLength, place, blockLength, output, length) || length;
        return this.#memory.collect(derive, length);
      }),
    );
  }

  // --- inside -----------------------------------------------------------------------

  /** Once the handshake is over: read the peer's certificate, and refuse one that cannot be read. */
  #meetPeer(): void {
    const engine = this.#owned.address;
    try {
      const chain = collectChain((index) =>
        this.#memory.collect((block, max) => this.#module.xtls_engine_peer(engine, index, block, max)),
      );
      this.#peer = new Certificate(this.#module, this.#memory, chain);
    } catch (error) {
      this.abort(BAD_CERTIFICATE, error as XtlsError);
      throw error;
    }
  }

  #agreement(engine: EnginePointer): Negotiated {
    const alpn = this.#memory.collect((block, max) => this.#module.xtls_engine_alpn_chosen(engine, block, max));
    return {
      version: nameOf(VERSIONS, this.#module.xtls_engine_version(engine)),
      ciphersuite: nameOf(CIPHERSUITES, this.#module.xtls_engine_ciphersuite(engine)),
      group: nameOf(GROUPS, this.#module.xtls_engine_group(engine)),
      alpn: alpn.length > 0 ? new TextDecoder().decode(alpn) : undefined,
      resumed: this.#module.xtls_engine_resumed(engine) === 1,
    };
  }

  /** Throws for a negative status: the error that failed the engine, or else a refusal that changed nothing. */
  #settle(status: number): void {
    if (status >= 0) return;
    throw this.error ?? new XtlsError(codeOf(status));
  }

  #failure(status: number): XtlsError {
    const { sent, received } = this.alerts;
    const code = codeOf(status, sent);
    if (code === "alert-received") return new XtlsError(code, `The peer sent ${received?.name ?? "an alert"}`);
    if (code === "truncated") return new XtlsError(code);
    const problems = problemsOf(this.#module.xtls_engine_problems(this.#owned.address));
    const reasons = code === "certificate-refused" && problems.length > 0 ? [`Certificate ${problems.join(", ")}`] : [];
    reasons.push(statusName(status));
    if (sent) reasons.push(`sent ${sent.name}`);
    return new XtlsError(code, reasons.join("; "));
  }

  #alert(direction: number): Alert | undefined {
    return alertOf(this.#module.xtls_engine_alert(this.#owned.address, direction));
  }

  #logKeys(): void {
    if (this.#keyLog === undefined) return;
    const engine = this.#owned.address;
    const text = this.#memory.pull(this.#module.xtls_engine_key_log, engine);
    for (const line of new TextDecoder().decode(text).split("\n")) if (line !== "") this.#keyLog(line);
  }
}

/** Without room, "nothing written" would not tell whether there is anything. */
function roomy(output: Uint8Array): Uint8Array {
  if (checkedBytes(output).length > 0) return output;
  throw new XtlsError("invalid-argument", "The output has no room");
}
