import { assert, suite } from "../suite.ts";
import { core, juliet, pair, romeo, says } from "./ends.ts";
import { fakeIdentity, FakeEngine } from "./fake-engine.ts";
import { XtlsError } from "../../bindings/errors.ts";
import { JULIET, written } from "./wire-pair.ts";

const test = suite("tls");

test("both ends show a certificate: authentication is mutual", () => {
  const wire = pair().open();
  assert.is(wire.romeo.tunnel.security?.certificate.fingerprint, juliet.fingerprint);
  assert.is(wire.juliet.tunnel.security?.certificate.fingerprint, romeo.fingerprint);
});

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

test("speaks TLS 1.3 unless told otherwise", () => {
  assert.is(pair().open().romeo.tunnel.security?.version, "TLSv1.3");
});

test("speaks TLS 1.2 when both callers opt in, and not when only one does", () => {
  const engine = {
    versions: ["TLSv1.3", "TLSv1.2"],
    ciphersuites: ["TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"],
  } as const;
  assert.is(pair({ engine: { versions: ["TLSv1.2"] } }, { engine }).open().romeo.tunnel.security?.version, "TLSv1.2");
  const one = pair({ engine: { versions: ["TLSv1.2"] } }).open();
  assert.is(one.romeo.opened.length + one.juliet.opened.length, 0);
  assert.is(one.juliet.closes[0]?.code, "no-common-parameters");
  assert.match(one.log.map(written).join(), /<not-acceptable[^>]*><no-common-method/);
});

test("no common suite is told as no-common-method", () => {
  const wire = pair(
    { engine: { ciphersuites: ["TLS_AES_128_GCM_SHA256"] } },
    { engine: { ciphersuites: ["TLS_CHACHA20_POLY1305_SHA256"] } },
  ).open();
  assert.match(wire.log.map(written).join(), /<not-acceptable[^>]*><no-common-method/);
});

test("agrees on the application protocol xtls/1", () => {
  assert.is(pair().open().romeo.tunnel.security?.alpn, "xtls/1");
});

test("accepts a peer without ALPN, and refuses one that wants another protocol", () => {
  for (const side of [0, 1]) {
    const silent = { engine: { alpn: [] } };
    const wire = side === 0 ? pair(silent) : pair({}, silent);
    assert.is(wire.open().romeo.tunnel.security?.alpn, undefined);
  }
  const other = pair({ engine: { alpn: ["http/1.1"] } }).open();
  assert.is(other.juliet.closes[0]?.code, "no-common-parameters");
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
