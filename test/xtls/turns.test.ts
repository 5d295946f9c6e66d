/** Whatever comes at once is read in turns of the loop, and nothing overtakes it. */
import xml from "@xmpp/xml";
import fc from "fast-check";
import { XtlsError } from "../../bindings/errors.ts";
import { encodeBase64 } from "../../bindings/xtls/base64.ts";
import { elementsMadeBy } from "../elements.ts";
import { assert, suite } from "../suite.ts";
import { BarePeer } from "./bare-peer.ts";
import { pair, says } from "./ends.ts";
import { JULIET, ROMEO, written, type End } from "./wire-pair.ts";

const test = suite("turns");
const NS = "urn:xmpp:tmp:xtls";
const utf8 = new TextEncoder();
const CHUNK = 184_320;

/** What one turn hands on and reads at most. */
const STANZAS = 64;
const BYTES = 16_384;

/** Sends text in as few `<data/>` as possible, and lets Juliet do nothing but take them. @returns how many */
function pour(peer: BarePeer, text: string, size = CHUNK): number {
  peer.engine.write(utf8.encode(text));
  return drain(peer, size);
}

function drain(peer: BarePeer, size = CHUNK): number {
  let count = 0;
  for (; peer.engine.pending > 0; count++) peer.request(xml("data", { xmlns: NS }, encodeBase64(peer.engine.drain(size))));
  return count;
}

/** Gives an end turns until it wants no more. @returns how many stanzas each turn brought */
function turns(end: End): number[] {
  const counts: number[] = [];
  while (end.endpoint.hasUnread) {
    const before = end.stanzas.length;
    end.readOn();
    counts.push(end.stanzas.length - before);
  }
  return counts;
}

const results = (end: End) => end.sent.filter(({ type }) => type === "result" || type === "error");

test("one turn hands on 64 stanzas, and the loop breathes before the next", () => {
  const peer = new BarePeer();
  const { juliet } = peer;
  assert.is(pour(peer, "<message/>".repeat(10_000)), 1);
  assert.is(juliet.stanzas.length, STANZAS);
  const counts = turns(juliet);
  assert.ok(counts.every((count) => count <= STANZAS));
  assert.ok(counts.length >= 10_000 / STANZAS - 1);
  assert.is(juliet.stanzas.length, 10_000);
  assert.not(juliet.endpoint.hasUnread);
});

test("one turn reads 16 KiB, however many elements they are", () => {
  const peer = new BarePeer();
  const { juliet } = peer;
  const stanza = `<message>${"<a/>".repeat(4000)}</message>`;
  const most = BYTES / 4 + 100;
  let made = elementsMadeBy(() => pour(peer, stanza.repeat(10)));
  assert.ok(made <= most, `${made} elements`);
  while (juliet.endpoint.hasUnread) {
    made = elementsMadeBy(() => juliet.readOn());
    assert.ok(made <= most, `${made} elements`);
  }
  assert.is(juliet.stanzas.length, 10);
});

test("a data is answered when all of it is read, and what came behind it when it is its turn", () => {
  const peer = new BarePeer();
  const { juliet } = peer;
  pour(peer, "<message/>".repeat(500));
  pour(peer, "<presence/>");
  pour(peer, "<iq type='get' id='1'><q/></iq>");
  assert.equal([juliet.stanzas.length, results(juliet).length], [STANZAS, 0]);
  turns(juliet);
  assert.is(juliet.stanzas.length, 502);
  assert.match(juliet.stanzas[500] as string, "<presence");
  assert.match(juliet.stanzas[501] as string, "<iq");
  assert.equal(results(juliet).map(({ type }) => type), ["result", "result", "result"]);
});

test("a goodbye behind many stanzas is said when they are read: nothing is cut off", () => {
  const peer = new BarePeer();
  const { juliet } = peer;
  pour(peer, "<message/>".repeat(1000));
  peer.engine.close();
  drain(peer);
  peer.request(xml("close", { xmlns: NS }));
  assert.equal([juliet.stanzas.length, juliet.closes], [STANZAS, []]);
  turns(juliet);
  peer.exchange();
  assert.equal([juliet.stanzas.length, juliet.closes], [1000, [undefined]]);
});

