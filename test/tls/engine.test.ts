import { XtlsError, type Engine, type EngineOptions } from "../../bindings/node.ts";
import { loadCore } from "../module.ts";
import { assert, suite } from "../suite.ts";
import { assertNoLeak } from "./heap.ts";
import { Middle, recordsOf } from "./middle.ts";
import {
  bytesOf,
  codeThrownBy,
  couple,
  dispose,
  handshake,
  openPair,
  pair,
  pattern,
  recordLengths,
  settle,
  textOf,
  thrown,
  transfer,
} from "./pair.ts";

const test = suite("engine");
const core = await loadCore();

const EMPTY = new Uint8Array(0);

test("shakes hands and knows what was negotiated", () => {
  const { initiator, responder } = openPair(core, { alpn: ["xtls/1"] });
  for (const engine of [initiator, responder]) {
    assert.equal(engine.negotiated, {
      version: "TLSv1.3",
      ciphersuite: "TLS_CHACHA20_POLY1305_SHA256",
      group: "X25519",
      alpn: "xtls/1",
      resumed: false,
    });
    assert.equal(engine.alerts, {});
    assert.is(engine.error, undefined);
  }
});

test("sees the other's certificate, each of the other", () => {
  const { juliet, romeo } = couple(core);
  const { initiator, responder } = openPair(core);
  assert.equal(initiator.peer?.der, romeo.certificate);
  assert.equal(responder.peer?.der, juliet.certificate);
  assert.is(initiator.peer?.fingerprint, romeo.fingerprint);
  assert.equal(responder.peer?.jids, ["juliet@capulet.example"]);
});

test("knows nothing of the peer before the handshake is over", () => {
  const { initiator, responder } = pair(core);
  assert.is(initiator.state, "handshaking");
  assert.ok(initiator.pending > 0);
  assert.is(responder.pending, 0);
  for (const engine of [initiator, responder]) {
    assert.is(engine.peer, undefined);
    assert.is(engine.negotiated, undefined);
    assert.is(
      codeThrownBy(() => engine.exportKeyingMaterial("EXPORTER-x", undefined, 32)),
      "invalid-state",
    );
    assert.is(
      codeThrownBy(() => engine.write(bytesOf("early"))),
      "invalid-state",
    );
  }
  handshake({ initiator, responder });
});

for (const length of [1, 1024, 16383, 16384, 16385, 65535, 65536, 65537, 200_000]) {
  test(`carries ${length} bytes each way, whole`, () => {
    const { initiator, responder } = openPair(core);
    const data = pattern(length);
    initiator.write(data);
    transfer(initiator, responder);
    assert.equal(responder.read(), data);
    assert.equal(responder.read(), EMPTY);

    responder.write(data);
    transfer(responder, initiator);
    assert.equal(initiator.read(), data);
  });
}

test("puts 16 KiB into one record, and the next byte into another", () => {
  const { initiator } = openPair(core);
  for (const [length, records] of [
    [16383, 1],
    [16384, 1],
    [16385, 2],
    [32768, 2],
    [32769, 3],
  ] as const) {
    initiator.write(pattern(length));
    const lengths = recordLengths(initiator.drain());
    assert.is(lengths.length, records);
    assert.ok(Math.max(...lengths) <= 16384 + 1 + 16, String(lengths)); // type and tag go along (RFC 8446 5.2)
  }
});

test("keeps several writes in order until they are read at once", () => {
  const ends = openPair(core);
  for (const line of ["Call me ", "but love, ", "and I'll be new baptized"]) ends.initiator.write(bytesOf(line));
  settle(ends);
  assert.is(textOf(ends.responder.read()), "Call me but love, and I'll be new baptized");
});

test("drains no more than asked for", () => {
  const { initiator, responder } = openPair(core);
  initiator.write(pattern(100));
  const { pending } = initiator;
  const pieces: Uint8Array[] = [];
  for (let piece = initiator.drain(7); piece.length > 0; piece = initiator.drain(7)) pieces.push(piece);
  assert.is(pieces.length, Math.ceil(pending / 7));
  for (const piece of pieces) responder.feed(piece);
  assert.equal(responder.read(), pattern(100));
});

