import xml from "@xmpp/xml";
import { buildError } from "../../bindings/xtls/condition.ts";
import { assert, suite } from "../suite.ts";
import { code } from "./code.ts";
import { pair } from "./ends.ts";
import { JULIET, ROMEO, written, type Iq, type WirePair } from "./wire-pair.ts";

const test = suite("start");
const NS = "urn:xmpp:tmp:xtls";

const start = (from = ROMEO, id = "s1", ...children: ReturnType<typeof xml>[]): Iq => ({
  type: "set",
  id,
  from,
  to: JULIET,
  payload: xml("start", { xmlns: NS }, ...children),
});
const data = (from = ROMEO, id = "d1"): Iq => ({
  type: "set",
  id,
  from,
  to: JULIET,
  payload: xml("data", { xmlns: NS, method: "x509" }, "FgMBAAA="),
});
const answers = (iqs: readonly Iq[]) => iqs.filter(({ type }) => type === "result" || type === "error");

test("a start is a set, its answer a result with proceed and the same id", () => {
  const wire = pair({ hasExtensions: false }).open();
  assert.is(
    written(wire.log[0] as Iq),
    `<iq type="set" id="romeo-1" from="${ROMEO}" to="${JULIET}"><start xmlns="${NS}"/></iq>`,
  );
  assert.is(
    written(wire.log[1] as Iq),
    `<iq type="result" id="romeo-1" from="${JULIET}" to="${ROMEO}"><proceed xmlns="${NS}"/></iq>`,
  );
  assert.is(wire.romeo.tunnel.role, "initiator");
  assert.is(wire.juliet.tunnel.role, "responder");
});

test("IQs go to an address as it came, and the tunnel has the prepared one", () => {
  const { romeo, juliet } = pair();
  const typed = "Juliet@XN--BCHER-KVA.lit/balcony";
  const tunnel = romeo.open(typed);
  assert.is(tunnel.peer, "juliet@b\u00fccher.lit/balcony");
  romeo.receive({ ...start("juliet@b\u00fccher.lit/balcony"), type: "result", id: romeo.sent[0]?.id as string, payload: xml("proceed", { xmlns: NS }) });
  assert.is(tunnel.state, "handshaking");
  assert.equal([...new Set(romeo.sent.map(({ to }) => to))], [typed]);
  const stamped = "romeo@xn--bcher-kva.lit/orchard\u00a01";
  juliet.receive(start(stamped));
  assert.equal([juliet.sent[0]?.to, juliet.consents[0]?.peer], [stamped, "romeo@b\u00fccher.lit/orchard 1"]);
});

test("sends proceed only after local consent", () => {
  const wire = pair({}, { accepts: undefined }).open();
  assert.is(wire.juliet.consents.length, 1);
  assert.equal(answers(wire.log), []);
  assert.is(wire.juliet.consents[0]?.state, "starting");
  wire.juliet.after(() => wire.juliet.endpoint.accept(wire.juliet.consents[0] as never, wire.now));
  wire.settle();
  assert.is(wire.romeo.tunnel.state, "open");
});

test("answers data before proceed with out-of-order and keeps the start waiting", () => {
  const { juliet } = pair({}, { accepts: undefined });
  juliet.receive(start());
  juliet.receive(data());
  assert.match(written(juliet.sent[0] as Iq), 'id="d1"');
  assert.match(written(juliet.sent[0] as Iq), "<unexpected-request");
  assert.match(written(juliet.sent[0] as Iq), "<out-of-order");
  assert.is(juliet.consents[0]?.state, "starting");
});

test("answers data from the wrong side, who has yet to answer our start, with out-of-order", () => {
  const { juliet: end } = pair();
  const tunnel = end.open(ROMEO);
  end.sent.length = 0;
  end.receive(data());
  assert.match(written(end.sent[0] as Iq), "<out-of-order");
  assert.is(tunnel.state, "starting");
});

test("starts once more when the peer speaks of a tunnel whose proceed was lost", () => {
  const wire = pair();
  wire.intercept = (iq) => (iq.payload?.is("proceed", NS) && starts(wire) === 1 ? [] : [iq]);
  const tunnel = wire.romeo.open(JULIET);
  wire.settle();
  assert.equal([tunnel.state, wire.juliet.consents[0]?.state], ["starting", "handshaking"]);
  // She waits for a ClientHello, then says so by an alert and <close/>; his own start would be over after 60 s.
  wire.pass(30_000);
  assert.is(wire.juliet.closes[0]?.code, "timeout");
  assert.equal([tunnel.state, starts(wire), wire.romeo.closes], ["open", 2, []]);
});

