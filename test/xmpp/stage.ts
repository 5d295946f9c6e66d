/**
 * The stage for tests of the plug-in: a server, and actors with keys who know each other's.
 */

import type { Client } from "@xmpp/client";
import xml, { type Element } from "@xmpp/xml";

import { loadCore } from "../../bindings/node.ts";
import type { Core } from "../../bindings/tls/index.ts";
import type { Identity } from "../../bindings/tls/index.ts";
import { type Tunnel, xtls, type Xtls, type XtlsOptions } from "../../bindings/xmpp/index.ts";
import { pinned } from "../../bindings/trust/pinned.ts";
import type { Trust } from "../../bindings/xtls/trust.ts";
import { connectClient, type ConnectOptions } from "../../scripts/servers/connect.ts";
import type { Server } from "../../scripts/servers/server.ts";

export type ActorOptions = Partial<Omit<XtlsOptions, "xmpp" | "identity">> & {
  readonly transport?: ConnectOptions["transport"];
  /** Default: one that nobody else has. */
  readonly resource?: string;
  /** True: the plug-in is added before the stream starts, as users do. Default: when it is online. */
  readonly isEarly?: boolean;
};

export interface Actor {
  readonly xmpp: Client;
  readonly tunnels: Xtls;
  readonly identity: Identity;
  /** Full JID. */
  readonly address: string;
  /** What the entity reported as errors. */
  readonly errors: Error[];
}

/** Two ends of one tunnel, and what the second end received. */
export interface Pair {
  readonly romeo: Actor;
  readonly juliet: Actor;
  readonly tunnel: Tunnel;
  readonly answering: Tunnel;
  readonly heard: Element[];
}

/** Milliseconds after which what should happen does not. */
const PATIENCE = 20_000;

let core: Promise<Core> | undefined;
let resources = 0;
const actors: Actor[] = [];
const identities = new Map<string, Promise<Identity>>();

/** One key a user for the whole file: making them is not what is tested. */
export function identityOf(jid: string): Promise<Identity> {
  core ??= loadCore();
  const made = identities.get(jid) ?? core.then((loaded) => loaded.createIdentity({ jid }));
  identities.set(jid, made);
  return made;
}

/** Everybody's certificate of this file is known to everybody. */
export const everybodyKnown: Trust = {
  async judge(claim) {
    const identity = await identityOf(claim.jid);
    return pinned({ [claim.jid]: [identity.spkiFingerprint] }).judge(claim);
  },
};

/** An actor who is online, under a resource of their own. */
export async function enter(server: Server, username: string, options: ActorOptions = {}): Promise<Actor> {
  const { transport = "tcp", resource = `stage-${++resources}`, isEarly = false, ...rest } = options;
  const identity = await identityOf(`${username}@${server.domain}`);
  const errors: Error[] = [];
  let tunnels: Xtls | undefined;
  const attach = (xmpp: Client): void => {
    xmpp.on("error", (error) => errors.push(error));
    tunnels = xtls({ xmpp, identity, trust: everybodyKnown, ...rest });
  };
  const xmpp = await connectClient(server, username, { resource, transport, ...(isEarly && { beforeStart: attach }) });
  if (!isEarly) attach(xmpp);
  const actor = { xmpp, tunnels: tunnels!, identity, address: tunnels!.address ?? String(xmpp.jid), errors };
  actors.push(actor);
  return actor;
}

/** Romeo and Juliet with an open tunnel, which Romeo asked for. */
export async function pair(
  server: Server,
  options: { romeo?: ActorOptions; juliet?: ActorOptions } = {},
): Promise<Pair> {
  const romeo = await enter(server, "romeo", options.romeo);
  const juliet = await enter(server, "juliet", options.juliet);
  const incoming = once<Tunnel>((done) => juliet.tunnels.on("tunnel", done));
  const tunnel = await romeo.tunnels.open(juliet.address);
  const answering = await incoming;
  const heard: Element[] = [];
  answering.on("stanza", (stanza) => heard.push(stanza));
  return { romeo, juliet, tunnel, answering, heard };
}

/** Sends everybody home; the server stays. */
export async function clearStage(): Promise<void> {
  await Promise.all(actors.splice(0).map(({ xmpp }) => leave(xmpp)));
}

export async function leave(xmpp: Pick<Client, "reconnect" | "stop" | "status">): Promise<void> {
  xmpp.reconnect.stop();
  // Also while the stream is broken: until then the plug-in waits for its resumption.
  if (xmpp.status !== "offline") await xmpp.stop().catch(() => {});
}

/** The first argument of the first call; waiting for it has an end. */
export function once<Value>(listen: (listener: (value: Value) => void) => unknown): Promise<Value> {
  const called = new Promise<Value>((resolve, reject) => {
    setTimeout(() => reject(new Error(`waited in vain for ${listen}`)), PATIENCE).unref();
    listen(resolve);
  });
  // A test that failed before may never look at it.
  called.catch(() => {});
  return called;
}

/** Waits until something holds, looking after every turn of the event loop. */
export async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + PATIENCE;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** What a promise is rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error("it was not rejected");
}

export function message(body: string): Element {
  return xml("message", { type: "chat" }, xml("body", {}, body));
}

export function bodies(stanzas: readonly Element[]): (string | null)[] {
  return stanzas.map((stanza) => stanza.getChildText("body"));
}