for (const length of [1, 1024, 65536, 65537, 200_000]) {
  test(`fills the caller's memory with ${length} bytes each way, and leaves the rest of it alone`, () => {
    const { initiator, responder } = openPair(core);
    const [wire, plain] = [new Uint8Array(2 * length + 1000).fill(0xaa), new Uint8Array(length + 10).fill(0xbb)];
    initiator.write(pattern(length));
    const { pending } = initiator;
    assert.is(initiator.drainInto(wire), pending);
    assert.is(initiator.drainInto(wire), 0);
    assert.ok(wire.subarray(pending).every((byte) => byte === 0xaa));

    responder.feed(wire.subarray(0, pending));
    assert.is(responder.readInto(plain), length);
    assert.is(responder.readInto(plain), 0);
    assert.equal(plain.subarray(0, length), pattern(length));
    assert.ok(plain.subarray(length).every((byte) => byte === 0xbb));
  });
}

test("fills the caller's memory in as many turns as its size takes", () => {
  const { initiator, responder } = openPair(core);
  initiator.write(pattern(100));
  const piece = new Uint8Array(7);
  for (let length = initiator.drainInto(piece); length > 0; length = initiator.drainInto(piece)) {
    assert.ok(length === 7 || initiator.pending === 0);
    responder.feed(piece.subarray(0, length));
  }
  const read: number[] = [];
  for (let length = responder.readInto(piece); length > 0; length = responder.readInto(piece)) {
    read.push(...piece.subarray(0, length));
  }
  assert.equal(Uint8Array.from(read), pattern(100));
});

test("fills no memory without room: nothing written would tell nothing", () => {
  const { initiator } = openPair(core);
  initiator.write(bytesOf("Wherefore"));
  for (const port of ["drainInto", "readInto"] as const) {
    assert.is(
      codeThrownBy(() => initiator[port](EMPTY)),
      "invalid-argument",
    );
  }
  assert.ok(initiator.drain().length > 0);
});

test("gives copies: what comes out is not overwritten later", () => {
  const { initiator, responder } = openPair(core);
  initiator.write(bytesOf("first"));
  const first = initiator.drain();
  const copy = first.slice();
  initiator.write(bytesOf("other"));
  const second = initiator.drain();
  assert.equal(first, copy);
  responder.feed(first);
  const read = responder.read();
  responder.feed(second);
  responder.read();
  assert.is(textOf(read), "first");
});

test("closes one way after the other, and reads on in between", () => {
  const { initiator, responder } = openPair(core);
  initiator.close();
  initiator.close();
  assert.is(initiator.state, "closing");
  assert.equal(initiator.alerts, { sent: { level: "warning", description: 0, name: "close_notify" } });
  assert.is(
    codeThrownBy(() => initiator.write(bytesOf("late"))),
    "invalid-state",
  );

  responder.write(bytesOf("on its way"));
  transfer(responder, initiator);
  assert.is(textOf(initiator.read()), "on its way");

  transfer(initiator, responder);
  assert.is(responder.state, "closed");
  assert.is(responder.alerts.received?.name, "close_notify");
  transfer(responder, initiator);
  assert.is(initiator.state, "closed");
  initiator.end();
  responder.end();
  assert.is(initiator.error, undefined);
});

test("closes from both ends at once", () => {
  const ends = openPair(core);
  ends.initiator.close();
  ends.responder.close();
  settle(ends);
  assert.is(ends.initiator.state, "closed");
  assert.is(ends.responder.state, "closed");
});

test("ignores bytes after close_notify", () => {
  const ends = openPair(core);
  ends.responder.close();
  settle(ends);
  ends.initiator.feed(pattern(1000));
  assert.equal(ends.initiator.read(), EMPTY);
  assert.is(ends.initiator.state, "closed");
});

test("reports a transport that ends without close_notify as truncated, for good", () => {
  for (const ends of [pair(core), openPair(core)]) {
    assert.is(
      codeThrownBy(() => ends.initiator.end()),
      "truncated",
    );
    assert.is(ends.initiator.state, "failed");
    assert.is(ends.initiator.error?.code, "truncated");
    ends.initiator.end();
    assert.is(
      codeThrownBy(() => ends.initiator.feed(EMPTY)),
      "truncated",
    );
  }
});

