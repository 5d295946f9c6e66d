import { memoryStorage } from "../../bindings/trust/storage.ts";
import { TrustStore } from "../../bindings/trust/store.ts";
import type { TrustState } from "../../bindings/xtls/trust.ts";
import { verifyScanned } from "../../bindings/verification/scan.ts";
import { buildVerificationUri } from "../../bindings/verification/uri.ts";
import { assert, suite } from "../suite.ts";

const test = suite("scan");

const JULIET = "juliet@capulet.lit";
const [PHONE, LAPTOP, MALLORY] = ["0C4E", "5A68", "FFFF"].map((four) => Array(32).fill(0).map((_, at) => four.slice((at % 2) * 2, (at % 2) * 2 + 2)).join(":")) as [string, string, string];
const CODE = buildVerificationUri(JULIET, PHONE);

/** A store that knows keys of Juliet's. */
async function storeWith(keys: Readonly<Record<string, TrustState>> = {}): Promise<TrustStore> {
  const store = new TrustStore(memoryStorage());
  for (const [key, state] of Object.entries(keys)) {
    if (state === "verified") await store.verify(JULIET, key);
    else if (state === "distrusted") await store.distrust(JULIET, key);
    else await store.import(await documentWith(key, state), { isBelieved: true });
  }
  return store;
}

/** The store's own document, with another state in it. */
async function documentWith(key: string, state: TrustState): Promise<string> {
  const store = await storeWith({ [key]: "verified" });
  return (await store.export()).replaceAll('"verified"', `"${state}"`);
}

const statesIn = async (store: TrustStore): Promise<Record<string, TrustState>> =>
  Object.fromEntries((await store.list()).map(({ spkiFingerprint, state }) => [spkiFingerprint, state]));

test("a code with the known key marks it", async () => {
  const store = await storeWith({ [PHONE]: "first-use" });
  assert.equal(await verifyScanned(store, CODE), {
    outcome: "verified",
    jid: JULIET,
    verified: [PHONE],
    unconfirmed: [],
    words: "The code agrees: 1 key of juliet@capulet.lit is verified.",
  });
  assert.equal(await statesIn(store), { [PHONE]: "verified" });
});

test("the store says later how the key was verified", async () => {
  for (const [note, kept] of [[undefined, "scanned code"], ["at the masked ball", "at the masked ball"]] as const) {
    const store = await storeWith({ [PHONE]: "first-use" });
    await verifyScanned(store, CODE, note === undefined ? {} : { note });
    assert.is((await store.keysOf(JULIET))[0]!.history.at(-1)!.note, kept);
  }
});

test("a key that is refused and awaits a decision is decided by the code", async () => {
  const store = await storeWith({ [PHONE]: "unknown" });
  assert.is((await verifyScanned(store, CODE)).outcome, "verified");
  assert.equal(await statesIn(store), { [PHONE]: "verified" });
});

test("a code with other keys than the known ones marks nothing", async () => {
  for (const state of ["unknown", "first-use", "verified"] as const) {
    const store = await storeWith({ [MALLORY]: state });
    for (const acceptsUnknown of [false, true]) {
      const scan = await verifyScanned(store, CODE, { acceptsUnknown });
      assert.equal({ ...scan, words: "" }, { outcome: "mismatch", jid: JULIET, scanned: [PHONE], known: [MALLORY], words: "" });
      assert.match(scan.words, "Somebody may be between you and juliet@capulet.lit");
    }
    assert.equal(await statesIn(store), { [MALLORY]: state });
  }
});

test("the key of the tunnel must be in the code, whatever else is known", async () => {
  const store = await storeWith({ [PHONE]: "verified", [MALLORY]: "first-use" });
  const scan = await verifyScanned(store, CODE, { shown: MALLORY.toLowerCase() });
  assert.equal({ ...scan, words: "" }, { outcome: "mismatch", jid: JULIET, scanned: [PHONE], known: [MALLORY], words: "" });
  assert.equal(await statesIn(store), { [PHONE]: "verified", [MALLORY]: "first-use" });
});

test("the key of the tunnel is marked though the store has not met it", async () => {
  const store = await storeWith();
  assert.is((await verifyScanned(store, CODE, { shown: PHONE })).outcome, "verified");
  assert.equal(await statesIn(store), { [PHONE]: "verified" });
});

test("known keys that are not in the code are named", async () => {
  const store = await storeWith({ [PHONE]: "first-use", [MALLORY]: "first-use" });
  const scan = await verifyScanned(store, CODE);
  assert.equal({ ...scan, words: "" }, { outcome: "verified", jid: JULIET, verified: [PHONE], unconfirmed: [MALLORY], words: "" });
  assert.match(scan.words, "1 other key that you have for juliet@capulet.lit is not in it");
  assert.equal(await statesIn(store), { [PHONE]: "verified", [MALLORY]: "first-use" });
});

