/**
 * Two engines and the verbs that tests use on them: `pair`, `handshake`, `transfer`.
 *
 * The transport is a function call; what goes over it can be seen and altered. Knows
 * nothing of sockets.
 */

import type { Core, Engine, EngineOptions, EngineRole } from "../../bindings/node.ts";

export interface Pair {
  readonly initiator: Engine;
  readonly responder: Engine;
}

/** What happens to bytes on their way from one end to the other; pieces arrive one by one. */
export type Wire = (bytes: Uint8Array, from: EngineRole) => Iterable<Uint8Array>;

const straight: Wire = (bytes) => [bytes];

type Extras = Partial<EngineOptions>;

/** Juliet's engine and Romeo's, just made. Options for both, then for each. */
export function pair(core: Core, both: Extras = {}, initiator: Extras = {}, responder: Extras = {}): Pair {
  const { juliet, romeo } = couple(core);
  return {
    initiator: core.engine({ role: "initiator", identity: juliet, ...both, ...initiator }),
    responder: core.engine({ role: "responder", identity: romeo, ...both, ...responder }),
  };
}

const couples = new WeakMap<Core, ReturnType<typeof makeCouple>>();

const makeCouple = (core: Core) => ({
  juliet: core.createIdentity({ jid: "juliet@capulet.example" }),
  romeo: core.createIdentity({ jid: "romeo@montague.example" }),
});

/** The two identities of a core's pairs, made once. */
export function couple(core: Core): ReturnType<typeof makeCouple> {
  const known = couples.get(core) ?? makeCouple(core);
  couples.set(core, known);
  return known;
}

/** Carries what is pending from one end to the other; returns how many bytes there were. */
export function transfer(from: Engine, to: Engine, wire: Wire = straight): number {
  const bytes = from.drain();
  if (bytes.length === 0) return 0;
  for (const piece of wire(bytes, from.role)) to.feed(piece);
  return bytes.length;
}

/** Carries both ways until nothing is pending. */
export function settle({ initiator, responder }: Pair, wire?: Wire): void {
  while (transfer(initiator, responder, wire) + transfer(responder, initiator, wire) > 0);
}

/** Carries both ways until both ends are open; throws the error of the one that fails. */
export function handshake(ends: Pair, wire?: Wire): Pair {
  settle(ends, wire);
  const { initiator, responder } = ends;
  if (initiator.state !== "open" || responder.state !== "open") {
    throw new Error(`the handshake stopped: ${initiator.state}, ${responder.state}`);
  }
  return ends;
}

/** A pair that is open. */
export const openPair = (core: Core, both?: Extras, initiator?: Extras, responder?: Extras): Pair =>
  handshake(pair(core, both, initiator, responder));

/** Disposes of both ends. */
export function dispose({ initiator, responder }: Pair): void {
  initiator[Symbol.dispose]();
  responder[Symbol.dispose]();
}

/** Runs a body and returns what it threw. */
export function thrown(body: () => unknown): unknown {
  try {
    body();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

/** The code of the XtlsError that a body throws. */
export const codeThrownBy = (body: () => unknown): unknown => (thrown(body) as { code?: unknown }).code;

/** `length` bytes that are not all alike. */
export const pattern = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) & 0xff);

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** What the headers of whole TLS records say of their lengths. */
export function recordLengths(records: Uint8Array): number[] {
  const lengths: number[] = [];
  const view = new DataView(records.buffer, records.byteOffset, records.length);
  for (let at = 0; at < records.length; at += 5 + (lengths.at(-1) as number)) lengths.push(view.getUint16(at + 3));
  return lengths;
}
