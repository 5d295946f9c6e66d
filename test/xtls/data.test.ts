import xml, { type Element } from "@xmpp/xml";
import { decodeBase64, encodeBase64 } from "../../bindings/xtls/base64.ts";
import { assert, suite } from "../suite.ts";
import { code } from "./code.ts";
import { pair, says } from "./ends.ts";
import { JULIET, ROMEO, written, type EndOptions, type Iq, type WirePair } from "./wire-pair.ts";

const test = suite("data");
const NS = "urn:xmpp:tmp:xtls";

const dataOf = (iq: Iq): Element | undefined =>
  iq.type === "set" && iq.payload?.is("data", NS) ? iq.payload : undefined;
const datas = (log: readonly Iq[]) => log.filter((iq) => dataOf(iq) !== undefined);
const toJuliet = (payload: Element, id = "x1", from = ROMEO): Iq => ({ type: "set", id, from, to: JULIET, payload });
const data = (...children: (string | Element)[]) => xml("data", { xmlns: NS }, ...children);

/** Cuts every `<data/>` into pieces of at most `size` bytes, each an IQ of its own. */
function recut(wire: WirePair, size: number): void {
  wire.intercept = (iq) => {
    const payload = dataOf(iq);
    if (payload === undefined) return iq.id.includes("/") ? [] : [iq];
    const bytes = decodeBase64(payload.getText());
    const count = Math.ceil(bytes.length / size);
    const piece = (at: number) => xml("data", payload.attrs, encodeBase64(bytes.subarray(at * size, (at + 1) * size)));
    // Only the last piece keeps the id that the sender waits for.
    return Array.from({ length: count }, (_, at) => ({
      ...iq,
      id: at === count - 1 ? iq.id : `${iq.id}/${at}`,
      payload: piece(at),
    }));
  };
}

test("the first data of each side carries the method, no other does", () => {
  const wire = pair().open();
  wire.romeo.send(says("hi"));
  wire.juliet.send(says("hi"));
  wire.settle();
  for (const side of [ROMEO, JULIET]) {
    const methods = datas(wire.log)
      .filter(({ from }) => from === side)
      .map(({ payload }) => payload?.attrs.method);
    assert.is(methods[0], "x509");
    assert.ok(methods.length > 1);
    assert.ok(methods.slice(1).every((method) => method === undefined));
  }
});

test("every data is answered by an empty result, with the same id", () => {
  const wire = pair().open();
  for (const { id, from, to } of datas(wire.log)) {
    const answer = wire.log.find((iq) => iq.id === id && iq.from === to);
    assert.is(written(answer as Iq), `<iq type="result" id="${id}" from="${to}" to="${from}"/>`);
  }
});

test("a responder that names no method means the initiator's", () => {
  const wire = pair();
  wire.intercept = (iq) => {
    if (iq.from === JULIET && dataOf(iq)) delete iq.payload?.attrs.method;
    return [iq];
  };
  assert.is(wire.open().romeo.tunnel.security?.method, "x509");
});

test("an unknown method ends the handshake with no-common-method", () => {
  const wire = pair();
  wire.intercept = (iq) => {
    if (iq.payload?.attrs.method === "x509") iq.payload.attrs.method = "astrology";
    return [iq];
  };
  wire.open();
  assert.match(wire.log.map(written).join(), /<not-acceptable[^>]*><no-common-method/);
  assert.is(wire.juliet.closes[0]?.code, "no-common-method");
  assert.is(wire.romeo.opened.length + wire.juliet.opened.length, 0);
});

for (const size of [1, 2, 7, 100]) {
  test(`accepts any split: at most ${size} bytes in an IQ`, () => {
    const wire = pair();
    recut(wire, size);
    wire.open();
    wire.romeo.send(says("\u{1f339} one"));
    wire.romeo.send(says("two"));
    wire.settle();
    assert.is(wire.juliet.stanzas.length, 2);
    assert.match(wire.juliet.stanzas[0] as string, "\u{1f339} one");
  });
}

test("accepts several records and stanzas in one data", () => {
  const wire = pair({ hasExtensions: false }).open();
  wire.log.length = 0;
  for (const body of ["1", "2", "3", "4"]) wire.romeo.send(says(body));
  wire.settle();
  // The first goes at once; what was said meanwhile shares the next chunk.
  assert.is(datas(wire.log).length, 2);
  assert.is(wire.juliet.stanzas.length, 4);
  assert.is(wire.romeo.delivered.length, 4);
});

