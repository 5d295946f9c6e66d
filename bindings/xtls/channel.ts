/**
 * The inside of a tunnel: TLS bytes in, stanzas out, and back.
 *
 * Owns the engine, the reader and the plaintext that came before the peer was judged. Knows no
 * IQ, no id, no time.
 *
 *     stanza -> strip -> serialise -> engine -> drain -> chunk
 *     stanza <- restore <- Reader  <- engine <- feed  <- chunk
 */
import type { Element } from "@xmpp/xml";
import { XtlsError, type ErrorRow } from "../errors.ts";
import type { Certificate } from "../tls/certificate.ts";
import type { Engine, Negotiated } from "../tls/engine.ts";
import { Reader, serialise } from "./framing.ts";
import type { Host } from "./host.ts";
import type { Limits } from "./limits.ts";
import { ALPN } from "./namespaces.ts";
import { restore, strip, type Ends } from "./routing.ts";
import type { Tunnel } from "./tunnel.ts";

/** The part of an engine that a channel uses. */
export type ChannelEngine = Pick<
  Engine,
  "feed" | "drain" | "write" | "read" | "close" | "abort" | "state" | "peer" | "negotiated" | "alerts" | "pending" | "exportKeyingMaterial"
> &
  Disposable;

/** A fresh channel between the two ends of a tunnel. @throws XtlsError what the core throws */
export function openChannel(tunnel: Pick<Tunnel, "role" | "local" | "peer">, host: Host): Channel {
  const { identity, limits, engine } = host;
  // A ring must hold a whole chunk of the peer's even when the caller's queue is short.
  const limit = Math.max(limits.queue, 2 * limits.maxBytes);
  const options = { alpn: [ALPN], limit, ...engine, role: tunnel.role, identity };
  return new Channel(identity.core.engine(options), tunnel, limits);
}

const SPACE = new Uint8Array([0x20]);

export class Channel {
  readonly #engine: ChannelEngine;
  readonly #ends: Ends;
  readonly #limits: Limits;
  readonly #reader: Reader;
  /** Plaintext from a peer that is not judged yet; undefined from then on. */
  #held: Uint8Array[] | undefined = [];
  #arrived: Element[] = [];

  constructor(engine: ChannelEngine, ends: Ends, limits: Limits) {
    this.#engine = engine;
    this.#ends = ends;
    this.#limits = limits;
    this.#reader = new Reader(limits);
  }

  /** Takes a chunk. @throws XtlsError what broke TLS, the framing or the addressing: the channel is finished */
  feed(chunk: Uint8Array): void {
    this.#engine.feed(chunk);
    const plaintext = this.#engine.read();
    if (plaintext.length === 0) return;
    if (this.#held === undefined) this.#arrive(plaintext);
    else this.#hold(this.#held, plaintext);
  }

  /** The peer is judged and found good: what it has said already may be read. @throws XtlsError as `feed` */
  trust(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const plaintext of held) this.#arrive(plaintext);
  }

  /** The stanzas that have come, in order; each once. */
  arrivals(): Element[] {
    return this.#arrived.splice(0);
  }

  /** Encrypts a stanza. @throws XtlsError `foreign-address`, `unfit-stanza`, `stanza-too-large`, `limit-exceeded`: nothing changed */
  write(stanza: Element): void {
    const bytes = serialise(strip(stanza, this.#ends), this.#limits);
    if (this.pending + bytes.length > this.#limits.queue)
      throw new XtlsError("limit-exceeded", "Too much waits to be sent");
    this.#engine.write(bytes);
  }

  /** Encrypts one space: it says nothing, but the peer must acknowledge it. */
  writeSpace(): void {
    this.#engine.write(SPACE);
  }

  /** The next ciphertext to be sent, empty when there is none. */
  drain(max: number): Uint8Array {
    return this.#engine.drain(max);
  }

  /** Ciphertext bytes that wait to be sent. */
  get pending(): number {
    return this.#engine.pending;
  }

  /** True once TLS knows who is there: the handshake is over. */
  get isSecure(): boolean {
    return this.#engine.negotiated !== undefined;
  }

  /** True once the peer has said close_notify, and we have. */
  get isOver(): boolean {
    return this.#engine.state === "closed";
  }

  /** True when the peer's bytes so far end with a whole stanza. */
  get isComplete(): boolean {
    return this.#reader.isBetween;
  }

  get negotiated(): Negotiated | undefined {
    return this.#engine.negotiated;
  }

  get peer(): Certificate | undefined {
    return this.#engine.peer;
  }

  /** Keying material of this connection (RFC 8446 §7.5), without context. @param length in bytes */
  exporter(label: string, length: number): Uint8Array {
    return this.#engine.exportKeyingMaterial(label, undefined, length);
  }

  /** Says close_notify. @returns false when there is no room for it yet */
  close(): boolean {
    try {
      this.#engine.close();
      return true;
    } catch (error) {
      if ((error as XtlsError).code === "limit-exceeded") return false;
      throw error;
    }
  }

  /** Tells the peer by a TLS alert that it is over, as the table of errors has it. */
  abort(error: XtlsError): void {
    const { alert }: ErrorRow = error.row;
    if (alert !== undefined && !this.#isDone) this.#engine.abort(alert, error);
  }

  [Symbol.dispose](): void {
    this.#held?.forEach((plaintext) => plaintext.fill(0));
    this.#engine[Symbol.dispose]();
  }

  get #isDone(): boolean {
    const { state } = this.#engine;
    return state !== "handshaking" && state !== "open";
  }

  #hold(held: Uint8Array[], plaintext: Uint8Array): void {
    const size = held.reduce((sum, { length }) => sum + length, plaintext.length);
    if (size > this.#limits.held) {
      throw new XtlsError("stanza-too-large", `More than ${this.#limits.held} bytes came before the peer was judged`);
    }
    held.push(plaintext);
  }

  #arrive(plaintext: Uint8Array): void {
    const stanzas = this.#reader.push(plaintext).map((stanza) => restore(stanza, this.#ends));
    this.#arrived.push(...stanzas);
  }
}
