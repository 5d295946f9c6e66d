/** Methods in whole tunnels: which one comes to its turn, what is remembered, what happens when people cross or leave. */

import xml from "@xmpp/xml";

import { insecure } from "../../bindings/methods/insecure.ts";
import type { Method } from "../../bindings/methods/method.ts";
import { openpgp } from "../../bindings/methods/openpgp.ts";
import { sas } from "../../bindings/methods/sas.ts";
import { srp } from "../../bindings/methods/srp.ts";
import { pinned } from "../../bindings/trust/pinned.ts";
import { remembered } from "../../bindings/trust/remembered.ts";
import { encodeBase64 } from "../../bindings/xtls/base64.ts";
import { NS_XTLS_EXT } from "../../bindings/xtls/namespaces.ts";
import { forge, makeKey, publicBlock } from "../methods/openpgp-forge.ts";
import { fingerprintOf, message, parrot } from "../methods/openpgp-people.ts";
import { assert, suite } from "../suite.ts";
import { calm, core, JULIET, ROMEO, Stage, type VictimOptions } from "./stage.ts";

const test = suite("methods in tunnels");
const yes = (): Method => sas({ confirm: () => true });
const never = (): Method => sas({ confirm: () => new Promise(() => undefined) });
const methodsOf = (stage: Stage) => [stage.romeo, stage.juliet].map(({ opened }) => opened.map(({ security }) => security?.method).join());

/** The same people later: their stores, and perhaps other clients. */
function later(stage: Stage, romeo: VictimOptions, juliet: VictimOptions): Stage {
  return new Stage({ store: stage.romeo.store, ...romeo }, { store: stage.juliet.store, ...juliet });
}

test("strangers come to know each other by a method, and need none the next time", async () => {
  const first = new Stage({ methods: [yes()] }, { methods: [yes()] });
  assert.is(await first.romeo.attempt(JULIET), undefined);
  await calm();
  assert.equal(methodsOf(first), ["sas", "sas"]);

  const second = later(first, { methods: [yes()] }, { methods: [yes()] });
  assert.is(await second.juliet.attempt(ROMEO), undefined);
  await calm();
  assert.equal(methodsOf(second), ["x509", "x509"]);
  const [key] = await second.romeo.store.keysOf("juliet@capulet.lit");
  assert.equal([key?.state, key?.spkiFingerprint], ["verified", second.juliet.identity.spkiFingerprint]);
});

test("when only one knows the other, the method that both need comes to its turn", async () => {
  const stage = new Stage({ methods: [yes()] }, { methods: [yes()] });
  await stage.romeo.knows(stage.juliet.identity);
  assert.is(await stage.romeo.attempt(JULIET), undefined);
  await calm();
  assert.equal(methodsOf(stage), ["sas", "sas"]);
});

test("the caller can ask for one method, and has no other", async () => {
  const stage = new Stage({ methods: [yes(), insecure()] }, { methods: [yes(), insecure()] });
  assert.is(await stage.romeo.attempt(JULIET, ["insecure"]), undefined);
  assert.equal(stage.romeo.opened.map(({ security }) => security?.trust), ["first-use"]);
  assert.is((await stage.juliet.attempt(ROMEO, ["openpgp"]))?.code, "invalid-argument");
  const others = new Stage({ methods: [yes()] }, { methods: [insecure()] });
  assert.is((await others.romeo.attempt(JULIET))?.code, "no-common-method");
});

test("a new key against a verified one is refused and alarms, until the user decides", async () => {
  const stage = new Stage({ methods: [yes()] }, { methods: [yes()] });
  await stage.romeo.attempt(JULIET);
  await calm();
  const stranger = new Stage().juliet.identity.core.createIdentity({ jid: "juliet@capulet.lit" });
  const replaced = later(stage, { methods: [insecure()] }, { identity: stranger });
  assert.is((await replaced.romeo.attempt(JULIET))?.code, "key-changed");
  assert.is(replaced.romeo.alarms[0]?.code, "key-changed");
  assert.match(replaced.romeo.alarms[0]?.message as string, "juliet@capulet.lit");
  await replaced.romeo.knows(stranger);
  const decided = later(stage, {}, { identity: stranger });
  assert.is(await decided.romeo.attempt(JULIET), undefined);
});

