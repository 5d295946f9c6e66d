import xml from "@xmpp/xml";
import { ERRORS } from "../../bindings/errors.ts";
import { ReadBudget } from "../../bindings/xtls/read-budget.ts";
import { assert, suite } from "../suite.ts";
import { BarePeer } from "./bare-peer.ts";
import { clearChannel, feed } from "./clear-engine.ts";
import { code } from "./code.ts";
import { juliet, pair, says } from "./ends.ts";
import { JULIET, ROMEO, written } from "./wire-pair.ts";

const test = suite("stanzas");
const NS = "urn:xmpp:tmp:xtls";

test("messages, presence and iqs travel both ways", () => {
  const wire = pair().open();
  wire.romeo.send(says("hi"));
  wire.romeo.send(xml("presence", {}, xml("show", {}, "away")));
  wire.juliet.send(xml("iq", { type: "get", id: "v1" }, xml("query", { xmlns: "jabber:iq:version" })));
  wire.settle();
  assert.equal(wire.juliet.stanzas, [
    `<message type="chat" from="${ROMEO}" to="${JULIET}"><body>hi</body></message>`,
    `<presence from="${ROMEO}" to="${JULIET}"><show>away</show></presence>`,
  ]);
  assert.equal(wire.romeo.stanzas, [
    `<iq type="get" id="v1" from="${JULIET}" to="${ROMEO}"><query xmlns="jabber:iq:version"/></iq>`,
  ]);
});

test("no address and no stanza is to be seen on the wire", () => {
  const wire = pair().open();
  wire.log.length = 0;
  wire.romeo.send(xml("message", { from: ROMEO, to: JULIET }, xml("body", {}, "call me but love")));
  wire.settle();
  for (const iq of wire.log) assert.not.match(written(iq), "call me but love");
});

test("a stanza that names anyone else is the caller's error and is not sent", () => {
  const wire = pair().open();
  assert.is(
    code(() => wire.romeo.send(xml("message", { to: "juliet@capulet.lit" }))),
    "foreign-address",
  );
  assert.is(
    code(() => wire.romeo.send(xml("message", { from: JULIET }))),
    "foreign-address",
  );
  assert.is(
    code(() => wire.romeo.send(xml("presence", { type: "subscribe" }))),
    "unfit-stanza",
  );
  assert.equal(wire.romeo.sent, []);
  assert.is(wire.romeo.tunnel.state, "open");
});

test("a stanza beyond our limits is the caller's error and is not sent", () => {
  const wire = pair({ limits: { stanza: 100, depth: 2 } }).open();
  assert.is(
    code(() => wire.romeo.send(says("x".repeat(100)))),
    "stanza-too-large",
  );
  assert.is(
    code(() => wire.romeo.send(xml("message", {}, xml("a", {}, xml("b"))))),
    "stanza-too-large",
  );
  assert.equal(wire.romeo.sent, []);
});

test("a request that only a server may make is not sent, and the tunnel stays", () => {
  const wire = pair().open();
  const roster = xml("iq", { type: "set", id: "1" }, xml("query", { xmlns: "jabber:iq:roster" }));
  assert.is(code(() => wire.romeo.send(roster)), "unfit-stanza");
  wire.romeo.send(says("still here"));
  wire.settle();
  assert.is(wire.juliet.stanzas.length, 1);
});

test("sends through an open tunnel alone", () => {
  const wire = pair({}, { accepts: undefined });
  const tunnel = wire.romeo.open(JULIET);
  assert.is(
    code(() => wire.romeo.send(says("hi"), tunnel)),
    "invalid-state",
  );
  wire.romeo.close(tunnel);
  assert.is(
    code(() => wire.romeo.send(says("hi"), tunnel)),
    "closed",
  );
});

test("a stanza may span records and chunks; several may share one", () => {
  const peer = new BarePeer();
  peer.write("<message><bo");
  peer.write("dy>1</body></mess");
  peer.write("age> \n <message><body>2</body></message><message/>");
  assert.is(peer.juliet.stanzas.length, 3);
});

