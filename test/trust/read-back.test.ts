/**
 * A store writes nothing that it cannot read: whatever goes in, and wherever the text is kept.
 */

import { readFile } from "node:fs/promises";

import fc from "fast-check";

import { XtlsError } from "../../bindings/errors.ts";
import { parseDocument, printDocument } from "../../bindings/trust/document.ts";
import { fileStorage } from "../../bindings/trust/file.ts";
import { decided, newRecord, type TrustRecord } from "../../bindings/trust/record.ts";
import { remembered } from "../../bindings/trust/remembered.ts";
import { memoryStorage, type TrustStorage } from "../../bindings/trust/storage.ts";
import { TrustStore } from "../../bindings/trust/store.ts";
import { verifyScanned } from "../../bindings/verification/scan.ts";
import type { Claim } from "../../bindings/xtls/trust.ts";
import { assert, suite } from "../suite.ts";
import { code } from "../xtls/code.ts";
import { claim, codeOf, JID, LAPTOP, PHONE, phone, someKey } from "./keys.ts";
import { openWorkshop } from "./writing.ts";

const test = suite("what a store writes it reads");

const workshop = await openWorkshop();
test.after(() => workshop.close());
const AT = "2026-05-03T12:00:00.000Z";

// --- hostile values --------------------------------------------------------------

/** Characters that preparation, JSON, UTF-8 or a terminal takes for something else. */
const odd = [
  ..."@/.\\\"'&<>:%;=?#[]{},\u0000\u001b\u007f\u00a0\u00ad\u0130\u0307\u0345\u200b\u200d\u202e\u2028\u2060\u3002\ufb01\uff0e\uff61\ufeff\ufffe",
];
const unit = fc.oneof(
  fc.constantFrom(
    ...odd,
    "evil.example...",
    "\ud800",
    "\udc00",
    "🔑",
    "ß",
    "ς",
    "K",
    "𝐀",
    "xn--",
    "juliet",
    "capulet.lit",
  ),
  fc.string({ unit: "binary", maxLength: 3 }),
  fc.integer({ min: 0, max: 0x10ffff }).map((point) => String.fromCodePoint(point)),
);
const text = fc.array(unit, { maxLength: 8 }).map((units) => units.join(""));
const jid = fc.oneof(
  text,
  fc.tuple(text, text).map((parts) => parts.join("@")),
  fc.constant(JID),
);
const note = fc.oneof(
  text,
  text.map((part) => part.repeat(300)),
  fc.constant(undefined),
);
const key = fc.oneof(fc.nat(3).map(someKey), text);
const now = fc.oneof(fc.integer({ min: 0, max: 4e12 }), fc.constantFrom(-1, 0, 8.64e15, -8.64e15, 9e15, NaN, Infinity));

/** A record as a policy of the application's might make it up. */
const made: fc.Arbitrary<TrustRecord> = fc
  .record({
    jid,
    key: fc.nat(9).map(someKey),
    by: text,
    note,
    at: fc.oneof(fc.constant(AT), text),
    fingerprint: key,
    sha1: text,
  })
  .map(({ jid, key, by, note, at, fingerprint, sha1 }) => ({
    ...decided(newRecord(jid, key, at), { at, to: "verified", by, ...(note === undefined ? {} : { note }) }),
    certificates: [{ fingerprint, sha1 }],
  }));

