/**
 * Strangers, hostile friends and imports in numbers, against one person's trust store.
 */

import fc from "fast-check";

import { dangerouslyTrustOnFirstUse } from "../../bindings/trust/first-use.ts";
import { printDocument } from "../../bindings/trust/document.ts";
import { STORE_LIMITS } from "../../bindings/trust/places.ts";
import { decided, newRecord, type TrustRecord } from "../../bindings/trust/record.ts";
import { remembered } from "../../bindings/trust/remembered.ts";
import { memoryStorage, type TrustStorage } from "../../bindings/trust/storage.ts";
import type { TrustStore } from "../../bindings/trust/store.ts";
import type { Certificate } from "../../bindings/tls/certificate.ts";
import type { Claim, Trust } from "../../bindings/xtls/trust.ts";
import { assert, suite } from "../suite.ts";
import { claim, codeOf, JID, LAPTOP, open, PHONE, phone, someKey, STRANGER, stranger, told } from "./keys.ts";

const test = suite("room in the trust store");

const AT = "2026-05-03T12:00:00.000Z";
const LEAP = { at: AT, to: "first-use", by: "insecure" } as const;
const PROOF = { at: AT, to: "verified", by: "openpgp" } as const;
const WORD = { at: AT, to: "verified", by: "user" } as const;

/** Records of so many accounts at so many domains. */
const crowd = (
  count: number,
  step?: Parameters<typeof decided>[1],
  jidOf = (at: number) => `guest-${at}@evil-${at}.example${at}`,
): TrustRecord[] =>
  Array.from({ length: count }, (_, at) => {
    const fresh = newRecord(jidOf(at), someKey(at), AT);
    return step === undefined ? fresh : decided(fresh, step);
  });
const storing = (...records: TrustRecord[][]): TrustStorage => memoryStorage(printDocument(records.flat()));
const keyOf = (number: number): Certificate => ({ ...stranger, spkiFingerprint: someKey(number) }) as Certificate;

/** Somebody with a key of his own begins, or we do. */
const meet = async (
  policy: Trust,
  jid: string,
  peer: Certificate = stranger,
  role: Claim["role"] = "responder",
): Promise<string> => told(await policy.judge(claim(peer, { jid, role })));
const stateOf = async (store: TrustStore, jid: string, spki = STRANGER): Promise<string | undefined> =>
  (await store.keysOf(jid)).find(({ spkiFingerprint }) => spkiFingerprint === spki)?.state;
const countOf = async (store: TrustStore, state: string): Promise<number> =>
  (await store.list()).filter((key) => key.state === state).length;

// --- leaps of faith ----------------------------------------------------------------

test("strangers take their share of leaps and no more: no friend's key goes, and a changed one is still a changed one", async () => {
  const { store } = open(storing(crowd(STORE_LIMITS.firstUseByPeers - 1, LEAP)));
  const policy = dangerouslyTrustOnFirstUse(store);
  assert.is(await meet(policy, JID, phone), "first-use");
  for (let at = 0; at < 20; at++) assert.is(await meet(policy, `late-${at}@late-${at}.net`, keyOf(at)), "not-trusted");
  assert.is(await countOf(store, "first-use"), STORE_LIMITS.firstUseByPeers);
  assert.equal([await meet(policy, JID, phone), await meet(policy, JID, stranger)], ["first-use", "key-changed"]);
});

test("a person's verify and distrust have room, however many strangers there were", async () => {
  const decidedByOthers = crowd(STORE_LIMITS.decided, LEAP);
  const waiting = crowd(STORE_LIMITS.unknown, undefined, (at) => `unknown-${at}@lit`);
  const { store } = open(storing(decidedByOthers, waiting));
  await store.verify(JID, PHONE);
  await store.distrust(JID, LAPTOP);
  await store.distrust("guest-0@evil-0.example0", someKey(0));
  assert.equal([await stateOf(store, JID, PHONE), await stateOf(store, JID, LAPTOP)], ["verified", "distrusted"]);
});

