import xml from "@xmpp/xml";
import { decodeBase64, encodeBase64 } from "../../bindings/xtls/base64.ts";
import { ALPN_BOUND } from "../../bindings/xtls/namespaces.ts";
import { buildOffer } from "../../bindings/xtls/offer.ts";
import { assert, suite } from "../suite.ts";
import { BarePeer } from "./bare-peer.ts";
import { core, pair, romeo, says } from "./ends.ts";
import { JULIET, ROMEO, written, type End, type Iq, type WirePair } from "./wire-pair.ts";

const test = suite("close");
const NS = "urn:xmpp:tmp:xtls";

const kinds = (wire: WirePair) =>
  wire.log.map(({ type, from, payload }) =>
    `${from === ROMEO ? "romeo" : "juliet"} ${type} ${payload?.name ?? ""}`.trim(),
  );
const set = (payload: ReturnType<typeof xml>, id = "x1"): Iq => ({ type: "set", id, from: ROMEO, to: JULIET, payload });
const close = () => xml("close", { xmlns: NS });

/** The `<data/>` with its last bit changed. */
function flipped({ payload }: Iq): ReturnType<typeof xml> {
  const bytes = decodeBase64(payload?.getText() ?? "");
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  return xml("data", payload?.attrs ?? {}, encodeBase64(bytes));
}

/** Nothing may be left behind by a tunnel that has ended. */
function isClean(...ends: End[]): void {
  for (const { endpoint, tunnel } of ends) {
    assert.is(tunnel.state, "closed");
    assert.is(endpoint.deadline, undefined);
  }
}

test("closes by close_notify in a data, then close, answered by closed with the same id", () => {
  const wire = pair().open();
  wire.log.length = 0;
  wire.romeo.close();
  wire.settle();
  assert.equal(kinds(wire), [
    "romeo set data",
    "juliet result",
    "romeo set close",
    "juliet set data",
    "romeo result",
    "juliet result closed",
  ]);
  const [asked, answered] = [wire.log[2], wire.log[5]] as [Iq, Iq];
  assert.is(
    written(asked),
    `<iq type="set" id="${asked.id}" from="${ROMEO}" to="${JULIET}"><close xmlns="${NS}"/></iq>`,
  );
  assert.is(
    written(answered),
    `<iq type="result" id="${asked.id}" from="${JULIET}" to="${ROMEO}"><closed xmlns="${NS}"/></iq>`,
  );
  assert.equal([wire.romeo.closes, wire.juliet.closes], [[undefined], [undefined]]);
  isClean(wire.romeo, wire.juliet);
});

test("what was sent before closing still arrives", () => {
  const wire = pair().open();
  const deliveries = [wire.romeo.send(says("x".repeat(20000))), wire.juliet.send(says("x".repeat(20000)))];
  wire.romeo.close();
  wire.settle();
  assert.equal([wire.romeo.delivered, wire.juliet.delivered], [[deliveries[0]], [deliveries[1]]]);
  assert.is(wire.romeo.stanzas.length + wire.juliet.stanzas.length, 2);
  assert.equal([wire.romeo.closes, wire.juliet.closes], [[undefined], [undefined]]);
});

test("crossing closes end both sides in order", () => {
  for (const order of [() => true, () => false]) {
    const wire = pair().open();
    wire.romeo.close();
    wire.juliet.close();
    wire.settle(order);
    assert.equal([wire.romeo.closes, wire.juliet.closes], [[undefined], [undefined]]);
    isClean(wire.romeo, wire.juliet);
  }
});

test("closing twice is closing once", () => {
  const wire = pair().open();
  wire.romeo.close();
  wire.romeo.close();
  wire.settle();
  wire.romeo.close();
  assert.is(wire.log.filter(({ payload }) => payload?.is("close")).length, 1);
  assert.is(wire.romeo.closes.length, 1);
});

test("close without close_notify is reported as truncated, and answered", () => {
  const wire = pair().open();
  wire.juliet.receive(set(close()));
  assert.is(
    written(wire.juliet.sent[0] as Iq),
    `<iq type="result" id="x1" from="${JULIET}" to="${ROMEO}"><closed xmlns="${NS}"/></iq>`,
  );
  assert.is(wire.juliet.closes[0]?.code, "truncated");
  isClean(wire.juliet);
});