test("… once, and whichever start is answered counts", () => {
  for (const answered of [0, 1]) {
    const wire = pair({}, { accepts: undefined });
    const tunnel = wire.romeo.open(JULIET);
    for (const id of ["d1", "d2"]) wire.romeo.receive({ ...data(JULIET, id), to: ROMEO });
    const sent = wire.romeo.sent.splice(0);
    assert.equal(sent.map(({ payload }) => payload?.name), ["start", "error", "start", "error"]);
    const asked = sent.filter(({ payload }) => payload?.is("start", NS));
    const other = asked[1 - answered] as Iq;
    const conflict = buildError("already-open");
    if (answered === 1) wire.romeo.receive({ type: "error", id: other.id, from: JULIET, to: ROMEO, payload: conflict });
    assert.is(tunnel.state, "starting", "the other one is under way");
    wire.romeo.receive({ type: "result", id: asked[answered]?.id as string, from: JULIET, to: ROMEO, payload: xml("proceed", { xmlns: NS }) });
    if (answered === 0) wire.romeo.receive({ type: "error", id: other.id, from: JULIET, to: ROMEO, payload: conflict });
    assert.is(tunnel.state, "handshaking");
  }
});

test("… and waits for all of them no longer than for the first", () => {
  const wire = pair();
  wire.intercept = () => [];
  wire.romeo.open(JULIET);
  wire.pass(30_000);
  wire.romeo.receive({ ...data(JULIET), to: ROMEO });
  wire.pass(30_000);
  assert.equal([wire.romeo.closes[0]?.code, starts(wire)], ["timeout", 2]);
});

test("answers close before proceed with out-of-order", () => {
  const { juliet } = pair({}, { accepts: undefined });
  juliet.receive(start());
  juliet.receive({ ...start(ROMEO, "c1"), payload: xml("close", { xmlns: NS }) });
  assert.match(written(juliet.sent[0] as Iq), "<out-of-order");
});

test("tells the initiator that it was declined", () => {
  const wire = pair({}, { accepts: false }).open();
  assert.is(
    written(wire.log[1] as Iq).includes(
      '<error type="cancel"><not-acceptable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/><declined xmlns="urn:xmpp:tmp:xtls:errors"/></error>',
    ),
    true,
  );
  assert.is(wire.romeo.closes[0]?.code, "declined");
  assert.is(wire.juliet.closes[0]?.code, "declined");
});

for (const refusal of ["unsupported", "too-many-tunnels", "no-common-method"] as const) {
  test(`refuses a start as ${refusal}, and the initiator understands`, () => {
    const wire = pair({}, { accepts: undefined }).open();
    wire.juliet.after(() => wire.juliet.endpoint.refuse(wire.juliet.consents[0] as never, refusal, wire.now));
    wire.settle();
    assert.is(wire.romeo.closes[0]?.code, refusal);
    assert.is(wire.romeo.endpoint.deadline, undefined);
  });
}

test("takes service-unavailable for no support", () => {
  const wire = pair();
  wire.intercept = ({ id, to, from }) => [
    {
      type: "error",
      id,
      from: to,
      to: from as string,
      payload: xml(
        "error",
        { type: "cancel" },
        xml("service-unavailable", { xmlns: "urn:ietf:params:xml:ns:xmpp-stanzas" }),
      ),
    },
  ];
  wire.open();
  assert.is(wire.romeo.closes[0]?.code, "unsupported");
});

test("opens tunnels between full JIDs alone", () => {
  const { romeo } = pair();
  assert.is(
    code(() => romeo.open("juliet@capulet.lit")),
    "invalid-jid",
  );
  assert.is(
    code(() => romeo.open("")),
    "invalid-jid",
  );
  assert.is(
    code(() => romeo.open(ROMEO)),
    "invalid-jid",
  );
});

test("answers a start from a bare JID with bad-request", () => {
  const { juliet } = pair();
  juliet.receive(start("romeo@montague.lit"));
  assert.match(written(juliet.sent[0] as Iq), '<error type="modify"><bad-request');
  assert.is(juliet.consents.length, 0);
});

