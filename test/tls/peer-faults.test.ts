/**
 * What a peer may do wrong, what it is told for it and what the caller is told: one alert, the one that RFC 8446 has.
 */

import { generateKeyPairSync } from "node:crypto";

import type { EngineRole, ErrorCode, XtlsError } from "../../bindings/node.ts";
import { loadCore } from "../module.ts";
import { assert, suite } from "../suite.ts";
import {
  ALERT,
  CERTIFICATE,
  certificateMessage,
  COOKIE,
  cookie,
  DATA,
  extension,
  HANDSHAKE,
  helloOf,
  helloRetryRequest,
  KEY_SHARE,
  messageBytes,
  Middle,
  plainRecord,
  recordsOf,
  withExtensions,
  type Direction,
  type Message,
} from "./middle.ts";
import { mint, basicConstraints } from "./mint.ts";
import { handshake, pattern, thrown } from "./pair.ts";

const test = suite("faults of the peer");
const core = await loadCore();

type Bytes = Uint8Array;

/** Brings the fault about, and throws what the end that met it throws. */
type Act = (middle: Middle) => void;

interface Fault {
  readonly is: string;
  /** Who meets it. */
  readonly at: EngineRole;
  readonly alert: string;
  readonly code: ErrorCode;
  readonly act: Act;
  /** Under which keys the alert goes; default: in the clear. */
  readonly under?: (middle: Middle) => Direction;
}

// --- before there are keys ----------------------------------------------------------------------

const toResponder =
  (change: (hello: Bytes) => Bytes): Act =>
  ({ initiator, responder }) =>
    responder.feed(change(initiator.drain()));

/** The responder's first record, and no more of its flight. */
const helloToInitiator =
  (change: (hello: Bytes) => Bytes): Act =>
  ({ initiator, responder }) => {
    responder.feed(initiator.drain());
    initiator.feed(change(recordsOf(responder.drain())[0] as Bytes));
  };

const retry =
  (...extensions: readonly Bytes[]): Act =>
  ({ initiator }) => {
    initiator.drain();
    initiator.feed(helloRetryRequest(...extensions));
  };

const raw =
  (at: EngineRole, bytes: Bytes): Act =>
  (middle) => {
    middle.initiator.drain();
    middle[at].feed(bytes);
  };

/** The last bytes of its data, which is where a key is. */
const withShare = (end: Bytes) => (hello: Bytes) =>
  withExtensions(hello, (extensions) =>
    extensions.map(({ type, data }) =>
      type === KEY_SHARE
        ? { type, data: Buffer.concat([data.subarray(0, data.length - end.length), end]) }
        : { type, data },
    ),
  );

const twice = (wanted: number) => (hello: Bytes) =>
  withExtensions(hello, (extensions) => extensions.flatMap((one) => (one.type === wanted ? [one, one] : [one])));

/** As if of another group. */
const otherGroup = (hello: Bytes) =>
  withExtensions(hello, (extensions) =>
    extensions.map(({ type, data }) =>
      type === KEY_SHARE ? { type, data: Buffer.concat([Buffer.of(0, 0x17), data.subarray(2)]) } : { type, data },
    ),
  );

const ZEROS = new Uint8Array(32);

