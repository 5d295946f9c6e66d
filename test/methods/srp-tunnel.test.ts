/** The method `srp` where users have it: between two clients of a real stream, with trust stores that remember. */

import type { XtlsError } from "../../bindings/errors.ts";
import { createVerifier } from "../../bindings/methods/srp/verifier.ts";
import { srp, type SrpOptions } from "../../bindings/methods/srp.ts";
import { remembered } from "../../bindings/trust/remembered.ts";
import { memoryStorage } from "../../bindings/trust/storage.ts";
import { TrustStore } from "../../bindings/trust/store.ts";
import { type Router, startRouter } from "../../scripts/servers/router.ts";
import { assert, suite } from "../suite.ts";
import { clearStage, enter, identityOf, once, rejection } from "../xmpp/stage.ts";

const test = suite("srp in a tunnel");
let router: Router;

test.before(async () => {
  router = await startRouter();
});
test.after.each(clearStage);
test.after(() => router.stop());

/** Somebody online who knows nobody's key yet. */
async function newcomer(username: string, options: Omit<SrpOptions, "core">) {
  const store = new TrustStore(memoryStorage());
  const { core } = await identityOf(`${username}@${router.domain}`);
  const actor = await enter(router, username, { trust: remembered(store), methods: [srp({ core, ...options })] });
  return { ...actor, store };
}

test("one password makes both certificates known for good", async () => {
  let asked = 0;
  const password = () => (asked++, "What light through yonder window breaks?");
  const romeo = await newcomer("romeo", { password });
  const juliet = await newcomer("juliet", { password });
  const tunnel = await romeo.tunnels.open(juliet.address);
  for (const [end, other] of [[romeo, juliet], [juliet, romeo]] as const) {
    const [key] = await end.store.list();
    assert.is(key?.spkiFingerprint, other.identity.spkiFingerprint);
    assert.is(key?.state, "verified");
    assert.equal([key?.history[0]?.by, key?.history[0]?.note], ["srp", "both ends knew the password"]);
  }

  await tunnel.close();
  await romeo.tunnels.open(juliet.address);
  assert.is(asked, 2);
});

test("a responder may keep a verifier instead", async () => {
  const { core, jid } = await identityOf(`romeo@${router.domain}`);
  const verifier = await createVerifier(core, jid, "rose");
  const verifiers = { secret: new Uint8Array(32), verifier: (user: string) => (user === jid ? verifier : undefined) };
  const romeo = await newcomer("romeo", { password: () => "rose" });
  const juliet = await newcomer("juliet", { verifiers });
  await romeo.tunnels.open(juliet.address);
  assert.is((await juliet.store.list())[0]?.state, "verified");
});

test("two passwords: both ends say not-authorized, and mark nobody", async () => {
  const romeo = await newcomer("romeo", { password: () => "rose" });
  const juliet = await newcomer("juliet", { password: () => "nightingale" });
  const answering = once<XtlsError>((done) => juliet.tunnels.on("refused", (_, error) => done(error)));
  assert.is((await rejection(romeo.tunnels.open(juliet.address))).code, "not-authorized");
  assert.is((await answering).code, "not-authorized");
  for (const { store } of [romeo, juliet]) assert.ok((await store.list()).every(({ state }) => state === "unknown"));
});

test("after three failures either end refuses, though the other would not and the password be right", async () => {
  const romeo = await newcomer("romeo", { password: () => "rose" });
  const juliet = await newcomer("juliet", { password: () => "nightingale" });
  for (let tries = 0; tries < 3; tries++) await rejection(romeo.tunnels.open(juliet.address));
  const otherJuliet = await newcomer("juliet", { password: () => "rose" });
  const error = await rejection(romeo.tunnels.open(otherJuliet.address));
  assert.is(error.code, "too-many-tries");
  assert.match(error.message, /in \d+ seconds/);
  const otherRomeo = await newcomer("romeo", { password: () => "nightingale" });
  assert.is((await rejection(otherRomeo.tunnels.open(juliet.address))).code, "not-authorized");
});

test.run();