test("answers a start from an address that cannot be prepared with bad-request, and opens none to it", () => {
  const { juliet } = pair();
  const addresses = ["mallory@evil.example.../x", "mallory@evil..example/x", "romeo\u200b@montague.lit/x", "ro\u202emeo@montague.lit/x", "\ud83d@montague.lit/x", "romeo@montague.lit/\u0378"];
  for (const [at, address] of addresses.entries()) {
    juliet.receive(start(address));
    assert.match(written(juliet.sent[at] as Iq), '<error type="modify"><bad-request', JSON.stringify(address));
    assert.is(code(() => juliet.open(address)), "invalid-jid");
  }
  assert.is(juliet.consents.length, 0);
});

test("opens no second tunnel to the same full JID", () => {
  const wire = pair().open();
  assert.is(
    code(() => wire.romeo.open("Juliet@capulet.LIT/balcony")),
    "already-open",
  );
});

test("answers malformed starts, offers and requests with bad-request", () => {
  const { juliet } = pair();
  const offer = () => xml("offer", { xmlns: "urn:xmpp:tmp:c2ctls" });
  juliet.receive(start(ROMEO, "1", offer(), offer()));
  juliet.receive(
    start(ROMEO, "2", xml("offer", { xmlns: "urn:xmpp:tmp:c2ctls" }, xml("keyinfo", { xmlns: "urn:xmpp:tmp:pubkey" }))),
  );
  juliet.receive({ ...start(ROMEO, "3"), type: "get" });
  juliet.receive({ ...start(ROMEO, "4"), payload: xml("proceed", { xmlns: NS }) });
  juliet.receive({ ...start(ROMEO, "5"), payload: xml("begin", { xmlns: NS }) });
  juliet.receive({ ...start(ROMEO, "6"), type: "get", payload: xml("data", { xmlns: NS }, "AA==") });
  assert.is(juliet.sent.length, 6);
  for (const iq of juliet.sent) assert.match(written(iq), '<error type="modify"><bad-request');
  assert.is(juliet.consents.length, 0);
});

test("answers nothing that has an id of more than 1023 characters, since the answer would have it too, and keeps nothing of it", () => {
  const wire = pair().open();
  const { juliet } = wire;
  const known = juliet.sent.length;
  const [usual, long] = ["x".repeat(1_023), "x".repeat(1_024)];
  juliet.receive(start("mercutio@verona.lit/x", long));
  juliet.receive({ ...start(ROMEO, long), payload: xml("data", { xmlns: NS }, "AAAA") });
  juliet.receive({ ...start(ROMEO, long), payload: xml("close", { xmlns: NS }) });
  assert.equal([juliet.sent.length - known, juliet.tunnel.state], [0, "open"]);
  juliet.receive(start("mercutio@verona.lit/x", usual));
  assert.not.match(written(juliet.sent.at(-1) as Iq), "<bad-request");
});

test("ends when a start is answered by something other than proceed", () => {
  const wire = pair();
  wire.intercept = (iq) => (iq.type === "result" ? [{ ...iq, payload: xml("closed", { xmlns: NS }) }] : [iq]);
  wire.open();
  assert.is(wire.romeo.closes[0]?.code, "malformed");
});

test("speaks the base wire alone where extensions are switched off", () => {
  const bare = pair({ hasExtensions: false }, { hasExtensions: false }).open();
  assert.match(written(bare.log[0] as Iq), `<start xmlns="${NS}"/>`);
  assert.match(written(bare.log[1] as Iq), `<proceed xmlns="${NS}"/>`);
  assert.equal([bare.romeo.tunnel.security?.alpn, bare.romeo.tunnel.security?.isBound], ["xtls/1", false]);
});

test("answers too many tunnels or starts with resource-constraint", () => {
  const { juliet } = pair({}, { accepts: undefined, limits: { starts: 2, tunnels: 3 } });
  for (const id of ["1", "2", "3"]) juliet.receive(start(`user@montague${id}.lit/x`, id));
  assert.is(juliet.consents.length, 2);
  assert.match(written(juliet.sent[0] as Iq), 'id="3"');
  assert.match(written(juliet.sent[0] as Iq), '<error type="wait"><resource-constraint');
  for (const resource of ["x", "y", "z"]) juliet.open(`nurse@capulet.lit/${resource}`);
  assert.is(
    code(() => juliet.open("nurse@capulet.lit/here")),
    "too-many-tunnels",
  );
});

