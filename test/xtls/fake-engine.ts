/**
 * An engine without cryptography, for faults that a real one cannot be brought to and for
 * many fast runs of the state machine. Records are type, length, bytes; a flipped bit is found
 * by a sum. It has the outward manners of bindings/tls/engine.ts, and no safety at all.
 */
import { XtlsError } from "../../bindings/errors.ts";
import type { Certificate } from "../../bindings/tls/certificate.ts";
import type { EngineState, Negotiated } from "../../bindings/tls/engine.ts";
import type { Identity } from "../../bindings/tls/identity.ts";
import type { EngineOptions } from "../../bindings/tls/options.ts";
import type { ChannelEngine } from "../../bindings/xtls/channel.ts";

const HANDSHAKE = 22;
const DATA = 23;
const ALERT = 21;
const CLOSE_NOTIFY = 0;

export class FakeEngine implements ChannelEngine {
  state: EngineState = "handshaking";
  negotiated: Negotiated | undefined;
  peer: Certificate | undefined;
  alerts = {};
  readonly #options: EngineOptions;
  #flights = 0;
  #input: number[] = [];
  #output: number[] = [];
  #plaintext: number[] = [];
  #error: XtlsError | undefined;

  constructor(options: EngineOptions) {
    this.#options = options;
    if (options.role === "initiator") this.#say(HANDSHAKE, this.#name);
  }

  feed(bytes: Uint8Array): void {
    if (this.#error) throw this.#error;
    if (this.state === "closed") return;
    this.#input.push(...bytes);
    for (let record = this.#next(); record !== undefined; record = this.#next()) this.#hear(...record);
  }

  drain(max = Infinity): Uint8Array {
    return new Uint8Array(this.#output.splice(0, max));
  }

  write(bytes: Uint8Array): void {
    if (this.state !== "open") throw new XtlsError("invalid-state");
    if (this.pending + bytes.length > 0x100000) throw new XtlsError("limit-exceeded");
    for (let at = 0; at < bytes.length; at += 1000) this.#say(DATA, bytes.subarray(at, at + 1000));
  }

  read(): Uint8Array {
    return new Uint8Array(this.#plaintext.splice(0));
  }

  close(): void {
    if (this.state === "open") this.#end("closing");
  }

  abort(alert: number, error: XtlsError): void {
    this.#say(ALERT, [alert]);
    this.#fail(error);
  }

  exportKeyingMaterial(_label: string, _context: Uint8Array | undefined, length: number): Uint8Array {
    return new Uint8Array(length);
  }

  get pending(): number {
    return this.#output.length;
  }

  [Symbol.dispose](): void {
    this.state = "disposed";
  }

  get #name(): Uint8Array {
    return new TextEncoder().encode(this.#options.identity.jid);
  }

  #end(state: EngineState): void {
    this.state = state;
    this.#say(ALERT, [CLOSE_NOTIFY]);
  }

  #say(type: number, bytes: Iterable<number>): void {
    const body = [...bytes];
    this.#output.push(type, body.length >> 8, body.length & 255, ...body, sum([type, ...body]));
  }

  #next(): [number, number[]] | undefined {
    const [type, high, low] = this.#input;
    if (type === undefined || high === undefined || low === undefined) return undefined;
    if (type < ALERT || type > DATA || high > 4) this.#break("protocol-violation");
    const length = high * 256 + low;
    if (this.#input.length < length + 4) return undefined;
    const record = this.#input.splice(0, length + 4);
    const body = record.slice(3, -1);
    if (sum([type, ...body]) !== record.at(-1)) this.#break("bad-record");
    return [type, body];
  }

  #hear(type: number, body: number[]): void {
    if (type === ALERT) return this.#hearAlert(body[0]);
    if (type === HANDSHAKE && this.state === "handshaking") return this.#hearHandshake(body);
    if (type !== DATA || this.negotiated === undefined) this.#break("protocol-violation");
    this.#plaintext.push(...body);
  }

  #hearAlert(description: number | undefined): void {
    if (description !== CLOSE_NOTIFY) return this.#fail(new XtlsError("alert-received"), true);
    if (this.state === "open" || this.state === "handshaking") this.#end("closed");
    this.state = "closed";
  }

  /** Three flights: initiator, responder, initiator. */
  #hearHandshake(body: number[]): void {
    this.#flights++;
    const isInitiator = this.#options.role === "initiator";
    if (isInitiator || this.#flights === 1) this.#say(HANDSHAKE, this.#name);
    if (!isInitiator && this.#flights === 1) return;
    const jid = new TextDecoder().decode(new Uint8Array(body));
    this.peer = fakeCertificate(jid);
    this.negotiated = { version: "TLSv1.3", ciphersuite: "NONE", group: "none", alpn: "xtls/1", resumed: false };
    this.state = "open";
  }

  #break(code: "protocol-violation" | "bad-record"): never {
    this.#say(ALERT, [10]);
    const error = new XtlsError(code);
    this.#fail(error);
    throw error;
  }

  #fail(error: XtlsError, isThrown = false): void {
    this.state = "failed";
    this.#error = error;
    if (isThrown) throw error;
  }
}

/** An identity whose engines are fake; `make` can stand in for faults. */
export function fakeIdentity(
  jid: string,
  make = (options: EngineOptions): ChannelEngine => new FakeEngine(options),
): Identity {
  const { fingerprint, spkiFingerprint, sha1 } = fakeCertificate(jid);
  return { jid, fingerprint, spkiFingerprint, sha1, core: { engine: make, hmac: (_key: Uint8Array, message: Uint8Array) => fakeDigest(message) } } as unknown as Identity;
}

/** A certificate of which only the name and a fingerprint made from it are real. */
export function fakeCertificate(jid: string): Certificate {
  const hex = Array.from({ length: 32 }, (_, at) =>
    (jid.charCodeAt(at % jid.length) & 255).toString(16).padStart(2, "0").toUpperCase(),
  );
  const fingerprint = hex.join(":");
  const sha1 = hex.slice(0, 20).join("").toLowerCase();
  return {
    der: new Uint8Array(),
    chain: [],
    fingerprint,
    spkiFingerprint: fingerprint,
    sha1,
    jids: [jid],
    dnsNames: [],
    srvNames: [],
    key: "none",
  } as unknown as Certificate;
}

function sum(bytes: number[]): number {
  return bytes.reduce((total, byte) => (total * 31 + byte + 1) & 255, 7);
}

/** 32 bytes that differ when the message does, mostly. */
function fakeDigest(message: Uint8Array): Uint8Array {
  const digest = new Uint8Array(32);
  message.forEach((byte, at) => (digest[at % 32] = (((digest[at % 32] as number) * 31) ^ byte) & 255));
  return digest;
}