type Step = (store: TrustStore) => Promise<unknown>;
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(fc.constantFrom("verify", "distrust"), jid, key, note).map(
    ([call, jid, key, note]): Step =>
      (store) =>
        store[call as "verify"](jid, key, note === undefined ? {} : { note }),
  ),
  fc.tuple(jid, key).map(
    ([jid, key]): Step =>
      (store) =>
        store.forget(jid, key),
  ),
  fc.tuple(jid, made).map(
    ([jid, record]): Step =>
      (store) =>
        store.revise(jid, () => ({ result: undefined, record })),
  ),
  fc.tuple(jid, text, note).map(
    ([jid, method, note]): Step =>
      async (store) =>
        remembered(store).learn!(claim(phone, { jid } as Partial<Claim>), {
          method,
          state: "verified",
          ...(note !== undefined && { note }),
        }),
  ),
  fc.tuple(fc.array(made, { maxLength: 3 }), fc.boolean()).map(
    ([records, isBelieved]): Step =>
      (store) =>
        store.import(printDocument(records), { isBelieved }),
  ),
  fc.tuple(jid, fc.nat(3)).map(
    ([jid, number]): Step =>
      (store) =>
        verifyScanned(store, `xmpp:${encodeLoosely(jid)}?xtls-verify;sha-256=${someKey(number).replaceAll(":", "")}`, {
          acceptsUnknown: true,
        }),
  ),
);

/** Half a character has no percent-encoding. */
function encodeLoosely(jid: string): string {
  return jid
    .split("@")
    .map((part) => encodeURIComponent(part.replace(/\p{Cs}/gu, "x")))
    .join("@");
}

/** Takes the steps; after each the store reads back, and after one that was refused it is as it was. */
async function take(storage: TrustStorage, steps: readonly Step[], clock: number): Promise<void> {
  const store = new TrustStore(storage, { now: () => clock });
  for (const go of steps) {
    const before = await storage.read();
    const error = await go(store).then(
      () => undefined,
      (error: unknown) => error,
    );
    const after = await storage.read();
    if (error !== undefined) {
      assert.instance(error, XtlsError, String(error));
      assert.is.not((error as XtlsError).code, "store-damaged");
      assert.is(after, before);
    }
    assert.equal(await new TrustStore(storage).list(), await store.list());
    if (after !== undefined) parseDocument(after);
  }
}

test("whatever goes in, it reads back, or is refused by a typed error and changes nothing", async () => {
  const property = fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), now, async (steps, clock) =>
    take(memoryStorage(), steps, clock),
  );
  await fc.assert(property, { numRuns: 1500 });
});

test("in a file just the same", async () => {
  const property = fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 3 }), async (steps) =>
    take(fileStorage(workshop.place()), steps, Date.parse(AT)),
  );
  await fc.assert(property, { numRuns: 60 });
});

// --- one by one ------------------------------------------------------------------

test("no address of a stranger, and none in a scanned code, locks anybody out", async () => {
  for (const jid of [
    "evil.example...",
    "a@evil.example..",
    "\u0130\u0307\u0345@evil.example",
    "\u0130@evil.example",
    "ﬁ@evil.example",
  ]) {
    const storage = memoryStorage();
    const store = new TrustStore(storage);
    await store.verify(JID, PHONE);
    await codeOf(Promise.resolve(remembered(store).judge(claim(phone, { jid }))));
    await codeOf(store.verify(jid, LAPTOP));
    const uri = `xmpp:${encodeLoosely(jid)}?xtls-verify;sha-256=${LAPTOP.replaceAll(":", "")}`;
    await codeOf(verifyScanned(store, uri, { acceptsUnknown: true }));
    const [own] = await new TrustStore(storage).keysOf(JID);
    assert.is(own?.state, "verified", jid);
  }
});

const FRESH = newRecord(JID, PHONE, AT);
const UNFIT: Record<string, Partial<TrustRecord>> = {
  "an unprepared address": { jid: "Juliet@capulet.lit" },
  "a full address": { jid: `${JID}/balcony` },
  "a fingerprint that is none": { spkiFingerprint: "AA" },
  "a state that its history does not lead to": { state: "verified" },
  "no day": { firstSeen: "yesterday" },
  "a certificate that is none": { certificates: [{ fingerprint: "AA", sha1: "" }] },
  "too long a history": { history: Array(33).fill({ at: AT, from: "unknown", to: "unknown", by: "user" }) },
  "a note that turns the line around": {
    history: [{ at: AT, from: "unknown", to: "unknown", by: "user", note: "\u202e" }],
  },
  "something that no record has": { comment: "mine" } as object,
};
for (const [fault, change] of Object.entries(UNFIT)) {
  test(`keeps no policy's record with ${fault}`, async () => {
    const storage = memoryStorage();
    const store = new TrustStore(storage);
    await store.verify("nurse@capulet.lit", LAPTOP);
    const before = await storage.read();
    const kept = store.revise(JID, () => ({ result: undefined, record: { ...FRESH, ...change } }));
    assert.is(await codeOf(kept), "invalid-argument");
    assert.is(await storage.read(), before);
    assert.is((await store.list()).length, 1);
  });
}

