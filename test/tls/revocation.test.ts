import type { AuthoritySources, XtlsError } from "../../bindings/node.ts";
import { assert, suite } from "../suite.ts";
import { basicConstraints, keyUsage, mint, mintList } from "./mint.ts";
import { derOf, listDer } from "./openssl-ca.ts";
import { codeThrownBy, pair, settle, thrown } from "./pair.ts";
import { assertRefused, assertTrusted, core, device, leaveVerona, mantua, romeo, root } from "./verona.ts";

const test = suite("authorities with revocation lists");
test.after(leaveVerona);

/** An authority of one's own under the root, for each test its own list. */
function place(name = "Place") {
  const ca = root.authority(name);
  return {
    ca,
    chain: [device(ca), ca.own] as const,
    below: () => [root.own.certificate, root.list()],
  };
}

test("take lists of theirs beside certificates: in the same PEM, as further PEM, as DER", () => {
  const { ca, chain, below } = place();
  const list = ca.list();
  assertTrusted(chain, [...below(), list]);
  assertTrusted(chain, [...below(), list].join(""));
  assertTrusted(chain, [list + below().join("")]);
  assertTrusted(chain, [derOf(root.own), listDer(root.list()), listDer(list)]);
});

test("refuse a revoked device, and everybody under a revoked authority", () => {
  const { ca, chain, below } = place();
  ca.revoke(chain[0]);
  assertRefused(chain, [...below(), ca.list()], "revoked");
  assertTrusted([device(ca), ca.own], [...below(), ca.list()]);
  root.revoke(ca.own);
  assertRefused([device(ca), ca.own], [...below(), ca.list()], "revoked");
});

test("tell of the revocation by its own alert", () => {
  const { ca, chain, below } = place();
  ca.revoke(chain[0]);
  const identity = core.identityFromPEM(chain[0].pem + ca.own.certificate);
  const ends = pair(core, {}, { identity }, { authorities: [...below(), ca.list()] });
  thrown(() => settle(ends));
  assert.is(ends.responder.alerts.sent?.name, "certificate_revoked");
});

test("want, once there is any list, one of each issuer", () => {
  const { ca, chain, below } = place();
  const words = "without a revocation list of its issuer";
  assertRefused(chain, below(), words);
  assertRefused(chain, [root.own.certificate, ca.list()], words);
  assertRefused(chain, [...below(), mantua.list()], words);
  assertTrusted(chain, root.own.certificate);
});

test("refuse by a list that is expired, not yet valid, weak or altered", () => {
  const { ca, chain, below } = place();
  assertRefused(chain, [...below(), ca.list({ from: -20, to: -10 })], "revocation list expired");
  assertRefused(chain, [...below(), ca.list({ from: 10, to: 20 })], "revocation list not yet valid");
  assertRefused(chain, [...below(), ca.list({ hash: "sha1" })], "revocation list with a weak hash");
  assertRefused(chain, [...below(), ca.list({ from: -20, to: -10 }), ca.list()], "revocation list expired");
  const altered = listDer(ca.list());
  altered[altered.length - 1]! ^= 1;
  assertRefused(chain, [...below(), altered], "revocation list not trusted");
});

test("refuse by a list of a namesake, or of one that may not issue lists", () => {
  const { ca, chain, below } = place("Doubtful");
  const namesake = mantua.authority("Doubtful");
  assertRefused(chain, [...below(), namesake.list()], "revocation list not trusted");
  assertTrusted(chain, [...below(), ca.list()]);
  const mute = root.authority("Mute", {
    extensions: ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign"],
  });
  assertRefused([device(mute), mute.own], [...below(), mute.list()], "revocation list not trusted");
});

test("refuse a device whose number stands in a list with zeros before it", () => {
  const root = mint({ name: "Root", extensions: [basicConstraints(true), keyUsage(0x06)] });
  const device = (serial: number) => mint({ name: "device", by: root, serial, extensions: [basicConstraints(false), keyUsage(0x80)] }).der;
  for (const zeros of [0, 1, 3]) {
    const authorities = core.authorities([root.der, mintList({ by: root, revoked: [5, 77, 200], zeros })]);
    const problems = [77, 78].map((serial) => core.verifyChain([device(serial)], authorities));
    assert.equal(problems, [["revoked"], []], `${zeros} zeros`);
  }
});

test("refuse to begin with lists that cannot be read whole", () => {
  const { ca, below } = place();
  const list = ca.list();
  const partial = ca.list({
    extensions: ["issuingDistributionPoint=critical,@part", "[part]", "onlyuser=TRUE"],
  });
  for (const wrong of [
    "<html>Not found</html>",
    "",
    new Uint8Array(0),
    new Uint8Array(500),
    list.slice(0, -20),
    list.replace(/A/g, "B"),
    listDer(list).subarray(0, -1),
    Uint8Array.of(...listDer(list), 0),
    partial,
    romeo.key,
  ])
    assert.is(
      codeThrownBy(() => core.authorities([...below(), wrong])),
      "invalid-certificate",
      String(wrong).slice(0, 60),
    );
});

test("are no authorities without a certificate in the first source", () => {
  const list = root.list();
  for (const sources of [
    list,
    [list, root.own.certificate],
    listDer(list),
    "",
    `${root.own.certificate}${list.slice(0, 200)}`,
  ])
    assert.is(
      codeThrownBy(() => core.authorities(sources)),
      "invalid-certificate",
    );
  for (const sources of [[], 7, [undefined]])
    assert.is(
      codeThrownBy(() => core.authorities(sources as unknown as AuthoritySources)),
      "invalid-argument",
    );
});

test("resume no session of a peer revoked meanwhile", () => {
  const { ca, chain, below } = place();
  const identity = core.identityFromPEM(chain[0].pem + ca.own.certificate);
  const tickets = core.tickets();
  const meet = (authorities: AuthoritySources, session?: Uint8Array) => {
    const ends = pair(core, {}, { identity, ...(session ? { session } : {}) }, { tickets, authorities });
    settle(ends);
    return ends;
  };
  const session = meet([...below(), ca.list()]).initiator.session;
  assert.ok(session);
  const again = meet([...below(), ca.list()], session);
  assert.ok(again.responder.negotiated?.resumed);
  const later = again.initiator.session;
  ca.revoke(chain[0]);
  const error = thrown(() => meet([...below(), ca.list()], later)) as XtlsError;
  assert.is(error.code, "certificate-refused");
});

test.run();
