import { refuseForeignName, type Claim, type Trust, type Verdict } from "../../bindings/xtls/trust.ts";
import { pinned } from "../../bindings/trust/pinned.ts";
import { authorities } from "../../bindings/trust/authorities.ts";
import { dangerouslyTrustOnFirstUse, memoryStore } from "../../bindings/trust/first-use.ts";
import { assert, suite } from "../suite.ts";
import { code } from "./code.ts";
import { core, juliet, mallory, pair, says } from "./ends.ts";
import { JULIET, ROMEO } from "./wire-pair.ts";

const test = suite("trust");
const certificate = core.certificate(juliet.certificate);
const other = core.certificate(core.createIdentity({ jid: "juliet@capulet.lit" }).certificate);

const claim = (peer = certificate, changes: Partial<Claim> = {}): Claim => ({
  jid: "juliet@capulet.lit",
  peer,
  local: ROMEO,
  role: "initiator",
  ends: { initiator: { jid: ROMEO, fingerprint: "" }, responder: { jid: JULIET, fingerprint: peer.fingerprint } },
  isBound: false,
  exporter: (_, length = 32) => new Uint8Array(length),
  verifyChain: () => [],
  ...changes,
});
const judge = async (trust: Trust, asked = claim()): Promise<string> => told(await trust.judge(asked));
const told = (verdict: Verdict): string => (verdict.trusted ? verdict.state : verdict.code);
const named = (...jids: string[]) => ({ ...certificate, jids }) as typeof certificate;

// --- before every policy ----------------------------------------------------------

test("refuses a certificate that names somebody else, whatever the policy says", () => {
  for (const side of ["romeo", "juliet"] as const) {
    const asked: string[] = [];
    const trust: Trust = { judge: ({ jid }) => (asked.push(jid), { trusted: true, state: "verified" }) };
    const wire = side === "juliet" ? pair({ trust }, { identity: mallory }) : pair({ identity: mallory }, { trust });
    wire.open();
    const victim = side === "juliet" ? wire.romeo : wire.juliet;
    assert.is(victim.closes[0]?.code, "wrong-address");
    assert.equal([asked, victim.opened], [[], []]);
  }
});

test("one of several names is enough; none at all is left to the policy", () => {
  assert.is(
    code(() => refuseForeignName({ jids: ["nurse@capulet.lit", "Juliet@capulet.lit"] }, "juliet@capulet.lit")),
    undefined,
  );
  assert.is(
    code(() => refuseForeignName({ jids: [] }, "juliet@capulet.lit")),
    undefined,
  );
  assert.is(
    code(() => refuseForeignName({ jids: ["juliet@capulet.lit/balcony"] }, "juliet@capulet.lit")),
    "wrong-address",
  );
  assert.is(
    code(() => refuseForeignName({ jids: [""] }, "juliet@capulet.lit")),
    "wrong-address",
  );
});

test("asks both ends' policies about the bare JID, the certificate, the address and the part", () => {
  const wire = pair().open();
  const { jid, peer, local, role } = wire.romeo.claims[0]?.claim as Claim;
  assert.equal([jid, peer.fingerprint, local, role], ["juliet@capulet.lit", juliet.fingerprint, ROMEO, "initiator"]);
  assert.equal([wire.juliet.claims[0]?.claim.local, wire.juliet.claims[0]?.claim.role], [JULIET, "responder"]);
});

for (const refusal of ["not-trusted", "key-changed", "certificate-refused", "wrong-address"] as const) {
  test(`a verdict of ${refusal} ends the tunnel at both ends before any stanza`, () => {
    const wire = pair({ trust: { judge: () => ({ trusted: false, code: refusal, detail: "the details" }) } }).open();
    assert.is(wire.romeo.closes[0]?.code, refusal);
    assert.match(wire.romeo.closes[0]?.message as string, "the details");
    assert.is(wire.juliet.closes[0]?.code, "alert-received");
    assert.is(wire.romeo.opened.length, 0);
  });
}

// --- pinned --------------------------------------------------------------------

test("pinned: trusts the certificate's or the key's fingerprint, in any case, with or without colons", async () => {
  for (const pin of [
    juliet.fingerprint,
    juliet.spkiFingerprint,
    juliet.fingerprint.toLowerCase(),
    juliet.spkiFingerprint.replaceAll(":", ""),
  ]) {
    assert.is(await judge(pinned({ "Juliet@capulet.lit": pin })), "verified");
  }
});

