/**
 * What may cross into the module: bytes that are bytes, texts that are texts, objects of the same core. All else is the
 * caller's mistake, said at once, with nothing done.
 */

import { createContext, runInContext } from "node:vm";

import { XtlsError, type Core, type EngineOptions } from "../../bindings/node.ts";
import { equal } from "../../bindings/tls/digest.ts";
import { srpClient, srpServer, srpVerifier } from "../../bindings/tls/srp.ts";
import { loadCore } from "../module.ts";
import { assert, suite } from "../suite.ts";
import { bytesOf, codeThrownBy, couple, openPair, pattern, settle, textOf, thrown } from "./pair.ts";

const test = suite("the border");
const core = await loadCore();
const { juliet: identity } = couple(core);

const Resizable = ArrayBuffer as unknown as new (
  length: number,
  options: object,
) => ArrayBuffer & { resize(length: number): void };

/** A view whose memory was given away, and one that its buffer no longer has room for. */
function lostBytes(): Uint8Array[] {
  const given = new Uint8Array(8);
  structuredClone(given, { transfer: [given.buffer] });
  const buffer = new Resizable(16, { maxByteLength: 16 });
  const beyond = new Uint8Array(buffer, 8, 8);
  buffer.resize(4);
  return [given, beyond];
}

/** What is often mistaken for bytes. */
const NO_BYTES: readonly unknown[] = [
  undefined,
  null,
  "hello",
  7,
  7n,
  true,
  [1, 2, 3],
  { length: 3, 0: 1, 1: 2, 2: 3 },
  new ArrayBuffer(8),
  new DataView(new ArrayBuffer(8)),
  new Int8Array(8),
  new Uint8ClampedArray(8),
  new Uint16Array(8),
  new SharedArrayBuffer(8),
  Promise.resolve(new Uint8Array(8)),
  Object.create(Uint8Array.prototype),
  { [Symbol.toStringTag]: "Uint8Array", length: 3 },
  () => new Uint8Array(8),
  ...lostBytes(),
];

const ends = openPair(core);
const verifier = srpVerifier(core, { user: pattern(3), password: pattern(4), salt: pattern(16) });
const client = srpClient(core, { user: pattern(3), password: pattern(4), salt: pattern(16) });
const server = srpServer(core, verifier);
const authorities = core.authorities(identity.toPEM().slice(identity.toPEM().indexOf("-----BEGIN CERT")));

/** Everything in tls/ that takes bytes. */
const TAKES_BYTES: Readonly<Record<string, (bytes: never) => unknown>> = {
  "engine.feed": (bytes) => ends.initiator.feed(bytes),
  "engine.write": (bytes) => ends.initiator.write(bytes),
  "engine.drainInto": (bytes) => ends.initiator.drainInto(bytes),
  "engine.readInto": (bytes) => ends.initiator.readInto(bytes),
  "engine.exportKeyingMaterial, context": (bytes) => {
    if (bytes === undefined) throw new XtlsError("invalid-argument"); // means: none
    return ends.initiator.exportKeyingMaterial("EXPORTER-x", bytes, 32);
  },
  "core.engine, session": (session) => {
    if (session === undefined) throw new XtlsError("invalid-argument");
    return core.engine({ role: "initiator", identity, session });
  },
  "core.engine, authorities": (bytes) => {
    if (bytes === undefined) throw new XtlsError("invalid-argument");
    return core.engine({ role: "initiator", identity, authorities: [identity.certificate, bytes] });
  },
  "core.certificate": (bytes) => core.certificate(bytes),
  "core.authorities": (bytes) => core.authorities([identity.certificate, bytes]),
  "core.verifyChain": (bytes) => core.verifyChain([identity.certificate, bytes], authorities),
  "core.sha256": (bytes) => core.sha256(bytes),
  "core.hmac, key": (bytes) => core.hmac(bytes, pattern(8)),
  "core.hmac, message": (bytes) => core.hmac(pattern(8), bytes),
  equal: (bytes) => equal(bytes, pattern(8)),
  "equal, the other": (bytes) => equal(pattern(8), bytes),
  "srp, user": (user) => srpClient(core, { user, password: pattern(8), salt: pattern(16) }),
  "srp, password": (password) => srpVerifier(core, { user: pattern(8), password, salt: pattern(16) }),
  "srp, salt": (salt) => srpClient(core, { user: pattern(8), password: pattern(8), salt }),
  "srp, verifier": (bytes) => srpServer(core, bytes),
  "srp, peer": (bytes) => client.agree(bytes),
  "srp, message": (bytes) => server.prove(bytes),
};

for (const [name, take] of Object.entries(TAKES_BYTES)) {
  test(`${name} takes bytes and nothing that looks like them`, () => {
    for (const [index, wrong] of NO_BYTES.entries()) {
      // PEM is a text.
      if (typeof wrong === "string" && name.includes("authorities")) continue;
      assert.is(
        codeThrownBy(() => take(wrong as never)),
        "invalid-argument",
        `value ${index}, ${typeof wrong}`,
      );
    }
  });
}

test("nothing was done by any of these: the tunnel goes on", () => {
  ends.initiator.write(bytesOf("still here"));
  settle(ends);
  assert.is(textOf(ends.responder.read()), "still here");
  assert.is(ends.initiator.state, "open");
});

const filled = (bytes: Uint8Array, content: Uint8Array): Uint8Array => (bytes.set(content), bytes);

