import fc from "fast-check";

import { bareJid } from "../../bindings/base/jid.ts";
import { XtlsError } from "../../bindings/errors.ts";
import { parseDocument, printDocument } from "../../bindings/trust/document.ts";
import { STORE_LIMITS } from "../../bindings/trust/places.ts";
import { decided, newRecord, RECORD_LIMITS, shown, type TrustRecord } from "../../bindings/trust/record.ts";
import { assert, suite } from "../suite.ts";
import { code } from "../xtls/code.ts";
import { JID, LAPTOP, laptop, PHONE, phone, someKey } from "./keys.ts";

const test = suite("trust document");

const AT = "2026-05-03T12:00:00.000Z";
const step = { at: AT, to: "verified", by: "sas", note: "read to me by telephone" } as const;
const fresh = newRecord(JID, PHONE, AT);
const full = decided(shown(shown(fresh, phone, false, AT), laptop, true, AT), step);
const keys = [full, newRecord(JID, LAPTOP, AT)];
const text = printDocument(keys);

/** The document with something in it changed. */
const bent = (change: (document: any) => void): string => {
  const document = JSON.parse(text);
  change(document);
  return JSON.stringify(document);
};
const codeAndWords = (document: string): string => {
  try {
    parseDocument(document);
    return "none";
  } catch (error) {
    assert.instance(error, XtlsError);
    return `${(error as XtlsError).code}: ${(error as Error).message}`;
  }
};

const preparedIfItCanBe = (jid: string): string => {
  try {
    return bareJid(jid);
  } catch {
    return jid;
  }
};

test("reads what it writes, in the same order", () => {
  assert.equal(parseDocument(text), keys);
  assert.equal(parseDocument(printDocument([])), []);
});