test("a forged goodbye that overtakes nothing ends the tunnel as truncated, with all that came before it read", () => {
  const peer = new BarePeer();
  const { juliet } = peer;
  pour(peer, "<message/>".repeat(1000));
  peer.request(xml("close", { xmlns: NS }));
  assert.equal(juliet.closes, []);
  turns(juliet);
  assert.equal([juliet.stanzas.length, juliet.closes[0]?.code], [1000, "truncated"]);
});

test("broken bytes behind many stanzas end the tunnel when it is their turn, alert first", () => {
  const peer = new BarePeer();
  const { juliet } = peer;
  pour(peer, "<message/>".repeat(1000));
  pour(peer, "<message><!-- --></message>");
  pour(peer, "<message/>");
  assert.equal(juliet.closes, []);
  turns(juliet);
  assert.equal([juliet.stanzas.length, juliet.closes[0]?.code], [1000, "restricted-xml"]);
  const kinds = juliet.sent.map(({ type, payload }) => `${type} ${payload?.name ?? ""}`);
  assert.equal(kinds, ["result ", "set data", "error error", "set close", "error error"]);
  assert.match(written(juliet.sent[4] as never), "<item-not-found");
  peer.exchange();
  assert.is(peer.engine.alerts.received?.level, "fatal");
});

test("an answer in clear does not overtake the alert that came before it", () => {
  const peer = new BarePeer();
  const { juliet } = peer;
  juliet.send(xml("message"));
  const { id } = juliet.sent.find(({ type }) => type === "set") as { id: string };
  pour(peer, "<message/>".repeat(1000));
  peer.engine.abort(49, new XtlsError("not-authorized"));
  drain(peer);
  const error = xml("error", { type: "cancel" }, xml("bad-request", { xmlns: "urn:ietf:params:xml:ns:xmpp-stanzas" }));
  juliet.receive({ type: "error", id, from: ROMEO, to: JULIET, payload: error });
  turns(juliet);
  assert.equal([juliet.stanzas.length, juliet.closes[0]?.code], [1000, "alert-received"]);
});

test("who goes offline behind many stanzas has them read; when our own stream is gone nothing more is", () => {
  for (const isOwn of [false, true]) {
    const peer = new BarePeer();
    const { juliet } = peer;
    pour(peer, "<message/>".repeat(1000));
    if (isOwn) juliet.after(() => juliet.endpoint.disconnect(juliet.pair.now));
    else juliet.after(() => juliet.endpoint.unavailable(ROMEO, juliet.pair.now));
    turns(juliet);
    assert.equal([juliet.stanzas.length, juliet.closes[0]?.code], isOwn ? [STANZAS, "stream-lost"] : [1000, "peer-unavailable"]);
    assert.is(results(juliet).length, isOwn ? 0 : 1);
  }
});

test("a tunnel that somebody ends hands on nothing more, and what was not read is not acknowledged", () => {
  const peer = new BarePeer();
  const { juliet } = peer;
  pour(peer, "<message/>".repeat(1000));
  pour(peer, "<message/>");
  juliet.after(() => juliet.endpoint.abort(juliet.tunnel, new XtlsError("not-trusted"), juliet.pair.now));
  assert.equal(turns(juliet), []);
  assert.equal([juliet.stanzas.length, juliet.closes[0]?.code], [STANZAS, "not-trusted"]);
  assert.equal(results(juliet).map((iq) => /<item-not-found/.test(written(iq))), [true, true]);
});

test("who ignores the window costs turns, not memory: few of its data wait, whatever comes", () => {
  const peer = new BarePeer();
  const { juliet } = peer;
  const stanza = `<message><body>${"x".repeat(9000)}</body></message>`;
  for (let sent = 1; sent <= 600; sent++) {
    pour(peer, stanza.repeat(2));
    assert.ok(sent - results(juliet).length <= 132, `${sent - results(juliet).length} wait`);
  }
  turns(juliet);
  assert.is(juliet.stanzas.length, 1200);
  const answers = results(juliet).map(({ type, id }) => `${type} ${id}`);
  assert.equal(answers, [...answers].sort((one, other) => Number(one.split("-")[1]) - Number(other.split("-")[1])));
});

