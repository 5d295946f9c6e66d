import { createHash, X509Certificate } from "node:crypto";

import type { EngineOptions, Identity, XtlsError } from "../../bindings/node.ts";
import { loadCore } from "../module.ts";
import { assert, suite } from "../suite.ts";
import { Issuer, srvName, xmppAddr, type Issued } from "./issuer.ts";
import { codeThrownBy, openPair, pair, settle, thrown } from "./pair.ts";

const test = suite("certificate");
const core = await loadCore();
const issuer = new Issuer();
test.after(() => issuer.dispose());

const root = issuer.authority("Root of Verona");
const stranger = issuer.authority("Root of Mantua");
const issued = issuer.issue("juliet", {
  kind: "RSA-2048",
  names: [
    xmppAddr("juliet@capulet.example"),
    "DNS:capulet.example",
    srvName("_xmpp-client.capulet.example"),
    xmppAddr("júlia@capulet.example"),
    "DNS:chat.capulet.example",
  ],
  by: root,
});

const derOf = ({ certificate }: Issued): Uint8Array => new Uint8Array(new X509Certificate(certificate).raw);
const days = (count: number): number => count * 86_400_000;

/** Runs a body at another time. */
function at<Result>(time: number, body: () => Result): Result {
  const { now } = Date;
  Date.now = () => time;
  try {
    return body();
  } finally {
    Date.now = now;
  }
}

test("reads names, dates and the key", () => {
  const certificate = core.certificate(derOf(issued));
  assert.equal(certificate.jids, ["juliet@capulet.example", "júlia@capulet.example"]);
  assert.equal(certificate.dnsNames, ["capulet.example", "chat.capulet.example"]);
  assert.equal(certificate.srvNames, ["_xmpp-client.capulet.example"]);
  assert.is(certificate.key, "RSA 2048");
  const { validFrom, validTo } = new X509Certificate(issued.certificate);
  assert.equal(certificate.notBefore, new Date(validFrom));
  assert.equal(certificate.notAfter, new Date(validTo));
});

test("reads P-384 and a certificate without names", () => {
  const certificate = core.certificate(derOf(issuer.issue("plain", { kind: "P-384" })));
  assert.is(certificate.key, "EC 384");
  assert.equal(certificate.jids, []);
});

test("computes the fingerprints that OpenSSL does", () => {
  const certificate = core.certificate(derOf(issued));
  const reference = new X509Certificate(issued.certificate);
  const spki = reference.publicKey.export({ type: "spki", format: "der" });
  assert.is(certificate.fingerprint, reference.fingerprint256);
  assert.is(
    certificate.spkiFingerprint.replaceAll(":", "").toLowerCase(),
    createHash("sha256").update(spki).digest("hex"),
  );
  assert.match(certificate.spkiFingerprint, /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  assert.is(certificate.sha1, createHash("sha1").update(reference.raw).digest("hex"));
});

test("keeps its own copy of the bytes", () => {
  const der = derOf(issued);
  const certificate = core.certificate(der);
  der.fill(0);
  assert.equal(certificate.der, derOf(issued));
  assert.equal(certificate.chain, [certificate.der]);
});

test("refuses what is not one whole certificate", () => {
  const der = derOf(issued);
  for (const bytes of [
    new Uint8Array(0),
    der.subarray(1),
    der.subarray(0, -1),
    Uint8Array.of(...der, 0),
    new Uint8Array(2000),
  ]) {
    assert.is(
      codeThrownBy(() => core.certificate(bytes)),
      "invalid-certificate",
    );
  }
});

test("refuses names that could be read in two ways", () => {
  const der = derOf(issued);
  const at = Buffer.from(der).indexOf("juliet@");
  for (const byte of [0x00, 0x0a, 0x7f, 0xff]) {
    const altered = der.slice();
    altered[at + 3] = byte;
    assert.is(
      codeThrownBy(() => core.certificate(altered)),
      "invalid-certificate",
      String(byte),
    );
  }
});

test("verifies a chain: right, foreign, expired, not yet valid, altered", () => {
  const authorities = core.authorities(root.certificate);
  const chain = [derOf(issued)];
  assert.equal(core.verifyChain(chain, authorities), []);
  const foreign = issuer.issue("foreign", { by: stranger });
  assert.equal(core.verifyChain([derOf(foreign)], authorities), ["not issued by a configured authority"]);
  assert.equal(at(Date.now() + days(400), () => core.verifyChain(chain, authorities)).includes("expired"), true);
  assert.equal(at(Date.now() - days(400), () => core.verifyChain(chain, authorities)).includes("not yet valid"), true);

  const altered = derOf(issued);
  altered[altered.length - 1]! ^= 1;
  assert.equal(core.verifyChain([altered], authorities), ["not issued by a configured authority"]);
});

test("verifies through an intermediate authority", () => {
  const middle = issuer.issue("Middle", { by: root, extensions: ["basicConstraints=critical,CA:TRUE"] });
  const leaf = issuer.issue("leaf", { by: middle });
  const authorities = core.authorities(stranger.certificate + root.certificate);
  assert.equal(core.verifyChain([derOf(leaf), derOf(middle)], authorities), []);
  assert.equal(core.verifyChain([derOf(leaf)], authorities), ["not issued by a configured authority"]);
});

test("refuses one that is no authority as an issuer", () => {
  const leaf = issuer.issue("leaf", { by: issued });
  assert.is.not(core.verifyChain([derOf(leaf), derOf(issued)], core.authorities(root.certificate)).length, 0);
});

test("refuses authorities that cannot be read, and works no more after disposal", () => {
  for (const pem of ["", "no PEM", issued.key])
    assert.is(
      codeThrownBy(() => core.authorities(pem)),
      "invalid-certificate",
    );
  const authorities = core.authorities(root.certificate);
  authorities[Symbol.dispose]();
  assert.is(
    codeThrownBy(() => core.verifyChain([derOf(issued)], authorities)),
    "disposed",
  );
});

const certified = (by: Issued): Identity =>
  core.identityFromPEM(issuer.issue("end", { names: [xmppAddr("a@example.org")], by }).pem);

test("lets authorities decide during the handshake, as object, PEM and list of PEM", () => {
  const identity = certified(root);
  const authorities = core.authorities(root.certificate);
  for (const given of [authorities, root.certificate, [stranger.certificate, root.certificate]]) {
    const { initiator } = openPair(core, { identity, authorities: given });
    assert.is(initiator.peer?.jids[0], "a@example.org");
  }
});

test("refuses a certificate of another authority during the handshake, in both roles", () => {
  const foreign: Partial<EngineOptions> = { identity: certified(stranger) };
  const strict: Partial<EngineOptions> = { identity: certified(root), authorities: root.certificate };
  for (const ends of [pair(core, {}, strict, foreign), pair(core, {}, foreign, strict)]) {
    const error = thrown(() => settle(ends)) as XtlsError;
    const judge = ends.initiator.state === "failed" ? ends.initiator : ends.responder;
    assert.is(error.code, "certificate-refused");
    assert.match(error.message, "not issued by a configured authority");
    assert.is(judge.alerts.sent?.name, "unknown_ca");
  }
});

test("takes any certificate without authorities, but not one that signs wrongly", () => {
  const { initiator } = openPair(core, { identity: certified(stranger) });
  assert.is(initiator.peer?.key, "EC 256");
});

test.run();
