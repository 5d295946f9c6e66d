/**
 * The stage: a server with a wiretap on Juliet's wire, a narrator, and what happens in every play.
 * Knows no play; see acquaintances.ts and strangers.ts.
 */

import { strict as assert } from "node:assert";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { Element } from "@xmpp/xml";
import { type Core, type ErrorCode, loadCore, safetyNumber, type Tunnel, XtlsError } from "../../bindings/node.ts";
import { FederatedServers } from "../servers/federation.ts";
import type { Server } from "../servers/server.ts";
import { startServer } from "../servers/start.ts";
import type { Name, Player } from "./cast.ts";
import type { Narrator } from "./narrator.ts";
import { Wiretap } from "./wiretap.ts";

/** Both ends of one tunnel. */
export interface Scene {
  readonly romeo: Tunnel;
  readonly juliet: Tunnel;
}

/** How the narrator shows an IQ that the server saw; undefined: not at all. */
export type Scribe = (iq: Element) => string | undefined;

/** The server of each, which may be one and the same. */
type Homes = Readonly<Record<Name, Server>> & { stop(): Promise<void> };

export class Stage {
  readonly core: Core;
  readonly homes: Homes;
  readonly tap: Wiretap;
  readonly narrator: Narrator;

  private constructor(core: Core, homes: Homes, tap: Wiretap, narrator: Narrator) {
    this.core = core;
    this.homes = homes;
    this.tap = tap;
    this.narrator = narrator;
  }

  /** @param name of the server; `federated`: one for each */
  static async raise(name: string, narrator: Narrator, scribe: Scribe): Promise<Stage> {
    const homes = await (name === "federated" ? twoHomes() : oneHome(name));
    const tap = await Wiretap.on(homes.juliet.service, (_, stanza) => {
      const line = isOfTunnel(stanza) ? scribe(stanza) : undefined;
      if (line !== undefined) narrator.say("server saw", "", line);
    });
    return new Stage(await loadCore(), homes, tap, narrator);
  }

  async strike(): Promise<void> {
    await this.tap.stop();
    await this.homes.stop();
  }

  /** Begins an act when the wire has come to rest, so that each line stands where it belongs. */
  async act(title: string): Promise<void> {
    await this.calm();
    this.narrator.act(title);
  }

  async calm(): Promise<void> {
    do await sleep(20);
    while (!this.tap.isQuiet);
  }

  /** Romeo opens a tunnel, and both have it. */
  async meet(romeo: Player, juliet: Player): Promise<Scene> {
    const began = performance.now();
    const incoming = new Promise<Tunnel>((resolve) => {
      const off = juliet.tunnels.on("tunnel", (tunnel) => (off(), resolve(tunnel)));
    });
    const opened = await romeo.tunnels.open(juliet.jid);
    const scene = { romeo: opened, juliet: await incoming };
    this.narrator.note(`${(performance.now() - began).toFixed(0)} ms, ${carried(scene)}`);
    return scene;
  }

  /** Romeo opens a tunnel in vain: both ends must say why. */
  async part(romeo: Player, juliet: Player, codes: Readonly<Record<Name, readonly ErrorCode[]>>): Promise<void> {
    const refused = new Promise<XtlsError>((resolve) => {
      const off = juliet.tunnels.on("refused", (_, error) => (off(), resolve(error)));
    });
    const his = await romeo.tunnels.open(juliet.jid).then(() => undefined, (error: unknown) => error);
    assert.ok(his !== undefined, "Romeo has a tunnel that he must not have");
    const hers = await refused;
    await this.calm();
    this.caught("romeo", his, codes.romeo);
    this.caught("juliet", hers, codes.juliet);
  }

  /** Romeo says something inside, and Juliet reads it. */
  async carry(scene: Scene, stanza: Element, show: (stanza: Element) => string): Promise<Element> {
    const began = performance.now();
    const arrival = new Promise<Element>((resolve) => {
      const off = scene.juliet.on("stanza", (received) => (off(), resolve(received)));
    });
    this.narrator.say("wrote", "romeo", show(stanza));
    await scene.romeo.send(stanza);
    const received = await arrival;
    this.narrator.say("read", "juliet", show(received));
    this.narrator.note(`${(performance.now() - began).toFixed(1)} ms until the peer's acknowledgement`);
    return received;
  }

  async close(scene: Scene): Promise<void> {
    const gone = ending(scene.juliet);
    await scene.romeo.close();
    assert.equal(await gone, undefined);
    await this.calm();
    this.narrator.note("Both ends said close_notify.");
  }

  /** What each end computes of its own key and the one at the other end. */
  async showSafetyNumber(scene: Scene, romeo: Player, juliet: Player): Promise<void> {
    const [his, hers] = await Promise.all([safetyNumberOf(romeo, scene.romeo), safetyNumberOf(juliet, scene.juliet)]);
    assert.equal(his, hers);
    this.narrator.note(`Safety number at both ends: ${his.slice(0, 35)}`);
    this.narrator.note(`                            ${his.slice(36)}`);
  }

  /** An error of the library. @param codes of which it must have one @param where of an end it was noticed */
  caught(who: Name, error: unknown, codes: readonly ErrorCode[], where = ""): void {
    assert.ok(error instanceof XtlsError, `${who} noticed nothing`);
    this.narrator.tell("caught", who, `${where && `${where}: `}${error.code}: ${error.message}`);
    assert.ok(codes.includes(error.code), `It should be ${codes.join(" or ")}`);
  }
}

async function oneHome(name: string): Promise<Homes> {
  const server = await startServer(name);
  return { romeo: server, juliet: server, stop: () => server.stop() };
}

async function twoHomes(): Promise<Homes> {
  const servers = await FederatedServers.start(["prosody", "ejabberd"]);
  return { romeo: servers.montague.server, juliet: servers.capulet.server, stop: () => servers.stop() };
}

/** Why a tunnel ended. */
export function ending(tunnel: Tunnel): Promise<XtlsError | undefined> {
  return new Promise((resolve) => tunnel.on("close", resolve));
}

export function carried({ romeo }: Scene): string {
  const { bytesOut, bytesIn, iqsOut, iqsIn } = romeo.statistics;
  return `${bytesOut + bytesIn} bytes of TLS in ${iqsOut + iqsIn} IQs`;
}

async function safetyNumberOf({ identity }: Player, { peer, security }: Tunnel): Promise<string> {
  assert.ok(security);
  return safetyNumber(identity, { jid: peer, spkiFingerprint: security.certificate.spkiFingerprint });
}

/** Between the two, the server sees IQs of the tunnel and their answers alone. */
function isOfTunnel({ name, attrs: { from, to } }: Element): boolean {
  return name === "iq" && /^romeo@/.test(from ?? "") !== /^romeo@/.test(to ?? "") && /^juliet@/.test(from ?? "") !== /^juliet@/.test(to ?? "");
}