const IN_THE_CLEAR: readonly Fault[] = [
  { is: "a record of more than 2^14 bytes", at: "responder", alert: "record_overflow", code: "protocol-violation", act: raw("responder", plainRecord(HANDSHAKE, pattern(16385)).subarray(0, 5)) },
  { is: "a record of no known type", at: "responder", alert: "unexpected_message", code: "protocol-violation", act: raw("responder", plainRecord(99, pattern(10))) },
  { is: "a change_cipher_spec that is none", at: "initiator", alert: "unexpected_message", code: "protocol-violation", act: raw("initiator", plainRecord(20, Buffer.of(2))) },
  { is: "a change_cipher_spec of two bytes", at: "initiator", alert: "unexpected_message", code: "protocol-violation", act: raw("initiator", plainRecord(20, Buffer.of(1, 1))) },
  { is: "a ClientHello of more than 16 KiB", at: "responder", alert: "illegal_parameter", code: "message-too-long", act: raw("responder", plainRecord(HANDSHAKE, Buffer.of(1, 0, 0x50, 0, 3, 3))) },
  { is: "a key share of X25519 that is zero", at: "responder", alert: "illegal_parameter", code: "protocol-violation", act: toResponder(withShare(ZEROS)) },
  { is: "a key share of X25519 that is zero", at: "initiator", alert: "illegal_parameter", code: "protocol-violation", act: helloToInitiator(withShare(ZEROS)) },
  { is: "a key share of another group", at: "initiator", alert: "illegal_parameter", code: "protocol-violation", act: helloToInitiator(otherGroup) },
  { is: "an extension that comes twice", at: "responder", alert: "illegal_parameter", code: "protocol-violation", act: toResponder(twice(KEY_SHARE)) },
  { is: "an extension that comes twice", at: "initiator", alert: "illegal_parameter", code: "protocol-violation", act: helloToInitiator(twice(KEY_SHARE)) },
  { is: "a retry that wants nothing", at: "initiator", alert: "illegal_parameter", code: "protocol-violation", act: retry() },
  { is: "an empty cookie", at: "initiator", alert: "decode_error", code: "protocol-violation", act: retry(cookie(new Uint8Array(0))) },
  { is: "a cookie cut off", at: "initiator", alert: "decode_error", code: "protocol-violation", act: retry(extension(COOKIE, Buffer.of(0, 9, 1))) },
  { is: "a cookie with something behind it", at: "initiator", alert: "decode_error", code: "protocol-violation", act: retry(extension(COOKIE, Buffer.of(0, 1, 1, 1))) },
  { is: "a cookie that no hello has room for", at: "initiator", alert: "illegal_parameter", code: "protocol-violation", act: retry(cookie(pattern(16000))) },
  { is: "two cookies", at: "initiator", alert: "illegal_parameter", code: "protocol-violation", act: retry(cookie(pattern(9)), cookie(pattern(9))) },
  { is: "a second retry", at: "initiator", alert: "unexpected_message", code: "protocol-violation", act: (middle) => {
    retry(cookie(pattern(9)))(middle);
    retry(cookie(pattern(9)))(middle);
  } },
]; // prettier-ignore

/** Shares that are no points of P-256: [what, its bytes]. */
const NO_POINTS: readonly (readonly [string, Bytes])[] = [
  ["beside the curve", pattern(64)],
  ["at infinity", new Uint8Array(64)],
];

for (const [what, bytes] of NO_POINTS)
  for (const at of ["initiator", "responder"] as const)
    test(`a key share of P-256 ${what}: illegal_parameter, ${at}`, () => {
      const groups = { groups: ["P-256"] as const };
      const middle = new Middle(core, groups, groups);
      const act = at === "initiator" ? helloToInitiator(withShare(bytes)) : toResponder(withShare(bytes));
      assertTold(middle, at, thrown(() => act(middle)) as XtlsError, "protocol-violation", "illegal_parameter");
    });

// --- in the flights ---------------------------------------------------------------------------------

const serverFlight =
  (change: (messages: Message[]) => Message[]): Act =>
  (middle) => {
    middle.responder.feed(middle.initiator.drain());
    middle.initiator.feed(middle.alter(middle.responder.drain(), "responder", change));
  };

const clientFlight =
  (change: (messages: Message[]) => Message[]): Act =>
  (middle) => {
    middle.responder.feed(middle.initiator.drain());
    middle.initiator.feed(middle.responder.drain());
    middle.responder.feed(middle.alter(middle.initiator.drain(), "initiator", change));
  };

const showing =
  (...chain: readonly Bytes[]) =>
  (messages: Message[]): Message[] =>
    messages.map((message) => (message.type === CERTIFICATE ? certificateMessage(...chain) : message));

const ed25519 = generateKeyPairSync("ed25519").privateKey;
const p521 = generateKeyPairSync("ec", { namedCurve: "P-521" }).privateKey;
const signer = mint({ name: "Root of Padua", key: ed25519, extensions: [basicConstraints(true)] });
const usual = mint({ name: "usual", extensions: [basicConstraints(true)] });

/** Of algorithms that are not known here. */
const FOREIGN: Readonly<Record<string, Bytes>> = {
  "an Ed25519 key": signer.der,
  "a signature by Ed25519": mint({ name: "signed", by: signer, extensions: [basicConstraints(true)] }).der,
  "a signature with SHA-3": mint({ name: "hashed", hash: "sha3-256", extensions: [basicConstraints(true)] }).der,
  "a key on P-521": mint({ name: "long", key: p521, extensions: [basicConstraints(true)] }).der,
};

const flights = (role: EngineRole) => (role === "initiator" ? serverFlight : clientFlight);
/** The alert of a client goes under its handshake keys, that of a server under its newest. */
const alertsOf =
  (role: EngineRole) =>
  (middle: Middle): Direction =>
    role === "initiator" ? middle.handshakeFrom("initiator") : middle.applicationFrom("responder");