test("a file that would be larger than is read again is not written", async () => {
  const file = workshop.place();
  const storage = fileStorage(file);
  await storage.update(() => "small");
  assert.is(await codeOf(storage.update(() => "x".repeat(65 * 1024 * 1024))), "limit-exceeded");
  assert.is(await readFile(file, "utf8"), "small");
});

test("says so when a clock, a note, a fingerprint or a place is none", async () => {
  assert.is(
    code(() => new TrustStore(undefined as unknown as TrustStorage)),
    "invalid-argument",
  );
  for (const path of [undefined, 7, ""])
    assert.is(
      code(() => fileStorage(path as string)),
      "invalid-argument",
    );
  assert.is(await codeOf(new TrustStore(memoryStorage(), { now: () => NaN }).verify(JID, PHONE)), "invalid-argument");
  const store = new TrustStore(memoryStorage());
  assert.is(await codeOf(store.verify(JID, PHONE, { note: 7 as unknown as string })), "invalid-argument");
  assert.is(await codeOf(store.verify(JID, 7 as unknown as string)), "invalid-argument");
  assert.is(await codeOf(store.import(undefined as unknown as string)), "invalid-argument");
});

// --- and cheaply -------------------------------------------------------------------

/** What JSON reads and prints, in characters, and how many days are checked, while something is done. */
async function counted(done: () => Promise<unknown>): Promise<{ read: number; printed: number; days: number }> {
  const counts = { read: 0, printed: 0, days: 0 };
  const { parse, stringify } = JSON;
  const { toISOString } = Date.prototype;
  JSON.parse = (text: string, ...rest: []) => ((counts.read += text.length), parse(text, ...rest));
  JSON.stringify = ((...given: Parameters<typeof stringify>) => {
    const text = stringify(...given);
    counts.printed += text.length;
    return text;
  }) as typeof stringify;
  Date.prototype.toISOString = function () {
    counts.days++;
    return toISOString.call(this);
  };
  try {
    await done();
  } finally {
    Object.assign(JSON, { parse, stringify });
    Date.prototype.toISOString = toISOString;
  }
  return counts;
}

test("one key among ten thousand costs the reading and printing of one, here and in another program", async () => {
  const step = { at: AT, to: "verified", by: "user" } as const;
  const many = Array.from({ length: 10_000 }, (_, at) => decided(newRecord(`friend-${at}@lit`, someKey(at), AT), step));
  const storage = memoryStorage(printDocument(many));
  const [store, other] = [new TrustStore(storage), new TrustStore(storage)];
  await store.list();
  await other.list();
  const record = printDocument([many[0]!]).length;
  for (const call of [
    () => store.verify(JID, PHONE),
    () => store.distrust(JID, PHONE),
    () => store.verify("friend-7@lit", LAPTOP),
  ]) {
    const costs = await counted(call);
    assert.ok(costs.read <= 4 * record && costs.printed <= 4 * record && costs.days <= 12, JSON.stringify(costs));
  }
  const costs = await counted(() => other.list());
  assert.ok(costs.read <= 4 * record && costs.printed === 0 && costs.days <= 12, JSON.stringify(costs));
  assert.equal(await other.list(), parseDocument((await storage.read())!));
});

test.run();
