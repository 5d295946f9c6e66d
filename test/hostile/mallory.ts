/**
 * Mallory owns the server and sits in the middle: she ends the TLS of both victims with certificates of her own that
 * claim the other's name, and passes on, inside, whatever a method says.
 *
 * Two endpoints of the real protocol, each in one victim's name, that believe everything. She wins when a
 * victim opens a tunnel with her.
 */

import type { Element } from "@xmpp/xml";

import { Endpoint } from "../../bindings/xtls/endpoint.ts";
import type { Output } from "../../bindings/xtls/output.ts";
import type { Tunnel } from "../../bindings/xtls/tunnel.ts";
import { answerIn, xtlsRequest } from "../../bindings/xmpp/stanza.ts";
import { copyOf, core, iq, JULIET, ROMEO, type Stage } from "./stage.ts";

/** What Mallory says to whom when a victim's method has said something; default: she passes it on. */
export type Relay = (message: Element, from: string, other: string) => readonly (readonly [to: string, message: Element])[];

export class Mallory {
  readonly #stage: Stage;
  readonly #relay: Relay;
  /** By the name in which they speak. */
  readonly #endpoints: ReadonlyMap<string, Endpoint>;
  readonly #tunnels = new Map<string, Tunnel>();
  readonly #early = new Map<string, Element[]>();
  /** What she could read. */
  readonly read: Element[] = [];
  #ids = 0;

  constructor(stage: Stage, methods: readonly string[], relay: Relay = (message, _, other) => [[other, message]]) {
    this.#stage = stage;
    this.#relay = relay;
    const as = (address: string): Endpoint => {
      const identity = core.createIdentity({ jid: address.split("/")[0] as string });
      return new Endpoint({ address, identity, methods, id: () => `mallory-${++this.#ids}` });
    };
    this.#endpoints = new Map([JULIET, ROMEO].map((address) => [address, as(address)]));
    stage.server = (stanza) => this.#receive(stanza);
  }

  /** In the name of whoever the stanza is for, she takes it herself; and calls the real one. */
  #receive(stanza: Element): void {
    const { to: name, from } = stanza.attrs as { to: string; from: string };
    const endpoint = this.#endpoints.get(name);
    if (endpoint === undefined) return;
    const request = xtlsRequest(stanza);
    const answer = answerIn(stanza);
    if (request !== undefined) endpoint.receive(request, 0);
    else if (answer !== undefined) endpoint.answer(answer, 0);
    this.#obey(name, endpoint);
    if (request?.payload.is("start")) this.#call(from, name);
  }

  /** Opens a tunnel with `victim` in the name of `caller`. */
  #call(caller: string, victim: string): void {
    const endpoint = this.#endpoints.get(caller) as Endpoint;
    try {
      endpoint.open(victim, 0);
    } catch {
      // The victim has called by itself: there is a tunnel already.
    }
    this.#obey(caller, endpoint);
  }

  #obey(name: string, endpoint: Endpoint): void {
    for (let outputs = endpoint.take(); outputs.length > 0; outputs = endpoint.take()) {
      for (const output of outputs) this.#do(name, endpoint, output);
    }
  }

  #do(name: string, endpoint: Endpoint, output: Output): void {
    switch (output.kind) {
      case "request":
        return this.#stage.pass(iq("set", name, output.to, output.id, copyOf(output.payload)));
      case "result":
        return this.#stage.pass(iq("result", name, output.to, output.id, output.payload && copyOf(output.payload)));
      case "error":
        return this.#stage.pass(iq("error", name, output.to, output.id, copyOf(output.error)));
      case "consent":
        return endpoint.accept(output.tunnel, 0);
      case "judge":
        return this.#judging(output.tunnel);
      case "message":
        return this.#passOn(output.tunnel, output.message);
      case "close":
        return this.#leave(output.tunnel);
      case "stanza":
        return void this.read.push(output.stanza);
    }
  }

  /** She has no opinion: her side stays where methods talk. */
  #judging(tunnel: Tunnel): void {
    this.#tunnels.set(tunnel.peer, tunnel);
    for (const message of this.#early.get(tunnel.peer) ?? []) this.#say(tunnel, message);
    this.#early.delete(tunnel.peer);
  }

  #passOn({ peer }: Tunnel, message: Element): void {
    for (const [to, said] of this.#relay(message, peer, otherThan(peer))) {
      const tunnel = this.#tunnels.get(to);
      if (tunnel !== undefined) this.#say(tunnel, said);
      else this.#early.set(to, [...(this.#early.get(to) ?? []), said]);
    }
  }

  /** When one victim has had enough there is nothing to be had from the other. */
  #leave({ peer }: Tunnel): void {
    this.#tunnels.delete(peer);
    const tunnel = this.#tunnels.get(otherThan(peer));
    if (tunnel === undefined) return;
    const endpoint = this.#endpoints.get(tunnel.local) as Endpoint;
    queueMicrotask(() => {
      endpoint.close(tunnel, 0);
      this.#obey(tunnel.local, endpoint);
    });
  }

  #say(tunnel: Tunnel, message: Element): void {
    const endpoint = this.#endpoints.get(tunnel.local) as Endpoint;
    try {
      endpoint.say(tunnel, message, 0);
    } catch {
      // That victim has had enough.
    }
    queueMicrotask(() => this.#obey(tunnel.local, endpoint));
  }
}

function otherThan(victim: string): string {
  return victim === ROMEO ? JULIET : ROMEO;
}