test("reports truncation also after its own close_notify", () => {
  const { initiator } = openPair(core);
  initiator.close();
  assert.is(
    codeThrownBy(() => initiator.end()),
    "truncated",
  );
});

test("cancels a handshake by close", () => {
  const ends = pair(core);
  transfer(ends.initiator, ends.responder);
  ends.responder.close();
  assert.is(ends.responder.state, "failed");
  assert.is(ends.responder.error?.code, "handshake-canceled");
  assert.is(
    codeThrownBy(() => settle(ends)),
    "handshake-canceled",
  );
  // To the initiator the handshake was over when the responder left: it was closed in order.
  assert.is(ends.initiator.state, "closed");
  assert.is(ends.initiator.error, undefined);
  assert.is(ends.initiator.alerts.received?.name, "close_notify");
});

test("cancels by user_canceled, a warning, and close_notify behind it, and so when it is aborted by that alert", () => {
  for (const leave of [
    (engine: Engine) => engine.close(),
    (engine: Engine) => engine.abort(90, new XtlsError("timeout")),
  ]) {
    const middle = new Middle(core);
    transfer(middle.initiator, middle.responder);
    middle.responder.drain();
    leave(middle.responder);
    assert.equal(middle.responder.alerts.sent, { level: "warning", description: 90, name: "user_canceled" });
    const sealed = middle.applicationFrom("responder");
    const alerts = recordsOf(middle.responder.drain()).map((record) => [...sealed.open(record).content]);
    assert.equal(alerts, [
      [1, 90],
      [1, 0],
    ]);
  }
});

test("understands a peer that cancels in the clear, since it has no keys yet", () => {
  const ends = pair(core);
  transfer(ends.initiator, ends.responder);
  ends.initiator.close();
  assert.equal([...ends.initiator.drain()], [21, 3, 3, 0, 2, 1, 90, 21, 3, 3, 0, 2, 1, 0]);
  ends.responder.drain();
  assert.is(
    codeThrownBy(() => ends.responder.feed(Buffer.from("1503030002015a15030300020100", "hex"))),
    "handshake-canceled",
  );
  assert.is(ends.responder.alerts.sent, undefined);
});

test("tells the peer why it was judged, and keeps the judge's error", () => {
  const ends = openPair(core);
  const verdict = new XtlsError("not-trusted");
  ends.initiator.abort(46, verdict);
  assert.is(ends.initiator.state, "failed");
  assert.is(ends.initiator.error, verdict);
  assert.is(
    thrown(() => ends.initiator.write(bytesOf("x"))),
    verdict,
  );
  assert.equal(ends.initiator.alerts.sent, { level: "fatal", description: 46, name: "certificate_unknown" });

  const error = thrown(() => transfer(ends.initiator, ends.responder)) as XtlsError;
  assert.is(error.code, "alert-received");
  assert.match(error.message, "certificate_unknown");
  assert.is(ends.responder.error, error);
  assert.equal(ends.responder.alerts.received, { level: "fatal", description: 46, name: "certificate_unknown" });
});

test("gives each error once and always the same one", () => {
  const ends = openPair(core);
  const error = thrown(() => ends.initiator.feed(pattern(100)));
  assert.instance(error, XtlsError);
  assert.is(
    thrown(() => ends.initiator.feed(EMPTY)),
    error,
  );
  assert.is(
    thrown(() => ends.initiator.write(bytesOf("x"))),
    error,
  );
  assert.is(ends.initiator.error, error);
  assert.ok(ends.initiator.drain().length > 0, "the alert gets away");
});

test("reads what was authentic before an error", () => {
  const { initiator, responder } = openPair(core);
  initiator.write(bytesOf("authentic"));
  transfer(initiator, responder);
  assert.throws(() => responder.feed(pattern(100)));
  assert.is(textOf(responder.read()), "authentic");
});

test("agrees on exported keys, which depend on label, context and length", () => {
  const { initiator, responder } = openPair(core);
  const cases: [string, Uint8Array | undefined, number][] = [
    ["EXPORTER-XTLS-bind", undefined, 32],
    ["EXPORTER-XTLS-bind", bytesOf("a"), 32],
    ["EXPORTER-XTLS-sas", undefined, 32],
    ["EXPORTER-XTLS-bind", undefined, 48],
    ["EXPORTER-XTLS-bind", pattern(70_000), 1],
  ];
  const keys = cases.map((given) => {
    const key = initiator.exportKeyingMaterial(...given);
    assert.equal(responder.exportKeyingMaterial(...given), key);
    assert.is(key.length, given[2]);
    return key.join();
  });
  assert.is(new Set(keys).size, keys.length);
});

