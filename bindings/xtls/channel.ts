/**
 * The inside of a tunnel: TLS bytes in, stanzas out, and back.
 *
 * Owns the engine, the reader and the stanzas that came before the peer was judged: until then only
 * what is of the tunnel's own (the bind, a method's messages) comes out. Knows no IQ, no id, no time.
 *
 *     stanza -> strip -> serialise -> engine -> drain -> chunk
 *     stanza <- restore <- Reader  <- engine <- feed  <- chunk
 */
import type { Element } from "@xmpp/xml";
import { XtlsError, type ErrorRow } from "../errors.ts";
import type { Certificate } from "../tls/certificate.ts";
import type { Engine, Negotiated } from "../tls/engine.ts";
import { isOwn, Reader, serialise } from "./framing.ts";
import type { Host } from "./host.ts";
import type { Limits } from "./limits.ts";
import { ALPN, ALPN_BOUND, NS_XTLS_EXT } from "./namespaces.ts";
import { restore, strip, type Ends } from "./routing.ts";
import type { Tunnel } from "./tunnel.ts";

/** The part of an engine that a channel uses. */
export type ChannelEngine = Pick<
  Engine,
  "feed" | "drain" | "write" | "read" | "close" | "abort" | "state" | "peer" | "negotiated" | "alerts" | "pending" | "exportKeyingMaterial"
> &
  Disposable;

/** What a channel needs of the endpoint. */
export type ChannelHost = Pick<Host, "identity" | "limits" | "engine" | "hasExtensions">;

/** A fresh channel between the two ends of a tunnel. @throws XtlsError what the core throws */
export function openChannel(tunnel: Pick<Tunnel, "role" | "local" | "peer">, host: ChannelHost): Channel {
  const { identity, limits, engine } = host;
  // A ring must hold a whole chunk of the peer's even when the caller's queue is short.
  const limit = Math.max(limits.queue, 2 * limits.maxBytes);
  const alpn = host.hasExtensions ? [ALPN_BOUND, ALPN] : [ALPN];
  const options = { alpn, limit, ...engine, role: tunnel.role, identity };
  return new Channel(identity.core.engine(options), tunnel, limits);
}

const SPACE = new Uint8Array([0x20]);
/** One message of a method, in bytes. */
const MESSAGE_AT_MOST = 65_536;

export class Channel {
  readonly #engine: ChannelEngine;
  readonly #ends: Ends;
  readonly #limits: Limits;
  readonly #reader: Reader;
  #isTrusted = false;
  /** Plaintext bytes from a peer that is not judged yet. */
  #unjudged = 0;
  #messages: Element[] = [];
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
    if (!this.#isTrusted) this.#bound(plaintext.length);
    for (const element of this.#reader.push(plaintext)) this.#arrive(element);
  }

  /** The peer is judged and found good: its stanzas may come out. */
  trust(): void {
    this.#isTrusted = true;
  }

  /** What has come of the tunnel's own, in order; each once. */
  messages(): Element[] {
    return this.#messages.splice(0);
  }

  /** The stanzas that have come, in order, each once; none before `trust`. */
  arrivals(): Element[] {
    return this.#isTrusted ? this.#arrived.splice(0) : [];
  }

  /** True while stanzas wait for the verdict. */
  get holdsStanzas(): boolean {
    return !this.#isTrusted && this.#arrived.length > 0;
  }

  /** Encrypts a stanza. @throws XtlsError `foreign-address`, `unfit-stanza`, `stanza-too-large`, `limit-exceeded`: nothing changed */
  write(stanza: Element): void {
    this.#encrypt(serialise(strip(stanza, this.#ends), this.#limits));
  }

  /** Encrypts what is of the tunnel's own. @throws XtlsError as `write`; a message has at most 64 KiB */
  say(message: Element): void {
    if (!isOwn(message)) throw new XtlsError("unfit-stanza", `A message of a method is in ${NS_XTLS_EXT}`);
    this.#encrypt(serialise(message, { ...this.#limits, stanza: MESSAGE_AT_MOST }));
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

  /** The description of the peer's alert, if there was one (RFC 8446 §6). */
  get received(): number | undefined {
    return this.#engine.alerts.received?.description;
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
    this.#arrived = [];
    this.#engine[Symbol.dispose]();
  }

  get #isDone(): boolean {
    const { state } = this.#engine;
    return state !== "handshaking" && state !== "open";
  }

  #encrypt(bytes: Uint8Array): void {
    if (this.pending + bytes.length > this.#limits.queue)
      throw new XtlsError("limit-exceeded", "Too much waits to be sent");
    this.#engine.write(bytes);
  }

  #bound(bytes: number): void {
    this.#unjudged += bytes;
    if (this.#unjudged <= this.#limits.held) return;
    throw new XtlsError("stanza-too-large", `More than ${this.#limits.held} bytes came before the peer was judged`);
  }

  /** A method ends before the first stanza: nothing of the tunnel's own follows one. */
  #arrive(element: Element): void {
    if (!isOwn(element)) this.#arrived.push(restore(element, this.#ends));
    else if (this.#isTrusted || this.#arrived.length > 0) throw new XtlsError("method-violation", "A message of a method among stanzas");
    else this.#messages.push(element);
  }
}
