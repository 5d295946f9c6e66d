/**
 * A peer that refuses an offer as malformed: perhaps one that knows the mail alone and is strict, perhaps a server that plays one.
 * It is asked once more without an offer, and TLS tells the two apart.
 */
import xml from "@xmpp/xml";
import { buildError } from "../../bindings/xtls/condition.ts";
import { decodeBase64 } from "../../bindings/xtls/base64.ts";
import type { Demands } from "../../bindings/xtls/negotiation.ts";
import type { Tunnel } from "../../bindings/xtls/tunnel.ts";
import { assert, suite } from "../suite.ts";
import { pair, says } from "./ends.ts";
import { JULIET, ROMEO, type Iq, type WirePair } from "./wire-pair.ts";

const test = suite("withdrawn offers");
const NS = "urn:xmpp:tmp:xtls";

const hasOffer = ({ payload }: Iq) => payload?.getChild("offer") !== undefined;
const starts = ({ log }: WirePair) => log.filter(({ payload }) => payload?.is("start", NS));
const refusal = ({ id, from }: Iq): Iq => ({ type: "error", id, from: JULIET, to: from as string, payload: buildError("malformed") });
const codes = ({ romeo, juliet }: WirePair) => [romeo.closes.at(-1)?.code, juliet.closes.at(-1)?.code];

/** No `<start/>` with an offer gets through. */
function refuseOffers(wire: WirePair): WirePair {
  wire.intercept = (iq) => (iq.payload?.is("start", NS) && hasOffer(iq) ? [refusal(iq)] : [iq]);
  return wire;
}

function openWith(wire: WirePair, demands: Demands): Tunnel {
  const tunnel = wire.romeo.after(() => wire.romeo.endpoint.open(JULIET, wire.now, demands));
  wire.settle();
  return tunnel;
}

/** Whether a ClientHello, which is readable, names an ALPN protocol. */
function lists(iq: Iq, protocol: string): boolean {
  const bytes = Buffer.from(decodeBase64(iq.payload?.getText() ?? ""));
  return bytes.includes(Buffer.concat([Buffer.of(protocol.length), Buffer.from(protocol)]));
}

test("a strict base peer is asked once more, without an offer and with the same ALPN protocols", () => {
  const wire = refuseOffers(pair({ methods: ["sas", "x509"] }, { hasExtensions: false })).open();
  assert.equal(starts(wire).map(hasOffer), [true, false]);
  assert.not.ok(wire.log.slice(2).some(hasOffer));
  const hello = wire.log.find(({ payload }) => payload?.is("data", NS)) as Iq;
  assert.equal(["xtls/1", "xtls/1+bind"].map((protocol) => lists(hello, protocol)), [true, true]);
  const { security } = wire.romeo.tunnel;
  assert.equal([security?.method, security?.isBound, security?.alpn], ["x509", false, "xtls/1"]);
  wire.romeo.send(says("hark"));
  wire.juliet.send(says("ay me"));
  wire.settle();
  assert.equal([wire.juliet.stanzas.length, wire.romeo.stanzas.length], [1, 1]);
});

test("a peer that refuses a start without an offer too is asked no third time", () => {
  const wire = pair();
  wire.intercept = (iq) => [refusal(iq)];
  wire.open();
  assert.equal([starts(wire).map(hasOffer), wire.romeo.closes[0]?.code], [[true, false], "malformed"]);
});

test("a refusal was forged when the peer turns out to read offers: downgraded at both ends", () => {
  const wire = refuseOffers(pair()).open();
  assert.equal([codes(wire), wire.romeo.opened, wire.juliet.opened], [["downgraded", "downgraded"], [], []]);
  assert.equal([wire.romeo.claims, wire.juliet.claims], [[], []], "nobody is judged");
});

test("… also when the peer's own offer is brought in answer to a start that had none", () => {
  const wire = pair();
  // The server lets Juliet answer before it refuses in her name.
  wire.romeo.open(JULIET);
  const start = wire.romeo.sent.shift() as Iq;
  wire.juliet.receive(start);
  const proceed = wire.juliet.sent.shift() as Iq;
  assert.ok(hasOffer(proceed));
  wire.intercept = (iq) => (iq.payload?.is("start", NS) ? [{ ...proceed, id: iq.id }] : [iq]);
  wire.romeo.receive(refusal(start));
  wire.settle();
  assert.is(codes(wire)[0], "downgraded");
  assert.equal([wire.romeo.opened, wire.juliet.opened], [[], []]);
});

test("an offer that comes in answer to a start without one sets neither method nor pace", () => {
  const wire = refuseOffers(pair({ methods: ["sas", "x509"] }, { hasExtensions: false }));
  const tunnel = xml("tunnel", { xmlns: `${NS}:ext`, sid: "s", window: "64", "max-bytes": "1024" });
  const forged = xml("offer", { xmlns: "urn:xmpp:tmp:c2ctls" }, xml("method", { xmlns: `${NS}:ext`, name: "sas" }), tunnel);
  const { intercept } = wire;
  wire.intercept = (iq) => (iq.payload?.is("proceed", NS) ? [{ ...iq, payload: xml("proceed", { xmlns: NS }, forged) }] : intercept(iq));
  wire.open();
  assert.is(wire.romeo.tunnel.security?.method, "x509");
  wire.romeo.send(says("x".repeat(20_000)));
  const flying = wire.romeo.sent.filter(({ payload }) => payload?.is("data", NS));
  assert.equal(flying.map(({ payload }) => decodeBase64(payload?.getText() ?? "").length), [4096]);
});

test("methods that are asked for by name are not given up for it", () => {
  const wire = refuseOffers(pair({}, { hasExtensions: false }));
  openWith(wire, { methods: ["sas", "x509"], isNarrowed: true });
  assert.equal([starts(wire).length, wire.romeo.closes[0]?.code], [1, "malformed"]);
  assert.match(wire.romeo.closes[0]?.message ?? "", "by name");
});

test("a peer that is known to compare offers is not tried without: capability-lost", () => {
  const wire = refuseOffers(pair({}, { hasExtensions: false }));
  openWith(wire, { requiresOffer: true });
  assert.equal([starts(wire).length, wire.romeo.closes[0]?.code], [1, "capability-lost"]);
});

test("whoever has withdrawn its offer and then becomes responder answers an offer by its own", () => {
  const wire = pair();
  // juliet@capulet.lit sorts before romeo@montague.lit: her start goes before his.
  const tunnel = wire.romeo.open(JULIET);
  const refused = wire.romeo.sent.shift() as Iq;
  wire.romeo.receive(refusal(refused));
  const late = wire.romeo.sent.shift() as Iq;
  assert.not.ok(hasOffer(late));
  wire.juliet.open(ROMEO);
  wire.settle();
  assert.equal([tunnel.state, tunnel.role, wire.romeo.tunnel.security?.isBound], ["open", "responder", true]);
});

test("an end that makes no offers at all is asked for none", () => {
  const wire = pair({ hasExtensions: false }, { hasExtensions: false });
  wire.intercept = (iq) => (iq.payload?.is("start", NS) ? [refusal(iq)] : [iq]);
  wire.open();
  assert.equal([starts(wire).length, wire.romeo.closes[0]?.code], [1, "malformed"]);
});

test.run();