test("closed without close_notify is reported as truncated", () => {
  const wire = pair().open();
  wire.intercept = (iq) => (iq.from === JULIET && iq.payload?.is("data") ? [] : [iq]);
  wire.romeo.close();
  wire.settle();
  wire.romeo.receive({
    type: "result",
    id: wire.log.find(({ payload }) => payload?.is("close"))?.id ?? "",
    from: JULIET,
    to: ROMEO,
    payload: xml("closed", { xmlns: NS }),
  });
  assert.is(wire.romeo.closes[0]?.code, "truncated");
});

test("close_notify in the middle of a stanza is reported as truncated", () => {
  const peer = new BarePeer();
  peer.engine.write(new TextEncoder().encode("<message><body>half"));
  peer.engine.close();
  peer.exchange();
  assert.is(peer.juliet.closes[0]?.code, "truncated");
});

test("… and then close_notify and close go, and nothing is waited for", () => {
  const peer = new BarePeer();
  peer.engine.write(new TextEncoder().encode("<message><body>half"));
  peer.engine.close();
  peer.heard.length = 0;
  peer.exchange();
  assert.equal(peer.heard.map(({ type, payload }) => `${type} ${payload?.name ?? ""}`.trim()), ["result", "set data", "set close"]);
  assert.is(peer.engine.state, "closed");
  assert.is(peer.juliet.endpoint.deadline, undefined);
});

/** What becomes of a peer's tunnel that compares offers, and closes as soon as its handshake is over. */
function left(...offers: ReturnType<typeof xml>[]): End {
  const { juliet } = pair();
  const engine = core.engine({ role: "initiator", identity: romeo, alpn: [ALPN_BOUND] });
  const say = (id: string) => juliet.receive(set(xml("data", { xmlns: NS }, encodeBase64(engine.drain())), id));
  juliet.receive(set(xml("start", { xmlns: NS }, ...offers), "s1"));
  say("d1");
  for (const { type, payload } of juliet.sent) if (type === "set") engine.feed(decodeBase64(payload?.getText() ?? ""));
  engine.close();
  say("d2");
  return juliet;
}

test("close_notify in one data with the end of the handshake cancels that", () => {
  const { closes, claims } = left(buildOffer({ bind: true }));
  assert.equal([closes[0]?.code, claims], ["handshake-canceled", []]);
});

test("… but that somebody took the offer away is found all the same", () => {
  assert.is(left().closes[0]?.code, "downgraded");
});

test("a close is answered once, and finds no tunnel afterwards", () => {
  const wire = pair().open();
  wire.romeo.close();
  wire.settle();
  const close = wire.log.find(({ payload }) => payload?.is("close")) as Iq;
  assert.ok(wire.log.some(({ id, payload }) => id === close.id && payload?.is("closed")));
  wire.juliet.receive({ ...close, id: "again" });
  assert.match(written(wire.juliet.sent[0] as Iq), "<item-not-found");
});

test("an idle tunnel sends nothing and stays", () => {
  const wire = pair().open();
  wire.log.length = 0;
  assert.is(wire.romeo.endpoint.deadline, undefined);
  wire.pass(86_400_000);
  assert.equal([wire.log, wire.romeo.tunnel.state], [[], "open"]);
});

test("a close_notify alone ends the tunnel, once the peer has had time for its close", () => {
  const wire = pair().open();
  wire.intercept = (iq) => (iq.payload?.is("close") ? [] : [iq]);
  wire.romeo.close();
  wire.settle();
  assert.is(wire.juliet.tunnel.state, "closing");
  assert.equal(wire.juliet.closes, []);
  wire.now += 30000;
  wire.juliet.wake();
  assert.equal(wire.juliet.closes, [undefined]);
});

test("a close that nobody answers ends in order when close_notify went both ways", () => {
  const wire = pair().open();
  wire.intercept = (iq) => (iq.payload?.is("close") ? [] : [iq]);
  wire.romeo.close();
  wire.settle();
  wire.intercept = () => [];
  wire.pass(30000);
  assert.equal(wire.romeo.closes, [undefined]);
});