test("pinned: tells a changed key from an unknown peer", async () => {
  assert.is(await judge(pinned({ "juliet@capulet.lit": [juliet.fingerprint] }), claim(other)), "key-changed");
  assert.is(await judge(pinned({ "nurse@capulet.lit": [juliet.fingerprint] })), "not-trusted");
  assert.is(await judge(pinned({ "juliet@capulet.lit": [] })), "not-trusted");
});

test("pinned: several keys of one JID", async () => {
  const policy = pinned({ "juliet@capulet.lit": [juliet.fingerprint, other.spkiFingerprint] });
  assert.equal([await judge(policy), await judge(policy, claim(other))], ["verified", "verified"]);
});

test("pinned: refuses pins that are none", () => {
  for (const pin of ["", "428b1358a286430f628da23fb33ddaf6e474f5c5", `${juliet.fingerprint}:00`]) {
    assert.is(
      code(() => pinned({ "juliet@capulet.lit": pin })),
      "invalid-argument",
    );
  }
  assert.is(
    code(() => pinned({ "@": juliet.fingerprint })),
    "invalid-jid",
  );
});

// --- authorities -------------------------------------------------------------------

test("authorities: wants the name and the chain", async () => {
  const policy = authorities("PEM");
  assert.is(await judge(policy), "verified");
  assert.is(await judge(policy, claim(named())), "wrong-address");
  assert.is(await judge(policy, claim(certificate, { jid: "nurse@capulet.lit" })), "wrong-address");
  assert.is(await judge(policy, claim(certificate, { verifyChain: () => ["expired"] })), "certificate-refused");
});

test("authorities: follows the chain of the peer in the tunnel", () => {
  const pem = juliet.toPEM().replace(/-----BEGIN PRIVATE KEY[^]*END PRIVATE KEY-----\n?/, "");
  // A self-signed end certificate is no authority, unless it is itself the configured one.
  const wire = pair({ trust: authorities(pem) }).open();
  assert.is(wire.romeo.tunnel.security?.trust, "verified");
  const refused = pair({}, { trust: authorities(pem) }).open();
  assert.is(refused.juliet.closes[0]?.code, "certificate-refused");
});

// --- first use --------------------------------------------------------------------------

test("first use: trusts the first key, then that key alone", async () => {
  const policy = dangerouslyTrustOnFirstUse(memoryStore());
  assert.is(await judge(policy), "first-use");
  assert.is(await judge(policy), "first-use");
  assert.is(await judge(policy, claim(other)), "key-changed");
});

test("first use: two first meetings at once are not both the first", async () => {
  const policy = dangerouslyTrustOnFirstUse(memoryStore());
  assert.equal(await Promise.all([judge(policy), judge(policy, claim(other))]), ["first-use", "key-changed"]);
});

test("first use: a key that the user verified, distrusted or left undecided", async () => {
  const store = memoryStore();
  const policy = dangerouslyTrustOnFirstUse(store);
  for (const [state, expected] of [
    ["verified", "verified"],
    ["distrusted", "not-trusted"],
    ["unknown", "not-trusted"],
  ] as const) {
    await store.add("juliet@capulet.lit", { spkiFingerprint: juliet.spkiFingerprint, state });
    assert.is(await judge(policy), expected);
  }
});

test("first use: a second device is added by the user", async () => {
  const store = memoryStore();
  const policy = dangerouslyTrustOnFirstUse(store);
  await judge(policy);
  await store.add("juliet@capulet.lit", { spkiFingerprint: other.spkiFingerprint, state: "verified" });
  assert.equal([await judge(policy), await judge(policy, claim(other))], ["first-use", "verified"]);
});

test("first use: a store that fails refuses, and goes on when it works again", async () => {
  const store = memoryStore();
  let isBroken = true;
  const policy = dangerouslyTrustOnFirstUse({
    ...store,
    read: (jid) => (isBroken ? Promise.reject(new Error("disk")) : store.read(jid)),
  });
  assert.is(await judge(policy).catch(() => "rejected"), "rejected");
  isBroken = false;
  assert.is(await judge(policy), "first-use");
});

test("a certificate outlives its tunnel", () => {
  const wire = pair().open();
  const { security } = wire.romeo.tunnel;
  wire.romeo.send(says("bye"));
  wire.romeo.close();
  wire.settle();
  assert.is(security?.certificate.fingerprint, juliet.fingerprint);
  assert.is(wire.romeo.tunnel.security, security);
});

test.run();
