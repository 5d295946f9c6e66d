/**
 * The inside of a tunnel: TLS bytes in, stanzas out, and back.
 *
 * Owns the engine, and what has come and is not read yet: before the peer is judged only what is of the tunnel's own (the
 * bind, a method's messages) is read, and after it no more at a time than a `ReadBudget` has. Knows no IQ, no id, no time.
 *
 *     stanza -> strip -> serialise -> engine -> drain -> chunk
 *     stanza <- restore <- Reader  <- engine <- feed  <- chunk
 */
import type { Element } from "@xmpp/xml";
import { ByteQueue } from "../base/byte-queue.ts";
import { XtlsError, type ErrorRow } from "../errors.ts";
import type { Certificate } from "../tls/certificate.ts";
import type { Engine, Negotiated } from "../tls/engine.ts";
import { parseBye, type Bye } from "./bye.ts";
import { isOwn, Reader, serialise } from "./framing.ts";
import type { Host } from "./host.ts";
import type { Limits } from "./limits.ts";
import { ALPN, ALPN_BOUND, NS_XTLS_EXT } from "./namespaces.ts";
import { OWN_LIMITS, OwnQuota, PreauthReader } from "./preauth-reader.ts";
import type { ReadBudget } from "./read-budget.ts";
import { requireTaken, restore, strip, type Ends } from "./routing.ts";
import type { Role } from "./state.ts";
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
  const options = { alpn, limit, ...ofRole(tunnel.role, engine), role: tunnel.role, identity };
  return new Channel(identity.core.engine(options), tunnel, limits);
}

/** The changes are for an endpoint, which has engines of both roles: tables of tickets are for responders, sessions for initiators. */
function ofRole(role: Role, engine: ChannelHost["engine"]): ChannelHost["engine"] {
  const { tickets, session, ...both } = engine;
  if (role === "initiator") return session === undefined ? both : { ...both, session };
  return tickets === undefined ? both : { ...both, tickets };
}

const SPACE = new Uint8Array([0x20]);

export class Channel {
  readonly #engine: ChannelEngine;
  readonly #ends: Ends;
  readonly #limits: Limits;
  /** Once the peer is judged and found good. */
  #reader: Reader | undefined;
  readonly #said = new OwnQuota();
  /** Until the peer is judged and found good. */
  #preauth: PreauthReader | undefined;
  #messages: Element[] = [];
  #bye: Bye | undefined;
  readonly #unread = new ByteQueue();
  #arrived: Element[] = [];

  constructor(engine: ChannelEngine, ends: Ends, limits: Limits) {
    this.#engine = engine;
    this.#ends = ends;
    this.#limits = limits;
    this.#preauth = new PreauthReader(limits);
  }

  /** Takes a chunk. @throws XtlsError what broke TLS, or the framing of the tunnel's own: the channel is finished */
  feed(chunk: Uint8Array): void {
    this.#engine.feed(chunk);
    const plaintext = this.#engine.read();
    if (plaintext.length === 0) return;
    if (this.#preauth === undefined) this.#unread.append(plaintext);
    else for (const message of this.#preauth.push(plaintext)) this.#messages.push(this.#checked(message));
  }

  /** @throws XtlsError `alert-received` for what stands for an alert */
  #checked(message: Element): Element {
    this.#bye = parseBye(message);
    if (this.#bye === undefined) return message;
    throw new XtlsError("alert-received", `The peer says "${this.#bye.code}"`);
  }

  /** The peer is judged and found good: its stanzas may be read. */
  trust(): void {
    if (this.#preauth !== undefined) this.#unread.append(this.#preauth.release());
    this.#preauth = undefined;
    this.#reader ??= new Reader(this.#limits);
  }

  /** What has come of the tunnel's own, in order; each once. */
  messages(): Element[] {
    return this.#messages.splice(0);
  }

  /**
   * The next stanzas that have come, in order, each once; none before `trust`.
   * @param budget what may be done now: it is charged
   * @throws XtlsError what broke the framing or the addressing: the channel is finished
   */
  arrivals(budget: ReadBudget): Element[] {
    if (this.#preauth !== undefined) return [];
    if (this.#arrived.length === 0) this.#read(budget);
    const stanzas = this.#arrived.splice(0, budget.stanzas);
    budget.stanzas -= stanzas.length;
    return stanzas;
  }

  /** True while more has come than `arrivals` has given. */
  get hasUnread(): boolean {
    return this.#preauth === undefined && (this.#arrived.length > 0 || this.#unread.length > 0);
  }

  /** True while something waits for the verdict that is not of the tunnel's own. */
  get holdsStanzas(): boolean {
    return this.#preauth?.isHolding === true;
  }

  /** Encrypts a stanza. @throws XtlsError `foreign-address`, `unfit-stanza`, `stanza-too-large`, `limit-exceeded`: nothing changed */
  write(stanza: Element): void {
    const stripped = strip(stanza, this.#ends);
    const bytes = serialise(stripped, this.#limits);
    requireTaken(stripped, this.#ends);
    this.#encrypt(bytes);
  }

  /** Encrypts what is of the tunnel's own. @throws XtlsError as `write`; `method-violation` for more than 64 KiB in all */
  say(message: Element): void {
    if (!isOwn(message)) throw new XtlsError("unfit-stanza", `A message of a method is in ${NS_XTLS_EXT}`);
    const bytes = serialise(message, OWN_LIMITS);
    this.#said.add(message, bytes.length);
    this.#encrypt(bytes);
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

  /** True when all of the peer's bytes so far are read, and end with a whole stanza. */
  get isComplete(): boolean {
    return !this.hasUnread && this.#reader?.isBetween === true;
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

  /** The description of the peer's alert, or of that which its `<bye/>` stands for, if there was one (RFC 8446 §6). */
  get received(): number | undefined {
    // What stands for an alert is followed by close_notify, which is one as well.
    return this.#bye === undefined ? this.#engine.alerts.received?.description : this.#bye.alert;
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
    this.#unread.clear();
    this.#preauth?.[Symbol.dispose]();
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

  #read(budget: ReadBudget): void {
    const bytes = this.#unread.take(budget.bytes);
    budget.bytes -= bytes.length;
    for (const element of this.#reader?.push(bytes) ?? []) this.#arrive(element);
  }

  /** A method ends before the first stanza: nothing of the tunnel's own follows one. */
  #arrive(element: Element): void {
    if (isOwn(element) && this.#checked(element)) throw new XtlsError("method-violation", "A message of a method among stanzas");
    this.#arrived.push(restore(element, this.#ends));
  }
}
