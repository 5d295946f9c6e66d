/** Trust stores that somebody hands out, say as a list of bad keys: what they can do to whoever takes them in. */

import { sas } from "../../bindings/methods/sas.ts";
import { printDocument } from "../../bindings/trust/document.ts";
import { STORE_LIMITS } from "../../bindings/trust/places.ts";
import { decided, newRecord, type TrustRecord } from "../../bindings/trust/record.ts";
import { assert, suite } from "../suite.ts";
import { someKey } from "../trust/keys.ts";
import { calm, JULIET, ROMEO, Stage } from "./stage.ts";

const test = suite("hostile documents");
const AT = "2026-05-03T12:00:00.000Z";

/** Mallory's word about a key, with a certificate of her own under its name. */
const seen = (jid: string, key: string): TrustRecord => ({
  ...newRecord(jid, key, AT),
  hasExtensions: true,
  certificates: [{ fingerprint: someKey(1), sha1: "01".repeat(20) }],
});

test("what a document says that a friend could do sets off no alarm, and refuses no friend who never could", async () => {
  for (const policy of ["opportunistic", "required"] as const) {
    const stage = new Stage({ policy }, { hasExtensions: false });
    const { romeo, juliet } = stage;
    await romeo.store.import(printDocument([seen("juliet@capulet.lit", juliet.identity.spkiFingerprint)]));
    await romeo.knows(juliet.identity);
    await juliet.knows(romeo.identity);
    assert.is(await romeo.attempt(JULIET), undefined);
    await calm();
    assert.equal([romeo.alarms, romeo.refused, juliet.refused], [[], [], []]);
  }
});

test("whoever is named in a document as a friend's certificate is told none of our keys", async () => {
  const { romeo, juliet } = new Stage();
  await romeo.store.import(printDocument([seen("juliet@capulet.lit", juliet.identity.spkiFingerprint)]));
  await romeo.knows(juliet.identity);
  const told = (await romeo.store.keysOf(JULIET)).flatMap(({ certificates }) => certificates);
  assert.equal(told, []);
});

test("no document of distrust, however long, keeps two people from getting to know each other", async () => {
  for (const count of [STORE_LIMITS.decidedByOthers, STORE_LIMITS.decided + 1]) {
    const methods = [sas({ confirm: () => true })];
    const { romeo, juliet } = new Stage({ methods }, { methods });
    const distrusted = Array.from({ length: count }, (_, at) =>
      decided(newRecord(`guest-${at}@evil.example`, someKey(at), AT), { at: AT, to: "distrusted", by: "user" }),
    );
    for (const { store } of [romeo, juliet]) await store.import(printDocument(distrusted)).catch(() => undefined);
    assert.is(await juliet.attempt(ROMEO), undefined, String(count));
  }
});

test.run();
