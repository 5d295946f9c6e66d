/**
 * `make demo`: Romeo and Juliet. Two xmpp.js clients open a tunnel through a real stream to a
 * server (SERVER=router, prosody or ejabberd) and talk; a wiretap on Juliet's wire shows what the server
 * saw, and in the last act plays a server that tampers. Ends with `demo: ok`, or fails.
 */

import { strict as assert } from "node:assert";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import xml, { type Element } from "@xmpp/xml";
import { loadCore, type Tunnel, XtlsError } from "../bindings/node.ts";
import { startServer } from "./servers/start.ts";
import { assemble, dismiss, type Player } from "./demo/cast.ts";
import { brief, briefIq, Narrator } from "./demo/narrator.ts";
import { Wiretap } from "./demo/wiretap.ts";

const THY_WORD = "I take thee at thy word: Call me but love, and I'll be new baptized; Henceforth I never will be Romeo.";
const VERSION = "jabber:iq:version";

const narrator = new Narrator();

/** Both ends of one tunnel. */
interface Scene {
  readonly romeo: Tunnel;
  readonly juliet: Tunnel;
}

const name = process.env["SERVER"] || "router";
narrator.title(`xtls: Romeo and Juliet, through ${name === "router" ? "the embedded router" : name}`);
const server = await startServer(name);
const tap = await Wiretap.on(server.service, (_, stanza) => {
  if (isOfTunnel(stanza)) narrator.say("server saw", "", briefIq(stanza));
});
try {
  const [romeo, juliet] = await assemble(await loadCore(), server, tap.service);
  dramatisPersonae(romeo, juliet);
  const scene = await openTunnel(romeo, juliet);
  await speak(scene);
  await showPresence(scene);
  await ask(scene, juliet);
  await close(scene);
  await tamper(romeo, juliet);
  await calm();
  await dismiss(romeo, juliet);
} finally {
  await tap.stop();
  await server.stop();
}
narrator.title("\ndemo: ok");

function dramatisPersonae(...players: readonly Player[]): void {
  for (const { jid, identity } of players) narrator.note(`${jid}  certificate SHA-256 ${identity.fingerprint}`);
  narrator.note("Each has pinned the other's fingerprint.");
}

async function openTunnel(romeo: Player, juliet: Player): Promise<Scene> {
  await act("Romeo opens a tunnel");
  const scene = await meet(romeo, juliet);
  const { security } = scene.romeo;
  assert.ok(security);
  const { version, ciphersuite, group, trust, certificate } = security;
  narrator.note(`open: ${version} ${ciphersuite} ${group}, ${trust}`);
  narrator.note(`Romeo's peer has the certificate ${certificate.fingerprint}`);
  assert.equal(certificate.fingerprint, juliet.identity.fingerprint);
  return scene;
}

/** Begins an act when the wire has come to rest, so that each line stands where it belongs. */
async function act(title: string): Promise<void> {
  await calm();
  narrator.act(title);
}

async function calm(): Promise<void> {
  do await sleep(20);
  while (!tap.isQuiet);
}

async function meet(romeo: Player, juliet: Player): Promise<Scene> {
  const began = performance.now();
  const incoming = new Promise<Tunnel>((resolve) => {
    const off = juliet.tunnels.on("tunnel", (tunnel) => (off(), resolve(tunnel)));
  });
  const opened = await romeo.tunnels.open(juliet.jid);
  const scene = { romeo: opened, juliet: await incoming };
  narrator.note(`${(performance.now() - began).toFixed(0)} ms, ${carried(scene)}`);
  return scene;
}

/** The seed mail's own message. */
async function speak(scene: Scene): Promise<void> {
  await act("Romeo speaks");
  const message = xml(
    "message",
    { type: "chat" },
    xml("thread", {}, "act2scene2chat1"),
    xml("body", {}, THY_WORD),
    xml("active", { xmlns: "http://jabber.org/protocol/chatstates" }),
  );
  const heard = await carry(scene, message);
  assert.equal(heard.getChildText("body"), THY_WORD);
}

