import { refuseForeignName, type Claim, type Trust } from "../../bindings/xtls/trust.ts";
import { authorities } from "../../bindings/trust/authorities.ts";
import { assert, suite } from "../suite.ts";
import { code } from "./code.ts";
import { juliet, mallory, pair, says } from "./ends.ts";
import { JULIET, ROMEO } from "./wire-pair.ts";

const test = suite("trust");

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

test("what a certificate calls its owner is told in a few names, and in nothing that moves what stands on the line", () => {
  const told = (...jids: string[]): string => {
    try {
      refuseForeignName({ jids }, "juliet@capulet.lit");
    } catch (error) {
      return (error as Error).message;
    }
    return "";
  };
  for (const odd of ["\u202e", "\u2028", "\u0085", "\u200b", "\ufeff", "\u2066", "\u{e0041}"]) {
    const message = told(`${odd}mallory@evil.example`);
    assert.not.match(message, /[\p{C}\p{Zl}\p{Zp}]/u);
    assert.match(message, /names \ufffd+mallory@evil\.example\. /, "and it is seen that there was something");
  }
  const crowd = Array.from({ length: 600 }, (_, at) => `mallory-${at}@evil.example`);
  assert.match(told(...crowd), /names mallory-0@evil\.example, mallory-1@evil\.example, mallory-2@evil\.example and 597 more\. /);
  assert.ok(told(`${"m".repeat(1000)}@evil.example`).length < 400);
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

test("authorities: follows the chain of the peer in the tunnel", () => {
  const pem = juliet.toPEM().replace(/-----BEGIN PRIVATE KEY[^]*END PRIVATE KEY-----\n?/, "");
  // A self-signed end certificate is no authority, unless it is itself the configured one.
  const wire = pair({ trust: authorities(pem) }).open();
  assert.is(wire.romeo.tunnel.security?.trust, "verified");
  const refused = pair({}, { trust: authorities(pem) }).open();
  assert.is(refused.juliet.closes[0]?.code, "certificate-refused");
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