test("a peer that forgot the tunnel between close_notify and close harms nobody", () => {
  const wire = pair().open();
  wire.intercept = (iq) => {
    if (iq.from !== JULIET || !iq.payload?.is("data")) return [iq];
    return [
      iq,
      {
        type: "error",
        id: iq.id,
        from: ROMEO,
        to: JULIET,
        payload: xml(
          "error",
          { type: "cancel" },
          xml("item-not-found", { xmlns: "urn:ietf:params:xml:ns:xmpp-stanzas" }),
        ),
      },
    ];
  };
  wire.romeo.close();
  wire.settle();
  assert.equal(wire.juliet.closes, [undefined]);
});

test("takes no stanzas while closing, and reads the peer's to the end", () => {
  const wire = pair().open();
  wire.juliet.send(says("last words"));
  wire.romeo.close();
  let thrown: unknown;
  try {
    wire.romeo.send(says("too late"));
  } catch (error) {
    thrown = error;
  }
  assert.is((thrown as { code: string }).code, "closed");
  wire.settle();
  assert.is(wire.romeo.stanzas.length, 1);
});

test("the peer's going offline ends its tunnels, and nothing is sent", () => {
  for (const gone of [JULIET, "juliet@capulet.lit"]) {
    const wire = pair().open();
    wire.romeo.after(() => wire.romeo.endpoint.unavailable(gone, wire.now));
    assert.is(wire.romeo.closes[0]?.code, "peer-unavailable");
    assert.equal(wire.romeo.sent, []);
    isClean(wire.romeo);
  }
});

test("another's going offline ends nothing", () => {
  const wire = pair().open();
  for (const other of ["juliet@capulet.lit/chamber", "nurse@capulet.lit", "capulet.lit", "", "@"])
    wire.romeo.after(() => wire.romeo.endpoint.unavailable(other, wire.now));
  assert.is(wire.romeo.tunnel.state, "open");
});

test("our own stream's end ends every tunnel, and nothing is sent", () => {
  const wire = pair().open();
  wire.romeo.open("nurse@capulet.lit/x");
  wire.romeo.sent.length = 0;
  wire.romeo.after(() => wire.romeo.endpoint.disconnect(wire.now));
  assert.equal(
    wire.romeo.closes.map((error) => error?.code),
    ["stream-lost", "stream-lost"],
  );
  assert.equal(wire.romeo.sent, []);
});

test("a TLS failure sends its alert in a data, answers with an error, then sends close", () => {
  const wire = pair().open();
  const delivery = wire.romeo.send(says("hi"));
  wire.log.length = 0;
  wire.intercept = (iq) => (iq.from === ROMEO && iq.payload?.is("data") ? [{ ...iq, payload: flipped(iq) }] : [iq]);
  wire.settle();
  assert.equal(
    kinds(wire)
      .filter((kind) => kind.startsWith("juliet"))
      .slice(0, 3),
    ["juliet set data", "juliet error error", "juliet set close"],
  );
  assert.is(wire.juliet.closes[0]?.code, "bad-record");
  assert.equal(wire.juliet.stanzas, []);
  assert.equal(wire.romeo.lost, [delivery]);
});

test("any failure ends a tunnel for good: its answers and requests find nobody", () => {
  const wire = pair().open();
  wire.juliet.receive(set(xml("data", { xmlns: NS }, "AAAAAAAA")));
  wire.juliet.sent.length = 0;
  wire.juliet.receive(set(xml("data", { xmlns: NS }, "AAAAAAAA"), "x2"));
  assert.match(written(wire.juliet.sent[0] as Iq), "<item-not-found");
});

test("closing before the tunnel is open cancels it at both ends", () => {
  const never = { judge: () => new Promise<never>(() => undefined) };
  const wire = pair({ trust: never }, { trust: never });
  const tunnel = wire.romeo.open(JULIET);
  wire.settle();
  assert.is(tunnel.state, "judging");
  wire.romeo.close(tunnel);
  wire.settle();
  assert.is(wire.romeo.closes[0]?.code, "handshake-canceled");
  assert.is(wire.juliet.closes[0]?.code, "handshake-canceled");
});

// --- time ---------------------------------------------------------------------------

