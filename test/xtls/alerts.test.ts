/** The alert alone is authenticated: nothing that a peer or a server does may keep it from going. */
import xml from "@xmpp/xml";
import { XtlsError } from "../../bindings/errors.ts";
import { decodeBase64, encodeBase64 } from "../../bindings/xtls/base64.ts";
import { assert, suite } from "../suite.ts";
import { pair, says } from "./ends.ts";
import { type End, type Iq, type WirePair } from "./wire-pair.ts";

const test = suite("alerts");
const NS = "urn:xmpp:tmp:xtls";
const isData = ({ type, payload }: Iq) => type === "set" && payload?.is("data", NS) === true;
const datas = (end: End) => end.sent.filter(isData).length;

/** Juliet says something, the server spoils it, and Romeo finds out. Nothing of Romeo's has been carried since the tunnel opened. */
function spoil(wire: WirePair): void {
  wire.juliet.send(says("I come, anon"));
  const said = wire.juliet.sent.find(isData) as Iq;
  const bytes = decodeBase64(said.payload?.getText() ?? "");
  bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
  wire.juliet.sent.length = 0;
  wire.romeo.receive({ ...said, payload: xml("data", { xmlns: NS }, encodeBase64(bytes)) });
}

test("an alert goes when the window is full and the queue is long, behind what was encrypted before it", () => {
  for (const hasExtensions of [true, false]) {
    const wire = pair({ hasExtensions }).open();
    for (let sent = 0; sent < 10; sent++) wire.romeo.send(says("x".repeat(20_000)));
    assert.is(datas(wire.romeo), hasExtensions ? 8 : 1);
    spoil(wire);
    assert.is(wire.romeo.closes[0]?.code, "bad-record");
    wire.settle();
    assert.is(wire.juliet.closes[0]?.code, "alert-received");
    assert.match(String(wire.juliet.closes[0]), "bad_record_mac");
    assert.ok(wire.juliet.stanzas.length >= 9);
  }
});

test("an alert goes when not one byte of plaintext would find room any more", () => {
  const wire = pair({ limits: { queue: 400_000 } }).open();
  for (let size = 100_000; size > 20; size = Math.floor(size / 2))
    for (;;) {
      try {
        wire.romeo.send(says("x".repeat(size)));
      } catch {
        break;
      }
    }
  spoil(wire);
  wire.settle();
  assert.is(wire.juliet.closes[0]?.code, "alert-received");
});

test("an alert goes at the smallest max-bytes that may be offered", () => {
  const refuses = { judge: () => ({ trusted: false, code: "not-trusted" }) as const };
  const wire = pair({ limits: { maxBytes: 1024 } }, { trust: refuses, limits: { maxBytes: 1024 } }).open();
  assert.is(wire.juliet.closes[0]?.code, "not-trusted");
  assert.is(wire.romeo.closes[0]?.code, "alert-received");
});

test("a peer that is silent, or not wanted any more, is not sent a long queue for the sake of an alert", () => {
  const ends = [
    ({ romeo, pair }: { romeo: End; pair: WirePair }) => (pair.now += 30_000) && romeo.wake(),
    ({ romeo, pair }: { romeo: End; pair: WirePair }) =>
      romeo.after(() => romeo.endpoint.abort(romeo.tunnel, new XtlsError("not-trusted"), pair.now)),
  ];
  for (const end of ends) {
    const wire = pair().open();
    for (let sent = 0; sent < 10; sent++) wire.romeo.send(says("x".repeat(20_000)));
    end({ romeo: wire.romeo, pair: wire });
    assert.is(wire.romeo.closes.length, 1);
    assert.is(datas(wire.romeo), 8);
    assert.ok(wire.romeo.sent.at(-1)?.payload?.is("close", NS));
  }
});

test("an alert goes when the bind before it is not sent yet, however much is behind it: nobody cries for a bind that no server has taken", () => {
  const wire = pair({}, { limits: { chunk: 64 } });
  // Juliet's window stays full: she gets an answer only when she would stand still before Romeo has all of her handshake.
  const kept: Iq[] = [];
  wire.intercept = (iq) => (iq.type === "result" && iq.payload === undefined && iq.to === wire.juliet.address ? (kept.push(iq), []) : [iq]);
  wire.open();
  while (wire.romeo.claims.length + wire.romeo.sent.length === 0 && wire.juliet.opened.length === 0) {
    wire.juliet.receive(kept.shift() as Iq);
    wire.settle();
  }
  assert.equal([wire.romeo.opened.length, wire.juliet.opened.length], [0, 1]);
  wire.juliet.send(says("x".repeat(20_000)));
  wire.juliet.after(() => wire.juliet.endpoint.abort(wire.juliet.tunnel, new XtlsError("not-trusted"), wire.now));
  wire.settle();
  assert.equal(wire.romeo.closes.map((error) => error?.code), ["alert-received"]);
});

test.run();
