import type { XtlsError } from "../../bindings/errors.ts";
import type { Identity } from "../../bindings/tls/identity.ts";
import { authorities } from "../../bindings/trust/authorities.ts";
import { assert, suite } from "../suite.ts";
import { xmppAddr } from "../tls/issuer.ts";
import { OpensslCa, type CertificateTerms } from "../tls/openssl-ca.ts";
import { core, pair, says } from "../xtls/ends.ts";
import type { WirePair } from "../xtls/wire-pair.ts";

const test = suite("authorities as a policy");
const root = OpensslCa.root("Root of Verona");
const verona = root.authority("Verona");
test.after(() => root.dispose());

const chained = (name: string, jids: readonly string[], terms: CertificateTerms = {}, by = verona): Identity =>
  core.identityFromPEM(by.issue(name, { names: jids.map(xmppAddr), ...terms }).pem + by.own.certificate);

const romeo = chained("romeo", ["romeo@montague.lit"]);
const juliet = chained("juliet", ["juliet@capulet.lit"]);
const policy = () => authorities([root.own.certificate, root.list(), verona.list()]);

/** A tunnel of Romeo's with somebody who shows this, both under the same policy. */
function meet(identity: Identity, trust = policy()): WirePair {
  return pair({ identity: romeo, trust }, { identity, trust }).open();
}

test("two devices with certificates of one authority speak, verified, in one tunnel", () => {
  const wire = meet(juliet);
  for (const end of [wire.romeo, wire.juliet]) {
    assert.is(end.tunnel.security?.trust, "verified");
    assert.is(end.tunnel.security?.certificate.chain.length, 2);
  }
  wire.romeo.send(says("Call me but love"));
  wire.settle();
  assert.match(wire.juliet.stanzas[0] as string, "Call me but love");
});

test("names are compared prepared, and one of two is enough", () => {
  for (const jids of [["Juliet@CAPULET.lit"], ["nurse@capulet.lit", "juliet@capulet.lit"]])
    assert.is(meet(chained("juliet", jids)).romeo.tunnel.security?.trust, "verified");
});

test("a certificate for others, or for nobody, is nobody's here", () => {
  for (const jids of [
    ["mallory@evil.lit"],
    ["nurse@capulet.lit", "mallory@evil.lit"],
    ["juliet@capulet.lit.evil"],
    [],
  ]) {
    const wire = meet(chained("juliet", jids));
    assert.is(wire.romeo.closes[0]?.code, "wrong-address", String(jids));
    assert.is(wire.juliet.closes[0]?.code, "alert-received");
    assert.is(wire.romeo.opened.length, 0);
  }
});

test("what is wrong with a chain ends the tunnel, in words, before any stanza", () => {
  const revoked = verona.issue("juliet", {
    names: [xmppAddr("juliet@capulet.lit")],
  });
  verona.revoke(revoked);
  const quack = root.authority("Quack", {
    extensions: ["basicConstraints=critical,CA:FALSE"],
  });
  const names = ["juliet@capulet.lit"];
  for (const [identity, words] of [
    [core.identityFromPEM(revoked.pem + verona.own.certificate), "revoked"],
    [
      core.identityFromPEM(verona.issue("juliet", { names: names.map(xmppAddr) }).pem),
      "not issued by a configured authority",
    ],
    [chained("juliet", names, { from: -20, to: -10 }), "expired"],
    [chained("juliet", names, { from: 10, to: 20 }), "not yet valid"],
    [chained("juliet", names, {}, quack), "not issued by a configured authority"],
    [chained("juliet", names, {}, root.authority("Silent")), "without a revocation list of its issuer"],
    [core.createIdentity({ jid: "juliet@capulet.lit" }), "not issued by a configured authority"],
  ] as const) {
    const wire = meet(identity);
    const error = wire.romeo.closes[0] as XtlsError;
    assert.is(error.code, "certificate-refused");
    assert.match(error.message, words);
    assert.equal([wire.romeo.opened, wire.romeo.stanzas, wire.juliet.stanzas], [[], [], []]);
  }
});

test("the one who answers judges as the one who opens", () => {
  const stale = chained("romeo", ["romeo@montague.lit"], {
    from: -20,
    to: -10,
  });
  const wire = pair({ identity: stale }, { identity: juliet, trust: policy() }).open();
  assert.is(wire.juliet.closes[0]?.code, "certificate-refused");
});

test("lists may be fetched for each peer; without them nobody is trusted", async () => {
  const claims = meet(juliet).romeo.claims;
  const { claim } = claims[0]!;
  let list = verona.list({ from: -20, to: -10 });
  const renewed = authorities(async () => [root.own.certificate, root.list(), list]);
  assert.is((await renewed.judge(claim)).trusted, false);
  list = verona.list();
  assert.is((await renewed.judge(claim)).trusted, true);
  const lost = authorities(() => Promise.reject(new Error("offline")));
  assert.is(await Promise.resolve(lost.judge(claim)).catch(({ message }) => message), "offline");
});

test.run();