/** What is bytes all the same. */
const BYTES: Readonly<Record<string, (content: Uint8Array) => Uint8Array>> = {
  "in a Buffer": (content) => Buffer.from(content),
  "in a part of a Buffer": (content) => Buffer.concat([pattern(3), content, pattern(3)]).subarray(3, -3),
  "of shared memory": (content) => filled(new Uint8Array(new SharedArrayBuffer(content.length)), content),
  "of a resizable buffer": (content) =>
    filled(new Uint8Array(new Resizable(content.length, { maxByteLength: 2000 })), content),
  "of another realm": (content) =>
    filled(runInContext(`new Uint8Array(${content.length})`, createContext({})) as Uint8Array, content),
};

for (const [name, make] of Object.entries(BYTES)) {
  test(`bytes ${name} are taken, and can be written into`, () => {
    ends.initiator.write(make(bytesOf("Call me but love")));
    const records = make(pattern(200));
    const length = ends.initiator.drainInto(records);
    ends.responder.feed(records.subarray(0, length));
    const text = make(pattern(40));
    assert.is(textOf(Uint8Array.from(text.subarray(0, ends.responder.readInto(text)))), "Call me but love");
    assert.equal(core.sha256(make(bytesOf("abc"))), core.sha256(bytesOf("abc")));
    assert.ok(equal(make(bytesOf("abc")), bytesOf("abc")));
    assert.is(core.certificate(make(identity.certificate)).fingerprint, identity.fingerprint);
    assert.equal(core.verifyChain([make(identity.certificate)], authorities), []);
  });
}

test("no bytes at all are bytes", () => {
  ends.initiator.write(new Uint8Array(0));
  ends.responder.feed(new Uint8Array(0));
  assert.is(core.sha256(new Uint8Array(0)).length, 32);
});

/** Everything that takes a text. */
const TAKES_TEXT: Readonly<Record<string, (text: never) => unknown>> = {
  "engine.exportKeyingMaterial, label": (text) => ends.initiator.exportKeyingMaterial(text, undefined, 32),
  "core.engine, alpn": (text) => core.engine({ role: "initiator", identity, alpn: [text] }),
  "core.identityFromPEM": (text) => core.identityFromPEM(text),
};

for (const [name, take] of Object.entries(TAKES_TEXT)) {
  test(`${name} takes a text and nothing else`, () => {
    for (const wrong of [undefined, null, 7, ["xtls/1"], bytesOf("xtls/1"), new String("xtls/1")])
      assert.is(
        codeThrownBy(() => take(wrong as never)),
        "invalid-argument",
        String(wrong),
      );
  });
}

// --- objects -----------------------------------------------------------------------------------

test("objects of another core are refused, and that core's own take them", async () => {
  const other = await loadCore();
  const theirs = other.createIdentity({ jid: "juliet@capulet.example" });
  const foreign: readonly Partial<EngineOptions>[] = [
    { identity: theirs },
    { tickets: other.tickets() },
    { authorities: other.authorities(theirs.toPEM().slice(theirs.toPEM().indexOf("-----BEGIN CERT"))) },
  ];
  const before = core.heapUsed;
  for (const options of foreign) {
    const error = thrown(() => core.engine({ role: "responder", identity, ...options })) as XtlsError;
    assert.is(error.code, "invalid-argument");
    assert.match(error.message, "of another core");
    const engine = other.engine({ role: "responder", identity: theirs, ...options });
    engine[Symbol.dispose]();
  }
  assert.ok(core.heapUsed - before < 64);
  assert.is(openPair(core).initiator.state, "open", "and neither core trapped");
  assert.ok(other.createIdentity({ jid: "romeo@montague.example" }));
});

test("what only looks like an object of a core is refused", () => {
  for (const wrong of [{}, { owned: { address: 64 } }, 64, "tickets", null, authorities])
    for (const options of [{ tickets: wrong }, { identity: wrong }])
      assert.is(
        codeThrownBy(() => core.engine({ role: "responder", identity, ...options } as never)),
        "invalid-argument",
        JSON.stringify(Object.keys(options)),
      );
  for (const wrong of [{}, core.tickets(), 64, null, identity.certificate])
    assert.is(
      codeThrownBy(() => core.verifyChain(identity.chain, wrong as never)),
      "invalid-argument",
    );
});

test("no options, or none where there must be some, are the caller's mistake", () => {
  const calls: readonly ((core: Core) => unknown)[] = [
    () => core.engine(undefined as never),
    () => core.engine(null as never),
    () => core.engine({} as never),
    () => core.createIdentity(undefined as never),
    () => core.createIdentity({} as never),
    () => core.createIdentity({ jid: 7 } as never),
    () => core.tickets(null as never),
    () => core.authorities(undefined as never),
    () => core.verifyChain(undefined as never, authorities),
    () => core.verifyChain("chain" as never, authorities),
    () => core.engine({ role: "initiator", identity, alpn: "xtls/1" as never }),
    () => core.engine({ role: "initiator", identity, groups: "X25519" as never }),
    () => core.engine({ role: "initiator", identity, ciphersuites: 7 as never }),
    () => core.engine({ role: "initiator", identity, keyLog: "yes" as never }),
    () => ends.initiator.abort(40, "why" as never),
  ];
  for (const call of calls) {
    const error = thrown(() => call(core));
    assert.instance(error, XtlsError, String(call));
    assert.ok(["invalid-argument", "invalid-jid"].includes((error as XtlsError).code), String(call));
  }
});

test.run();