for (const [what, text, expected] of [
  ["a spoofed inner from", "<message from='nurse@capulet.lit/x'/>", "spoofed-address"],
  ["a spoofed inner to", "<message to='nurse@capulet.lit/x'/>", "spoofed-address"],
  ["a subscription inside", "<presence type='subscribe'/>", "restricted-xml"],
  ["a probe inside", "<presence type='probe'/>", "restricted-xml"],
  ["a prefixed stanza", "<c:message xmlns:c='jabber:client'/>", "restricted-xml"],
  ["an iq of an unknown type", "<iq id='1' type='x'><a/></iq>", "restricted-xml"],
  ["an iq of no type", "<iq id='1'><a/></iq>", "restricted-xml"],
  ["an iq without an id", "<iq type='get'><a/></iq>", "restricted-xml"],
  ["a request with two children", "<iq id='1' type='set'><a/><b/></iq>", "restricted-xml"],
  ["a comment", "<message><!-- x --></message>", "restricted-xml"],
  ["a processing instruction", "<message><?x y?></message>", "restricted-xml"],
  ["a DTD", "<!DOCTYPE x []>", "restricted-xml"],
  ["an entity beyond the five", "<message>&hearts;</message>", "restricted-xml"],
  ["bad UTF-8", new Uint8Array([0x3c, 0xff]), "restricted-xml"],
  ["text between stanzas", "hello", "restricted-xml"],
  ["an unknown element", "<stream:features xmlns:stream='x'/>", "restricted-xml"],
  ["a stanza that is too large", `<message>${"x".repeat(1001)}</message>`, "stanza-too-large"],
  ["a stanza that is too deep", `<message>${"<a>".repeat(9)}`, "stanza-too-large"],
] as const) {
  test(`${what} closes the tunnel with an alert, an error and close`, () => {
    const peer = new BarePeer({ stanza: 1000, depth: 8 });
    peer.write(text);
    assert.is(peer.juliet.closes[0]?.code, expected);
    assert.equal(peer.juliet.stanzas, []);
    const [alert, answer, close] = peer.heard.slice(-3).map(written) as [string, string, string];
    assert.match(answer, '<error type="cancel"><bad-request');
    assert.match(alert, "<data xmlns");
    assert.match(close, "<close xmlns");
    assert.equal([peer.engine.alerts.received?.level, peer.engine.alerts.received?.description], ["fatal", ERRORS[expected].alert]);
  });
}

test("delivers nothing of a chunk that broke the rules, and nothing after it", () => {
  const peer = new BarePeer();
  peer.write("<message/>");
  peer.write("<message><body>good</body></message><message from='nurse@capulet.lit/x'/><message/>");
  assert.is(peer.juliet.stanzas.length, 1);
  assert.is(peer.engine.state, "failed");
});

test("drops what only servers may add, and keeps the rest", () => {
  const peer = new BarePeer();
  peer.write(
    "<message><stanza-id xmlns='urn:xmpp:sid:0' id='1' by='juliet@capulet.lit'/><body>hi</body><delay xmlns='urn:xmpp:delay' from='capulet.lit' stamp='x'/></message>",
  );
  peer.write("<iq type='result' id='p1'><query xmlns='jabber:iq:roster'><item jid='mallory@evil.lit'/></query></iq>");
  assert.equal(peer.juliet.stanzas, [
    `<message from="${ROMEO}" to="${JULIET}"><body>hi</body></message>`,
    `<iq type="result" id="p1" from="${ROMEO}" to="${JULIET}"/>`,
  ]);
});

test("no tunnel runs inside a tunnel", () => {
  const peer = new BarePeer();
  peer.write(`<iq type='set' id='n1'><start xmlns='${NS}'/></iq>`);
  assert.equal(peer.juliet.stanzas, []);
  assert.equal(peer.juliet.closes.map((error) => error?.code), ["restricted-xml"]);
});

test("the security of a tunnel says key, method, trust and what TLS agreed on", () => {
  const { tunnel } = pair({ trust: { judge: () => ({ trusted: true, state: "first-use" }) } }).open().romeo;
  const { certificate, ...facts } = tunnel.security as NonNullable<typeof tunnel.security>;
  assert.is(certificate.fingerprint, juliet.fingerprint);
  assert.equal(facts, {
    method: "x509",
    version: "TLSv1.3",
    ciphersuite: "TLS_CHACHA20_POLY1305_SHA256",
    group: "X25519",
    alpn: "xtls/1+bind",
    trust: "first-use",
    isBound: true,
    resumed: false,
  });
});

// --- before the verdict ---------------------------------------------------------------

const never = { judge: () => new Promise<never>(() => undefined) };

test("holds what comes before the verdict and delivers it after, in order", () => {
  const wire = pair({}, { trust: never }).open();
  wire.romeo.send(says("1"));
  wire.romeo.send(says("2"));
  wire.settle();
  assert.equal([wire.juliet.opened, wire.juliet.stanzas], [[], []]);
  wire.juliet.judged({ trusted: true, state: "verified" });
  assert.is(wire.juliet.stanzas.length, 2);
});

test("delivers nothing when the verdict is no", () => {
  const wire = pair({}, { trust: never }).open();
  wire.romeo.send(says("1"));
  wire.settle();
  wire.juliet.judged({ trusted: false, code: "not-trusted" });
  wire.settle();
  assert.equal([wire.juliet.opened, wire.juliet.stanzas], [[], []]);
  assert.is(wire.juliet.closes[0]?.code, "not-trusted");
  assert.is(wire.romeo.closes[0]?.code, "alert-received");
});

test("bounds what it holds before the verdict", () => {
  const wire = pair({}, { trust: never, limits: { held: 10000 } }).open();
  for (let turn = 0; turn < 3; turn++) wire.romeo.send(says("x".repeat(4000)));
  wire.settle();
  assert.is(wire.juliet.closes[0]?.code, "stanza-too-large");
  assert.equal(wire.juliet.opened, []);
});

test("reads no stanza before the verdict, broken or not", () => {
  const channel = clearChannel();
  feed(channel, "<message/>");
  assert.equal([channel.arrivals(new ReadBudget()), channel.holdsStanzas], [[], true]);
  feed(channel, "nonsense");
  channel.trust();
  assert.is(
    code(() => channel.arrivals(new ReadBudget())),
    "restricted-xml",
  );
});

test.run();