test("keeps one data in flight by default, and as many as the window says", () => {
  for (const window of [1, 3]) assert.is(inFlight(window, { hasExtensions: false }), window);
});

test("a peer that offers a window gets eight, or as many as are asked for and it bears", () => {
  assert.is(inFlight(1), 8);
  assert.is(inFlight(12), 12);
  assert.is(inFlight(100), 64);
});

/** How many `<data/>` of Romeo's are in flight at most. */
function inFlight(window: number, both: Partial<EndOptions> = {}): number {
  const wire = pair({ limits: { window }, ...both }, both).open();
  const waiting = new Set<string>();
  let most = 0;
  wire.intercept = (iq) => {
    if (iq.type === "result") waiting.delete(iq.id);
    return [iq];
  };
  for (let sent = 0; sent < 8; sent++) wire.romeo.send(says("x".repeat(50_000)));
  do {
    for (const iq of wire.romeo.sent) if (dataOf(iq)) waiting.add(iq.id);
    most = Math.max(most, waiting.size);
  } while (wire.step(wire.romeo) || wire.step(wire.juliet) || wire.readOn());
  assert.is(wire.juliet.stanzas.length, 8);
  return most;
}

test("keeps the whole IQ of a chunk small enough for every server", () => {
  const wire = pair().open();
  wire.log.length = 0;
  wire.romeo.send(says("x".repeat(50000)));
  wire.settle();
  assert.ok(datas(wire.log).length > 10);
  for (const iq of datas(wire.log)) assert.ok(written(iq).length < 10000);
  for (const iq of datas(wire.log)) assert.ok(decodeBase64(iq.payload?.getText() ?? "").length <= 4096);
});

test("feeds in order of arrival and answers in that order", () => {
  const wire = pair({ limits: { window: 8 } }).open();
  wire.log.length = 0;
  for (let turn = 0; turn < 20; turn++) wire.romeo.send(says(String(turn)));
  wire.romeo.send(says("x".repeat(30000)));
  wire.settle();
  const sent = datas(wire.log).map(({ id }) => id);
  const answered = wire.log.filter(({ type }) => type === "result").map(({ id }) => id);
  assert.equal(answered, sent);
  assert.equal(
    wire.juliet.stanzas.slice(0, 20).map((text) => /<body>(\d+)/.exec(text)?.[1]),
    Array.from({ length: 20 }, (_, turn) => String(turn)),
  );
});

test("answers only after the bytes went into the engine: bytes that break TLS get an error", () => {
  const wire = pair().open();
  wire.juliet.receive(toJuliet(data("AAAAAAAAAAAAAAAA")));
  assert.match(written(wire.juliet.sent[1] as Iq), 'type="error" id="x1"');
  assert.match(written(wire.juliet.sent[1] as Iq), '<error type="cancel"><bad-request');
});

test("lets white space into base64", () => {
  const wire = pair();
  wire.intercept = (iq) => {
    const payload = dataOf(iq);
    return payload === undefined
      ? [iq]
      : [{ ...iq, payload: xml("data", payload.attrs, `\n  ${payload.getText().replace(/(.{10})/g, "$1\r\n\t")}\n`) }];
  };
  assert.is(wire.open().romeo.tunnel.state, "open");
});

for (const [what, text] of [
  ["bad base64", "AAA"],
  ["an empty data", ""],
  ["white space alone", " \n"],
] as const) {
  test(`answers ${what} with invalid-base64, and the tunnel closes`, () => {
    const wire = pair().open();
    wire.juliet.receive(toJuliet(data(text)));
    assert.match(
      written(wire.juliet.sent[1] as Iq),
      '<error type="cancel"><bad-request xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/><invalid-base64 xmlns="urn:xmpp:tmp:xtls:errors"/></error>',
    );
    wire.settle();
    assert.is(wire.juliet.closes[0]?.code, "invalid-base64");
    assert.is(wire.romeo.closes[0]?.code, "alert-received");
  });
}

test("answers data with elements in it with bad-request, and the tunnel stays", () => {
  const wire = pair().open();
  wire.juliet.receive(toJuliet(data("AAAA", xml("x"))));
  assert.match(written(wire.juliet.sent[0] as Iq), '<error type="modify"><bad-request');
  assert.is(wire.juliet.tunnel.state, "open");
});

