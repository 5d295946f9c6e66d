/**
 * Offers, methods and the store behind them, through a real server.
 */

import xml, { type Element } from "@xmpp/xml";

import type { XtlsError } from "../../bindings/errors.ts";
import { insecure } from "../../bindings/methods/insecure.ts";
import { sas } from "../../bindings/methods/sas.ts";
import { dangerouslyTrustOnFirstUse } from "../../bindings/trust/first-use.ts";
import { remembered } from "../../bindings/trust/remembered.ts";
import { memoryStorage } from "../../bindings/trust/storage.ts";
import { TrustStore } from "../../bindings/trust/store.ts";
import type { Tunnel } from "../../bindings/xmpp/tunnel.ts";
import type { Trust } from "../../bindings/xtls/trust.ts";
import { buildOffer } from "../../bindings/xtls/offer.ts";
import { type Router, startRouter } from "../../scripts/servers/router.ts";
import { assert, suite } from "../suite.ts";
import { type Actor, clearStage, enter, once, pair, rejection } from "./stage.ts";

const NS_C2CTLS = "urn:xmpp:tmp:c2ctls";
const test = suite("xmpp: offers");
let router: Router;

test.before(async () => {
  router = await startRouter();
});
test.after.each(() => {
  router.tamper((stanza) => [stanza]);
  return clearStage();
});
test.after(() => router.stop());

interface Person {
  readonly actor: Actor;
  readonly store: TrustStore;
}

async function person(name: string, trust: (store: TrustStore) => Trust = remembered): Promise<Person> {
  const store = new TrustStore(memoryStorage());
  const methods = trust === remembered ? [sas({ confirm: () => true }), insecure()] : [];
  return { store, actor: await enter(router, name, { trust: trust(store), methods }) };
}

test("a tunnel of two ends that make offers is bound", async () => {
  const { tunnel, answering } = await pair(router);
  assert.equal([tunnel.security?.isBound, answering.security?.isBound], [true, true]);
});

test("asks a peer what it can do, and names keys to nobody", async () => {
  const [romeo, juliet] = [await person("romeo"), await person("juliet")];
  const seen: string[] = [];
  const ignore = router.watch((stanza) => stanza.getChild("offer", NS_C2CTLS) && seen.push(String(stanza)));
  const stranger = await romeo.actor.tunnels.probe(juliet.actor.address);
  assert.equal([stranger.methods, stranger.keys, stranger.fingerprints], [["x509", "sas", "insecure"], [], []]);
  assert.equal([stranger.bind, stranger.insecure, stranger.tunnel], [true, true, undefined]);

  await romeo.actor.tunnels.open(juliet.actor.address);
  assert.equal(await romeo.actor.tunnels.probe(juliet.actor.address), stranger);
  assert.is(seen.length, 4);
  for (const { identity } of [romeo.actor, juliet.actor]) assert.not.match(seen.join(""), new RegExp(`${identity.fingerprint}|${identity.sha1}`, "i"));
  ignore();
});

test("a question in a friend's name, with the friend's fingerprint, is told what everybody is told", async () => {
  const [romeo, juliet] = [await person("romeo"), await person("juliet")];
  await romeo.actor.tunnels.open(juliet.actor.address);
  const answers: string[] = [];
  for (const [id, keys, fingerprints] of [
    ["friend", [romeo.actor.identity.sha1], [romeo.actor.identity.fingerprint]],
    ["other", ["0".repeat(40)], [Array(32).fill("00").join(":")]],
    ["nobody", [], []],
  ] as const) {
    const answer = once<Element>((done) => router.watch((stanza) => stanza.attrs.id === id && done(stanza)));
    const offer = buildOffer({ keys, fingerprints, methods: ["x509"] });
    router.inject(xml("iq", { type: "get", id, from: romeo.actor.address, to: juliet.actor.address }, offer));
    answers.push(String((await answer).getChild("offer", NS_C2CTLS)));
  }
  assert.is(new Set(answers).size, 1, answers.join("\n"));
  assert.match(answers[0] as string, "<offer");
});

test("says that a peer without XTLS makes no offer", async () => {
  const romeo = await enter(router, "romeo");
  const bare = await enter(router, "juliet", { hasExtensions: false });
  assert.is((await rejection(romeo.tunnels.probe(bare.address))).code, "unsupported");
  assert.is((await romeo.tunnels.open(bare.address)).security?.isBound, false);
});

test("remembers whom a method has shown to be who, and tells how", async () => {
  const [romeo, juliet] = [await person("romeo"), await person("juliet")];
  const incoming = once<unknown>((done) => juliet.actor.tunnels.on("tunnel", done));
  const tunnel = await romeo.actor.tunnels.open(juliet.actor.address);
  await incoming;
  assert.equal([tunnel.security?.method, tunnel.security?.trust], ["sas", "verified"]);
  for (const { store } of [romeo, juliet]) {
    const [known] = await store.list();
    assert.equal([known?.state, known?.history.at(-1)?.by], ["verified", "sas"]);
  }
  await tunnel.close();
  assert.is((await romeo.actor.tunnels.open(juliet.actor.address)).security?.method, "x509");
});

