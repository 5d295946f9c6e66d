import { createPrivateKey, X509Certificate } from "node:crypto";

import { loadCore } from "../module.ts";
import { assert, suite } from "../suite.ts";
import { Issuer, openssl, xmppAddr } from "./issuer.ts";
import { codeThrownBy, openPair } from "./pair.ts";

const test = suite("identity");
const core = await loadCore();
const issuer = new Issuer();
test.after(() => issuer.dispose());

test("makes the certificate that XMPP asks for, as OpenSSL reads it", () => {
  const identity = core.createIdentity({ jid: "juliet@capulet.example" });
  const text = openssl(["x509", "-noout", "-text"], identity.toPEM());
  assert.match(text, "ASN1 OID: prime256v1");
  assert.match(text, "othername: XmppAddr::juliet@capulet.example");
  assert.match(text, /X509v3 Key Usage: critical\s+Digital Signature\n/);
  assert.match(text, /X509v3 Basic Constraints:( critical)?\s+CA:FALSE/);
  assert.match(text, "Version: 3");

  const certificate = new X509Certificate(identity.certificate);
  assert.ok(certificate.verify(certificate.publicKey), "signed by itself");
  assert.is(certificate.fingerprint256, identity.fingerprint);
  assert.not.match(certificate.subject, /juliet|capulet/);
});

test("makes another key, serial number and CN every time", () => {
  const made = Array.from({ length: 5 }, () => core.createIdentity({ jid: "juliet@capulet.example" }));
  const read = made.map(({ certificate }) => new X509Certificate(certificate));
  for (const noun of ["serialNumber", "subject"] as const)
    assert.is(new Set(read.map((one) => one[noun])).size, 5, noun);
  assert.is(new Set(made.map(({ spkiFingerprint }) => spkiFingerprint)).size, 5);
});

test("is valid from before now for as many days as asked", () => {
  const { certificate } = core.createIdentity({ jid: "juliet@capulet.example", days: 30 });
  const { notBefore, notAfter } = core.certificate(certificate);
  const left = (notAfter.getTime() - Date.now()) / 86_400_000;
  assert.ok(notBefore.getTime() < Date.now());
  assert.ok(left > 28.9 && left < 30.1, String(left));
});

test("names any bare JID, also of a server, of other scripts, of the greatest length", () => {
  const longest = `${"l".repeat(1023)}@${`${"d".repeat(63)}.`.repeat(15)}${"d".repeat(63)}`;
  for (const jid of [
    "a@b",
    "capulet.example",
    "ジュリエット@キャピュレット.example",
    "júlia@capulet.example",
    longest,
  ]) {
    const identity = core.createIdentity({ jid });
    assert.is(identity.jid, jid);
    assert.equal(core.certificate(identity.certificate).jids, [jid]);
  }
});

test("writes the JID into the certificate as others compare it", () => {
  const { jid, certificate } = core.createIdentity({ jid: "Júlia@XN--BCHER-KVA.Example." });
  assert.is(jid, "júlia@bücher.example");
  assert.equal(core.certificate(certificate).jids, [jid]);
});

test("refuses a JID that is not bare or not well-formed", () => {
  const wrong = [
    "",
    "@",
    "a@",
    "@b",
    "a@b/c",
    "capulet.example/x",
    "a@b@c",
    "a b@c",
    "a@b\0c",
    "a@b\nc",
    "\ud800@b",
    "a<@b",
    `${"l".repeat(1024)}@b`,
    "é".repeat(512) + "@b",
  ];
  for (const jid of wrong)
    assert.is(
      codeThrownBy(() => core.createIdentity({ jid })),
      "invalid-jid",
      JSON.stringify(jid),
    );
  assert.is(
    codeThrownBy(() => core.createIdentity({ jid: undefined as unknown as string })),
    "invalid-jid",
  );
});

test("refuses days out of range", () => {
  for (const days of [0, -1, 1.5, NaN, 36_501]) {
    assert.is(
      codeThrownBy(() => core.createIdentity({ jid: "a@b", days })),
      "invalid-argument",
    );
  }
});

test("comes back from its own PEM as the same", () => {
  const identity = core.createIdentity({ jid: "juliet@capulet.example" });
  const pem = identity.toPEM();
  assert.is(createPrivateKey(pem).asymmetricKeyType, "ec");
  const again = core.identityFromPEM(pem);
  assert.equal(again.certificate, identity.certificate);
  assert.is(again.jid, identity.jid);
  assert.is(again.toPEM(), pem);
  assert.is(openPair(core, {}, { identity: again }).responder.peer?.spkiFingerprint, identity.spkiFingerprint);
});

for (const kind of ["P-256", "P-384", "RSA-2048"] as const) {
  test(`speaks with a ${kind} key of others, whatever the order in the PEM`, () => {
    const { key, certificate } = issuer.issue("nurse", { kind, names: [xmppAddr("nurse@capulet.example")] });
    for (const pem of [key + certificate, certificate + key]) {
      const identity = core.identityFromPEM(pem);
      assert.is(identity.jid, "nurse@capulet.example");
      assert.is(
        openPair(core, { identity }).initiator.peer?.fingerprint,
        new X509Certificate(certificate).fingerprint256,
      );
    }
  });
}

test("reads the older PEM forms of keys", () => {
  const { key, certificate } = issuer.issue("ec");
  const sec1 = createPrivateKey(key).export({ type: "sec1", format: "pem" }) as string;
  assert.is(core.identityFromPEM(sec1 + certificate).jid, "");

  const rsa = issuer.issue("rsa", { kind: "RSA-2048" });
  const pkcs1 = createPrivateKey(rsa.key).export({ type: "pkcs1", format: "pem" }) as string;
  core.identityFromPEM(pkcs1 + rsa.certificate);
});

test("presents its whole chain", () => {
  const root = issuer.authority("Root");
  const middle = issuer.issue("Middle", { by: root, extensions: ["basicConstraints=critical,CA:TRUE"] });
  const leaf = issuer.issue("leaf", { by: middle, names: [xmppAddr("leaf@example.org")] });
  const identity = core.identityFromPEM(leaf.pem + middle.certificate);
  assert.is(identity.chain.length, 2);
  const { initiator } = openPair(core, { authorities: root.certificate, identity });
  assert.equal(initiator.peer?.chain, identity.chain);
});

test("refuses PEM without a key, without a certificate, of two strangers or broken", () => {
  const [one, other] = [issuer.issue("one"), issuer.issue("other")];
  const wrong = ["", "no PEM", one.key, one.certificate, one.key + other.certificate, one.pem.replace(/A/g, "B")];
  for (const pem of wrong)
    assert.is(
      codeThrownBy(() => core.identityFromPEM(pem)),
      "invalid-identity",
      pem.slice(0, 40),
    );
  assert.is(
    codeThrownBy(() => core.identityFromPEM(7 as unknown as string)),
    "invalid-argument",
  );
});

test("gives its key to nobody after disposal, but stays readable", () => {
  const identity = core.createIdentity({ jid: "juliet@capulet.example" });
  identity[Symbol.dispose]();
  identity[Symbol.dispose]();
  assert.is(
    codeThrownBy(() => identity.toPEM()),
    "disposed",
  );
  assert.is(identity.jid, "juliet@capulet.example");
});

test.run();
