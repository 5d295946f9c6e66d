/** The method `sas` where users have it: between two clients of a real stream, with trust stores that remember. */

import { remembered } from "../../bindings/trust/remembered.ts";
import { memoryStorage } from "../../bindings/trust/storage.ts";
import { TrustStore } from "../../bindings/trust/store.ts";
import { safetyNumber } from "../../bindings/verification/safety-number.ts";
import type { Tunnel } from "../../bindings/xmpp/index.ts";
import { type Router, startRouter } from "../../scripts/servers/router.ts";
import { assert, suite } from "../suite.ts";
import { bodies, clearStage, enter, message, once, rejection, until } from "../xmpp/stage.ts";
import { Person } from "./sas-people.ts";

const test = suite("sas in a tunnel");
let router: Router;

test.before(async () => {
  router = await startRouter();
});
test.after.each(clearStage);
test.after(() => router.stop());

/** Somebody online who knows nobody yet. */
async function newcomer(username: string, person: Person) {
  const store = new TrustStore(memoryStorage());
  const actor = await enter(router, username, { trust: remembered(store), methods: [person.method] });
  return { ...actor, store, person };
}

test("two strangers compare, talk, and need not compare again", async () => {
  const romeo = await newcomer("romeo", new Person());
  const juliet = await newcomer("juliet", new Person());
  const incoming = once<Tunnel>((done) => juliet.tunnels.on("tunnel", done));
  const tunnel = await romeo.tunnels.open(juliet.address);
  const answering = await incoming;
  const heard: (string | null)[] = [];
  answering.on("stanza", (stanza) => heard.push(...bodies([stanza])));
  await tunnel.send(message("Wilt thou leave me so unsatisfied?"));
  await until(() => heard.length === 1);

  assert.equal(romeo.person.codes, juliet.person.codes);
  for (const [end, other] of [[romeo, juliet], [juliet, romeo]] as const) {
    const [key] = await end.store.list();
    assert.is(key?.spkiFingerprint, other.identity.spkiFingerprint);
    assert.is(key?.state, "verified");
    assert.equal([key?.history[0]?.by, key?.history[0]?.note], ["sas", `both people confirmed the code ${romeo.person.codes!.decimals}`]);
  }

  await tunnel.close();
  romeo.person.codes = undefined;
  await romeo.tunnels.open(juliet.address);
  assert.is(romeo.person.codes, undefined);
});

test("a no ends the tunnel at both ends, and marks nobody's key", async () => {
  const romeo = await newcomer("romeo", new Person());
  const juliet = await newcomer("juliet", new Person(() => false));
  const error = await rejection(romeo.tunnels.open(juliet.address));
  // TLS has one word for it: user_canceled.
  assert.is(error.code, "handshake-canceled");
  for (const { store } of [romeo, juliet]) assert.ok((await store.list()).every(({ state }) => state === "unknown"));
  // It is no error of anybody's stream.
  assert.equal([...romeo.errors, ...juliet.errors], []);
});

test("no stanza is sent before both people have said yes", async () => {
  const romeo = await newcomer("romeo", new Person());
  let allow = (_: boolean) => {};
  const juliet = await newcomer("juliet", new Person(() => new Promise((resolve) => (allow = resolve))));
  let isOpen = false;
  const opening = romeo.tunnels.open(juliet.address).then((tunnel) => ((isOpen = true), tunnel));
  await juliet.person.asked;
  await romeo.person.asked;
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.not(isOpen);
  allow(true);
  await opening;
});

test("the safety number is the same at both ends afterwards", async () => {
  const romeo = await newcomer("romeo", new Person());
  const juliet = await newcomer("juliet", new Person());
  const incoming = once<Tunnel>((done) => juliet.tunnels.on("tunnel", done));
  await romeo.tunnels.open(juliet.address);
  await incoming;
  const [hers] = await romeo.store.list();
  const [his] = await juliet.store.list();
  const [left, right] = await Promise.all([
    safetyNumber({ jid: romeo.address, spkiFingerprint: romeo.identity.spkiFingerprint }, hers!),
    safetyNumber({ jid: juliet.address, spkiFingerprint: juliet.identity.spkiFingerprint }, his!),
  ]);
  assert.is(left, right);
});

test.run();