test("ends the open tunnels of a key that the user distrusts, and opens no other", async () => {
  const [romeo, juliet] = [await person("romeo"), await person("juliet")];
  const tunnel = await romeo.actor.tunnels.open(juliet.actor.address);
  const end = once<XtlsError | undefined>((done) => tunnel.on("close", done));
  await romeo.store.distrust("nurse@verona.example", juliet.actor.identity.spkiFingerprint);
  assert.is(tunnel.state, "open");
  await romeo.store.distrust(tunnel.peer.split("/")[0] as string, juliet.actor.identity.spkiFingerprint);
  assert.is((await end)?.code, "not-trusted");
  assert.is((await rejection(romeo.actor.tunnels.open(juliet.actor.address, { methods: ["sas"] }))).code, "not-trusted");
});

test("ends the open tunnels of a key that the user forgets, and of one whose first use is forgotten", async () => {
  for (const forget of [
    (store: TrustStore, jid: string, key: string) => store.forget(jid, key),
    (store: TrustStore) => store.forgetFirstUse(Date.now() + 1),
  ]) {
    const [romeo, juliet] = [await person("romeo"), await person("juliet", (store) => dangerouslyTrustOnFirstUse(store))];
    const incoming = once<Tunnel>((done) => juliet.actor.tunnels.on("tunnel", done));
    await romeo.store.verify("juliet@verona.example", juliet.actor.identity.spkiFingerprint);
    await romeo.actor.tunnels.open(juliet.actor.address);
    const tunnel = await incoming;
    const end = once<XtlsError | undefined>((done) => tunnel.on("close", done));
    await forget(juliet.store, "romeo@verona.example", romeo.actor.identity.spkiFingerprint);
    assert.is((await end)?.code, "not-trusted");
    await Promise.all([romeo, juliet].map(({ actor }) => actor.tunnels.close()));
  }
});

test("an open tunnel says that its key has been verified since", async () => {
  const [romeo, juliet] = [await person("romeo"), await person("juliet", (store) => dangerouslyTrustOnFirstUse(store))];
  const incoming = once<Tunnel>((done) => juliet.actor.tunnels.on("tunnel", done));
  await romeo.store.verify("juliet@verona.example", juliet.actor.identity.spkiFingerprint);
  await romeo.actor.tunnels.open(juliet.actor.address);
  const tunnel = await incoming;
  assert.is(tunnel.security?.trust, "first-use");
  await juliet.store.verify("nurse@verona.example", romeo.actor.identity.spkiFingerprint);
  assert.is(tunnel.security?.trust, "first-use");
  await juliet.store.verify("romeo@verona.example", romeo.actor.identity.spkiFingerprint);
  assert.equal([tunnel.security?.trust, tunnel.state], ["verified", "open"]);
});

test("a server that strips a method from an offer alarms both users, and no tunnel opens", async () => {
  const [romeo, juliet] = [await person("romeo"), await person("juliet")];
  router.tamper((stanza) => [withoutMethod(stanza, "sas")]);
  const alarms = [romeo, juliet].map(({ actor }) => once<string>((done) => actor.tunnels.on("alarm", (_, { code }) => done(code))));
  const error = await rejection(romeo.actor.tunnels.open(juliet.actor.address));
  assert.is(error.code, "downgraded");
  assert.equal(await Promise.all(alarms), ["downgraded", "downgraded"]);
  for (const { store } of [romeo, juliet])
    assert.equal((await store.list()).filter(({ state }) => state !== "unknown"), []);
});

/** What a hostile server would do: leave only the method that it can live with. */
function withoutMethod(stanza: Element, name: string): Element {
  const offer = (stanza.getChild("start") ?? stanza.getChild("proceed"))?.getChild("offer", NS_C2CTLS);
  if (offer !== undefined) offer.children = offer.children.filter((child) => !(child as Element).attrs || (child as Element).attrs.name !== name);
  return stanza;
}

test("a peer who wants no tunnels hears of none", async () => {
  const romeo = await enter(router, "romeo", { policy: (jid) => (jid.startsWith("juliet@") ? "off" : "opportunistic") });
  const juliet = await enter(router, "juliet");
  const answer = once<Element>((done) => juliet.xmpp.on("stanza", (stanza: Element) => stanza.attrs.id === "p1" && done(stanza)));
  await juliet.xmpp.send(xml("iq", { type: "get", id: "p1", to: romeo.address }, xml("offer", { xmlns: NS_C2CTLS })));
  assert.match(String(await answer), "<service-unavailable");
});

test.run();
