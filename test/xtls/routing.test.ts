import xml, { type Element } from "@xmpp/xml";
import fc from "fast-check";
import { Reader, serialise } from "../../bindings/xtls/framing.ts";
import { DEFAULT_LIMITS } from "../../bindings/xtls/limits.ts";
import { restore, SERVER_ONLY, strip } from "../../bindings/xtls/routing.ts";
import { assert, suite } from "../suite.ts";
import { code } from "./code.ts";
import { stanza } from "./stanzas.ts";
import { JULIET, ROMEO } from "./wire-pair.ts";

const test = suite("routing");
const atRomeo = { local: ROMEO, peer: JULIET };
const atJuliet = { local: JULIET, peer: ROMEO };

const stripped = (element: Element) => strip(element, atRomeo).toString();
const restored = (element: Element) => restore(element, atJuliet).toString();

test("strips to and from", () => {
  assert.is(stripped(xml("message", { from: ROMEO, to: JULIET, type: "chat" })), '<message type="chat"/>');
});

test("leaves the caller's stanza as it was", () => {
  const message = xml("message", { from: ROMEO, to: JULIET });
  strip(message, atRomeo);
  assert.is(message.attrs.to, JULIET);
});

test("compares prepared addresses", () => {
  assert.is(stripped(xml("message", { to: "Juliet@CAPULET.lit/balcony" })), "<message/>");
});

test("takes off the namespaces of streams, which the tunnel implies", () => {
  assert.is(stripped(xml("message", { xmlns: "jabber:client" })), "<message/>");
  assert.is(stripped(xml("message", { xmlns: "jabber:component:accept" })), "<message/>");
});

for (const to of ["juliet@capulet.lit", "juliet@capulet.lit/chamber", "nurse@capulet.lit/balcony", ROMEO, ""]) {
  test(`refuses to send to ${JSON.stringify(to)}`, () =>
    assert.is(
      code(() => stripped(xml("message", { to }))),
      "foreign-address",
    ));
}

test("refuses to send in another's name", () => {
  assert.is(
    code(() => stripped(xml("message", { from: JULIET }))),
    "foreign-address",
  );
});

test("sets from and to on receipt", () => {
  assert.is(restored(xml("message", { type: "chat" })), `<message type="chat" from="${ROMEO}" to="${JULIET}"/>`);
});

test("accepts inner addresses that agree with the tunnel's", () => {
  assert.is(
    code(() => restored(xml("message", { from: ROMEO, to: JULIET }))),
    undefined,
  );
});

test("refuses a spoofed inner from", () => {
  for (const from of ["nurse@capulet.lit/x", "romeo@montague.lit", "romeo@montague.lit/other", "montague.lit", ""]) {
    assert.is(
      code(() => restored(xml("message", { from }))),
      "spoofed-address",
      from,
    );
  }
});

test("refuses a spoofed inner to", () => {
  for (const to of ["juliet@capulet.lit", "nurse@capulet.lit/x", ""])
    assert.is(
      code(() => restored(xml("message", { to }))),
      "spoofed-address",
      to,
    );
});

for (const type of ["subscribe", "subscribed", "unsubscribe", "unsubscribed", "probe"]) {
  test(`refuses a presence of type ${type} both ways`, () => {
    assert.is(
      code(() => stripped(xml("presence", { type }))),
      "unfit-stanza",
    );
    assert.is(
      code(() => restored(xml("presence", { type }))),
      "restricted-xml",
    );
  });
}

test("lets message, presence and iq travel, and nothing else", () => {
  for (const name of ["message", "presence", "iq"]) assert.is(stripped(xml(name, { id: "1" })), `<${name} id="1"/>`);
  for (const name of ["stream:features", "r", "body", "Message"])
    assert.is(
      code(() => stripped(xml(name))),
      "unfit-stanza",
      name,
    );
});

test("drops elements that only servers may add", () => {
  const forged = SERVER_ONLY.flatMap(({ namespace, names }) =>
    names.map((name) => xml(name, { xmlns: namespace, from: "capulet.lit" })),
  );
  const message = restore(xml("message", {}, ...forged, xml("body", {}, "hi")), atJuliet);
  assert.is(message.children.map(String).join(), "<body>hi</body>");
});

test("knows a server's element by any prefix", () => {
  const [message] = new Reader(DEFAULT_LIMITS).push(
    new TextEncoder().encode("<message xmlns:d='urn:xmpp:delay'><d:delay from='capulet.lit'/></message>"),
  );
  assert.equal(restore(message as Element, atJuliet).children, []);
});

test("keeps a delay that the peer states of itself", () => {
  for (const from of [{}, { from: ROMEO }, { from: "romeo@montague.lit" }]) {
    const message = restore(
      xml("message", {}, xml("delay", { xmlns: "urn:xmpp:delay", stamp: "2008-12-11T00:00:00Z", ...from })),
      atJuliet,
    );
    assert.is(message.children.length, 1);
  }
});

test("restoring what was stripped and sent gives the same stanza", () => {
  fc.assert(
    fc.property(stanza(), fc.boolean(), fc.boolean(), (original, hasTo, hasFrom) => {
      if (hasTo) original.attrs.to = JULIET;
      if (hasFrom) original.attrs.from = ROMEO;
      const bytes = serialise(strip(original, atRomeo), DEFAULT_LIMITS);
      const [received] = new Reader(DEFAULT_LIMITS).push(bytes);
      const { from, to, ...rest } = restore(received as Element, atJuliet).attrs;
      assert.equal([from, to], [ROMEO, JULIET]);
      const { from: _from, to: _to, ...attributes } = original.attrs;
      assert.equal(rest, attributes);
      assert.equal(
        received?.children.join(""),
        original.children.map((child) => (typeof child === "string" ? child : child.toString())).join(""),
      );
    }),
  );
});

test.run();