test("bounds the tunnels of one account, whatever its resources: the oldest gives way, and is told", () => {
  const { juliet } = pair({}, { accepts: undefined, limits: { tunnelsPerPeer: 2 } });
  for (const id of ["1", "2", "3"]) juliet.receive(start(`romeo@montague.lit/${id}`, id));
  assert.equal(juliet.consents.map(({ state }) => state), ["closed", "starting", "starting"]);
  assert.match(written(juliet.sent[0] as Iq), 'id="1"');
  assert.match(written(juliet.sent[0] as Iq), "<resource-constraint");
  assert.is(juliet.closes[0]?.code, "evicted");
});

test("gives up a start by closing; a late proceed is answered with close", () => {
  const wire = pair({}, { accepts: undefined });
  const tunnel = wire.romeo.open(JULIET);
  wire.settle();
  wire.romeo.close(tunnel);
  assert.is(wire.romeo.closes[0]?.code, "handshake-canceled");
  wire.juliet.after(() => wire.juliet.endpoint.accept(wire.juliet.consents[0] as never, wire.now));
  wire.settle();
  assert.match(written(wire.log.at(-2) as Iq), "<close xmlns");
  assert.is(wire.juliet.closes[0]?.code, "handshake-canceled");
});

test("accepting, refusing or judging what has ended does nothing", () => {
  const wire = pair({}, { accepts: undefined }).open();
  const [tunnel] = wire.juliet.consents as [never];
  wire.juliet.after(() => wire.juliet.endpoint.unavailable(ROMEO, wire.now));
  wire.juliet.after(() => {
    wire.juliet.endpoint.accept(tunnel, wire.now);
    wire.juliet.endpoint.refuse(tunnel, "declined", wire.now);
    wire.juliet.endpoint.judged(tunnel, { trusted: true, state: "verified" }, wire.now);
    wire.juliet.endpoint.close(tunnel, wire.now);
  });
  assert.equal(wire.juliet.sent, []);
  assert.is(wire.juliet.closes.length, 1);
});

// --- both at once ---------------------------------------------------------------

test("when both start at once the JID that sorts first wins, and both callers get their tunnel", () => {
  for (const order of [() => true, () => false]) {
    const wire = pair({ accepts: undefined }, { accepts: undefined });
    const tunnels = [wire.romeo.open(JULIET), wire.juliet.open(ROMEO)];
    wire.settle(order);
    // juliet@capulet.lit sorts before romeo@montague.lit.
    assert.equal(
      tunnels.map(({ state, role }) => `${state} ${role}`),
      ["open responder", "open initiator"],
    );
    assert.is(wire.romeo.tunnel, tunnels[0]);
    assert.is(wire.juliet.tunnel, tunnels[1]);
    assert.equal([wire.romeo.closes, wire.juliet.closes, wire.romeo.consents, wire.juliet.consents], [[], [], [], []]);
    const conflict = wire.log.filter(({ type }) => type === "error").map(written);
    assert.is(conflict.length, 1);
    assert.match(conflict[0] as string, `id="romeo-2" from="${JULIET}"`);
    assert.match(
      conflict[0] as string,
      '<conflict xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/><tie-break xmlns="urn:xmpp:tmp:xtls:errors"/>',
    );
  }
});

test("… and what the loser offered is void: the sid and the bind are of the winner's start", () => {
  const wire = pair({ accepts: undefined }, { accepts: undefined });
  wire.romeo.open(JULIET);
  wire.juliet.open(ROMEO);
  wire.settle();
  const sids = wire.log.map(({ payload }) => payload?.getChild("offer")?.getChild("tunnel")?.attrs.sid as string | undefined).filter((sid) => sid !== undefined);
  assert.equal(sids, ["romeo-1", "juliet-1", "juliet-1"]);
  assert.ok(wire.romeo.tunnel.security?.isBound && wire.juliet.tunnel.security?.isBound);
});

test("a tunnel that lost the tie carries stanzas both ways", () => {
  const wire = pair();
  wire.romeo.open(JULIET);
  wire.juliet.open(ROMEO);
  wire.settle();
  wire.romeo.send(xml("message", {}, xml("body", {}, "r")));
  wire.juliet.send(xml("message", {}, xml("body", {}, "j")));
  wire.settle();
  assert.is(wire.romeo.stanzas.length + wire.juliet.stanzas.length, 2);
});

