import { authorities } from "../../bindings/trust/authorities.ts";
import { pinned } from "../../bindings/trust/pinned.ts";
import type { Claim, Trust } from "../../bindings/xtls/trust.ts";
import { assert, suite } from "../suite.ts";
import { code } from "../xtls/code.ts";
import { claim, laptop, phone, told } from "./keys.ts";

const test = suite("policies");

const judge = async (trust: Trust, asked: Claim = claim()): Promise<string> => told(await trust.judge(asked));
const learn = async (trust: Trust, state: "verified" | "first-use", asked = claim()): Promise<string> =>
  told(await trust.learn!(asked, { method: "some", state }));
const named = (...jids: string[]) => ({ ...phone, jids }) as typeof phone;

// --- pinned --------------------------------------------------------------------

test("pinned: trusts the certificate's or the key's fingerprint, in any case, with or without colons", async () => {
  for (const pin of [
    phone.fingerprint,
    phone.spkiFingerprint,
    phone.fingerprint.toLowerCase(),
    phone.spkiFingerprint.replaceAll(":", ""),
  ]) {
    assert.is(await judge(pinned({ "Juliet@capulet.lit": pin })), "verified");
  }
});

test("pinned: tells a changed key from an unknown peer", async () => {
  assert.is(await judge(pinned({ "juliet@capulet.lit": [phone.fingerprint] }), claim(laptop)), "key-changed");
  assert.is(await judge(pinned({ "nurse@capulet.lit": [phone.fingerprint] })), "not-trusted");
  assert.is(await judge(pinned({ "juliet@capulet.lit": [] })), "not-trusted");
});

test("pinned: several keys of one JID", async () => {
  const policy = pinned({ "juliet@capulet.lit": [phone.fingerprint, laptop.spkiFingerprint] });
  assert.equal([await judge(policy), await judge(policy, claim(laptop))], ["verified", "verified"]);
});

test("pinned: several keys of one JID that is written in several ways, with each of its resources, say", async () => {
  const [one, other] = [phone.fingerprint, laptop.spkiFingerprint];
  const policy = pinned({ "juliet@capulet.lit/phone": one, "Juliet@capulet.lit/laptop": [other] });
  assert.equal([await judge(policy), await judge(policy, claim(laptop))], ["verified", "verified"]);
});

test("pinned: refuses pins that are none", () => {
  for (const pin of ["", "428b1358a286430f628da23fb33ddaf6e474f5c5", `${phone.fingerprint}:00`]) {
    assert.is(
      code(() => pinned({ "juliet@capulet.lit": pin })),
      "invalid-argument",
    );
  }
  assert.is(
    code(() => pinned({ "@": phone.fingerprint })),
    "invalid-jid",
  );
});

test("pinned: no proof outweighs a pin; where none is, a proof counts and a leap does not", async () => {
  const policy = pinned({ "juliet@capulet.lit": phone.fingerprint });
  assert.is(await learn(policy, "verified"), "verified");
  assert.is(await learn(policy, "verified", claim(laptop)), "key-changed");
  assert.is(await learn(policy, "first-use", claim(laptop)), "key-changed");
  assert.is(await learn(pinned({}), "verified"), "verified");
  assert.is(await learn(pinned({}), "first-use"), "not-trusted");
});

test("pinned: knows whose certificate is pinned, and cannot tell when only a key is", async () => {
  const { knows } = pinned({ "juliet@capulet.lit": phone.fingerprint });
  assert.equal([await knows!("nurse@capulet.lit"), await knows!("juliet@capulet.lit")], [false, true]);
  const offered = [[phone.sha1, phone.fingerprint], [phone.sha1], [laptop.fingerprint]];
  assert.equal(await Promise.all(offered.map((names) => knows!("juliet@capulet.lit", names))), [
    true,
    undefined,
    undefined,
  ]);
});

// --- authorities -------------------------------------------------------------------

test("authorities: wants the name and the chain", async () => {
  const policy = authorities("PEM");
  assert.is(await judge(policy), "verified");
  assert.is(await judge(policy, claim(named())), "wrong-address");
  assert.is(await judge(policy, claim(phone, { jid: "nurse@capulet.lit" })), "wrong-address");
  assert.is(await judge(policy, claim(phone, { verifyChain: () => ["expired"] })), "certificate-refused");
});

test("authorities: a method's proof counts, a leap of faith does not", async () => {
  assert.is(await learn(authorities("PEM"), "verified"), "verified");
  assert.is(await learn(authorities("PEM"), "first-use"), "not-trusted");
});

test.run();