test("answers a chunk beyond our limit with max-bytes, having taken nothing", () => {
  const wire = pair({}, { limits: { maxBytes: 3000 } }).open();
  for (const bytes of [3001, 100000]) {
    wire.juliet.receive(toJuliet(data(encodeBase64(new Uint8Array(bytes)))));
    assert.match(
      written(wire.juliet.sent.shift() as Iq),
      '<error type="modify"><resource-constraint xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/><max-bytes xmlns="urn:xmpp:tmp:xtls:errors"/></error>',
    );
  }
  assert.is(wire.juliet.tunnel.state, "open");
  wire.romeo.send(says("hi"));
  wire.settle();
  assert.is(wire.juliet.stanzas.length, 1);
});

test("answers data and close for an unknown tunnel with item-not-found", () => {
  const { juliet } = pair();
  juliet.receive(toJuliet(data("AAAA"), "1"));
  juliet.receive(toJuliet(xml("close", { xmlns: NS }), "2"));
  for (const iq of juliet.sent) assert.match(written(iq), '<error type="cancel"><item-not-found');
  assert.is(juliet.sent.length, 2);
});

test("knows a tunnel by the peer's full JID: another resource has none", () => {
  const wire = pair().open();
  wire.juliet.receive(toJuliet(data("AAAA"), "1", "romeo@montague.lit/other"));
  assert.match(written(wire.juliet.sent[0] as Iq), "<item-not-found");
  assert.is(wire.juliet.tunnel.state, "open");
});

test("counts bytes and IQs of a tunnel", () => {
  const wire = pair().open();
  const [out, into] = [wire.romeo.tunnel.statistics, wire.juliet.tunnel.statistics];
  assert.is(out.bytesOut, into.bytesIn);
  assert.is(out.iqsOut, into.iqsIn);
  assert.ok(out.bytesOut > 0 && out.iqsOut > 0);
});

// --- delivery -----------------------------------------------------------------

test("a stanza is delivered when all of its chunks are acknowledged", () => {
  const wire = pair().open();
  const delivery = wire.romeo.send(says("x".repeat(9000)));
  wire.step(wire.romeo);
  wire.step(wire.juliet);
  assert.equal(wire.romeo.delivered, []);
  wire.settle();
  assert.equal(wire.romeo.delivered, [delivery]);
});

test("what was not acknowledged when the tunnel ends is reported lost, and nothing is sent in clear", () => {
  const wire = pair().open();
  const deliveries = [wire.romeo.send(says("secret")), wire.romeo.send(says("secret"))];
  wire.romeo.after(() => wire.romeo.endpoint.disconnect(wire.now));
  assert.equal(wire.romeo.lost, deliveries);
  assert.equal(wire.romeo.delivered, []);
  assert.is(wire.romeo.closes[0]?.code, "stream-lost");
  assert.ok(wire.romeo.sent.every((iq) => !written(iq).includes("secret")));
});

test("an error in answer to data ends the tunnel, since nothing says where to go on", () => {
  for (const [condition, expected] of [
    ["item-not-found", "unknown-tunnel"],
    ["recipient-unavailable", "peer-unavailable"],
    ["service-unavailable", "peer-unavailable"],
    ["resource-constraint", "remote-error"],
    ["conflict", "remote-error"],
    ["not-acceptable", "remote-error"],
    ["forbidden", "remote-error"],
  ] as const) {
    const wire = pair().open();
    const delivery = wire.romeo.send(says("hi"));
    const { id } = wire.romeo.sent[0] as Iq;
    const type = condition === "resource-constraint" ? "wait" : "cancel";
    wire.romeo.receive({
      type: "error",
      id,
      from: JULIET,
      to: ROMEO,
      payload: xml(
        "error",
        { type },
        xml(condition, { xmlns: "urn:ietf:params:xml:ns:xmpp-stanzas" }),
        xml("policy", { xmlns: "urn:x" }),
      ),
    });
    assert.equal(wire.romeo.lost, [delivery]);
    assert.is(wire.romeo.closes[0]?.code, expected);
    assert.match(wire.romeo.closes[0]?.message ?? "", `Answered by ${condition}`);
  }
});

