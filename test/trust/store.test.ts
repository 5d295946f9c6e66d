import { parseDocument, printDocument } from "../../bindings/trust/document.ts";
import { memoryStorage } from "../../bindings/trust/storage.ts";
import { newRecord, type TrustRecord } from "../../bindings/trust/record.ts";
import { remembered } from "../../bindings/trust/remembered.ts";
import type { TrustStore } from "../../bindings/trust/store.ts";
import { assert, suite } from "../suite.ts";
import { code } from "../xtls/code.ts";
import { claim, codeOf, JID, LAPTOP, open, PHONE, someKey, STRANGER } from "./keys.ts";

const test = suite("trust store");

const states = async (store: TrustStore) =>
  (await store.list()).map(({ spkiFingerprint, state }) => [spkiFingerprint, state]);

// --- people ----------------------------------------------------------------------

test("keeps several keys of one JID, however JID and fingerprint are written", async () => {
  const { store } = open();
  await store.verify("Juliet@Capulet.lit/balcony", PHONE.replaceAll(":", "").toLowerCase());
  await store.distrust(JID, LAPTOP);
  await store.verify("nurse@capulet.lit", STRANGER);
  assert.equal(
    (await store.keysOf("JULIET@capulet.lit")).map(({ jid, state }) => [jid, state]),
    [
      [JID, "verified"],
      [JID, "distrusted"],
    ],
  );
  assert.is((await store.list()).length, 3);
});

test("keeps the history of a key, with times, notes and who decided", async () => {
  const { store, pass } = open();
  await store.verify(JID, PHONE, { note: "read to me on the telephone" });
  pass(24);
  await store.distrust(JID, PHONE, { note: "her phone was stolen" });
  pass(24);
  await store.verify(JID, PHONE);
  const [key] = await store.keysOf(JID);
  assert.equal(key!.history, [
    {
      at: "2026-05-03T12:00:00.000Z",
      from: "unknown",
      to: "verified",
      by: "user",
      note: "read to me on the telephone",
    },
    { at: "2026-05-04T12:00:00.000Z", from: "verified", to: "distrusted", by: "user", note: "her phone was stolen" },
    { at: "2026-05-05T12:00:00.000Z", from: "distrusted", to: "verified", by: "user" },
  ]);
  assert.equal([key!.firstSeen, key!.lastSeen], ["2026-05-03T12:00:00.000Z", undefined]);
});

test("forgets a key as if it had never been seen, but not a distrusted one", async () => {
  const { store } = open();
  await store.verify(JID, PHONE);
  await store.verify(JID, LAPTOP);
  await store.forget(JID, PHONE);
  await store.forget(JID, PHONE);
  assert.equal(await states(store), [[LAPTOP, "verified"]]);
  await store.distrust(JID, LAPTOP);
  assert.is(await codeOf(store.forget(JID, LAPTOP)), "invalid-state");
  assert.equal(await states(store), [[LAPTOP, "distrusted"]]);
});

test("refuses what is no JID and no fingerprint", async () => {
  const { store } = open();
  for (const call of ["verify", "distrust", "forget"] as const) {
    assert.is(await codeOf(store[call]("@", PHONE)), "invalid-jid");
    assert.is(await codeOf(store[call](JID, PHONE.slice(1))), "invalid-argument");
  }
  assert.is(await codeOf(store.keysOf("")), "invalid-jid");
});

test("carries out calls in their order, without being waited for", async () => {
  const { store } = open();
  const calls = [
    store.verify(JID, PHONE),
    store.distrust(JID, PHONE),
    store.list(),
    store.verify(JID, PHONE),
    store.list(),
  ];
  const [, , first, , last] = (await Promise.all(calls)) as Awaited<ReturnType<TrustStore["list"]>>[];
  assert.equal([first![0]?.state, last![0]?.state], ["distrusted", "verified"]);
});

test("a call that fails holds up no other", async () => {
  const { store } = open();
  const calls = [
    store.forget(JID, PHONE),
    store.distrust(JID, PHONE),
    store.forget(JID, PHONE),
    store.verify(JID, PHONE),
  ];
  assert.equal(await Promise.all(calls.map(codeOf)), ["none", "none", "invalid-state", "none"]);
});

test("what it lists is not what it keeps: nobody changes it by the way", async () => {
  const { store } = open();
  await store.verify(JID, PHONE);
  for (let time = 0; time < 2; time++) {
    const [keys, [key]] = [(await store.list()) as TrustRecord[], await store.list()];
    assert.throws(() => keys.pop(), /TypeError|object|extensible/);
    assert.throws(() => Object.assign(key!, { state: "distrusted" }), /read only/);
    assert.throws(() => (key!.history as unknown[]).pop(), /TypeError|object|extensible/);
    await store.verify("nurse@capulet.lit", LAPTOP);
  }
  assert.equal(
    (await store.list()).map(({ state }) => state),
    ["verified", "verified"],
  );
});