test("a store that strangers filled before there were shares has room for a person, and takes no further leap", async () => {
  const { store } = open(storing(crowd(10_000, LEAP)));
  const policy = dangerouslyTrustOnFirstUse(store);
  assert.equal(
    [await meet(policy, JID), await meet(policy, JID, stranger, "initiator")],
    ["not-trusted", "not-trusted"],
  );
  await store.verify(JID, STRANGER);
  await store.distrust(JID, PHONE);
  assert.is(await meet(policy, JID), "verified");
  assert.is(await countOf(store, "first-use"), 10_000, "none of them is a stranger again");
});

test("whoever we open a tunnel with ourselves has room that strangers cannot take", async () => {
  const { store } = open(storing(crowd(STORE_LIMITS.firstUseByPeers, LEAP)));
  const policy = dangerouslyTrustOnFirstUse(store);
  assert.is(await meet(policy, JID, phone, "responder"), "not-trusted");
  assert.is(await meet(policy, JID, phone, "initiator"), "first-use");
  assert.is(await meet(policy, JID, phone, "responder"), "first-use");
});

test("one site has one share, with as many accounts and subdomains as it likes", async () => {
  const { store } = open(
    storing(crowd(STORE_LIMITS.firstUsePerSite, LEAP, (at) => `guest-${at}@sub-${at}.evil.example`)),
  );
  const policy = dangerouslyTrustOnFirstUse(store);
  assert.is(await meet(policy, "late@evil.example"), "not-trusted");
  assert.is(await meet(policy, "late@yet.another.evil.example"), "not-trusted");
  assert.is(await meet(policy, "evil.example"), "not-trusted");
  assert.is(await meet(policy, JID, phone), "first-use");
  assert.is(await meet(policy, "late@evil.example", stranger, "initiator"), "first-use");
});

test("who finds no room for a leap is kept as unknown, is told why, and is the person's to verify", async () => {
  const { store, changes } = open(storing(crowd(STORE_LIMITS.firstUseByPeers, LEAP)));
  const policy = dangerouslyTrustOnFirstUse(store);
  const verdict = await policy.judge(claim(phone, { role: "responder" }));
  assert.match(
    verdict.trusted ? "" : verdict.detail!,
    "takes no more without a person's word: verify it, or forget first-use keys",
  );
  assert.equal(
    changes.map(({ to }) => to),
    ["unknown"],
  );
  await store.verify(JID, PHONE);
  assert.is(await meet(policy, JID, phone), "verified");
});

test("a method that proves something needs no room for leaps", async () => {
  const { store } = open(storing(crowd(STORE_LIMITS.firstUse, LEAP)));
  const proof = await remembered(store).learn!(claim(phone, { role: "responder" }), {
    method: "sas",
    state: "verified",
  });
  assert.is(told(proof), "verified");
});

test("a person makes room by forgetting first-use keys that nobody shows any more", async () => {
  const old = crowd(STORE_LIMITS.firstUseByPeers - 1, LEAP);
  const { store, changes, pass } = open(
    storing(
      old,
      crowd(3, WORD, (at) => `verified-${at}@lit`),
    ),
  );
  const policy = dangerouslyTrustOnFirstUse(store);
  pass(24 * 90);
  assert.is(await meet(policy, JID, phone), "first-use");
  assert.is(await meet(policy, "late@lit"), "not-trusted");
  await store.forgetFirstUse(Date.parse(AT) + 1);
  assert.equal([await countOf(store, "first-use"), await countOf(store, "verified")], [1, 3]);
  assert.equal([await meet(policy, "late@lit"), await meet(policy, JID, stranger)], ["first-use", "key-changed"]);
  assert.is(changes.filter(({ to }) => to === undefined).length, old.length);
  assert.is(await codeOf(store.forgetFirstUse(NaN)), "invalid-argument");
});

