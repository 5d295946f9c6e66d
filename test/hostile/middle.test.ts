/** A man in the middle who ends both TLS connections, against every method; and every method without her. */

import xml from "@xmpp/xml";

import { insecure } from "../../bindings/methods/insecure.ts";
import type { Method } from "../../bindings/methods/method.ts";
import { openpgp } from "../../bindings/methods/openpgp.ts";
import { sas } from "../../bindings/methods/sas.ts";
import { srp } from "../../bindings/methods/srp.ts";
import { assert, suite } from "../suite.ts";
import { keyring } from "./keyring.ts";
import { Mallory, type Relay } from "./mallory.ts";
import { calm, core, JULIET, ROMEO, Stage, type VictimOptions } from "./stage.ts";

const test = suite("man in the middle");
const keys = await keyring("romeo@montague.lit", "juliet@capulet.lit");

/** Two people who compare what they see, by a voice that nobody can imitate. */
function twoPeople(): [Method, Method] {
  const seen: Promise<string>[] = [];
  const says: ((code: string) => void)[] = [];
  for (let person = 0; person < 2; person++) seen.push(new Promise((resolve) => says.push(resolve)));
  const person = (own: number): Method =>
    sas({
      confirm: async ({ decimals }, { signal }) => {
        says[own]?.(decimals);
        const gone = new Promise<string>((resolve) => signal.addEventListener("abort", () => resolve("gone")));
        return (await Promise.race([seen[1 - own], gone])) === decimals;
      },
    });
  return [person(0), person(1)];
}

/** Both victims' ways to know each other, as they would have them. */
const CASES: Record<string, () => Promise<[VictimOptions, VictimOptions]>> = {
  srp: async () => [{ methods: [srp({ core, password: () => "wherefore art thou" })] }, { methods: [srp({ core, password: () => "wherefore art thou" })] }],
  openpgp: async () => [{ methods: [openpgp(keys("romeo@montague.lit"))] }, { methods: [openpgp(keys("juliet@capulet.lit"))] }],
  sas: async () => {
    const [his, hers] = twoPeople();
    return [{ methods: [his] }, { methods: [hers] }];
  },
  insecure: async () => [{ methods: [insecure()] }, { methods: [insecure()] }],
  x509: async () => [{}, {}],
};

/** x509 and insecure rest on what is known: both have met before. */
async function acquaint(stage: Stage): Promise<void> {
  await stage.romeo.knows(stage.juliet.identity);
  await stage.juliet.knows(stage.romeo.identity);
}

async function staged(name: string): Promise<Stage> {
  const stage = new Stage(...(await (CASES[name] as (typeof CASES)[string])()));
  if (name === "x509" || name === "insecure") await acquaint(stage);
  return stage;
}

const DIRECTIONS = ["Romeo", "Juliet"] as const;
const attempt = (stage: Stage, who: (typeof DIRECTIONS)[number], only: readonly string[]) =>
  who === "Romeo" ? stage.romeo.attempt(JULIET, only) : stage.juliet.attempt(ROMEO, only);

function nobodyIsFooled(stage: Stage, mallory: Mallory): void {
  for (const victim of [stage.romeo, stage.juliet]) {
    assert.equal(victim.opened.map(({ security }) => security?.method), [], `${victim.address} opened a tunnel`);
    assert.equal(victim.received, []);
    assert.not(victim.refused.some((error) => !error.code));
  }
  assert.equal(mallory.read, []);
}

for (const name of Object.keys(CASES)) {
  for (const who of DIRECTIONS) {
    test(`${name}: without anybody in the middle ${who} opens a tunnel that is verified at both ends`, async () => {
      const stage = await staged(name);
      assert.is(await attempt(stage, who, [name]), undefined);
      await calm();
      for (const { opened } of [stage.romeo, stage.juliet]) {
        assert.equal(opened.map(({ security }) => [security?.method, security?.trust]), [[name, "verified"]]);
      }
    });

    test(`${name}: when ${who} opens, a man in the middle who passes everything on is caught`, async () => {
      const stage = await staged(name);
      const mallory = new Mallory(stage, [name]);
      const error = await attempt(stage, who, [name]);
      await calm();
      assert.ok(error?.code, "no error");
      nobodyIsFooled(stage, mallory);
      for (const victim of [stage.romeo, stage.juliet]) {
        const states = (await victim.store.list()).map(({ jid, state, spkiFingerprint }) => [jid, state, spkiFingerprint]);
        const known = [stage.romeo, stage.juliet].map(({ identity }) => identity.spkiFingerprint);
        assert.equal(states.filter(([, state, key]) => state !== "unknown" && !known.includes(key as string)), []);
      }
    });
  }
}

const DEEDS: Record<string, Relay> = {
  "sends each victim its own messages back": (message, from) => [[from, message]],
  "says everything to both": (message, from, other) => [
    [other, message],
    [from, message],
  ],
  "says everything twice": (message, _, other) => [
    [other, message],
    [other, message],
  ],
  "keeps everything to herself": () => [],
  "says something else": (message, _, other) => [[other, xml(message.name, { xmlns: message.getNS() as string }, "AAAA")]],
};

for (const name of ["srp", "openpgp", "sas"]) {
  for (const [deed, relay] of Object.entries(DEEDS)) {
    test(`${name}: a man in the middle who ${deed} is caught`, async () => {
      const stage = await staged(name);
      const mallory = new Mallory(stage, [name], relay);
      const attempted = attempt(stage, "Romeo", [name]);
      await calm();
      await stage.romeo.session.close();
      await stage.juliet.session.close();
      assert.ok((await attempted)?.code);
      nobodyIsFooled(stage, mallory);
    });
  }
}

test("insecure: a first meeting with Mallory is hers, is never called verified, and ends when the real one comes", async () => {
  const stage = new Stage({ methods: [insecure()] }, { methods: [insecure()] });
  new Mallory(stage, ["insecure"]);
  const attempted = stage.romeo.attempt(JULIET);
  await calm();
  assert.is(await attempted, undefined);
  assert.is(stage.romeo.opened[0]?.security?.trust, "first-use");

  const later = new Stage({ methods: [insecure()], store: stage.romeo.store }, { methods: [insecure()] });
  assert.is((await later.romeo.attempt(JULIET, ["insecure"]))?.code, "key-changed");
  assert.is(later.romeo.alarms[0]?.code, "key-changed");
});

test("a certificate of another JID is refused whatever the method: misbinding", async () => {
  const stage = await staged("x509");
  // Mallory passes on Romeo's own bytes, and says that they are hers.
  const MALLORY = "mallory@evil.lit/lair";
  stage.server = (stanza) => {
    const { from, to } = stanza.attrs as { from: string; to: string };
    if (from === ROMEO && to === MALLORY) stage.pass(Object.assign(stanza, { attrs: { ...stanza.attrs, from: MALLORY, to: JULIET } }));
    else if (from === JULIET && to === MALLORY) stage.pass(Object.assign(stanza, { attrs: { ...stanza.attrs, from: MALLORY, to: ROMEO } }));
    else stage.pass(stanza);
  };
  await stage.juliet.store.verify("mallory@evil.lit", stage.romeo.identity.spkiFingerprint);
  const error = await stage.romeo.attempt(MALLORY);
  await calm();
  assert.equal([error?.code, stage.juliet.refused[0]?.code], ["wrong-address", "alert-received"]);
  assert.equal([stage.romeo.opened, stage.juliet.opened], [[], []]);
});

test.run();