test("an answer out of turn ends the tunnel at once: something before it was lost", () => {
  const wire = pair().open();
  const deliveries = Array.from({ length: 4 }, (_, at) => wire.romeo.send(says(`${at}`)));
  const [first, lost] = wire.romeo.sent.map(({ id }) => id);
  wire.intercept = (iq) => (iq.type === "result" && iq.id === lost ? [] : [iq]);
  wire.settle();
  assert.is(wire.romeo.closes[0]?.code, "answer-lost");
  assert.equal([wire.romeo.delivered, wire.romeo.lost], [deliveries.slice(0, 1), deliveries.slice(1)]);
  assert.ok(first !== undefined && first !== lost);
  // The peer has everything and learns of the end by an alert: nothing is sent twice.
  assert.is(wire.juliet.stanzas.length, 4);
  assert.is(wire.juliet.closes[0]?.code, "alert-received");
});

test("bounds what waits to be sent: send throws and nothing was taken", () => {
  const wire = pair({ limits: { queue: 20000 }, hasExtensions: false }).open();
  wire.romeo.send(says("x".repeat(15000)));
  assert.is(
    code(() => wire.romeo.send(says("x".repeat(15000)))),
    "limit-exceeded",
  );
  wire.settle();
  assert.is(wire.juliet.stanzas.length, 1);
  wire.romeo.send(says("x".repeat(15000)));
  wire.settle();
  assert.is(wire.juliet.stanzas.length, 2);
});

// --- anti-spoofing of answers ----------------------------------------------------------

test("a result counts from the peer's full JID alone", () => {
  const wire = pair().open();
  wire.romeo.send(says("hi"));
  const { id } = wire.romeo.sent[0] as Iq;
  for (const from of [
    undefined,
    "juliet@capulet.lit",
    "capulet.lit",
    "montague.lit",
    "romeo@montague.lit",
    ROMEO,
    "juliet@capulet.lit/x",
  ]) {
    assert.is(wire.romeo.receive({ type: "result", id, from, to: ROMEO, payload: undefined }), false, String(from));
  }
  assert.equal(wire.romeo.delivered, []);
  assert.is(wire.romeo.receive({ type: "result", id, from: JULIET, to: ROMEO, payload: undefined }), true);
  assert.is(wire.romeo.delivered.length, 1);
});

test("a proceed counts from the peer's full JID alone", () => {
  const wire = pair();
  const tunnel = wire.romeo.open(JULIET);
  const [{ id }] = wire.romeo.sent as [Iq];
  for (const from of [undefined, "juliet@capulet.lit", "capulet.lit", "mallory@evil.lit/x"]) {
    assert.is(
      wire.romeo.receive({ type: "result", id, from, to: ROMEO, payload: xml("proceed", { xmlns: NS }) }),
      false,
    );
  }
  assert.is(tunnel.state, "starting");
});

test("an error counts from those who bounce too, and from nobody else", () => {
  const error = xml(
    "error",
    { type: "cancel" },
    xml("service-unavailable", { xmlns: "urn:ietf:params:xml:ns:xmpp-stanzas" }),
  );
  for (const from of [JULIET, undefined, "juliet@capulet.lit", "capulet.lit", "montague.lit", "romeo@montague.lit"]) {
    const wire = pair();
    wire.romeo.open(JULIET);
    const [{ id }] = wire.romeo.sent as [Iq];
    assert.is(
      wire.romeo.receive({ type: "error", id, from, to: ROMEO, payload: error }),
      true,
      String(from),
    );
    assert.is(wire.romeo.closes[0]?.code, "unsupported");
  }
  for (const from of ["mallory@evil.lit/x", "evil.lit", "juliet@capulet.lit/x", "nurse@capulet.lit", ""]) {
    const wire = pair();
    wire.romeo.open(JULIET);
    assert.is(wire.romeo.receive({ type: "error", id: "romeo-1", from, to: ROMEO, payload: error }), false, from);
    assert.equal(wire.romeo.closes, []);
  }
});

test("an answer with an unknown id is none of ours", () => {
  const wire = pair().open();
  assert.is(wire.romeo.receive({ type: "result", id: "romeo-99", from: JULIET, to: ROMEO, payload: undefined }), false);
  assert.is(wire.romeo.receive({ type: "error", id: "__proto__", from: JULIET, to: ROMEO, payload: undefined }), false);
});

test("a result paces sending and changes no trust", () => {
  const wire = pair({ trust: { judge: () => new Promise(() => undefined) } }).open();
  assert.is(wire.romeo.claims.length, 1);
  wire.romeo.receive({
    type: "result",
    id: "romeo-3",
    from: JULIET,
    to: ROMEO,
    payload: xml("proceed", { xmlns: NS }),
  });
  assert.equal(wire.romeo.opened, []);
});

test.run();
