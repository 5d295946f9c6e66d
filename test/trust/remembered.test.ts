import { authorities } from "../../bindings/trust/authorities.ts";
import { parseDocument } from "../../bindings/trust/document.ts";
import { STORE_LIMITS } from "../../bindings/trust/places.ts";
import { dangerouslyTrustOnFirstUse } from "../../bindings/trust/first-use.ts";
import { pinned } from "../../bindings/trust/pinned.ts";
import { remembered } from "../../bindings/trust/remembered.ts";
import { memoryStorage } from "../../bindings/trust/storage.ts";
import { TrustStore } from "../../bindings/trust/store.ts";
import type { Certificate } from "../../bindings/tls/certificate.ts";
import type { Claim, Proof, Trust, TrustState, Verdict } from "../../bindings/xtls/trust.ts";
import { assert, suite } from "../suite.ts";
import { claim, codeOf, JID, LAPTOP, laptop, open, PHONE, phone, someKey, STRANGER, stranger, told } from "./keys.ts";

const test = suite("remembered");

const SAS: Proof = { method: "sas", state: "verified", note: "seven words" };
const LEAP: Proof = { method: "insecure", state: "first-use" };

const scene = (otherwise?: Trust) => {
  const opened = open();
  const policy = remembered(opened.store, otherwise === undefined ? {} : { otherwise }) as Required<Trust>;
  return {
    ...opened,
    policy,
    judge: async (peer: Certificate = phone, changes: Partial<Claim> = {}) =>
      told(await policy.judge(claim(peer, changes))),
    learn: async (proof: Proof, peer: Certificate = phone) => told(await policy.learn(claim(peer), proof)),
    stateOf: async (spki: string) =>
      (await opened.store.keysOf(JID)).find((key) => key.spkiFingerprint === spki)?.state,
    knows: async (...shown: string[]) => policy.knows(JID, shown),
  };
};
const saying = (verdict: Verdict): Trust => ({ judge: () => verdict });
const detail = (verdict: Verdict): string => (verdict.trusted ? "" : (verdict.detail ?? ""));

// --- judging ----------------------------------------------------------------------

test("trusts verified and first-use keys, refuses distrusted and unknown ones", async () => {
  const { store, judge, learn } = scene();
  assert.is(await judge(), "not-trusted");
  await learn(LEAP);
  assert.is(await judge(), "first-use");
  await store.verify(JID, PHONE);
  assert.is(await judge(), "verified");
  await store.distrust(JID, PHONE);
  assert.is(await judge(), "not-trusted");
});

for (const state of ["verified", "first-use", "distrusted"] as const) {
  test(`a new key beside a ${state} one is a changed key, until the user decides`, async () => {
    const { store, judge, learn } = scene();
    if (state === "distrusted") await store.distrust(JID, PHONE);
    else await learn({ ...SAS, state });
    assert.is(await judge(stranger), "key-changed");
    assert.is(await judge(stranger), "key-changed");
    await store.verify(JID, STRANGER);
    assert.is(await judge(stranger), "verified");
    assert.is(await judge(), state === "distrusted" ? "not-trusted" : state);
  });
}

test("a refused key is kept so that the user can look at it", async () => {
  const { store, judge, changes, stateOf } = scene();
  await store.verify(JID, PHONE);
  await judge(stranger);
  assert.is(await stateOf(STRANGER), "unknown");
  const [, kept] = await store.keysOf(JID);
  assert.equal(kept!.certificates, [{ fingerprint: stranger.fingerprint, sha1: stranger.sha1 }]);
  assert.equal([changes.at(-1)?.from, changes.at(-1)?.to], [undefined, "unknown"]);
});