test("a new key against a verified one alarms also when it was a method that refused it, and awaits the user's decision", async () => {
  const no = (): Method => sas({ confirm: () => false });
  for (const who of ["romeo", "juliet"] as const) {
    const before = new Stage();
    await before.romeo.knows(before.juliet.identity);
    const stranger = before.juliet.identity.core.createIdentity({ jid: "juliet@capulet.lit" });
    const stage = later(before, { methods: [no()] }, { methods: [yes()], identity: stranger });
    await stage[who].attempt(who === "romeo" ? JULIET : ROMEO);
    await calm();
    assert.equal(stage.romeo.alarms.map(({ code }) => code), ["key-changed"]);
    const states = (await stage.romeo.store.keysOf("juliet@capulet.lit")).map(({ state }) => state);
    assert.equal([stage.romeo.opened.length, states], [0, ["verified", "unknown"]]);
  }
});

test("a peer that once compared offers and now does not is worth an alarm, and a refusal where tunnels are required", async () => {
  const first = new Stage({ methods: [yes()] }, { methods: [yes()] });
  await first.romeo.attempt(JULIET);
  await calm();
  for (const policy of ["opportunistic", "required"] as const) {
    for (const who of ["romeo", "juliet"] as const) {
      const stage = later(first, { policy }, { hasExtensions: false });
      const error = await stage[who].attempt(who === "romeo" ? JULIET : ROMEO);
      await calm();
      assert.is(stage.romeo.alarms[0]?.code, "capability-lost");
      assert.is(stage.romeo.opened.length, policy === "required" ? 0 : 1);
      if (who === "romeo") assert.is(error?.code, policy === "required" ? "capability-lost" : undefined);
    }
  }
});

test("nobody is asked about a key that no proof makes believed: a distrusted one, or another than the pinned one", async () => {
  const policies = [[remembered, "not-trusted"], [() => pinned({ "juliet@capulet.lit": "00".repeat(32) }), "key-changed"]] as const;
  for (const [trust, code] of policies)
    for (const method of ["srp", "sas"])
      for (const who of ["romeo", "juliet"] as const) {
        let asked = 0;
        const password = () => String(asked++);
        const his = [srp({ core, password }), sas({ confirm: () => Boolean(password()) })];
        const stage = new Stage({ methods: his, trust }, { methods: [srp({ core, password: () => "rose" }), yes()] });
        await stage.romeo.store.distrust("juliet@capulet.lit", stage.juliet.identity.spkiFingerprint);
        const error = await stage[who].attempt(who === "romeo" ? JULIET : ROMEO, [method]);
        await calm();
        const told = who === "romeo" ? [error] : stage.romeo.refused;
        assert.equal([asked, stage.romeo.opened, told.map((each) => each?.code)], [0, [], [code]], `${method}, ${who}`);
      }
});

test("only about a key that nobody has decided about does the error advise to compare and to believe it", async () => {
  const advised = async (trust: VictimOptions["trust"], isDistrusted = false): Promise<string | undefined> => {
    const stage = new Stage({ ...(trust && { trust }) }, { trust: () => ({ judge: () => new Promise<never>(() => undefined) }) });
    if (isDistrusted) await stage.romeo.store.distrust("juliet@capulet.lit", stage.juliet.identity.spkiFingerprint);
    const error = await stage.romeo.attempt(JULIET);
    assert.is(error?.code, "not-trusted");
    return /compare fingerprints, then \w+ it|verify|pin\b/.exec(error?.message ?? "")?.[0];
  };
  const expected = ["compare fingerprints, then verify it", "compare fingerprints, then pin it", undefined];
  assert.equal([await advised(remembered), await advised(() => pinned({})), await advised(remembered, true)], expected);
});

