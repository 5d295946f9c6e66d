/** What two ends agree on before TLS, and what a method may say after it. */
import xml from "@xmpp/xml";
import { XtlsError } from "../../bindings/errors.ts";
import { decodeBase64 } from "../../bindings/xtls/base64.ts";
import { NS_C2CTLS, NS_XTLS_EXT } from "../../bindings/xtls/namespaces.ts";
import { buildOffer, parseOffer } from "../../bindings/xtls/offer.ts";
import { assert, suite } from "../suite.ts";
import { code } from "./code.ts";
import { juliet, pair, romeo, says } from "./ends.ts";
import { JULIET, ROMEO, written, type Iq } from "./wire-pair.ts";

const test = suite("negotiation");
const never = { judge: () => new Promise<never>(() => undefined) };
const message = (name: string, ...children: string[]) => xml(name, { xmlns: NS_XTLS_EXT }, ...children);

function offerIn(iq: Iq | undefined): ReturnType<typeof parseOffer> {
  return parseOffer(iq?.payload?.getChild("offer", NS_C2CTLS) as ReturnType<typeof xml>);
}

// --- offers -----------------------------------------------------------------

test("each end offers its key, its methods in order and its limits; the responder repeats the sid", () => {
  const wire = pair({ methods: ["srp", "x509"], limits: { maxBytes: 5000 } }).open();
  const [asked, answered] = wire.log.map((iq) => (iq.payload?.getChild("offer") ? offerIn(iq) : undefined));
  assert.equal(asked, {
    keys: [romeo.sha1],
    srp: true,
    insecure: false,
    x509: false,
    openpgp: false,
    methods: ["srp", "x509"],
    fingerprints: [romeo.fingerprint],
    tunnel: { sid: "romeo-1", window: 64, maxBytes: 5000 },
    bind: true,
  });
  assert.equal([answered?.keys, answered?.methods, answered?.tunnel?.sid], [[juliet.sha1], ["x509"], "romeo-1"]);
});

test("makes no offer to a peer that made none", () => {
  const wire = pair({ hasExtensions: false }).open();
  assert.not.match(written(wire.log[1] as Iq), "<offer");
  assert.is(wire.juliet.tunnel.security?.method, "x509");
});

test("answers a get with what it can do, and names no keys, whoever asks and whatever key is shown", () => {
  const shown = buildOffer({ keys: [romeo.sha1], fingerprints: [romeo.fingerprint], methods: ["x509"] });
  for (const payload of [xml("offer", { xmlns: NS_C2CTLS }), shown]) {
    const { juliet: end } = pair({}, { methods: ["sas"] });
    end.receive({ type: "get", id: "o1", from: ROMEO, to: JULIET, payload });
    const answer = end.sent[0] as Iq;
    assert.equal([answer.type, answer.id, answer.to], ["result", "o1", ROMEO]);
    const { keys, fingerprints, methods, tunnel } = parseOffer(answer.payload as ReturnType<typeof xml>);
    assert.equal([keys, fingerprints, methods, tunnel], [[], [], ["sas"], undefined]);
  }
  const { juliet: bare } = pair({}, { hasExtensions: false });
  bare.receive({ type: "get", id: "o1", from: ROMEO, to: JULIET, payload: xml("offer", { xmlns: NS_C2CTLS }) });
  assert.match(written(bare.sent[0] as Iq), "<service-unavailable");
});

test("sends no chunk larger than the peer's max-bytes", () => {
  const wire = pair({}, { limits: { maxBytes: 1024 } }).open();
  wire.romeo.send(says("x".repeat(20_000)));
  wire.settle();
  assert.is(wire.juliet.stanzas.length, 1);
  const chunks = wire.log.filter(({ type, payload, from }) => type === "set" && from === ROMEO && payload?.is("data"));
  assert.is(Math.max(...chunks.map(({ payload }) => decodeBase64(payload?.getText() ?? "").length)), 1024);
});

// --- the choice of a method -----------------------------------------------------

test("takes the first of the initiator's methods that the responder has, and both ends name the same", () => {
  const cases = [
    [["x509"], ["x509"], "x509"],
    [["srp", "sas", "x509"], ["x509", "sas"], "sas"],
    [["x509", "srp"], ["srp", "x509"], "x509"],
    [["insecure", "srp"], ["srp"], "srp"],
  ] as const;
  for (const [romeos, juliets, chosen] of cases) {
    const wire = pair({ methods: romeos }, { methods: juliets }).open();
    const methods = [wire.romeo, wire.juliet].flatMap(({ claims }) => claims.map(({ method }) => method));
    assert.equal([...methods, wire.romeo.tunnel.security?.method], [chosen, chosen, chosen]);
    const named = wire.log.flatMap(({ payload }) => (payload?.attrs.method ? [payload.attrs.method] : []));
    assert.equal(named, [chosen, chosen]);
  }
});

