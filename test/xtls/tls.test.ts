import { generateKeyPairSync } from "node:crypto";
import { Duplex } from "node:stream";
import { connect, TLSSocket, type ConnectionOptions, type TLSSocketOptions as TlsOptions } from "node:tls";
import xml, { type Element } from "@xmpp/xml";
import { XtlsError } from "../../bindings/errors.ts";
import type { EngineOptions } from "../../bindings/tls/options.ts";
import { decodeBase64, encodeBase64 } from "../../bindings/xtls/base64.ts";
import { assert, suite } from "../suite.ts";
import { basicConstraints, mint } from "../tls/mint.ts";
import { core, juliet, pair, romeo, says } from "./ends.ts";
import { fakeIdentity, FakeEngine } from "./fake-engine.ts";
import { JULIET, ROMEO, written, type End } from "./wire-pair.ts";

const test = suite("tls");
const NS = "urn:xmpp:tmp:xtls";

test("both ends show a certificate: authentication is mutual", () => {
  const wire = pair().open();
  assert.is(wire.romeo.tunnel.security?.certificate.fingerprint, juliet.fingerprint);
  assert.is(wire.juliet.tunnel.security?.certificate.fingerprint, romeo.fingerprint);
});

/** Node's own TLS in Romeo's place, as a client that does not do what it should: how it ends, and Juliet's end. */
async function foreignClient(options: ConnectionOptions): Promise<{ error: NodeJS.ErrnoException; peer: End }> {
  const peer = pair().juliet;
  const say = (payload: Element, id: string) => peer.receive({ type: "set", id, from: ROMEO, to: JULIET, payload });
  say(xml("start", { xmlns: NS }), "start");
  const heard: Uint8Array[] = [];
  const wire = new Duplex({
    read: () => undefined,
    write(bytes: Uint8Array, _encoding, done) {
      say(xml("data", { xmlns: NS }, encodeBase64(bytes)), "data");
      for (const { payload } of peer.sent
        .splice(0)
        .filter(({ type, payload }) => type === "set" && payload?.is("data"))) {
        heard.push(decodeBase64(payload?.getText() ?? ""));
        wire.push(heard.at(-1));
      }
      done();
    },
  });
  const client = connect({ socket: wire, rejectUnauthorized: false, ...options });
  return { error: await new Promise<NodeJS.ErrnoException>((resolve) => client.once("error", resolve)), peer };
}

test("a peer that shows no certificate gets certificate_required, and no tunnel", async () => {
  const { error, peer } = await foreignClient({ minVersion: "TLSv1.3" });
  assert.match(String(error.code), "CERTIFICATE_REQUIRED");
  assert.is(peer.closes[0]?.code, "certificate-missing");
  assert.equal(peer.opened, []);
});

/** Node's own TLS in Juliet's place, as a server that does not do what it should: how Romeo's end likes it. */
async function foreignServer(options: TlsOptions): Promise<{ error: NodeJS.ErrnoException; peer: End }> {
  const peer = pair().romeo;
  const answer = (id: string, payload?: Element) =>
    void peer.receive({ type: "result", id, from: JULIET, to: ROMEO, payload });
  const wire = new Duplex({
    read: () => undefined,
    write(bytes: Uint8Array, _encoding, done) {
      const payload = xml("data", { xmlns: NS }, encodeBase64(bytes));
      peer.receive({ type: "set", id: "data", from: JULIET, to: ROMEO, payload });
      carry();
      done();
    },
  });
  const carry = () => {
    for (const { type, id, payload } of peer.sent.splice(0)) {
      if (type !== "set" || payload === undefined) continue;
      if (payload.is("data")) wire.push(decodeBase64(payload.getText()));
      answer(id, payload.is("start") ? xml("proceed", { xmlns: NS }) : undefined);
    }
    if (peer.sent.length > 0) carry();
  };
  const server = new TLSSocket(wire, { isServer: true, key: juliet.toPEM(), cert: juliet.toPEM(), ...options });
  const error = new Promise<NodeJS.ErrnoException>((resolve) => server.once("error", resolve));
  peer.open(JULIET);
  carry();
  return { error: await error, peer };
}

/** Keys that we do not take, and say so by our signature_algorithms. */
const FOREIGN = [generateKeyPairSync("ed25519"), generateKeyPairSync("ec", { namedCurve: "P-521" })].map(({ privateKey }) => mint({ name: "foreign", key: privateKey, extensions: [basicConstraints(true)] }));