test("says in words which key appeared, which is known, since when and by what", async () => {
  const { store, policy, changes, pass } = scene();
  await policy.learn(claim(), SAS);
  pass(48);
  await store.verify(JID, LAPTOP, { note: "compared at supper" });
  const words =
    `${JID} shows the key ${STRANGER}, which is new. Known so far: ` +
    `${PHONE.slice(0, 11)}…, verified since 2026-05-03 (sas: seven words); ` +
    `${LAPTOP.slice(0, 11)}…, verified since 2026-05-05 (user: compared at supper)`;
  assert.is(detail(await policy.judge(claim(stranger))), words);
  assert.is(changes.at(-1)?.words, `${words}. It awaits a decision`);
  await store.distrust(JID, STRANGER, { note: "she has no such thing" });
  assert.is(
    detail(await policy.judge(claim(stranger))),
    `The key ${STRANGER} of ${JID} is distrusted since 2026-05-05 (user: she has no such thing)`,
  );
});

test("names three keys and counts the others", async () => {
  const { store, policy } = scene();
  for (let at = 0; at < 5; at++) await store.verify(JID, someKey(at));
  assert.match(detail(await policy.judge(claim(stranger))), /verified since 2026-05-03 \(user\) and 2 more$/);
});

test("a known key is read, not written, at each further meeting within the hour", async () => {
  const storage = memoryStorage();
  let updates = 0;
  const { store, pass } = open({ ...storage, update: (change) => (updates++, storage.update(change)) });
  const policy = remembered(store);
  await store.verify(JID, PHONE);
  for (let at = 0; at < 10; at++) await policy.judge(claim());
  assert.is(updates, 2);
  pass(1);
  await policy.judge(claim());
  assert.is(updates, 3);
  assert.is((await store.list())[0]?.lastSeen, "2026-05-03T13:00:00.000Z");
});

test("strangers cannot fill the store, nor push a decision out of it", async () => {
  const { store, judge, policy } = scene();
  await store.verify(JID, PHONE);
  await store.distrust(JID, LAPTOP);
  for (let at = 0; at < 10; at++) await judge({ ...stranger, spkiFingerprint: someKey(at) } as Certificate);
  const kept = (await store.keysOf(JID)).map(({ spkiFingerprint }) => spkiFingerprint);
  assert.equal(kept, [PHONE, LAPTOP, ...[6, 7, 8, 9].map(someKey)]);
  for (let at = 0; at < STORE_LIMITS.unknown + 20; at++)
    await policy.judge(claim(stranger, { jid: `somebody-${at}@lit` }));
  const all = await store.list();
  assert.is(all.filter(({ state }) => state === "unknown").length, STORE_LIMITS.unknown);
  assert.equal(
    all.slice(0, 2).map(({ state }) => state),
    ["verified", "distrusted"],
  );
  assert.equal(parseDocument(await store.export()), all);
});

test("a store that cannot be read refuses", async () => {
  const policy = remembered(open(memoryStorage("{")).store) as Required<Trust>;
  assert.is(await codeOf(Promise.resolve(policy.judge(claim()))), "store-damaged");
  assert.is(await codeOf(Promise.resolve(policy.learn(claim(), SAS))), "store-damaged");
  assert.is(await codeOf(Promise.resolve(policy.knows(JID))), "store-damaged");
});

// --- learning ---------------------------------------------------------------------

test("learning never lowers a state, and raises it only by a proof", async () => {
  const cases: [TrustState | "none", Proof, string, TrustState][] = [
    ["none", SAS, "verified", "verified"],
    ["none", LEAP, "first-use", "first-use"],
    ["unknown", SAS, "verified", "verified"],
    ["unknown", LEAP, "first-use", "first-use"],
    ["first-use", SAS, "verified", "verified"],
    ["first-use", LEAP, "first-use", "first-use"],
    ["verified", SAS, "verified", "verified"],
    ["verified", LEAP, "verified", "verified"],
    ["distrusted", SAS, "not-trusted", "distrusted"],
    ["distrusted", LEAP, "not-trusted", "distrusted"],
  ];
  for (const [before, proof, verdict, after] of cases) {
    const { store, judge, learn, stateOf } = scene();
    if (before === "unknown") await judge();
    if (before === "first-use") await learn(LEAP);
    if (before === "verified") await store.verify(JID, PHONE);
    if (before === "distrusted") await store.distrust(JID, PHONE);
    assert.is(await learn(proof), verdict, `${before}, ${proof.method}`);
    assert.is(await stateOf(PHONE), after, `${before}, ${proof.method}`);
  }
});