test("without a common method the start is refused with no-common-method", () => {
  const wire = pair({ methods: ["srp"] }, { methods: ["sas", "openpgp"] }).open();
  assert.equal([wire.romeo.closes[0]?.code, wire.juliet.closes[0]?.code], ["no-common-method", "no-common-method"]);
  assert.match(written(wire.log[1] as Iq), "<no-common-method");
});

test("a base peer gets x509, whatever we would rather have", () => {
  for (const [romeos, juliets] of [
    [{ methods: ["srp", "sas"] }, { hasExtensions: false }],
    [{ hasExtensions: false }, { methods: ["srp", "sas"] }],
  ]) {
    const wire = pair(romeos, juliets).open();
    assert.equal([wire.romeo.tunnel.security?.method, wire.juliet.tunnel.security?.method], ["x509", "x509"]);
    wire.romeo.send(says("hark"));
    wire.juliet.send(says("ay me"));
    wire.settle();
    assert.equal([wire.juliet.stanzas.length, wire.romeo.stanzas.length], [1, 1]);
  }
});

test("<srp/> and <insecure/> choose nothing: the methods that are named do, and without any it is x509", () => {
  for (const [named, chosen] of [
    [[], "x509"],
    [["sas"], "sas"],
  ] as const) {
    const { juliet } = pair({}, { methods: ["srp", "insecure", "sas", "x509"] });
    const offer = buildOffer({ srp: true, insecure: true, methods: named, bind: true });
    juliet.receive({ type: "set", id: "1", from: ROMEO, to: JULIET, payload: xml("start", { xmlns: "urn:xmpp:tmp:xtls" }, offer) });
    assert.is(juliet.sent[0]?.type, "result");
    juliet.receive({ type: "set", id: "2", from: ROMEO, to: JULIET, payload: xml("data", { xmlns: "urn:xmpp:tmp:xtls", method: "srp" }, "AA==") });
    assert.is(juliet.closes[0]?.code, "no-common-method");
    assert.match(juliet.closes[0]?.message ?? "", `not "${chosen}"`);
  }
});

// --- what a method says ----------------------------------------------------------

test("carries the messages of methods both ways, in order, before any stanza", () => {
  const wire = pair({ trust: never }, { trust: never }).open();
  wire.romeo.say(message("one"));
  wire.romeo.say(message("two", "text"));
  wire.juliet.say(message("three"));
  wire.settle();
  assert.equal(wire.juliet.messages.map(String), [`<one xmlns="${NS_XTLS_EXT}"/>`, `<two xmlns="${NS_XTLS_EXT}">text</two>`]);
  assert.equal(wire.romeo.messages.map(({ name }) => name), ["three"]);
});

test("lets no stanza out or in before the method has finished", () => {
  const wire = pair({}, { trust: never }).open();
  wire.romeo.send(says("too early"));
  wire.settle();
  assert.equal([wire.juliet.stanzas, wire.juliet.opened], [[], []]);
  assert.is(code(() => wire.juliet.send(says("too early"), wire.juliet.claims[0]?.tunnel)), "invalid-state");
  wire.juliet.judged({ trusted: false, code: "not-authorized" });
  wire.settle();
  assert.equal(wire.juliet.stanzas, []);
  assert.equal([wire.juliet.closes[0]?.code, wire.romeo.closes[0]?.code], ["not-authorized", "alert-received"]);
});

test("a refused proof is not-authorized at both ends while both methods run", () => {
  const wire = pair({ trust: never }, { trust: never }).open();
  wire.juliet.judged(new XtlsError("not-authorized", "A wrong password"));
  wire.settle();
  assert.equal([wire.juliet.closes[0]?.code, wire.romeo.closes[0]?.code], ["not-authorized", "not-authorized"]);
});

test("a message among stanzas, or after the verdict, ends the tunnel", () => {
  const early = pair({}, { trust: never }).open();
  early.romeo.send(says("hark"));
  early.settle();
  assert.is(code(() => early.romeo.say(message("late"))), "closed");
  const late = pair({ trust: never }, {}).open();
  late.romeo.say(message("nobody-asked"));
  late.settle();
  assert.is(late.juliet.closes[0]?.code, "method-violation");
});

test("a method's message is an element of our own namespace, of at most 64 KiB", () => {
  const wire = pair({ trust: never }, { trust: never }).open();
  assert.is(code(() => wire.romeo.say(says("hark"))), "unfit-stanza");
  assert.is(code(() => wire.romeo.say(message("big", "x".repeat(65_536)))), "stanza-too-large");
});

test("a user's stanza cannot pass for a message of a method", () => {
  const wire = pair().open();
  assert.is(code(() => wire.romeo.send(xml("message", { xmlns: NS_XTLS_EXT }))), "unfit-stanza");
  assert.is(code(() => wire.romeo.send(xml("bind", { xmlns: NS_XTLS_EXT }))), "unfit-stanza");
});

test.run();