test("waits 60 s for the answer to a start", () => {
  const wire = pair({}, { accepts: undefined });
  const tunnel = wire.romeo.open(JULIET);
  assert.is(wire.romeo.endpoint.deadline, wire.now + 60000);
  wire.settle();
  wire.now += 59999;
  wire.romeo.wake();
  assert.is(tunnel.state, "starting");
  wire.now += 1;
  wire.romeo.wake();
  assert.is(wire.romeo.closes[0]?.code, "timeout");
});

test("waits 60 s for local consent, then declines", () => {
  const wire = pair({}, { accepts: undefined }).open();
  wire.now += 60000;
  wire.juliet.wake();
  assert.match(written(wire.juliet.sent[0] as Iq), "<declined");
  assert.is(wire.juliet.closes[0]?.code, "timeout");
});

test("waits 30 s for the result of a data", () => {
  const wire = pair().open();
  assert.is(wire.romeo.endpoint.deadline, undefined);
  const delivery = wire.romeo.send(says("hi"));
  wire.romeo.sent.length = 0;
  assert.is(wire.romeo.endpoint.deadline, wire.now + 30000);
  wire.now += 30000;
  wire.romeo.wake();
  assert.is(wire.romeo.closes[0]?.code, "timeout");
  assert.equal(wire.romeo.lost, [delivery]);
});

test("does not give up while anything is answered, however old the oldest chunk is", () => {
  const wire = pair().open();
  const delivery = wire.romeo.send(says("x".repeat(30_000)));
  // A server that lets one chunk through in 20 s.
  for (let chunk = 0; chunk < 8; chunk++) {
    wire.step(wire.romeo);
    while (wire.step(wire.juliet));
    wire.now += 20_000;
    wire.romeo.wake();
  }
  assert.equal([wire.romeo.closes, wire.romeo.delivered], [[], [delivery]]);
});

test("gives up when nothing has been answered for 30 s, though something was before", () => {
  const wire = pair().open();
  wire.romeo.send(says("x".repeat(30_000)));
  wire.now += 20_000;
  wire.step(wire.romeo);
  while (wire.step(wire.juliet));
  assert.is(wire.romeo.endpoint.deadline, wire.now + 30_000);
  wire.now += 29_999;
  wire.romeo.wake();
  assert.equal(wire.romeo.closes, []);
  wire.now += 1;
  wire.romeo.wake();
  assert.is(wire.romeo.closes[0]?.code, "timeout");
});

/** Romeo closes while Juliet has that much to send, and every 10 s one IQ of hers comes through. */
function closeAgainst(bytes: number): WirePair {
  const wire = pair().open();
  wire.juliet.send(says("x".repeat(bytes)));
  wire.romeo.close();
  while (wire.step(wire.romeo));
  while (wire.juliet.sent.length > 0 && wire.romeo.closes.length === 0) {
    wire.step(wire.juliet);
    while (wire.step(wire.romeo));
    wire.now += 10_000;
    for (const end of [wire.juliet, wire.romeo]) end.wake();
  }
  return wire.settle();
}

test("a close waits for what the peer still has to send, however slowly it comes", () => {
  const wire = closeAgainst(40_000);
  assert.ok(wire.now > 100_000);
  assert.equal([wire.romeo.closes, wire.juliet.closes], [[undefined], [undefined]]);
  assert.equal([wire.romeo.stanzas.length, wire.juliet.delivered.length], [1, 1]);
});

test("… and no longer than the limits say", () => {
  const wire = closeAgainst(200_000);
  assert.is(wire.romeo.closes[0]?.code, "timeout");
  // His close_notify was answered behind eight chunks of hers; what is behind the others is not waited for.
  assert.ok(wire.now <= 1000 + 10 * 10_000 + 300_000, `${wire.now}`);
});

test("a peer that sends and never answers is borne for 300 s", () => {
  const wire = pair().open();
  const delivery = wire.romeo.send(says("hi"));
  const start = wire.now;
  wire.intercept = (iq) => (iq.from === JULIET && iq.type === "result" ? [] : [iq]);
  while (wire.romeo.closes.length === 0) {
    wire.juliet.send(says("no answer"));
    wire.settle();
    wire.now += 20_000;
    wire.romeo.wake();
  }
  assert.equal([wire.romeo.closes[0]?.code, wire.now - start], ["timeout", 300_000]);
  assert.equal(wire.romeo.lost, [delivery]);
});