test("both start at once: one tunnel, one run of the method, both are told", async () => {
  const stage = new Stage({ methods: [yes()] }, { methods: [yes()] });
  const errors = await Promise.all([stage.romeo.attempt(JULIET), stage.juliet.attempt(ROMEO)]);
  await calm();
  assert.equal(errors, [undefined, undefined]);
  assert.equal(methodsOf(stage), ["sas", "sas"]);
});

test("whoever leaves while a person is asked ends it at both ends, and nobody is distrusted", async () => {
  const stage = new Stage({ methods: [never()] }, { methods: [never()] });
  const attempted = stage.romeo.attempt(JULIET);
  await calm();
  await stage.romeo.session.close();
  assert.is((await attempted)?.code, "handshake-canceled");
  await calm();
  assert.equal(stage.juliet.refused.map(({ code }) => code), ["handshake-canceled"]);
  for (const { store } of [stage.romeo, stage.juliet])
    assert.equal((await store.list()).filter(({ state }) => state !== "unknown"), []);
});

test("a method that breaks refuses the peer and is reported", async () => {
  const broken: Method = { name: "sas", run: () => Promise.reject(new Error("out of order")) };
  const stage = new Stage({ methods: [broken] }, { methods: [yes()] });
  assert.is((await stage.romeo.attempt(JULIET))?.code, "not-trusted");
  assert.match(String(stage.romeo.reports[0]), "out of order");
  assert.is(stage.romeo.opened.length, 0);
});

test("what a peer says wrongly is its own fault, and no error of the application's", async () => {
  const key = await makeKey("xmpp:romeo@montague.lit", { type: "rsa", rsaBits: 2048 });
  const fingerprint = fingerprintOf(key);
  const forged = await forge(key, new TextEncoder().encode("another tunnel"));
  for (const [said, code] of [
    [message("AAAA", { fingerprint }), "method-violation"],
    [message(encodeBase64(forged), { fingerprint }), "not-authorized"],
    [message(encodeBase64(await forge(key.subkeys[0]!, forged)), { fingerprint }), "key-refused"],
  ] as const) {
    const juliets = openpgp({ key: key.armor(), known: () => publicBlock(key) });
    const stage = new Stage({ methods: [parrot(said)] }, { methods: [juliets] });
    await stage.romeo.attempt(JULIET);
    await calm();
    assert.equal([stage.juliet.refused.map(({ code }) => code), stage.juliet.reports], [[code], []]);
  }
});

test("a peer whose method says more than the method has is refused", async () => {
  const chatty: Method = {
    name: "sas",
    run: (conversation) => {
      conversation.say(xml("commit", { xmlns: NS_XTLS_EXT }));
      return { trusted: true, state: "verified" };
    },
  };
  const deaf: Method = { name: "sas", run: () => new Promise((resolve) => setTimeout(resolve, 20, { trusted: true, state: "verified" })) };
  const stage = new Stage({ methods: [chatty] }, { methods: [deaf] });
  await stage.romeo.attempt(JULIET);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(stage.juliet.opened, []);
  assert.equal(stage.juliet.refused.map(({ code }) => code), ["method-violation"]);
});

test("a method that says yes too early gains nothing: the other end still judges", async () => {
  const lying: Method = { name: "sas", run: () => ({ trusted: true, state: "verified" }) };
  const stage = new Stage({ methods: [lying] }, { methods: [yes()] });
  await stage.romeo.attempt(JULIET);
  for (const tunnel of stage.romeo.opened) tunnel.send(xml("message", {}, xml("body", {}, "let me in"))).catch(() => undefined);
  await calm();
  assert.equal([stage.juliet.opened, stage.juliet.received], [[], []]);
});

test.run();