test("a peer with a key that our signature_algorithms leave out has no certificate to show, or fails by itself", async () => {
  for (const { key, certificate } of FOREIGN) {
    const client = await foreignClient({ minVersion: "TLSv1.3", key, cert: certificate });
    assert.match(String(client.error.code), "CERTIFICATE_REQUIRED");
    assert.is(client.peer.closes[0]?.code, "certificate-missing");
    const server = await foreignServer({ key, cert: certificate, requestCert: true });
    assert.match(String(server.error.code), "NO_SUITABLE_SIGNATURE_ALGORITHM");
    assert.equal([...client.peer.opened, ...server.peer.opened], []);
  }
});

test("a peer that asks for no certificate gets handshake_failure, and no tunnel", async () => {
  const { error, peer } = await foreignServer({ requestCert: false });
  assert.match(String(error.code), "HANDSHAKE_FAILURE");
  assert.is(peer.closes[0]?.code, "certificate-not-requested");
  assert.equal(peer.opened, []);
});

test("offers no compression, no early data, no bare PSK, and no suite but ECDHE with AEAD", () => {
  const hello = helloOf({ role: "initiator", identity: romeo });
  assert.equal(hello.compression, [0]);
  assert.not(hello.extensions.has(EARLY_DATA));
  // psk_key_exchange_modes, when there: a list of one byte, psk_dhe_ke.
  assert.equal(hello.extensions.get(PSK_MODES) ?? [1, 1], [1, 1]);
  assert.ok(hello.suites.length > 0 && hello.suites.every(isEcdheWithAead), hello.suites.join());
  // supported_versions (RFC 8446 4.2.1): a list of two bytes, TLS 1.3 and nothing older.
  assert.equal(hello.extensions.get(VERSIONS), [2, 3, 4]);
});

test("offers the suites, groups and signature schemes that the page names, in its order", () => {
  const hello = helloOf({ role: "initiator", identity: romeo });
  assert.equal(hello.suites.filter((suite) => suite !== 0x00ff), [0x1303, 0x1301, 0x1302]);
  const listed = (extension: number) => pairs((hello.extensions.get(extension) as number[]).slice(2));
  assert.equal(listed(GROUPS), [0x001d, 0x0017, 0x0018]);
  // ECDSA on either curve, then RSASSA-PSS and, for certificates, PKCS #1 v1.5 with SHA-512, SHA-384 and SHA-256.
  assert.equal(listed(SIGNATURES), [0x0403, 0x0503, 0x0806, 0x0805, 0x0804, 0x0601, 0x0501, 0x0401]);
});

const GROUPS = 10;
const SIGNATURES = 13;
const EARLY_DATA = 42;
const VERSIONS = 43;
const PSK_MODES = 45;
/** RFC 8446 B.4; the signal of RFC 5746 is no suite. */
const SUITES = [0x1301, 0x1302, 0x1303, 0x00ff];
const isEcdheWithAead = (suite: number) => SUITES.includes(suite);

/** The ClientHello of a fresh initiator (RFC 8446 §4.1.2). */
function helloOf(options: EngineOptions) {
  const engine = core.engine(options);
  const bytes = Buffer.from(engine.drain());
  engine[Symbol.dispose]();
  let at = 5 + 4 + 2 + 32;
  const take = (size: number) => bytes.subarray(at, (at += size));
  const list = (width: number) => [...take(take(width).readUIntBE(0, width))];
  list(1);
  const suites = pairs(list(2));
  const compression = list(1);
  const end = at + 2 + take(2).readUInt16BE();
  const extensions = new Map<number, number[]>();
  while (at < end) extensions.set(take(2).readUInt16BE(), list(2));
  return { suites, compression, extensions };
}

function pairs(bytes: number[]): number[] {
  return bytes.flatMap((high, at) => (at % 2 === 0 ? [high * 256 + (bytes[at + 1] ?? 0)] : []));
}

test("an engine without a peer certificate ends the tunnel", () => {
  class Nameless extends FakeEngine {
    override feed(bytes: Uint8Array): void {
      super.feed(bytes);
      this.peer = undefined;
    }
  }
  const identity = fakeIdentity("romeo@montague.lit", (options) => new Nameless(options));
  const wire = pair({ identity }, { identity: fakeIdentity("juliet@capulet.lit") }).open();
  assert.is(wire.romeo.closes[0]?.code, "certificate-missing");
  assert.is(wire.romeo.opened.length, 0);
});