test("whatever peers do, in whatever order, no address loses its last decided key", async () => {
  const jids = fc.nat(30).map((at) => `guest-${at}@evil-${at % 7}.example`);
  const meeting = fc.record({
    jid: jids,
    key: fc.nat(40),
    method: fc.constantFrom("leap", "proof", "look"),
    hours: fc.nat(2000),
    isOurs: fc.boolean(),
  });
  const full = crowd(STORE_LIMITS.firstUseByPeers - 10, LEAP);
  const property = fc.asyncProperty(fc.array(meeting, { minLength: 40, maxLength: 40 }), async (meetings) => {
    const { store, pass } = open(storing(full));
    const policies = { leap: dangerouslyTrustOnFirstUse(store), look: remembered(store) };
    let known = new Set(full.map(({ jid }) => jid));
    for (const { jid, key, method, hours, isOurs } of meetings) {
      pass(hours);
      const asked = claim(keyOf(key), { jid, role: isOurs ? "initiator" : "responder" });
      if (method === "proof") await policies.look.learn!(asked, { method: "openpgp", state: "verified" });
      else await policies[method as "leap"].judge(asked);
      const present = new Set(
        (await store.list()).filter(({ state }) => state !== "unknown").map((record) => record.jid),
      );
      for (const one of known) assert.ok(present.has(one), `${one} is a stranger again`);
      known = present;
    }
  });
  await fc.assert(property, { numRuns: 8 });
});

// --- proofs ------------------------------------------------------------------------

test("a friend with a new proven key each time keeps the latest, and never runs out of keys or fills the store", async () => {
  const { store, pass } = open();
  const policy = remembered(store);
  for (let at = 0; at < STORE_LIMITS.provedPerJid + 8; at++) {
    pass(1);
    assert.is(told(await policy.learn!(claim(keyOf(at)), { method: "openpgp", state: "verified" })), "verified");
  }
  await store.verify(JID, PHONE);
  const kept = (await store.keysOf(JID)).map(({ spkiFingerprint }) => spkiFingerprint);
  assert.equal(kept, [...Array.from({ length: STORE_LIMITS.provedPerJid }, (_, at) => someKey(at + 8)), PHONE]);
  assert.is(told(await policy.judge(claim(keyOf(0)))), "key-changed");
});

test("a person's own decisions never give way to proofs", async () => {
  const { store } = open();
  const policy = remembered(store);
  await store.verify(JID, PHONE);
  await store.distrust(JID, LAPTOP);
  for (let at = 0; at < STORE_LIMITS.provedPerJid + 8; at++)
    await policy.learn!(claim(keyOf(at)), { method: "srp", state: "verified" });
  assert.equal([await stateOf(store, JID, PHONE), await stateOf(store, JID, LAPTOP)], ["verified", "distrusted"]);
});

test("proofs without end, in ever new names, leave room for the person", async () => {
  const { store } = open(storing(crowd(STORE_LIMITS.decided, PROOF)));
  const learnt = await remembered(store).learn!(claim(), { method: "openpgp", state: "verified" });
  assert.is(told(learnt), "not-trusted");
  await store.verify(JID, PHONE);
  assert.is(await stateOf(store, JID, PHONE), "verified");
});

test("a policy that asks for no room gets none", async () => {
  const { store } = open(storing(crowd(STORE_LIMITS.decided, PROOF)));
  const keep = (record: TrustRecord) => store.revise(record.jid, () => ({ result: undefined, record }));
  assert.is(await codeOf(keep(decided(newRecord(JID, PHONE, AT), PROOF))), "limit-exceeded");
  assert.is(await codeOf(keep(newRecord(JID, PHONE, AT))), "none");
});

// --- keys that await a decision -------------------------------------------------------

test("of keys that await a decision those of known people stay, then the latest of each site in turn", async () => {
  const flood = crowd(STORE_LIMITS.unknown, undefined, (at) => `guest-${at}@sub-${at}.evil.example`);
  const { store, pass } = open(storing(flood));
  const policy = remembered(store);
  await store.verify(JID, PHONE);
  await meet(policy, JID);
  await meet(policy, "romeo@montague.lit");
  for (let at = 0; at < 40; at++) {
    pass(1);
    await meet(policy, `more-${at}@sub.evil.example`, keyOf(at));
  }
  assert.equal([await stateOf(store, JID), await stateOf(store, "romeo@montague.lit")], ["unknown", "unknown"]);
  assert.equal(
    [await countOf(store, "unknown"), await stateOf(store, "guest-0@sub-0.evil.example", someKey(0))],
    [STORE_LIMITS.unknown, undefined],
  );
  assert.is(await stateOf(store, "more-39@sub.evil.example", someKey(39)), "unknown");
});