async function showPresence(scene: Scene): Promise<void> {
  await act("Romeo's presence, for Juliet alone");
  const presence = xml("presence", {}, xml("show", {}, "chat"), xml("status", {}, "under the balcony"));
  const seen = await carry(scene, presence);
  assert.equal(seen.getChildText("status"), "under the balcony");
}

async function carry(scene: Scene, stanza: Element): Promise<Element> {
  const began = performance.now();
  const arrival = new Promise<Element>((resolve) => {
    const off = scene.juliet.on("stanza", (received) => (off(), resolve(received)));
  });
  narrator.say("wrote", "romeo", brief(stanza));
  await scene.romeo.send(stanza);
  const received = await arrival;
  narrator.say("read", "juliet", brief(received));
  narrator.note(`${(performance.now() - began).toFixed(1)} ms until the peer's acknowledgement`);
  return received;
}

/** Juliet's client answers with the iqCallee it has always had; the answer stays inside. */
async function ask(scene: Scene, juliet: Player): Promise<void> {
  await act("Romeo asks Juliet's client for its version, inside");
  juliet.xmpp.iqCallee.get(VERSION, "query", () => xml("query", { xmlns: VERSION }, xml("name", {}, "balcony"), xml("version", {}, "2.2")));
  const question = xml("iq", { type: "get", id: "q1" }, xml("query", { xmlns: VERSION }));
  narrator.say("wrote", "romeo", brief(question));
  const answer = await scene.romeo.request(question);
  narrator.say("read", "romeo", brief(answer));
  assert.equal(answer.getChild("query", VERSION)?.getChildText("name"), "balcony");
}

async function close(scene: Scene): Promise<void> {
  await act("Romeo closes");
  const gone = ending(scene.juliet);
  narrator.note(carried(scene));
  await scene.romeo.close();
  assert.equal(await gone, undefined);
  narrator.note("both ends said close_notify");
}

/** One character of base64, altered on the wire. */
async function tamper(romeo: Player, juliet: Player): Promise<void> {
  await act("The server tampers");
  const scene = await meet(romeo, juliet);
  let delivered = 0;
  scene.juliet.on("stanza", () => delivered++);
  const ends = Promise.all([ending(scene.romeo), ending(scene.juliet)]);
  tap.tampers = true;
  const loss = scene.romeo.send(xml("message", {}, xml("body", {}, "Meet me at the friar's cell"))).catch((error: unknown) => error);
  const [romeosEnd, julietsEnd] = await ends;
  caught("juliet", "her tunnel", julietsEnd);
  caught("romeo", "his tunnel", romeosEnd);
  caught("romeo", "his send()", await loss);
  assert.equal(julietsEnd?.code, "bad-record");
  assert.equal(delivered, 0);
}

function caught(who: string, where: string, error: unknown): void {
  assert.ok(error instanceof XtlsError, `${who} noticed nothing`);
  narrator.say("caught", who, `${where}: ${error.code}: ${error.message}`);
}

function ending(tunnel: Tunnel): Promise<XtlsError | undefined> {
  return new Promise((resolve) => tunnel.on("close", resolve));
}

/** Between the two, the server sees IQs of the tunnel and their answers alone. */
function isOfTunnel({ name, attrs: { from, to } }: Element): boolean {
  return name === "iq" && /^romeo@/.test(from ?? "") !== /^romeo@/.test(to ?? "") && /^juliet@/.test(from ?? "") !== /^juliet@/.test(to ?? "");
}

function carried({ romeo }: Scene): string {
  const { bytesOut, bytesIn, iqsOut, iqsIn } = romeo.statistics;
  return `${bytesOut + bytesIn} bytes of TLS in ${iqsOut + iqsIn} IQs`;
}