test("fails with tie-break when the other start never comes", () => {
  const wire = pair();
  wire.romeo.open(JULIET);
  wire.romeo.receive({
    type: "error",
    id: wire.romeo.sent[0]?.id as string,
    from: JULIET,
    to: ROMEO,
    payload: xml(
      "error",
      { type: "cancel" },
      xml("conflict", { xmlns: "urn:ietf:params:xml:ns:xmpp-stanzas" }),
      xml("tie-break", { xmlns: "urn:xmpp:tmp:xtls:errors" }),
    ),
  });
  assert.is(wire.romeo.closes[0]?.code, "tie-break");
});

// --- a start while a tunnel is alive -------------------------------------------------

test("answers a start while a tunnel is alive with already-open, and the tunnel lives on", () => {
  const wire = pair().open();
  wire.juliet.receive(start(ROMEO, "again"));
  wire.settle();
  assert.match(wire.log.map(written).join("\n"), /id="again"[^\n]*<conflict[^\n]*<already-open/);
  assert.is(wire.juliet.tunnel.state, "open");
  wire.juliet.send(xml("message", {}, xml("body", {}, "still here")));
  wire.settle();
  assert.is(wire.romeo.stanzas.length, 1);
});

test("probes the live tunnel with white space that must be acknowledged", () => {
  const wire = pair().open();
  wire.log.length = 0;
  wire.juliet.receive(start(ROMEO, "again"));
  wire.settle();
  const probe = wire.log.find(({ type, from }) => type === "set" && from === JULIET);
  assert.match(written(probe as Iq), "<data xmlns");
  assert.ok(wire.log.some(({ type, id }) => type === "result" && id === probe?.id));
  assert.equal(wire.romeo.stanzas, []);
});

/** Romeo's stream is gone, what was on its way with it, and he is back under the same address; Juliet knows nothing of it. */
function reconnect(wire: WirePair): void {
  wire.romeo.endpoint.disconnect(wire.now);
  wire.romeo.endpoint.take();
  for (const end of [wire.romeo, wire.juliet]) end.sent.length = 0;
  wire.log.length = 0;
}

const starts = (wire: WirePair) => wire.log.filter(({ payload }) => payload?.is("start", NS)).length;
const never = { judge: () => new Promise<never>(() => undefined) };

test("a peer that has lost the tunnel says so when probed, and its first open succeeds", () => {
  const wire = pair().open();
  reconnect(wire);
  const tunnel = wire.romeo.open(JULIET);
  wire.settle();
  assert.is(wire.juliet.closes[0]?.code, "unknown-tunnel");
  assert.equal([tunnel.state, wire.romeo.closes, starts(wire)], ["open", [], 2]);
  wire.romeo.send(xml("message", {}, xml("body", {}, "here again")));
  wire.settle();
  assert.is(wire.juliet.stanzas.length, 1);
});

test("… also when chunks of the lost tunnel are still in flight, or its verdict is still due", () => {
  const sending = pair().open();
  sending.juliet.send(xml("message", {}, xml("body", {}, "into the void")));
  const judging = pair({}, { trust: never }).open();
  for (const wire of [sending, judging]) {
    reconnect(wire);
    const tunnel = wire.romeo.open(JULIET);
    wire.settle();
    assert.is(wire.juliet.closes[0]?.code, "unknown-tunnel");
    assert.equal([tunnel.role, tunnel.state, starts(wire)], ["initiator", "open", 2]);
  }
});

test("a live tunnel whose window is full is asked by what is in it already", () => {
  const wire = pair({}, { limits: { window: 1 }, hasExtensions: false }).open();
  wire.log.length = 0;
  wire.juliet.send(xml("message", {}, xml("body", {}, "on its way")));
  wire.juliet.receive(start(ROMEO, "again"));
  assert.is(wire.juliet.sent.filter(({ payload }) => payload?.is("data", NS)).length, 1);
  wire.settle();
  assert.is(wire.log.filter(({ payload }) => payload?.is("data", NS)).length, 1);
  assert.equal([wire.romeo.closes, wire.juliet.closes], [[], []]);
});