const IN_THE_FLIGHTS: readonly Fault[] = (["initiator", "responder"] as const).flatMap((at) => [
  ...Object.entries(FOREIGN).map(([what, der]) => ({ is: `a certificate of its own with ${what}`, at, alert: "unsupported_certificate", code: "invalid-certificate" as const, act: flights(at)(showing(der)), under: alertsOf(at) })),
  { is: "bytes that are no certificate", at, alert: "bad_certificate", code: "invalid-certificate" as const, act: flights(at)(showing(pattern(200))), under: alertsOf(at) },
  { is: "no certificate at all", at, ...(at === "initiator" ? { alert: "decode_error", code: "protocol-violation" as const } : { alert: "certificate_required", code: "certificate-missing" as const }), act: flights(at)(showing()), under: alertsOf(at) },
  { is: "a chain of more than 16 KiB", at, alert: "illegal_parameter", code: "message-too-long" as const, act: longChain(at), under: alertsOf(at) },
  { is: "a signature of other bytes", at, alert: "decrypt_error", code: "protocol-violation" as const, act: flights(at)(showing(usual.der)), under: alertsOf(at) },
]); // prettier-ignore

/** Its first record says how long it will be. */
function longChain(at: EngineRole): Act {
  return (middle) => {
    const from = at === "initiator" ? "responder" : "initiator";
    middle.responder.feed(middle.initiator.drain());
    const [hello, encryptedExtensions] = recordsOf(middle.responder.drain()) as [Bytes, Bytes];
    if (at === "initiator") middle.initiator.feed(hello);
    const direction = middle.handshakeFrom(from);
    if (at === "initiator") {
      direction.open(encryptedExtensions); // which counts as one
      middle.initiator.feed(encryptedExtensions);
    }
    const chain = messageBytes(certificateMessage(...Array.from({ length: 9 }, () => pattern(2000))));
    middle[at].feed(direction.seal(HANDSHAKE, chain.subarray(0, 16000)));
  };
}

for (const [what, der] of Object.entries(FOREIGN))
  for (const at of ["initiator", "responder"] as const)
    test(`${what} behind the peer's own certificate is passed over, ${at}`, () => {
      // The certificates are read; then the signature, which is over others, is wrong.
      const middle = new Middle(core);
      const error = thrown(() => flights(at)(showing(usual.der, der))(middle)) as XtlsError;
      assert.is(middle[at].alerts.sent?.name, "decrypt_error");
      assert.is(error.code, "protocol-violation");
      middle.dispose();
    });

// --- once it is open ------------------------------------------------------------------------------------

const peerOf = (at: EngineRole): EngineRole => (at === "initiator" ? "responder" : "initiator");

const sealed =
  (at: EngineRole, make: (direction: Direction) => Bytes): Act =>
  (middle) => {
    handshake(middle);
    middle[at].feed(make(middle.applicationFrom(peerOf(at))));
  };

const ticket = (nonce: Bytes, handle: Bytes): Bytes =>
  messageBytes({
    type: 4,
    body: Buffer.concat([
      Buffer.of(0, 0, 1, 0, 1, 2, 3, 4, nonce.length),
      nonce,
      Buffer.of(handle.length >> 8, handle.length & 0xff),
      handle,
      Buffer.of(0, 0),
    ]),
  });

const WHEN_OPEN: readonly Fault[] = [
  ...(["initiator", "responder"] as const).flatMap((at) =>
    (
      [
        ["a sealed record longer than any may be", "record_overflow", (direction) => direction.seal(DATA, pattern(16385))],
        ["padding beyond 2^14 + 1 bytes", "record_overflow", (direction) => direction.seal(DATA, pattern(16384), 1)],
        ["nothing but padding", "unexpected_message", (direction) => direction.sealInner(new Uint8Array(100))],
        ["a handshake record of no bytes", "unexpected_message", (direction) => direction.seal(HANDSHAKE, new Uint8Array(0))],
        ["an alert of no bytes", "unexpected_message", (direction) => direction.seal(ALERT, new Uint8Array(0))],
        ["an alert of one byte", "decode_error", (direction) => direction.seal(ALERT, Buffer.of(2))],
        ["a record of no known type", "unexpected_message", (direction) => direction.seal(99, pattern(3))],
      ] as [string, string, (direction: Direction) => Bytes][]
    ).map(([is, alert, make]): Fault => ({ is, at, alert, code: "protocol-violation", act: sealed(at, make), under: (middle) => middle.applicationFrom(at) })),
  ),
  { is: "an empty ticket", at: "initiator", alert: "decode_error", code: "protocol-violation", act: sealed("initiator", (direction) => direction.seal(HANDSHAKE, ticket(pattern(8), new Uint8Array(0)))), under: (middle) => middle.applicationFrom("initiator") },
]; // prettier-ignore

