import xml, { type Element } from "@xmpp/xml";
import fc from "fast-check";
import { Reader, serialise } from "../../bindings/xtls/framing.ts";
import { DEFAULT_LIMITS } from "../../bindings/xtls/limits.ts";
import { requireTaken, restore, SERVER_ONLY, strip } from "../../bindings/xtls/routing.ts";
import { assert, suite } from "../suite.ts";
import { code } from "./code.ts";
import { stanza } from "./stanzas.ts";
import { JULIET, ROMEO } from "./wire-pair.ts";

const test = suite("routing");
const atRomeo = { local: ROMEO, peer: JULIET };
const atJuliet = { local: JULIET, peer: ROMEO };

const stripped = (element: Element) => strip(element, atRomeo).toString();
const taken = (element: Element) => requireTaken(element, atRomeo);
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
  for (const name of ["message", "presence"]) assert.is(stripped(xml(name, { id: "1" })), `<${name} id="1"/>`);
  assert.is(stripped(xml("iq", { id: "1", type: "get" }, xml("a"))), '<iq id="1" type="get"><a/></iq>');
  for (const name of ["stream:features", "r", "body", "Message"])
    assert.is(
      code(() => stripped(xml(name))),
      "unfit-stanza",
      name,
    );
});

const child = () => xml("query", { xmlns: "urn:example:q" });

test("an iq that is none is not sent, and ends the tunnel when it comes", () => {
  for (const [attributes, children] of [
    [{ id: "1" }, [child()]],
    [{ id: "1", type: "query" }, [child()]],
    [{ id: "1", type: "GET" }, [child()]],
    [{ id: "1", type: "" }, [child()]],
    [{ type: "get" }, [child()]],
    [{ type: "result" }, []],
    [{ type: "set", id: "" }, [child()]],
    [{ type: "get", id: "1" }, []],
    [{ type: "set", id: "1" }, ["text alone"]],
    [{ type: "set", id: "1" }, [child(), child()]],
  ] as const) {
    const iq = () => xml("iq", attributes, ...children);
    assert.equal([code(() => stripped(iq())), code(() => restored(iq()))], ["unfit-stanza", "restricted-xml"], String(iq()));
  }
});

test("a request of which nothing is left but what servers may say is not sent, and ends the tunnel when it comes", () => {
  const wrapped = () => xml("query", { xmlns: "urn:example:q" }, xml("message", { xmlns: "jabber:client", from: "tybalt@capulet.lit" }));
  for (const asked of [() => xml("query", "jabber:iq:roster"), () => xml("start", "urn:xmpp:tmp:xtls"), wrapped]) {
    const iq = (type: string) => xml("iq", { type, id: "1" }, asked());
    assert.is(code(() => restored(iq("set"))), "restricted-xml", String(iq("set")));
    assert.is(code(() => taken(iq("set"))), "unfit-stanza", String(iq("set")));
    assert.match(restored(iq("result")), /^<iq [^>]*\/>$/, "an answer may be empty");
    assert.is(code(() => taken(iq("result"))), undefined);
  }
});

test("an iq that is one travels, whatever an answer has in it", () => {
  for (const [type, children] of [
    ["get", [child()]],
    ["set", [" \n", child(), "\n"]],
    ["result", []],
    ["result", [child()]],
    ["error", [child(), xml("error", { type: "cancel" })]],
  ] as const) {
    const iq = () => xml("iq", { type, id: "1" }, ...children);
    assert.equal([code(() => stripped(iq())), code(() => restored(iq()))], [undefined, undefined], String(iq()));
  }
});

/** What is left of a message that has these in it. */
function left(...children: Element[]): string {
  return restore(xml("message", {}, ...children, xml("body", {}, "hi")), atJuliet).children.map(String).join("");
}

test("drops elements that only servers may add", () => {
  const forged = SERVER_ONLY.flatMap(({ namespace, names }) =>
    names.map((name) => xml(name, { xmlns: namespace.replace("*", "0"), from: "capulet.lit" })),
  );
  assert.is(left(...forged), "<body>hi</body>");
});

test("knows what servers add by its kind, whatever the version", () => {
  for (const version of ["0", "1", "2", "3", "17", "tmp"]) {
    for (const [name, family] of [
      ["received", "urn:xmpp:carbons"],
      ["sent", "urn:xmpp:carbons"],
      ["result", "urn:xmpp:mam"],
      ["fin", "urn:xmpp:mam"],
      ["stanza-id", "urn:xmpp:sid"],
      ["occupant-id", "urn:xmpp:occupant-id"],
    ] as const)
      assert.is(left(xml(name, { xmlns: `${family}:${version}` })), "<body>hi</body>", `${name} ${version}`);
  }
});

test("drops a room's invitations and a server's events", () => {
  const invite = xml("invite", { from: "nurse@capulet.lit/x" }, xml("reason", {}, "come"));
  const item = xml("item", { id: "current" }, xml("list", { xmlns: "eu.siacs.conversations.axolotl" }));
  const events = xml("event", { xmlns: "http://jabber.org/protocol/pubsub#event" }, xml("items", { node: "devices" }, item));
  assert.is(left(xml("x", { xmlns: "http://jabber.org/protocol/muc#user" }, invite), events), "<body>hi</body>");
});

test("drops whatever has somebody else's stanza in it, however it is called and wherever", () => {
  const forged = (name: string, attributes: Record<string, string>) => xml(name, attributes, xml("body", {}, "trust me"));
  for (const inner of [
    forged("message", { xmlns: "jabber:client", from: "nurse@capulet.lit" }),
    forged("message", { xmlns: "jabber:client" }),
    forged("message", { xmlns: "jabber:server", from: JULIET }),
    forged("iq", { xmlns: "jabber:client", from: "capulet.lit" }),
    forged("presence", { xmlns: "jabber:component:accept", from: "romeo@montague.example" }),
  ]) {
    assert.is(left(xml("copy", { xmlns: "urn:example:carbons:9" }, inner)), "<body>hi</body>", String(inner));
    assert.is(left(xml("a", { xmlns: "urn:example:a" }, xml("b", {}, xml("c", {}, inner)))), "<body>hi</body>", String(inner));
  }
  // Who looks at names alone takes these for the same.
  const careless = xml("forwarded", { xmlns: "urn:xmpp:forward:0" }, forged("message", { from: "nurse@capulet.lit" }));
  assert.is(left(careless), "<body>hi</body>");
  assert.is(left(xml("x", { xmlns: "urn:example:x" }, careless)), "<body>hi</body>");
});

test("keeps what the peer forwards of itself, and elements that are only called like stanzas", () => {
  for (const from of [ROMEO, "romeo@montague.lit"]) {
    const own = xml("message", { xmlns: "jabber:client", from }, xml("body", {}, "as I said"));
    assert.match(left(xml("forwarded", { xmlns: "urn:xmpp:forward:0" }, own)), "as I said");
  }
  assert.match(left(xml("log", { xmlns: "urn:example:log" }, xml("message", {}, "disk full"))), "disk full");
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