test("is readable by people", () => {
  assert.match(text, /^\{\n {2}"format": "xtls-trust",\n {2}"version": 1,\n {2}"keys": \[\n/);
  for (const words of ['"jid": "juliet@capulet.lit"', '"state": "verified"', "read to me by telephone", PHONE, AT])
    assert.match(text, words);
});

test("refuses every document that is cut off, with all of its bytes but some", () => {
  for (let length = 0; length < text.length - 1; length++)
    assert.is(
      code(() => parseDocument(text.slice(0, length))),
      "store-damaged",
      String(length),
    );
});

test("refuses another format, and a version from the future by its number", () => {
  assert.match(
    codeAndWords(bent((document) => (document.version = 2))),
    /store-damaged.*version 2; this program reads 1/,
  );
  assert.match(codeAndWords(bent((document) => (document.format = "xtls-keys"))), /store-damaged.*lacks "format"/);
  assert.match(codeAndWords(bent((document) => delete document.version)), "store-damaged");
});

const DAMAGES: Record<string, (document: any) => void> = {
  "no list of keys": (document) => delete document.keys,
  "a member too many": (document) => (document.keys[0].comment = "mine"),
  "one at the top": (document) => (document.comment = "mine"),
  "one of a certificate": (document) => (document.keys[0].certificates[0].md5 = ""),
  "one of a step": (document) => (document.keys[0].history[0].why = ""),
  "a key that is none": (document) => (document.keys[0] = null),
  "a key that is a list": (document) => (document.keys[0] = []),
  "a state that does not exist": (document) => (document.keys[1].state = "trusted"),
  "a state of its own accord": (document) => (document.keys[1].state = "verified"),
  "a history that does not lead there": (document) => (document.keys[0].history[0].to = "distrusted"),
  "a full JID": (document) => (document.keys[0].jid = "juliet@capulet.lit/balcony"),
  "no JID": (document) => (document.keys[0].jid = "@"),
  "a JID of two localparts": (document) => (document.keys[0].jid = "juliet@capulet@lit"),
  "a JID with a space": (document) => (document.keys[0].jid = "juliet @capulet.lit"),
  "a JID with a line break": (document) => (document.keys[0].jid = "juliet\u0085@capulet.lit"),
  "a JID beyond its length": (document) => (document.keys[0].jid = `${"j".repeat(2040)}@capulet.lit`),
  "a number for a JID": (document) => (document.keys[0].jid = 7),
  "a short fingerprint": (document) => (document.keys[0].spkiFingerprint = PHONE.slice(3)),
  "a fingerprint in lower case": (document) => (document.keys[0].spkiFingerprint = PHONE.toLowerCase()),
  "a number for a fingerprint": (document) => (document.keys[0].spkiFingerprint = 7),
  "a day that does not exist": (document) => (document.keys[0].firstSeen = "2026-02-30T00:00:00.000Z"),
  "a time in words": (document) => (document.keys[0].lastSeen = "yesterday"),
  "hasExtensions in words": (document) => (document.keys[0].hasExtensions = "yes"),
  "a SHA-1 that is none": (document) => (document.keys[0].certificates[0].sha1 = "da39"),
  "a note that turns the line around": (document) => (document.keys[0].history[0].note = "\u202eedoc"),
  "a note beyond its length": (document) => (document.keys[0].history[0].note = "x".repeat(RECORD_LIMITS.note + 1)),
  "too many certificates": (document) =>
    (document.keys[0].certificates = Array(9).fill(document.keys[0].certificates[0])),
  "too long a history": (document) => (document.keys[0].history = Array(33).fill(document.keys[0].history[0])),
  "the same key twice": (document) => document.keys.push(document.keys[0]),
};
for (const [damage, change] of Object.entries(DAMAGES)) {
  test(`refuses ${damage}`, () =>
    assert.is(
      code(() => parseDocument(bent(change))),
      "store-damaged",
    ));
}

test("refuses garbage of any kind, and never reads it as an empty store", () => {
  for (const garbage of ["", " ", "null", "[]", "{}", "0", '"xtls-trust"', "\0\0\0"])
    assert.is(
      code(() => parseDocument(garbage)),
      "store-damaged",
      garbage,
    );
  fc.assert(
    fc.property(fc.string(), (garbage) => code(() => parseDocument(garbage)) === "store-damaged"),
    { numRuns: 300 },
  );
  fc.assert(
    fc.property(fc.json(), (garbage) => code(() => parseDocument(garbage)) === "store-damaged"),
    { numRuns: 300 },
  );
});

test("what is much too long or too deep is refused by one of our errors, in few words, and is not taken apart", () => {
  const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  const long = "x".repeat(5_000_000);
  const { split } = { split: String.prototype[Symbol.iterator] };
  let taken = 0;
  // What a text is spread into costs ten times the text.
  String.prototype[Symbol.iterator] = function () {
    taken += this.length;
    return split.call(this);
  };
  try {
    for (const document of [
      `{"format": "xtls-trust", "version": ${deep}, "keys": []}`,
      `{"format": "xtls-trust", "version": "${long}", "keys": []}`,
      `{"format": ${deep}, "version": 1, "keys": []}`,
      `{"format": "xtls-trust", "version": 1, "keys": ${deep}}`,
      text.replace('"by": "sas"', `"by": "${long}"`),
      text.replace('"note": "', `"note": "${long}`),
      text.replace('"jid": "', `"jid": "${long}`),
      text.replace('"jid"', `"${long}"`),
      text.replace('"keys": [', `"keys": [${"{},".repeat(100_000)}`),
      " ".repeat(64 * 1024 * 1024) + text,
    ]) {
      const told = codeAndWords(document);
      assert.match(told, /^store-damaged: /);
      assert.ok(told.length < 400, told.slice(0, 400));
    }
  } finally {
    String.prototype[Symbol.iterator] = split;
  }
  assert.ok(taken < 10_000, `${taken} characters were taken apart`);
});

test("a byte changed anywhere is refused, or changes what was written there and nothing else", () => {
  const flip = (at: number, by: number): string =>
    text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ by) + text.slice(at + 1);
  const property = fc.property(fc.nat(text.length - 1), fc.integer({ min: 1, max: 127 }), (at, by) => {
    const changed = flip(at, by);
    if (code(() => parseDocument(changed)) === undefined)
      assert.equal(
        JSON.parse(changed).keys.map((key: TrustRecord) => ({ ...key, jid: preparedIfItCanBe(key.jid) })),
        parseDocument(changed),
      );
    else
      assert.is(
        code(() => parseDocument(changed)),
        "store-damaged",
      );
  });
  fc.assert(property, { numRuns: 1000 });
});

test("holds so many keys and no more", () => {
  const many: TrustRecord[] = Array.from({ length: STORE_LIMITS.keys + 1 }, (_, at) => newRecord(JID, someKey(at), AT));
  assert.is(
    code(() => printDocument(many)),
    "limit-exceeded",
  );
  assert.is(
    code(() => printDocument(many.slice(1))),
    undefined,
  );
});

// --- addresses, which other versions and other engines may prepare in another way ----

test("reads an address as it is prepared today, however it was written", () => {
  const [first] = parseDocument(bent((document) => (document.keys[0].jid = "Juliet@CAPULET.lit")));
  assert.equal(first, full);
});

test("a key that was distrusted under another writing of a domain is distrusted", () => {
  const [first] = parseDocument(
    bent((document) => {
      document.keys[0].jid = "juliet@xn--verna-2ta.example";
      document.keys[0].state = document.keys[0].history.at(-1).to = "distrusted";
    }),
  );
  assert.equal([first?.jid, first?.state], ["juliet@veróna.example", "distrusted"]);
});

test("an address that nobody can have any more locks nobody out, and is written again as it was", () => {
  for (const jid of [
    "evil.example..",
    "juliet\u202e@evil.lit",
    "\ud800@evil.lit",
    "\ue000@evil.lit",
    `${"x".repeat(1024)}@lit`,
  ]) {
    const [first, second] = parseDocument(bent((document) => (document.keys[0].jid = jid)));
    assert.equal([first?.jid, first?.state, second], [jid, "verified", keys[1]]);
    assert.equal(parseDocument(printDocument([first!, second!])), [first, second]);
  }
});

test("one key under two writings of one address is one key: distrust outweighs trust", () => {
  const distrusted = decided(newRecord("JULIET@capulet.lit", PHONE, "2026-05-01T12:00:00.000Z"), {
    at: AT,
    to: "distrusted",
    by: "user",
  });
  for (const order of [
    [full, distrusted],
    [distrusted, full],
  ]) {
    const [only, ...others] = parseDocument(printDocument(order));
    assert.equal([only?.jid, only?.state, others], [JID, "distrusted", []]);
    assert.equal([only?.hasExtensions, only?.firstSeen], [true, "2026-05-01T12:00:00.000Z"]);
  }
});

// --- the records in it ----------------------------------------------------------

test("a record is bounded however often it is shown and decided about", () => {
  let record = fresh;
  for (let at = 0; at < 50; at++) {
    record = shown(record, { ...phone, fingerprint: someKey(at) } as typeof phone, false, AT);
    record = decided(record, { ...step, note: "🔑".repeat(1000) + at });
  }
  assert.equal(
    [record.certificates.length, record.history.length],
    [RECORD_LIMITS.certificates, RECORD_LIMITS.history],
  );
  assert.is(record.certificates.at(-1)?.fingerprint, someKey(49));
  assert.equal(parseDocument(printDocument([record])), [record]);
});

test("notes lose what could make them lie on a screen", () => {
  const { history } = decided(fresh, { ...step, note: " so\u202e\n\u001b[2J\ud800 it is " });
  assert.is(history[0]?.note, "so   [2J  it is");
  assert.is("note" in decided(fresh, { ...step, note: "\n" }).history[0]!, false);
});

test("a record says when it was shown, but does not change with every meeting", () => {
  const seen = shown(fresh, phone, false, AT);
  assert.equal(seen.certificates, [{ fingerprint: phone.fingerprint, sha1: phone.sha1 }]);
  assert.is(shown(seen, phone, false, "2026-05-03T12:59:59.999Z"), seen);
  assert.is(shown(seen, phone, false, "2026-05-03T13:00:00.000Z").lastSeen, "2026-05-03T13:00:00.000Z");
  assert.is(shown(seen, phone, true, AT).hasExtensions, true);
  assert.is(shown(shown(seen, phone, true, AT), phone, false, "2026-06-01T00:00:00.000Z").hasExtensions, true);
});

test.run();