test("two stores over one storage lose none of each other's changes", async () => {
  const storage = memoryStorage();
  const [one, other] = [open(storage).store, open(storage).store];
  await Promise.all(Array.from({ length: 40 }, (_, at) => (at % 2 === 0 ? one : other).verify(JID, someKey(at))));
  assert.is((await one.list()).length, 40);
});

// --- events ----------------------------------------------------------------------

test("tells each change of a state once, in words, after it is stored", async () => {
  const { store, changes, pass } = open();
  const stored: unknown[] = [];
  store.on("change", async ({ to }) => stored.push([to, (await store.keysOf(JID))[0]?.state]));
  await store.verify(JID, PHONE, { note: "by telephone" });
  pass(24);
  await store.distrust(JID, PHONE);
  await store.distrust(JID, PHONE, { note: "still" });
  await store.verify(JID, PHONE);
  await store.forget(JID, PHONE);
  assert.equal(
    changes.map(({ from, to, words }) => [from, to, words]),
    [
      [undefined, "verified", `The key ${PHONE} of ${JID} is now verified since 2026-05-03 (user: by telephone)`],
      ["verified", "distrusted", `The key ${PHONE} of ${JID} is now distrusted since 2026-05-04 (user)`],
      ["distrusted", "verified", `The key ${PHONE} of ${JID} is now verified since 2026-05-04 (user)`],
      ["verified", undefined, `The key ${PHONE} of ${JID} is forgotten`],
    ],
  );
  assert.equal(changes[0]?.record.jid, JID);
  await store.list();
  assert.equal(stored.at(-1), [undefined, undefined]);
  assert.is(stored.length, 4);
});

test("tells nobody who no longer listens, and nothing that failed", async () => {
  const { store, changes } = open({ ...memoryStorage(), update: () => Promise.reject(new Error("disk")) });
  assert.is(await codeOf(store.verify(JID, PHONE)), "Error: disk");
  assert.equal(changes, []);
  const scene = open();
  const heard: unknown[] = [];
  scene.store.on("change", () => heard.push(1))();
  await scene.store.verify(JID, PHONE);
  assert.equal([heard.length, scene.changes.length], [0, 1]);
});

test("a listener that throws or rejects harms neither the store, nor the process, nor other listeners", async () => {
  const { store, changes } = open(memoryStorage());
  const errors: unknown[] = [];
  const unhandled: unknown[] = [];
  const note = (error: unknown) => void unhandled.push(error);
  for (const event of ["uncaughtException", "unhandledRejection"] as const) process.on(event, note);
  const heard: unknown[] = [];
  store.on("change", () => {
    throw new Error("thrown");
  });
  store.on("change", async () => {
    throw new Error("rejected");
  });
  store.on("change", ({ to }) => heard.push(to));
  store.on("error", (error) => errors.push(error));
  store.on("error", () => {
    throw new Error("of the errors' listener");
  });
  const { error: write } = console;
  const written: unknown[] = [];
  console.error = (error: unknown) => void written.push(error);
  try {
    await store.verify(JID, PHONE);
    await store.distrust(JID, PHONE);
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    console.error = write;
    for (const event of ["uncaughtException", "unhandledRejection"] as const) process.off(event, note);
  }
  assert.equal(unhandled, []);
  assert.equal(heard, ["verified", "distrusted"]);
  assert.is(changes.length, 2);
  assert.equal(errors.map(String).sort(), ["Error: rejected", "Error: rejected", "Error: thrown", "Error: thrown"]);
  assert.is(written.length, 4, "what even the errors' listener throws is not lost");
});

test("what a listener throws is written down where nobody listens for errors", async () => {
  const { store } = open();
  store.on("change", async () => {
    throw new Error("rejected");
  });
  const { error: write } = console;
  const written: unknown[] = [];
  console.error = (error: unknown) => void written.push(error);
  try {
    await store.verify(JID, PHONE);
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    console.error = write;
  }
  assert.equal(written.map(String), ["Error: rejected"]);
});

test("has no other events, and takes no listener that is none", async () => {
  const { store } = open();
  assert.is(
    code(() => store.on("chnage" as "change", () => {})),
    "invalid-argument",
  );
  assert.is(
    code(() => store.on("change", undefined as unknown as () => void)),
    "invalid-argument",
  );
});

// --- damage ------------------------------------------------------------------------

test("a damaged document is never taken for an empty one, and never overwritten", async () => {
  for (const damaged of ["", "{", '{"format":"xtls-trust","version":2,"keys":[]}']) {
    const storage = memoryStorage(damaged);
    const { store } = open(storage);
    for (const call of [
      () => store.list(),
      () => store.keysOf(JID),
      () => store.verify(JID, PHONE),
      () => store.distrust(JID, PHONE),
      () => store.export(),
    ])
      assert.is(await codeOf(call()), "store-damaged");
    assert.is(await storage.read(), damaged);
  }
});

