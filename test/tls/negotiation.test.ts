import type { EngineOptions, XtlsError } from "../../bindings/node.ts";
import { CIPHERSUITES, GROUPS } from "../../bindings/tls/names.ts";
import { loadCore } from "../module.ts";
import { assert, suite } from "../suite.ts";
import { Issuer, xmppAddr } from "./issuer.ts";
import { bytesOf, handshake, openPair, pair, settle, textOf, thrown, transfer, type Wire } from "./pair.ts";

const test = suite("negotiation");
const core = await loadCore();
const issuer = new Issuer();
test.after(() => issuer.dispose());

const rsa = core.identityFromPEM(issuer.issue("rsa", { kind: "RSA-2048", names: [xmppAddr("rsa@example.org")] }).pem);

/** Shakes hands with these options on both ends, and says something each way. */
function converse(options: Partial<EngineOptions>): ReturnType<typeof openPair> {
  const ends = openPair(core, options);
  ends.initiator.write(bytesOf("ping"));
  ends.responder.write(bytesOf("pong"));
  settle(ends);
  assert.is(textOf(ends.responder.read()), "ping");
  assert.is(textOf(ends.initiator.read()), "pong");
  return ends;
}

/** What becomes of two ends that share nothing. */
function disagreement(initiator: Partial<EngineOptions>, responder: Partial<EngineOptions>): XtlsError {
  const ends = pair(core, {}, initiator, responder);
  const error = thrown(() => settle(ends)) as XtlsError;
  const failed = ends.responder.state === "failed" ? ends.responder : ends.initiator;
  const other = failed === ends.responder ? ends.initiator : ends.responder;
  assert.is(error.code, failed.error?.code);
  assert.is((thrown(() => transfer(failed, other)) as XtlsError).code, "alert-received");
  return error;
}

for (const suiteName of Object.keys(CIPHERSUITES)) {
  test(`speaks ${suiteName}, with ECDSA and RSA`, () => {
    for (const identity of [{}, { identity: rsa }]) {
      const { initiator } = converse({ ciphersuites: [suiteName], ...identity });
      assert.is(initiator.negotiated?.ciphersuite, suiteName);
      assert.is(initiator.negotiated?.version, "TLSv1.3");
    }
  });
}

for (const group of Object.keys(GROUPS) as (keyof typeof GROUPS)[]) {
  test(`agrees on keys over ${group}`, () => {
    const { initiator, responder } = converse({ groups: [group] });
    assert.is(initiator.negotiated?.group, group);
    assert.is(responder.negotiated?.group, group);
  });
}

test("retries the hello when the responder knows no key share (HelloRetryRequest)", () => {
  const { initiator } = openPair(core, {}, { groups: ["X25519", "P-384"] }, { groups: ["P-384"] });
  assert.is(initiator.negotiated?.group, "P-384");
});

test("prefers ChaCha20-Poly1305, and takes what the initiator prefers", () => {
  const aes = "TLS_AES_128_GCM_SHA256";
  assert.is(openPair(core).initiator.negotiated?.ciphersuite, "TLS_CHACHA20_POLY1305_SHA256");
  assert.is(openPair(core, {}, { ciphersuites: [aes] }).initiator.negotiated?.ciphersuite, aes);
  assert.is(openPair(core, {}, {}, { ciphersuites: [aes] }).initiator.negotiated?.ciphersuite, aes);
});

test("fails when no suite, group or protocol is shared", () => {
  const unlike: [Partial<EngineOptions>, Partial<EngineOptions>][] = [
    [{ ciphersuites: ["TLS_AES_128_GCM_SHA256"] }, { ciphersuites: ["TLS_AES_256_GCM_SHA384"] }],
    [{ groups: ["X25519"] }, { groups: ["P-256"] }],
    [{ alpn: ["xtls/1"] }, { alpn: ["h2"] }],
  ];
  for (const [initiator, responder] of unlike) {
    assert.is(disagreement(initiator, responder).code, "no-common-parameters", JSON.stringify(initiator));
  }
});

test("goes on without ALPN when one end has none", () => {
  assert.is(openPair(core, {}, { alpn: ["xtls/1"] }).initiator.negotiated?.alpn, undefined);
  assert.is(openPair(core, {}, {}, { alpn: ["xtls/1"] }).responder.negotiated?.alpn, undefined);
});

test("takes the protocol that the responder prefers", () => {
  const { initiator, responder } = openPair(core, {}, { alpn: ["xtls/1", "xtls/2"] }, { alpn: ["xtls/2", "xtls/1"] });
  assert.is(initiator.negotiated?.alpn, "xtls/2");
  assert.is(responder.negotiated?.alpn, "xtls/2");
});

/** Cuts plain handshake records, of one message each, into records of one byte behind the first so many. */
const shred = (first: number): Wire => (bytes) => {
  const pieces: Uint8Array[] = [];
  const record = (type: number, body: Uint8Array) => pieces.push(Buffer.concat([Uint8Array.of(type, 3, 3, body.length >> 8, body.length & 0xff), body]));
  for (let at = 0; at < bytes.length; ) {
    const type = bytes[at]!;
    const body = bytes.slice(at + 5, at + 5 + bytes[at + 3]! * 256 + bytes[at + 4]!);
    at += 5 + body.length;
    const cut = type === HANDSHAKE ? first : body.length;
    record(type, body.slice(0, cut));
    for (const byte of body.slice(cut)) record(type, Uint8Array.of(byte));
  }
  return pieces;
};
const HANDSHAKE = 22;

test("reads a handshake message cut over any records, once its header is in one", () => {
  handshake(pair(core), shred(4));
  const ends = pair(core);
  // RFC 8446 §5.1 allows this as well; Mbed TLS does not.
  assert.is((thrown(() => settle(ends, shred(3))) as XtlsError).code, "protocol-violation");
});

/** Where the first key share of a group begins in a hello: behind the group's number and the share's length. */
const shareIn = (hello: Uint8Array, head: readonly number[]): number =>
  Buffer.from(hello).indexOf(Buffer.from(head)) + head.length;

for (const [group, head] of [
  ["P-256", [0x00, 0x17, 0x00, 0x41, 0x04]],
  ["X25519", [0x00, 0x1d, 0x00, 0x20]],
] as const) {
  test(`takes a key share that is none for the peer's fault, and tells it so: ${group}`, () => {
    const ends = pair(core, { groups: [group] });
    const spoil: Wire = (bytes) => {
      const at = shareIn(bytes, head);
      const altered = bytes.slice();
      // No point of P-256 has such coordinates; 0 of X25519 makes a secret that everybody knows.
      if (at >= head.length) altered.fill(0, at, at + 32);
      return [altered];
    };
    const error = thrown(() => settle(ends, spoil)) as XtlsError;
    assert.is(ends.responder.error, error);
    assert.is(error.code, "protocol-violation");
    assert.is(error.row.blame, "peer");
    assert.is(ends.responder.alerts.sent?.name, "illegal_parameter");
  });
}

test.run();