test("of several devices the known ones are marked, and all when new ones are welcome", async () => {
  const code = buildVerificationUri(JULIET, [PHONE, LAPTOP]);
  for (const [acceptsUnknown, expected] of [
    [false, { [PHONE]: "verified" }],
    [true, { [PHONE]: "verified", [LAPTOP]: "verified" }],
  ] as const) {
    const store = await storeWith({ [PHONE]: "first-use" });
    assert.is((await verifyScanned(store, code, { acceptsUnknown })).outcome, "verified");
    assert.equal(await statesIn(store), expected);
  }
});

test("before the first tunnel there is nothing to compare, unless new keys are welcome", async () => {
  const store = await storeWith();
  const scan = await verifyScanned(store, CODE);
  assert.equal({ ...scan, words: "" }, { outcome: "unknown-key", jid: JULIET, scanned: [PHONE], words: "" });
  assert.equal(await statesIn(store), {});
  assert.is((await verifyScanned(store, CODE, { acceptsUnknown: true })).outcome, "verified");
  assert.equal(await statesIn(store), { [PHONE]: "verified" });
});

test("keys of others do not count", async () => {
  const store = await storeWith();
  await store.verify("romeo@montague.lit", PHONE);
  assert.is((await verifyScanned(store, CODE)).outcome, "unknown-key");
});

test("distrust is not undone by a code, and spoils it whole", async () => {
  const store = await storeWith({ [PHONE]: "distrusted", [LAPTOP]: "first-use" });
  const scan = await verifyScanned(store, buildVerificationUri(JULIET, [PHONE, LAPTOP]), { acceptsUnknown: true, shown: PHONE });
  assert.equal({ ...scan, words: "" }, { outcome: "distrusted", jid: JULIET, distrusted: [PHONE], words: "" });
  assert.equal(await statesIn(store), { [PHONE]: "distrusted", [LAPTOP]: "first-use" });
});

test("a distrusted key that the code leaves out is no reason to worry", async () => {
  const store = await storeWith({ [MALLORY]: "distrusted", [PHONE]: "first-use" });
  const scan = await verifyScanned(store, CODE);
  assert.ok(scan.outcome === "verified" && scan.unconfirmed.length === 0);
});

test("somebody else's code is refused by name", async () => {
  const store = await storeWith({ [PHONE]: "first-use" });
  assert.equal(await verifyScanned(store, CODE, { jid: "nurse@capulet.lit" }), {
    outcome: "wrong-jid",
    jid: JULIET,
    expected: "nurse@capulet.lit",
    words: "This is the code of juliet@capulet.lit, not of nurse@capulet.lit. Nothing was marked.",
  });
  assert.equal(await statesIn(store), { [PHONE]: "first-use" });
});

test("does not care how the expected address is written", async () => {
  const store = await storeWith({ [PHONE]: "first-use" });
  assert.is((await verifyScanned(store, CODE, { jid: "Juliet@CAPULET.lit/balcony" })).outcome, "verified");
});

test("what is no such code says so", async () => {
  const store = await storeWith({ [PHONE]: "first-use" });
  for (const text of ["", "https://capulet.lit/", CODE.slice(0, -1), CODE.replace("@", "%40")]) {
    const scan = await verifyScanned(store, text);
    assert.is(scan.outcome, "unreadable");
    assert.is(scan.words, "This is not a code for verifying somebody's keys.");
  }
  assert.equal(await statesIn(store), { [PHONE]: "first-use" });
});

test("passes a damaged store on", async () => {
  const store = new TrustStore({ read: () => "no document", update: () => {} } as unknown as ReturnType<typeof memoryStorage>);
  const error = await verifyScanned(store, CODE).catch((thrown: { code: string }) => thrown.code);
  assert.is(error, "store-damaged");
});

test("a key that is distrusted while its code is read stays distrusted, and spoils the code whole", async () => {
  const place = memoryStorage();
  for (let after = 0, isOver = false; !isOver; after++) {
    const elsewhere = new TrustStore(place);
    for (const key of [PHONE, LAPTOP]) await elsewhere.verify(JULIET, key);
    let calls = 0;
    const meddle = async () => void (calls++ === after && (await elsewhere.distrust(JULIET, LAPTOP)));
    const store = new TrustStore({
      read: async () => (await meddle(), place.read()),
      update: async (change) => (await meddle(), place.update(change)),
    });
    const scan = await verifyScanned(store, buildVerificationUri(JULIET, [PHONE, LAPTOP]));
    isOver = calls <= after;
    if (isOver) return assert.ok(after >= 2, "it was distrusted before each step");
    assert.is(scan.outcome, "distrusted");
    const steps = (await elsewhere.keysOf(JULIET)).map(({ history }) => history.at(-1)!);
    assert.equal(steps.map(({ to, note }) => [to, note]), [["verified", undefined], ["distrusted", undefined]]);
  }
});

test("the options of a scan are an object, and the store one that marks", async () => {
  const store = await storeWith({ [PHONE]: "first-use" });
  for (const call of [() => verifyScanned(store, CODE, null as never), () => verifyScanned({} as never, CODE)])
    assert.is(await call().catch(({ code }) => code), "invalid-argument");
});

test.run();