test("… also when it was the servers that lost each other for a while", () => {
  for (const condition of ["remote-server-timeout", "remote-server-not-found", "recipient-unavailable"]) {
    const wire = pair().open();
    wire.romeo.send(xml("message", {}, xml("body", {}, "lost")));
    const { id } = wire.romeo.sent.shift() as Iq;
    const payload = xml("error", { type: "wait" }, xml(condition, { xmlns: "urn:ietf:params:xml:ns:xmpp-stanzas" }));
    wire.romeo.receive({ type: "error", id, from: JULIET, to: ROMEO, payload });
    assert.match(wire.romeo.closes[0]?.code ?? "", /^(peer-unavailable|server-unreachable)$/);
    assert.equal([wire.romeo.sent, wire.juliet.closes], [[], []]);
    wire.romeo.open(JULIET);
    wire.settle();
    assert.equal([wire.romeo.opened.length, wire.romeo.tunnel.state, wire.juliet.tunnel.state], [2, "open", "open"]);
  }
});

test("… also when the peer's window leaves no room for a probe: its own time-out says enough", () => {
  const wire = pair({ hasExtensions: false }, { hasExtensions: false }).open();
  wire.juliet.send(xml("message", {}, xml("body", {}, "into the void")));
  reconnect(wire);
  wire.now += 10_000;
  const tunnel = wire.romeo.open(JULIET);
  wire.settle();
  assert.is(tunnel.state, "starting");
  wire.pass(20_000);
  assert.is(wire.juliet.closes[0]?.code, "timeout");
  assert.is(tunnel.state, "open");
});

test("starts once more and no oftener, and waits no longer than for an answer", () => {
  for (const isProbed of [true, false]) {
    const wire = pair();
    const tunnel = wire.romeo.open(JULIET);
    const refuse = () => {
      const { id } = wire.romeo.sent.at(-1) as Iq;
      const conflict = xml("conflict", { xmlns: "urn:ietf:params:xml:ns:xmpp-stanzas" });
      const payload = xml("error", { type: "cancel" }, conflict, xml("already-open", { xmlns: "urn:xmpp:tmp:xtls:errors" }));
      wire.romeo.receive({ type: "error", id, from: JULIET, to: ROMEO, payload });
    };
    refuse();
    assert.is(tunnel.state, "starting");
    assert.is(wire.romeo.endpoint.deadline, wire.now + 60_000);
    if (isProbed) {
      for (const id of ["d1", "d2"]) wire.romeo.receive({ ...data(JULIET, id), to: ROMEO });
      assert.equal(wire.romeo.sent.slice(1).map((iq) => iq.payload?.name), ["error", "start", "error"]);
      assert.match(written(wire.romeo.sent[1] as Iq), "<item-not-found");
      wire.romeo.sent.pop();
      refuse();
    } else wire.pass(60_000);
    assert.is(wire.romeo.closes[0]?.code, "already-open");
    assert.is(wire.romeo.endpoint.deadline, undefined);
  }
});

test("a start of the peer's goes before one that waits for the end of a stale tunnel", () => {
  for (const [end, peer] of [["romeo", JULIET], ["juliet", ROMEO]] as const) {
    const wire = pair();
    const own = wire[end];
    const tunnel = own.open(peer);
    const conflict = xml("conflict", { xmlns: "urn:ietf:params:xml:ns:xmpp-stanzas" });
    const payload = xml("error", { type: "cancel" }, conflict, xml("already-open", { xmlns: "urn:xmpp:tmp:xtls:errors" }));
    own.receive({ type: "error", id: own.sent.shift()?.id as string, from: peer, to: own.address, payload });
    const other = end === "romeo" ? wire.juliet : wire.romeo;
    other.open(own.address);
    wire.settle();
    assert.equal([tunnel.state, tunnel.role, starts(wire)], ["open", "responder", 1]);
  }
});

test("whoever waits for the end of a stale tunnel can give up", () => {
  const wire = pair().open();
  reconnect(wire);
  wire.intercept = (iq) => (iq.payload?.is("data", NS) ? [] : [iq]);
  const tunnel = wire.romeo.open(JULIET);
  wire.settle();
  wire.romeo.close(tunnel);
  assert.is(wire.romeo.closes[0]?.code, "handshake-canceled");
  assert.is(wire.romeo.endpoint.deadline, undefined);
});

test("answers a second start while the first awaits consent with already-open", () => {
  const { juliet } = pair({}, { accepts: undefined });
  juliet.receive(start(ROMEO, "1"));
  juliet.receive(start(ROMEO, "2"));
  assert.is(juliet.consents.length, 1);
  assert.match(written(juliet.sent[0] as Iq), 'id="2"');
  assert.match(written(juliet.sent[0] as Iq), "<already-open");
});

test.run();