test("a proof adds a further device beside any others; a leap does beside none", async () => {
  for (const state of ["verified", "first-use", "distrusted"] as const) {
    const { store, learn, stateOf } = scene();
    if (state === "distrusted") await store.distrust(JID, PHONE);
    else await learn({ ...SAS, state });
    assert.is(await learn(LEAP, stranger), "key-changed");
    assert.is(await stateOf(STRANGER), "unknown");
    assert.is(await learn(SAS, laptop), "verified");
    assert.equal([await stateOf(PHONE), await stateOf(LAPTOP)], [state, "verified"]);
  }
});

test("a refused stranger does not stand in the way of the first leap", async () => {
  const { judge, learn } = scene();
  assert.is(await judge(stranger), "not-trusted");
  assert.is(await learn(LEAP), "first-use");
  assert.is(await learn(LEAP, stranger), "key-changed");
});

test("two leaps at once are not both the first", async () => {
  const { learn } = scene();
  assert.equal(await Promise.all([learn(LEAP), learn(LEAP, stranger)]), ["first-use", "key-changed"]);
});

test("remembers by which method and with which note", async () => {
  const { store, learn } = scene();
  await learn(LEAP);
  await learn(SAS);
  await learn({ ...SAS, method: "srp" });
  const [key] = await store.keysOf(JID);
  assert.equal(key!.history, [
    { at: "2026-05-03T12:00:00.000Z", from: "unknown", to: "first-use", by: "insecure" },
    { at: "2026-05-03T12:00:00.000Z", from: "first-use", to: "verified", by: "sas", note: "seven words" },
  ]);
});

// --- what offers tell --------------------------------------------------------------

test("knows a JID by any trusted key, a certificate by either of its names", async () => {
  const { store, judge, learn, knows } = scene();
  assert.is(await knows(), false);
  await judge(stranger);
  assert.equal([await knows(), await knows(stranger.sha1)], [false, false], "an unknown key is not known");
  await learn(SAS);
  const answers = [
    await knows(),
    await knows(phone.fingerprint),
    await knows(phone.sha1),
    await knows(phone.sha1.toUpperCase()),
  ];
  assert.equal(answers, [true, true, true, true]);
  assert.equal([await knows(laptop.fingerprint), await knows(laptop.sha1, phone.sha1)], [false, true]);
  await store.distrust(JID, PHONE);
  assert.equal([await knows(), await knows(phone.fingerprint)], [false, false]);
});

test("tells at once whose key it trusts: those that it has read, and nobody whose key is unknown or distrusted", async () => {
  const storage = memoryStorage();
  const { store } = open(storage);
  const policy = remembered(store) as Required<Trust>;
  await policy.judge(claim(phone));
  assert.is(policy.hasKeyOf(JID), undefined, "a key that was refused makes nobody known");
  await store.verify(JID, PHONE);
  assert.equal([policy.hasKeyOf(JID), policy.hasKeyOf("nurse@capulet.lit")], ["verified", undefined]);
  const again = remembered(new TrustStore(storage), { otherwise: pinned({ "nurse@capulet.lit": LAPTOP }) }) as Required<Trust>;
  assert.equal([again.hasKeyOf(JID), again.hasKeyOf("nurse@capulet.lit")], [undefined, "verified"], "nothing was read yet");
  await again.knows(JID);
  assert.is(again.hasKeyOf(JID), "verified");
  await store.distrust(JID, PHONE);
  assert.is(policy.hasKeyOf(JID), undefined);
  await store.verify(JID, LAPTOP);
  assert.is(dangerouslyTrustOnFirstUse(store).hasKeyOf?.(JID), "verified");
});