test("agrees on other keys in every session", () => {
  const key = () => openPair(core).initiator.exportKeyingMaterial("EXPORTER-x", undefined, 32).join();
  assert.is.not(key(), key());
});

test("refuses lengths, maxima and alerts that make no sense", () => {
  const { initiator } = openPair(core);
  for (const length of [0, -1, 1.5, 1e6])
    assert.is(
      codeThrownBy(() => initiator.exportKeyingMaterial("x", undefined, length)),
      "invalid-argument",
    );
  for (const max of [0, -1, 1.5, NaN])
    assert.is(
      codeThrownBy(() => initiator.drain(max)),
      "invalid-argument",
    );
  for (const alert of [0, 256, 1.5])
    assert.is(
      codeThrownBy(() => initiator.abort(alert, new XtlsError("closed"))),
      "invalid-argument",
    );
  assert.is(initiator.state, "open");
});

test("refuses options that make no sense", () => {
  const { juliet } = couple(core);
  const nonsense: Record<string, unknown>[] = [
    { role: "server" },
    { identity: undefined },
    { ciphersuites: [] },
    { ciphersuites: ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"] },
    { ciphersuites: ["constructor"] },
    { groups: ["P-521"] },
    { alpn: [""] },
    { alpn: ["x".repeat(256)] },
    { limit: 0 },
    { limit: 1.5 },
    { session: pattern(40) },
  ];
  const before = core.heapUsed;
  for (const options of nonsense) {
    const code = codeThrownBy(() => core.engine({ role: "initiator", identity: juliet, ...options } as EngineOptions));
    assert.is(code, "invalid-argument", JSON.stringify(options));
  }
  assert.is(
    codeThrownBy(() => core.engine({ role: "initiator", identity: juliet, authorities: "no PEM" })),
    "invalid-certificate",
  );
  assertNoLeak(core, before);
});

test("refuses an identity of another core", async () => {
  const other = await loadCore();
  const stranger = other.createIdentity({ jid: "nurse@capulet.example" });
  assert.is(
    codeThrownBy(() => core.engine({ role: "initiator", identity: stranger })),
    "invalid-argument",
  );
});

test("throws `disposed` from all that needs the module, and still says what it was", () => {
  const ends = openPair(core);
  const engine = ends.initiator;
  engine[Symbol.dispose]();
  engine[Symbol.dispose]();
  const uses = [
    () => engine.feed(EMPTY),
    () => engine.drain(),
    () => engine.write(EMPTY),
    () => engine.read(),
    () => engine.close(),
    () => engine.abort(40, new XtlsError("closed")),
    () => engine.end(),
    () => engine.alerts,
    () => engine.pending,
    () => engine.session,
    () => engine.exportKeyingMaterial("x", undefined, 1),
  ];
  for (const use of uses) assert.is(codeThrownBy(use), "disposed", String(use));
  assert.is(engine.state, "disposed");
  assert.is(engine.error, undefined);
  assert.is(engine.negotiated?.version, "TLSv1.3");
  assert.equal(engine.peer?.jids, ["romeo@montague.example"]);
});

test("lives on when its identity is disposed of", () => {
  const identity = core.createIdentity({ jid: "nurse@capulet.example" });
  const ends = pair(core, {}, { identity });
  identity[Symbol.dispose]();
  handshake(ends);
  assert.is(
    codeThrownBy(() => core.engine({ role: "initiator", identity })),
    "disposed",
  );
});

test("runs many engines of one core side by side", () => {
  const pairs = Array.from({ length: 20 }, () => pair(core));
  for (const ends of pairs) transfer(ends.initiator, ends.responder);
  for (const ends of pairs) handshake(ends);
  pairs.forEach(({ initiator }, index) => initiator.write(bytesOf(`pair ${index}`)));
  pairs.forEach((ends, index) => {
    settle(ends);
    assert.is(textOf(ends.responder.read()), `pair ${index}`);
  });
  pairs.forEach(dispose);
});

test.run();