test("an answer in one tunnel says nothing about another", () => {
  const wire = pair().open();
  wire.romeo.send(says("hi"));
  const asked = wire.romeo.sent[0] as Iq;
  wire.now += 20_000;
  const other = wire.romeo.open("nurse@capulet.lit/x");
  wire.romeo.receive({ type: "error", id: wire.romeo.sent.at(-1)?.id as string, from: undefined, to: ROMEO, payload: xml("error", {}) });
  assert.is(other.state, "closed");
  assert.is(wire.romeo.endpoint.deadline, wire.now + 10_000);
  assert.ok(wire.romeo.receive({ type: "result", id: asked.id, from: JULIET, to: ROMEO, payload: undefined }));
  assert.is(wire.romeo.endpoint.deadline, undefined);
});

test("the handshake's time begins anew when the peer has our first flight, and only then", () => {
  const wire = pair();
  wire.romeo.open(JULIET);
  wire.step(wire.romeo);
  wire.step(wire.juliet);
  wire.now += 25_000;
  // The ClientHello arrives, after a long way; what Juliet says to it does not.
  wire.intercept = (iq) => (iq.from === JULIET && iq.payload?.is("data") ? [] : [iq]);
  wire.settle();
  assert.is(wire.romeo.endpoint.deadline, wire.now + 30_000);
});

test("waits 30 s for the handshake as a whole, however busy the peer is", () => {
  const wire = pair();
  // Every IQ is answered, but the responder's own bytes never come.
  wire.intercept = (iq) => (iq.from === JULIET && iq.payload?.is("data") ? [] : [iq]);
  wire.open();
  assert.is(wire.romeo.endpoint.deadline, wire.now + 30000);
  wire.now += 30000;
  wire.romeo.wake();
  assert.is(wire.romeo.closes[0]?.code, "timeout");
});

test("waits for the verdict as long as the limits say", () => {
  const wire = pair({
    trust: { judge: () => new Promise<never>(() => undefined) },
    limits: { verdictTimeout: 1000 },
  }).open();
  wire.now += 1000;
  wire.romeo.wake();
  assert.is(wire.romeo.closes[0]?.code, "timeout");
});

test("a peer that answers now and then and never says goodbye does not keep for long who wants to leave", () => {
  const wire = pair().open();
  const kept: Iq[] = [];
  // Whoever is called Juliet here takes everything and goes on talking; her answers come when the next is nearly too late.
  wire.intercept = (iq) => {
    if (iq.from !== JULIET || iq.type === "set") return iq.payload?.is("close") ? [] : [iq];
    kept.push(iq);
    return [];
  };
  for (let count = 0; count < 60; count++) wire.romeo.send(says("x".repeat(16_000)));
  wire.romeo.close();
  wire.settle();
  const left = wire.now + 600_000;
  for (let step = 1; wire.romeo.closes.length === 0 && wire.now < left; step++) {
    wire.juliet.send(says("not yet"));
    if (step % 10 === 0) wire.romeo.receive(kept.shift() as Iq);
    wire.pass(Math.min(25_000, left - wire.now));
  }
  assert.is(wire.now, left, "until then it is only slow");
  assert.equal(wire.romeo.closes.map((error) => error?.code), ["timeout"]);
  assert.is(wire.romeo.endpoint.deadline, undefined);
});

test("all waits are settable", () => {
  const wire = pair({ limits: { startTimeout: 5, dataTimeout: 7, answerTimeout: 9 } });
  wire.romeo.open(JULIET);
  assert.is(wire.romeo.endpoint.deadline, wire.now + 5);
});

test("whoever goes offline has the address looked at once, however many tunnels there are", () => {
  const long = "é".repeat(400);
  const { romeo } = pair();
  for (let domain = 0; domain < 60; domain++) romeo.open(`${long}@d${domain}.lit/${long}`);
  const { normalize } = String.prototype;
  let looks = 0;
  String.prototype.normalize = function (form?: string) {
    looks++;
    return normalize.call(this, form as "NFC");
  };
  try {
    romeo.endpoint.unavailable(`${long}@d60.lit/${long}`, 0);
    romeo.endpoint.unavailable(`${long}@d60.lit`, 0);
  } finally {
    String.prototype.normalize = normalize;
  }
  assert.ok(looks < 40, `${looks}`);
});

test.run();