test("tickets are for where an end responds, a session for where it initiates: one end can have both", () => {
  const tickets = core.tickets();
  const full = pair({ engine: { tickets } }, { engine: { tickets } }).open();
  assert.not(full.romeo.tunnel.security?.resumed);
  const engines = [core.engine({ role: "initiator", identity: romeo }), core.engine({ role: "responder", identity: juliet, tickets })] as const;
  for (let flight = 0; flight < 6; flight++) for (const [from, to] of [engines, [engines[1], engines[0]]] as const) to.feed(from.drain(65536));
  const { session } = engines[0];
  assert.ok(session);
  const wire = pair({ engine: { session, tickets } }, { engine: { session, tickets } }).open();
  assert.equal([wire.romeo.tunnel.security?.resumed, wire.juliet.tunnel.security?.resumed], [true, true]);
  for (const engine of engines) engine[Symbol.dispose]();
  tickets[Symbol.dispose]();
});

test("speaks TLS 1.3", () => {
  assert.is(pair().open().romeo.tunnel.security?.version, "TLSv1.3");
});

test("a peer that speaks TLS 1.2 alone gets protocol_version, and no tunnel", async () => {
  const { error, peer } = await foreignClient({ maxVersion: "TLSv1.2" });
  assert.match(String(error.code), "PROTOCOL_VERSION");
  assert.is(peer.closes[0]?.code, "no-common-parameters");
  assert.equal(peer.opened, []);
});

test("no common suite is told as no-common-method", () => {
  const wire = pair(
    { engine: { ciphersuites: ["TLS_AES_128_GCM_SHA256"] } },
    { engine: { ciphersuites: ["TLS_CHACHA20_POLY1305_SHA256"] } },
  ).open();
  assert.match(wire.log.map(written).join(), /<not-acceptable[^>]*><no-common-method/);
});

test("agrees on the application protocol xtls/1, and says so when both ends compare offers", () => {
  assert.is(pair().open().romeo.tunnel.security?.alpn, "xtls/1+bind");
  for (const wire of [pair({ hasExtensions: false }), pair({}, { hasExtensions: false })]) {
    assert.is(wire.open().romeo.tunnel.security?.alpn, "xtls/1");
    assert.not(wire.juliet.tunnel.security?.isBound);
  }
});

test("accepts a peer without ALPN, and refuses one that wants another protocol", () => {
  for (const side of [0, 1]) {
    const silent = { engine: { alpn: [] } };
    const wire = side === 0 ? pair(silent) : pair({}, silent);
    assert.is(wire.open().romeo.tunnel.security?.alpn, undefined);
  }
  const other = pair({ engine: { alpn: ["http/1.1"] } }).open();
  assert.is(other.juliet.closes[0]?.code, "no-common-parameters");
  assert.match(other.romeo.closes[0]?.message ?? "", "no_application_protocol");
  assert.is(other.romeo.opened.length, 0);
});

test("an engine that cannot be made declines the start with resource-constraint", () => {
  const identity = fakeIdentity("juliet@capulet.lit", () => {
    throw new XtlsError("out-of-memory");
  });
  const wire = pair({}, { identity }).open();
  assert.match(written(wire.log[1] as never), '<error type="wait"><resource-constraint');
  assert.is(wire.juliet.closes[0]?.code, "out-of-memory");
  assert.is(wire.romeo.closes[0]?.code, "too-many-tunnels");
});

test("an engine that cannot be made at our own end gives the tunnel up", () => {
  const identity = fakeIdentity("romeo@montague.lit", () => {
    throw new XtlsError("out-of-memory");
  });
  const wire = pair({ identity }).open();
  assert.is(wire.romeo.closes[0]?.code, "out-of-memory");
  assert.is(wire.juliet.closes[0]?.code, "handshake-canceled");
});

test("a trap inside the engine ends the tunnel with internal-error", () => {
  class Trap extends FakeEngine {
    override drain(): Uint8Array {
      throw new RangeError("unreachable");
    }
  }
  const identity = fakeIdentity("romeo@montague.lit", (options) => new Trap(options));
  const wire = pair({ identity }, { identity: fakeIdentity("juliet@capulet.lit") });
  wire.romeo.open(JULIET);
  wire.settle();
  assert.is(wire.romeo.closes[0]?.code, "internal-error");
});

test("a tunnel that has ended leaves nothing in the core", () => {
  const round = () => {
    const wire = pair().open();
    wire.romeo.send(says("hi"));
    wire.settle();
    wire.romeo.close();
    wire.settle();
  };
  round();
  const before = core.heapUsed;
  for (let turn = 0; turn < 20; turn++) round();
  assert.is(core.heapUsed, before);
});

test.run();
