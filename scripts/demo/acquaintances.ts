/**
 * The play without METHOD: two who have compared fingerprints open a tunnel, talk and part; then
 * the server alters one character.
 */

import { strict as assert } from "node:assert";
import xml from "@xmpp/xml";
import { type Identity, pinned, type Trust } from "../../bindings/node.ts";
import { dismiss, identityOf, login, type Player } from "./cast.ts";
import { brief } from "./narrator.ts";
import { carried, ending, type Scene, type Stage } from "./stage.ts";
import { damageData } from "./wiretap.ts";

const THY_WORD = "I take thee at thy word: Call me but love, and I'll be new baptized; Henceforth I never will be Romeo.";
const VERSION = "jabber:iq:version";

export async function acquaintances(stage: Stage): Promise<void> {
  const [romeo, juliet] = await assemble(stage);
  const scene = await openTunnel(stage, romeo, juliet);
  await speak(stage, scene);
  await showPresence(stage, scene);
  await ask(stage, scene, juliet);
  await close(stage, scene);
  await tamper(stage, romeo, juliet);
  await stage.calm();
  await dismiss(romeo, juliet);
}

async function assemble(stage: Stage): Promise<[romeo: Player, juliet: Player]> {
  const his = identityOf(stage, "romeo");
  const hers = identityOf(stage, "juliet");
  const romeo = await login(stage, "romeo", { identity: his, trust: trusting(hers) });
  const juliet = await login(stage, "juliet", { identity: hers, trust: trusting(his) });
  for (const { jid, identity } of [romeo, juliet]) stage.narrator.note(`${jid}  certificate SHA-256 ${identity.fingerprint}`);
  stage.narrator.note("Each has pinned the other's fingerprint.");
  return [romeo, juliet];
}

function trusting({ jid, fingerprint }: Identity): Trust {
  return pinned({ [jid]: fingerprint });
}

async function openTunnel(stage: Stage, romeo: Player, juliet: Player): Promise<Scene> {
  await stage.act("Romeo opens a tunnel");
  const scene = await stage.meet(romeo, juliet);
  const { security } = scene.romeo;
  assert.ok(security);
  const { version, ciphersuite, group, trust, certificate } = security;
  stage.narrator.note(`open: ${version} ${ciphersuite} ${group}, ${trust}`);
  stage.narrator.note(`Romeo's peer has the certificate ${certificate.fingerprint}`);
  assert.equal(certificate.fingerprint, juliet.identity.fingerprint);
  await stage.showSafetyNumber(scene, romeo, juliet);
  return scene;
}

/** The seed mail's own message. */
async function speak(stage: Stage, scene: Scene): Promise<void> {
  await stage.act("Romeo speaks");
  const message = xml(
    "message",
    { type: "chat" },
    xml("thread", {}, "act2scene2chat1"),
    xml("body", {}, THY_WORD),
    xml("active", { xmlns: "http://jabber.org/protocol/chatstates" }),
  );
  const heard = await stage.carry(scene, message, brief);
  assert.equal(heard.getChildText("body"), THY_WORD);
}

async function showPresence(stage: Stage, scene: Scene): Promise<void> {
  await stage.act("Romeo's presence, for Juliet alone");
  const presence = xml("presence", {}, xml("show", {}, "chat"), xml("status", {}, "under the balcony"));
  const seen = await stage.carry(scene, presence, brief);
  assert.equal(seen.getChildText("status"), "under the balcony");
}

/** Juliet's client answers with the iqCallee it has always had; the answer stays inside. */
async function ask(stage: Stage, scene: Scene, juliet: Player): Promise<void> {
  await stage.act("Romeo asks Juliet's client for its version, inside");
  juliet.xmpp.iqCallee.get(VERSION, "query", () => xml("query", { xmlns: VERSION }, xml("name", {}, "balcony"), xml("version", {}, "2.2")));
  const question = xml("iq", { type: "get", id: "q1" }, xml("query", { xmlns: VERSION }));
  stage.narrator.say("wrote", "romeo", brief(question));
  const answer = await scene.romeo.request(question);
  stage.narrator.say("read", "romeo", brief(answer));
  assert.equal(answer.getChild("query", VERSION)?.getChildText("name"), "balcony");
}

async function close(stage: Stage, scene: Scene): Promise<void> {
  await stage.act("Romeo closes");
  stage.narrator.note(carried(scene));
  await stage.close(scene);
}

/** One character of base64, altered on the wire. */
async function tamper(stage: Stage, romeo: Player, juliet: Player): Promise<void> {
  await stage.act("The server tampers");
  const scene = await stage.meet(romeo, juliet);
  let delivered = 0;
  scene.juliet.on("stanza", () => delivered++);
  const ends = Promise.all([ending(scene.romeo), ending(scene.juliet)]);
  stage.tap.alteration = damageData;
  const loss = scene.romeo.send(xml("message", {}, xml("body", {}, "Meet me at the friar's cell"))).catch((error: unknown) => error);
  const [romeosEnd, julietsEnd] = await ends;
  stage.caught("juliet", julietsEnd, ["bad-record"], "her tunnel");
  stage.caught("romeo", romeosEnd, ["alert-received"], "his tunnel");
  stage.caught("romeo", await loss, ["undelivered"], "his send()");
  assert.equal(delivered, 0);
}