test("tells a peer known since its first use from a verified one, and the best that store or other policy know of it", async () => {
  const { store } = open();
  const leap = dangerouslyTrustOnFirstUse(store) as Required<Trust>;
  await leap.judge(claim(phone));
  assert.is(leap.hasKeyOf(JID), "first-use");
  const both = (otherwise: Trust): unknown => remembered(store, { otherwise }).hasKeyOf?.(JID);
  assert.is(both(pinned({ [JID]: LAPTOP })), "verified");
  assert.is(both(pinned({})), "first-use");
  await store.verify(JID, PHONE);
  assert.is(leap.hasKeyOf(JID), "verified");
});

test("a key verified before it was ever shown might be in any certificate", async () => {
  const { store, knows } = scene();
  await store.verify(JID, PHONE);
  assert.equal([await knows(), await knows(laptop.fingerprint)], [true, undefined]);
});

test("knows the certificates of a key that was certified anew", async () => {
  const { store, judge, knows } = scene();
  await store.verify(JID, PHONE);
  const renewed = { ...phone, fingerprint: laptop.fingerprint, sha1: laptop.sha1 } as Certificate;
  assert.equal([await judge(), await judge(renewed)], ["verified", "verified"]);
  assert.equal([await knows(phone.sha1), await knows(laptop.sha1), await knows(stranger.sha1)], [true, true, false]);
});

// --- otherwise -----------------------------------------------------------------------

test("somebody else may vouch for an unknown key, and is asked again each time", async () => {
  const { judge, stateOf, knows } = scene(authorities("PEM"));
  assert.equal([await judge(), await judge(stranger)], ["verified", "verified"]);
  assert.equal([await stateOf(PHONE), await knows(laptop.sha1)], ["unknown", undefined]);
  assert.is(await judge(phone, { verifyChain: () => ["expired"] }), "certificate-refused");
});

test("nobody else overrules a verified key, nor distrust", async () => {
  const asked: string[] = [];
  const { store, judge, learn, knows } = scene({
    judge: ({ jid }) => (asked.push(jid), { trusted: true, state: "verified" }),
  });
  await learn(SAS);
  assert.equal([await judge(stranger), await knows(stranger.sha1)], ["key-changed", false]);
  await store.distrust(JID, PHONE);
  assert.is(await judge(), "not-trusted");
  assert.equal(asked, []);
});

test("somebody else may vouch where only a first use is known; if not, the key has changed", async () => {
  const { judge, learn } = scene(saying({ trusted: true, state: "verified" }));
  await learn(LEAP);
  assert.equal([await judge(stranger), await judge()], ["verified", "first-use"]);
  const refusing = scene(saying({ trusted: false, code: "certificate-refused" }));
  assert.is(await refusing.judge(), "certificate-refused");
  await refusing.learn(LEAP);
  assert.is(await refusing.judge(stranger), "key-changed");
});

test("a key that the user distrusts while somebody else is asked stays distrusted", async () => {
  const { store } = open();
  const otherwise: Trust = {
    judge: async () => (await store.distrust(JID, PHONE), { trusted: true, state: "verified" }),
  };
  assert.is(told(await remembered(store, { otherwise }).judge(claim())), "not-trusted");
});

// --- capabilities -------------------------------------------------------------------

test("a peer that once compared offers and no longer does has lost capabilities", async () => {
  const { store, policy } = scene();
  await store.verify(JID, PHONE);
  const lost = async (isBound: boolean) => {
    const verdict = await policy.judge(claim(phone, { isBound }));
    return verdict.trusted ? verdict.hasLostCapabilities : "refused";
  };
  assert.equal(
    [await lost(false), await lost(true), await lost(true), await lost(false)],
    [undefined, undefined, undefined, true],
  );
  const learnt = await policy.learn(claim(), SAS);
  assert.is(learnt.trusted && learnt.hasLostCapabilities, true);
});

test("that holds for whom somebody else vouches for, too", async () => {
  const { policy } = scene(saying({ trusted: true, state: "verified" }));
  assert.equal(await policy.judge(claim(phone, { isBound: true })), { trusted: true, state: "verified" });
  assert.equal(await policy.judge(claim(phone)), { trusted: true, state: "verified", hasLostCapabilities: true });
});

test.run();