test("the new key of a friend awaits its decision whatever strangers do, from as many sites as they like", async () => {
  const { store, pass } = open();
  const policy = remembered(store);
  await store.verify(JID, PHONE);
  await meet(policy, JID);
  for (let at = 0; at < STORE_LIMITS.unknown + 20; at++) {
    pass(1);
    await meet(policy, `guest@evil-${at}.example${at}`, keyOf(at));
  }
  assert.is(await stateOf(store, JID), "unknown");
  assert.is(await countOf(store, "unknown"), STORE_LIMITS.unknown);
});

test("what is known of a key that an authority vouches for is not pushed out by strangers", async () => {
  const { store, pass } = open();
  const vouching: Trust = {
    judge: ({ jid }) =>
      jid === JID ? { trusted: true, state: "verified" } : { trusted: false, code: "wrong-address" },
  };
  const policy = remembered(store, { otherwise: vouching });
  assert.is(told(await policy.judge(claim(phone, { isBound: true }))), "verified");
  for (let at = 0; at < STORE_LIMITS.unknown + 20; at++) {
    pass(1);
    assert.is(await meet(policy, `guest@evil-${at}.example${at}`, keyOf(at)), "wrong-address");
  }
  assert.equal(await policy.judge(claim(phone)), { trusted: true, state: "verified", hasLostCapabilities: true });
  const { history } = (await store.keysOf(JID))[0]!;
  assert.equal(
    history.map(({ from, to, by }) => [from, to, by]),
    [["unknown", "unknown", "otherwise"]],
  );
});

// --- imports -----------------------------------------------------------------------------

test("no import takes the person's room, and one that would changes nothing", async () => {
  const { store } = open(storing(crowd(10, WORD)));
  const many = printDocument(
    crowd(STORE_LIMITS.decidedByImport + 1, { ...WORD, to: "distrusted" }, (at) => `other-${at}@lit`),
  );
  const before = await store.export();
  for (const isBelieved of [true, false]) assert.is(await codeOf(store.import(many, { isBelieved })), "limit-exceeded");
  assert.is(await store.export(), before);
  await store.verify(JID, PHONE);
});

test("a document that claims to come from the future has no keys that stay for ever", async () => {
  const { store } = open();
  const ahead = {
    ...newRecord("guest@evil.example", someKey(0), "2999-01-01T00:00:00.000Z"),
    lastSeen: "2999-01-01T00:00:00.000Z",
  };
  await store.import(printDocument([ahead]), { isBelieved: true });
  const [key] = await store.list();
  assert.equal([key?.firstSeen, key?.lastSeen], [AT, AT]);
});

test("somebody else's document of nothing but distrust leaves room for friends, or changes nothing", async () => {
  for (const [count, outcome] of [
    [STORE_LIMITS.decidedByOthers, "none"],
    [STORE_LIMITS.decidedByOthers + 1, "limit-exceeded"],
    [STORE_LIMITS.decidedByImport, "limit-exceeded"],
  ] as const) {
    const { store } = open();
    const distrusted = Array.from({ length: count }, (_, at) =>
      decided(newRecord(`guest-${at}@evil.example`, someKey(at), AT), { at: AT, to: "distrusted", by: "user" }),
    );
    assert.is(await codeOf(store.import(printDocument(distrusted))), outcome);
    assert.is(await countOf(store, "distrusted"), outcome === "none" ? count : 0);
    const proof = { method: "srp", state: "verified" } as const;
    assert.is(told(await remembered(store).learn!(claim(), proof)), "verified", "a friend is still learnt");
  }
});

test("a backup of a full store is restored whole", async () => {
  const full = open(
    storing(
      crowd(STORE_LIMITS.firstUse, LEAP),
      crowd(STORE_LIMITS.unknown, undefined, (at) => `unknown-${at}@lit`),
    ),
  );
  const { store } = open();
  await store.import(await full.store.export(), { isBelieved: true });
  assert.equal(
    [await countOf(store, "first-use"), await countOf(store, "unknown")],
    [STORE_LIMITS.firstUse, STORE_LIMITS.unknown],
  );
});

test.run();