// --- export and import ----------------------------------------------------------------

async function exported(): Promise<string> {
  const { store } = open();
  await store.verify(JID, PHONE, { note: "by telephone" });
  await store.distrust(JID, LAPTOP);
  return store.export();
}

test("a backup restores everything, with its history", async () => {
  const { store, pass } = open();
  pass(24);
  await store.import(await exported(), { isBelieved: true });
  assert.equal(await states(store), [
    [PHONE, "verified"],
    [LAPTOP, "distrusted"],
  ]);
  const [key] = await store.keysOf(JID);
  assert.equal(
    key!.history.map(({ at, to, by, note }) => [at.slice(0, 10), to, by, note]),
    [
      ["2026-05-03", "verified", "user", "by telephone"],
      ["2026-05-04", "verified", "import", "user, 2026-05-03, by telephone"],
    ],
  );
  assert.equal(parseDocument(await store.export()), await store.list());
});

test("somebody else's document raises no trust, and its distrust counts", async () => {
  const { store, changes } = open();
  await store.import(await exported());
  assert.equal(await states(store), [
    [PHONE, "unknown"],
    [LAPTOP, "distrusted"],
  ]);
  assert.equal(
    changes.map(({ to }) => to),
    ["unknown", "distrusted"],
  );
  await store.verify(JID, STRANGER);
  const other = open();
  await other.store.distrust(JID, STRANGER);
  await store.import(await other.store.export());
  assert.equal((await states(store)).at(-1), [STRANGER, "distrusted"]);
});

test("what somebody else's document says to have seen of a key never counts, not even once the key is believed", async () => {
  const { store } = open();
  const certificates = [{ fingerprint: someKey(7), sha1: "07".repeat(20) }];
  const told = printDocument([{ ...newRecord(JID, PHONE, "2026-05-01T12:00:00.000Z"), hasExtensions: true, certificates }]);
  await store.import(told);
  await store.verify(JID, PHONE);
  const trust = remembered(store);
  assert.equal(await trust.judge(claim()), { trusted: true, state: "verified" }, "no capability was lost that nobody saw");
  assert.is(await trust.requiresOffer!(JID), false);
  assert.is(await trust.knows!(JID, [someKey(7)]), false, "somebody else's certificate tells nobody our keys");
});

test("somebody else's document changes nothing about keys that were decided upon, but by distrust", async () => {
  const { store } = open();
  await store.verify(JID, PHONE);
  const before = await store.list();
  const text = (await exported()).replace('"hasExtensions": false', '"hasExtensions": true');
  await store.import(text);
  assert.equal((await store.list())[0], before[0]);
  await store.import(text, { isBelieved: true });
  assert.is((await store.list())[0]?.hasExtensions, true);
});

test("no document makes a distrusted key trusted, or a verified one less so", async () => {
  for (const isBelieved of [true, false]) {
    const { store } = open();
    await store.distrust(JID, PHONE);
    await store.verify(JID, STRANGER);
    const other = open();
    await other.store.import(await exported());
    await store.import(await exported(), { isBelieved });
    await store.import(await other.store.export(), { isBelieved });
    assert.equal((await states(store)).slice(0, 2), [
      [PHONE, "distrusted"],
      [STRANGER, "verified"],
    ]);
  }
});

test("taking the same document in again changes no state and adds no history", async () => {
  const { store, changes } = open();
  const text = await exported();
  await store.import(text, { isBelieved: true });
  const before = await store.export();
  await store.import(text, { isBelieved: true });
  assert.is(await store.export(), before);
  assert.is(changes.length, 2);
});

test("a damaged import is the caller's fault and changes nothing", async () => {
  const { store } = open();
  await store.verify(JID, STRANGER);
  const text = await exported();
  for (const damaged of ["", text.slice(0, -3), text.replace('"version": 1', '"version": 9')])
    assert.is(await codeOf(store.import(damaged, { isBelieved: true })), "invalid-argument");
  assert.equal(await states(store), [[STRANGER, "verified"]]);
});

test("who asks while a read waits for its turn shares it, and who asks after a change sees the change", async () => {
  let reads = 0;
  const storage = memoryStorage();
  const { store } = open({ read: async () => (reads++, storage.read()), update: (revise) => storage.update(revise) });
  await Promise.all(Array.from({ length: 1000 }, (_, at) => store.keysOf(`stranger${at}@evil.lit`)));
  assert.ok(reads <= 2, `${reads} reads`);
  const before = store.keysOf(JID);
  const decided = store.verify(JID, PHONE);
  const after = store.keysOf(JID);
  await decided;
  assert.equal([(await before).length, (await after).length], [0, 1]);
  (await store.keysOf(JID) as TrustRecord[]).pop();
  assert.is((await store.keysOf(JID)).length, 1, "the list is the caller's own");
});

test.run();
