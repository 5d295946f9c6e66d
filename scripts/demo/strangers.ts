/**
 * The play with METHOD: two with empty trust stores get to know each other, talk, and meet again as
 * people who know each other; then the server takes a method out of an offer.
 */

import { strict as assert } from "node:assert";
import xml from "@xmpp/xml";
import { memoryStorage, remembered, TrustStore } from "../../bindings/node.ts";
import { dismiss, identityOf, login, type Name } from "./cast.ts";
import type { Introduce, Introduction, Stranger } from "./introductions/introduction.ts";
import { bodyOf } from "./narrator.ts";
import { showCode } from "./screen.ts";
import type { Scene, Stage } from "./stage.ts";
import { showStores } from "./stores.ts";
import { withhold } from "./wiretap.ts";

const THY_WORD = "I take thee at thy word: Call me but love";

/** @param method by whose name the two are introduced */
export async function strangers(stage: Stage, method: string, introduce: Introduce): Promise<void> {
  const introduction = await introduce(stage);
  const romeo = await enter(stage, "romeo", introduction);
  const juliet = await enter(stage, "juliet", introduction);
  stage.narrator.note(introduction.premise);
  await showStores(stage, romeo, juliet);

  const scene = await introduction.perform(romeo, juliet);
  believe(stage, scene, method);
  await speak(stage, scene);
  await takeStock(stage, scene, romeo, juliet);
  // By x509 it has been on the screen before.
  if (method !== "x509") await showCode(stage, juliet.identity);
  await stage.act("Romeo closes");
  await stage.close(scene);

  await meetAgain(stage, romeo, juliet);
  await tamper(stage, method, romeo, juliet);
  await stage.calm();
  await dismiss(romeo, juliet);
}

async function enter(stage: Stage, name: Name, { methodsOf }: Introduction): Promise<Stranger> {
  const store = new TrustStore(memoryStorage());
  const parts = { identity: identityOf(stage, name), trust: remembered(store), methods: methodsOf(name) };
  return { ...(await login(stage, name, parts)), store };
}

/** Both ends rest their trust on that method. */
function believe({ narrator }: Stage, scene: Scene, method: string): void {
  for (const tunnel of [scene.romeo, scene.juliet]) {
    assert.equal(tunnel.security?.method, method);
    assert.equal(tunnel.security?.trust, "verified");
  }
  narrator.note(`Open at both ends: by ${method}, verified.`);
}

async function speak(stage: Stage, scene: Scene): Promise<void> {
  await stage.act("Romeo speaks");
  const message = xml("message", { type: "chat" }, xml("body", {}, THY_WORD));
  const heard = await stage.carry(scene, message, bodyOf);
  assert.equal(heard.getChildText("body"), THY_WORD);
}

/** What each has learnt of the other, and how two people would check it. */
async function takeStock(stage: Stage, scene: Scene, romeo: Stranger, juliet: Stranger): Promise<void> {
  await stage.act("What they know now");
  await showStores(stage, romeo, juliet);
  await stage.showSafetyNumber(scene, romeo, juliet);
}

async function meetAgain(stage: Stage, romeo: Stranger, juliet: Stranger): Promise<void> {
  await stage.act("They meet again: the certificates are known, nobody is asked");
  const scene = await stage.meet(romeo, juliet);
  believe(stage, scene, "x509");
  await stage.close(scene);
}

/** Whoever hides a method from somebody might want the weakest to be chosen. */
async function tamper(stage: Stage, method: string, romeo: Stranger, juliet: Stranger): Promise<void> {
  await stage.act(`The server takes ${method} out of Romeo's offer`);
  stage.tap.alteration = withhold(method);
  await stage.part(romeo, juliet, { romeo: ["downgraded"], juliet: ["downgraded"] });
  assert.equal(stage.tap.alteration, undefined);
}
