/** Keys whose numbers somebody else chose: none that would keep us busy is computed with, wherever it comes from. */

import { generateKeyPairSync } from "node:crypto";

import type { XtlsError } from "../../bindings/node.ts";
import { loadCore } from "../module.ts";
import { assert, suite } from "../suite.ts";
import { certificateOf, oddNumber, pemOf, privateKeyOf } from "../tls/odd-keys.ts";
import { basicConstraints, mint } from "../tls/mint.ts";
import { codeThrownBy } from "../tls/pair.ts";
import { nodeTls } from "./node-tls.ts";
import { Cast, exchangeWords, fingerprint, meet } from "./terms.ts";

const test = suite("keys");
const core = await loadCore();
const cast = new Cast(core);
test.after(() => cast.dispose());

const ROLES = ["initiator", "responder"] as const;
const F4 = 65537n;

/** Public numbers: [modulus, exponent]. */
const UNFIT: Readonly<Record<string, readonly [bigint, bigint]>> = {
  "RSA of 1024 bits": [oddNumber(1024), F4],
  "RSA of 2047 bits": [oddNumber(2047), F4],
  "RSA of 4097 bits": [oddNumber(4097), F4],
  "RSA of 8192 bits": [oddNumber(8192), F4],
  "RSA of 16,384 bits": [oddNumber(16384), F4],
  "an exponent of 33 bits": [oddNumber(2048), oddNumber(33)],
  "an exponent as long as its modulus": [oddNumber(4096), oddNumber(4095)],
  "an even exponent": [oddNumber(2048), 65536n],
  "an exponent that does nothing": [oddNumber(2048), 1n],
};

for (const [what, [modulus, exponent]] of Object.entries(UNFIT)) {
  const der = certificateOf(modulus, exponent);

  test(`refuses ${what} wherever a certificate comes in`, () => {
    assert.is(codeThrownBy(() => core.certificate(der)), "unfit-key");
    assert.is(codeThrownBy(() => core.authorities(der)), "unfit-key");
    assert.is(codeThrownBy(() => core.authorities([cast.authority.certificate, pemOf(der)])), "unfit-key");
    assert.match(String(codeThrownBy(() => core.identityFromPEM(cast.theirs().pem + pemOf(der)))), /^(unfit-key|invalid-identity)$/);
    const [problem, ...others] = core.verifyChain([der], core.authorities(cast.authority.certificate));
    assert.match(problem!, /^weak key or curve/);
    assert.equal(others, []);
  });

  for (const role of ROLES) {
    test(`refuses ${what} behind a stranger's certificate: ${role} to node:tls`, () => {
      const own = cast.theirs();
      const chained = { ...own, certificate: own.certificate + pemOf(der) };
      return meet(nodeTls, role, cast, { own: chained }, {}, async ({ bridge }) => {
        assert.is(((await bridge.failed()) as XtlsError).code, "unfit-key");
        assert.match(bridge.engine.alerts.sent!.name, /^(un)?(supported|bad)_certificate$/);
        assert.is(bridge.engine.peer, undefined);
      });
    });
  }
}

/** Of algorithms that are not known here: they vouch for nobody here, and a peer that is known already is the same with them. */
const FOREIGN = {
  "a certificate of Ed25519": mint({ name: "Edward", key: generateKeyPairSync("ed25519").privateKey, extensions: [basicConstraints(true)] }),
  "a certificate of P-521": mint({ name: "Long", key: generateKeyPairSync("ec", { namedCurve: "P-521" }).privateKey, extensions: [basicConstraints(true)] }),
} as const; // prettier-ignore

for (const [what, { certificate }] of Object.entries(FOREIGN))
  for (const role of ROLES)
    test(`passes over ${what} behind a peer's own: ${role} to node:tls`, () => {
      const own = cast.theirs();
      const chained = { ...own, certificate: own.certificate + certificate };
      const options = { authorities: cast.authority.certificate };
      return meet(nodeTls, role, cast, { own: chained }, options, async (meeting) => {
        await meeting.bridge.opened();
        assert.is(meeting.bridge.engine.peer?.fingerprint, fingerprint(own));
        await exchangeWords(meeting);
      });
    });

test("refuses an own key that every peer would refuse", () => {
  for (const key of [privateKeyOf(1024, F4), privateKeyOf(2048, oddNumber(33))])
    assert.is(codeThrownBy(() => core.identityFromPEM(cast.issuer.issue("own", { key }).pem)), "unfit-key");
});

test("takes RSA of 2048 and 4096 bits, and any odd exponent of 32", () => {
  for (const bits of [2048, 4096])
    for (const exponent of [3n, F4, oddNumber(32)])
      assert.is(core.certificate(certificateOf(oddNumber(bits), exponent)).key, `RSA ${bits}`);
});

/** One that would sign for us with the exponent it has. */
const own = (exponent: bigint) => cast.issuer.issue("mallory", { key: privateKeyOf(2048, exponent), names: ["DNS:localhost"] });

for (const role of ROLES) {
  test(`refuses a stranger whose own exponent is as long as the modulus: ${role} to node:tls`, () =>
    meet(nodeTls, role, cast, { own: own(oddNumber(2040)) }, {}, async ({ bridge }) => {
      assert.is(((await bridge.failed()) as XtlsError).code, "unfit-key");
      assert.is(bridge.engine.alerts.sent?.name, "unsupported_certificate");
    }));

  test(`meets one whose own exponent has 32 bits: ${role} to node:tls`, () =>
    meet(nodeTls, role, cast, { own: own(oddNumber(32) - 2n) }, {}, async (meeting) => {
      await meeting.bridge.opened();
      await exchangeWords(meeting);
    }));
}

test.run();