test("what waits is a megabyte at most, though each of the data is large", () => {
  const peer = new BarePeer();
  const { juliet } = peer;
  const stanza = `<message><body>${"x".repeat(89_000)}</body></message>`;
  for (let sent = 1; sent <= 30; sent++) {
    pour(peer, stanza.repeat(2));
    assert.ok(sent - results(juliet).length <= 7, `${sent - results(juliet).length} wait`);
  }
  turns(juliet);
  assert.is(juliet.stanzas.length, 60);
});

test("one tunnel's flood does not keep another tunnel waiting", () => {
  const peer = new BarePeer();
  const { juliet } = peer;
  pour(peer, "<message/>".repeat(1000));
  const nurse = new BarePeer({}, juliet, "romeo@montague.lit/street");
  pour(nurse, "<presence/>");
  assert.match(juliet.stanzas.at(-1) as string, "<presence");
  pour(nurse, "<presence/>".repeat(200));
  for (let turn = 0; turn < 8; turn++) juliet.readOn();
  const presences = juliet.stanzas.filter((text) => text.startsWith("<presence")).length;
  assert.is(presences, 201, "each gets every other turn");
});

test("what was held before the verdict is handed on in turns, after open", () => {
  const peer = new BarePeer({}, undefined, undefined, { judge: () => new Promise<never>(() => undefined) });
  const { juliet } = peer;
  pour(peer, "<message/>".repeat(1000), 4096);
  assert.is(results(juliet).length > 2 && juliet.stanzas.length, 0);
  juliet.judged({ trusted: true, state: "verified" });
  assert.equal([juliet.opened.length, juliet.stanzas.length], [1, STANZAS]);
  turns(juliet);
  assert.is(juliet.stanzas.length, 1000);
});

test("whenever which end has its turn, everything comes once, in order, and ends in order", () => {
  const run = fc.record({
    order: fc.infiniteStream(fc.nat(3)),
    window: fc.integer({ min: 1, max: 64 }),
    chunk: fc.integer({ min: 300, max: 100_000 }),
    bursts: fc.array(fc.record({ count: fc.integer({ min: 1, max: 200 }), size: fc.nat(300), isLarge: fc.boolean() }), { minLength: 1, maxLength: 3 }),
    both: fc.boolean(),
  });
  fc.assert(
    fc.property(run, ({ order, window, chunk, bursts, both }) => {
      const limits = { window, chunk };
      const wire = pair({ limits }, { limits }).open();
      const expected: string[] = [];
      for (const { count, size, isLarge } of bursts)
        for (let at = 0; at < (isLarge ? 1 : count); at++) {
          expected.push(`${expected.length}`.padEnd(isLarge ? 100 * size : size, "."));
          for (const end of [wire.romeo, wire.juliet]) end.send(says(expected.at(-1) as string));
        }
      wire.romeo.close();
      if (both) wire.juliet.close();
      const ends = [wire.romeo, wire.juliet] as const;
      for (let idle = 0; idle < 40; ) {
        const turn = order.next().value as number;
        const end = ends[turn % 2] as End;
        const hasMoved = turn < 2 ? wire.step(end) : end.endpoint.hasUnread;
        if (turn >= 2 && hasMoved) end.readOn();
        idle = hasMoved ? 0 : idle + 1;
      }
      wire.settle();
      for (const end of ends) {
        const bodies = end.stanzas.map((text) => /<body>(.*)<\/body>/.exec(text)?.[1]);
        assert.equal([bodies.length, bodies.every((body, at) => body === expected[at])], [expected.length, true]);
        assert.equal([end.closes, end.lost], [[undefined], []]);
      }
    }),
    { numRuns: 12 },
  );
});

test.run();