// --- the claims ---------------------------------------------------------------------------------------------

/** One alert went, it is fatal, and it is the one that is said to have gone. */
function assertTold(
  middle: Middle,
  at: EngineRole,
  error: XtlsError,
  code: string,
  alert: string,
  under?: Direction,
): void {
  const engine = middle[at];
  assert.is(error.code, code, String(error));
  assert.is(engine.alerts.sent?.name, alert);
  assert.is(engine.alerts.received, undefined);
  const records = recordsOf(engine.drain()).filter(([type]) => type !== HANDSHAKE); // a hello may have been made before
  assert.is(records.length, 1, `${records.length} records`);
  const [record] = records as [Bytes];
  const content = under === undefined ? record.subarray(5) : under.open(record).content;
  assert.equal([...content], [2, engine.alerts.sent?.description]);
  middle.dispose();
}

for (const { is, at, alert, code, act, under } of [...IN_THE_CLEAR, ...IN_THE_FLIGHTS, ...WHEN_OPEN])
  test(`${is}: ${alert}, ${at}`, () => {
    const middle = new Middle(core);
    const error = thrown(() => act(middle)) as XtlsError;
    assertTold(middle, at, error, code, alert, under?.(middle));
  });

test("modes of pre-shared keys that are not known are passed over, as many as come", () => {
  const middle = new Middle(core, {}, { tickets: core.tickets() });
  const PSK_MODES = 45;
  const modes = Buffer.of(4, 0x0b, 0x2a, 1, 0xff); // RFC 8701
  toResponder((hello) =>
    withExtensions(hello, (all) => all.map((one) => (one.type === PSK_MODES ? { type: PSK_MODES, data: modes } : one))),
  )(middle);
  assert.is(middle.responder.state, "handshaking");
  assert.ok(recordsOf(middle.responder.drain()).length > 1);
  middle.dispose();
});

test("what is too long is named in words", () => {
  const middle = new Middle(core);
  const error = thrown(() =>
    raw("responder", plainRecord(HANDSHAKE, Buffer.of(1, 0, 0x50, 0, 3, 3)))(middle),
  ) as XtlsError;
  assert.match(
    error.message,
    /^A handshake message has more than 16384 bytes; sent illegal_parameter\. .*chain of certificates/,
  );
});

test("a cookie is repeated, once, beside the same key share when nothing else is wanted", () => {
  const { initiator } = new Middle(core);
  const first = helloOf(initiator.drain());
  initiator.feed(helloRetryRequest(cookie(pattern(2000))));
  const second = helloOf(initiator.drain());
  assert.equal(second.head, first.head);
  const of = ({ extensions }: typeof first, wanted: number) => extensions.filter(({ type }) => type === wanted);
  assert.equal(of(first, COOKIE), []);
  assert.equal(
    of(second, COOKIE).map(({ data }) => [...data]),
    [[2000 >> 8, 2000 & 0xff, ...pattern(2000)]],
  );
  assert.equal(of(second, KEY_SHARE), of(first, KEY_SHARE));
});

test("a ticket's nonce may have up to 255 bytes, or none", () => {
  for (const length of [0, 8, 64, 65, 254, 255]) {
    const middle = new Middle(core);
    sealed("initiator", (direction) => direction.seal(HANDSHAKE, ticket(pattern(length), pattern(32))))(middle);
    assert.is(middle.initiator.state, "open", `nonce of ${length}`);
    assert.ok(middle.initiator.session);
    middle.dispose();
  }
});

test("our tickets have a nonce of 8 bytes, which everybody takes", () => {
  const middle = new Middle(core, {}, { tickets: core.tickets() });
  middle.responder.feed(middle.initiator.drain());
  middle.initiator.feed(middle.responder.drain());
  middle.responder.feed(middle.initiator.drain());
  const direction = middle.applicationFrom("responder");
  const [message] = recordsOf(middle.responder.drain()).map((record) => direction.open(record).content) as [Bytes];
  assert.is(message[0], 4);
  assert.is(message[4 + 8], 8);
  middle.dispose();
});

test.run();
