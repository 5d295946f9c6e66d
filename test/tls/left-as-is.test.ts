/**
 * Where Mbed TLS does otherwise than RFC 8446 has it, and is left so: docs/conformance.md lists each with its paragraph.
 * A test that fails here means that the list has become shorter.
 */

import type { XtlsError } from "../../bindings/node.ts";
import { loadCore } from "../module.ts";
import { assert, suite } from "../suite.ts";
import {
  DATA,
  HANDSHAKE,
  KEY_SHARE,
  messageBytes,
  messagesOf,
  Middle,
  plainRecord,
  recordsOf,
  withExtensions,
} from "./middle.ts";
import { bytesOf, handshake, pattern, textOf, thrown } from "./pair.ts";

const test = suite("left as it is");
const core = await loadCore();

const CHANGE_CIPHER_SPEC = 20;
const EARLY_DATA = 42;
const UNKNOWN = 0x1234;

type Bytes = Uint8Array;

/** The first message in a record, as other bytes. */
const withBody = (record: Bytes, change: (body: Bytes) => Bytes): Bytes => {
  const [message] = messagesOf(record.subarray(5));
  return plainRecord(HANDSHAKE, messageBytes({ type: message!.type, body: change(message!.body) }));
};

/** What the responder answers to a hello that was changed on the way. */
function answerTo(change: (hello: Bytes) => Bytes): Bytes[] {
  const middle = new Middle(core);
  middle.responder.feed(change(middle.initiator.drain()));
  const records = recordsOf(middle.responder.drain());
  middle.dispose();
  return records;
}

/** A hello with a session id of 32 bytes, as browsers have it. */
const withSessionId = (hello: Bytes) =>
  withBody(hello, (body) => Buffer.concat([body.subarray(0, 34), Buffer.of(32), pattern(32), body.subarray(35)]));

test("a session id is echoed, and no change_cipher_spec goes for it", () => {
  const records = answerTo(withSessionId);
  const [hello] = messagesOf(records[0]!.subarray(5));
  assert.equal([...hello!.body.subarray(34, 67)], [32, ...pattern(32)]);
  assert.ok(records.length > 1);
  assert.ok(records.every(([type]) => type !== CHANGE_CIPHER_SPEC));
});

test("a change_cipher_spec after the handshake is passed over", () => {
  const middle = new Middle(core);
  const { initiator, responder } = handshake(middle);
  responder.feed(plainRecord(CHANGE_CIPHER_SPEC, Buffer.of(1)));
  initiator.write(bytesOf("good night"));
  responder.feed(initiator.drain());
  assert.is(textOf(responder.read()), "good night");
  middle.dispose();
});

test("early data that was not asked for is not skipped but ends the handshake", () => {
  const middle = new Middle(core);
  const early = withExtensions(middle.initiator.drain(), (all) => [
    { type: EARLY_DATA, data: new Uint8Array(0) },
    ...all,
  ]);
  middle.responder.feed(early);
  assert.is((thrown(() => middle.responder.feed(plainRecord(DATA, pattern(40)))) as XtlsError).code, "bad-record");
  middle.dispose();
});

test("a handshake message whose first record has less than its header is refused", () => {
  const middle = new Middle(core);
  const hello = middle.initiator.drain().subarray(5);
  const error = thrown(() => middle.responder.feed(plainRecord(HANDSHAKE, hello.subarray(0, 3)))) as XtlsError;
  assert.is(error.code, "protocol-violation");
  assert.is(middle.responder.alerts.sent?.name, "decode_error");
  middle.dispose();
});

test("an extension that is not known may come twice", () => {
  const twice = [UNKNOWN, UNKNOWN].map((type) => ({ type, data: pattern(3) }));
  assert.ok(answerTo((hello) => withExtensions(hello, (all) => [...twice, ...all])).length > 1);
});

test("bytes behind a hello's extensions, and behind a key share, are passed over", () => {
  assert.ok(answerTo((hello) => withBody(hello, (body) => Buffer.concat([body, Buffer.of(0)]))).length > 1);
  const trailing = (hello: Bytes) =>
    withExtensions(hello, (all) =>
      all.map(({ type, data }) =>
        type === KEY_SHARE ? { type, data: Buffer.concat([data, Buffer.of(0)]) } : { type, data },
      ),
    );
  assert.ok(answerTo(trailing).length > 1);
});

test("a ServerHello without a key share is a failure to agree", () => {
  const middle = new Middle(core);
  middle.responder.feed(middle.initiator.drain());
  const hello = recordsOf(middle.responder.drain())[0]!;
  const without = withExtensions(hello, (all) => all.filter(({ type }) => type !== KEY_SHARE));
  const error = thrown(() => middle.initiator.feed(without)) as XtlsError;
  assert.is(error.code, "no-common-parameters");
  assert.is(middle.initiator.alerts.sent?.name, "handshake_failure");
  middle.dispose();
});

test("the fourth empty record in a row ends the tunnel", () => {
  const middle = new Middle(core);
  const { responder } = handshake(middle);
  const direction = middle.applicationFrom("initiator");
  for (let count = 0; count < 3; count++) responder.feed(direction.seal(DATA, new Uint8Array(0)));
  assert.is((thrown(() => responder.feed(direction.seal(DATA, new Uint8Array(0)))) as XtlsError).code, "protocol-violation");
  middle.dispose();
});

test("a KeyUpdate ends the tunnel", () => {
  const middle = new Middle(core);
  const { responder } = handshake(middle);
  const update = messageBytes({ type: 24, body: Buffer.of(0) });
  const error = thrown(() => responder.feed(middle.applicationFrom("initiator").seal(HANDSHAKE, update))) as XtlsError;
  assert.is(error.code, "protocol-violation");
  assert.is(responder.alerts.sent?.name, "unexpected_message");
  middle.dispose();
});

test("a ticket for longer than a week ends the tunnel", () => {
  const middle = new Middle(core);
  const { initiator } = handshake(middle);
  const body = Buffer.concat([Buffer.of(0, 9, 0x3a, 0x81, 1, 2, 3, 4, 0, 0, 8), pattern(8), Buffer.of(0, 0)]);
  const sealed = middle.applicationFrom("responder").seal(HANDSHAKE, messageBytes({ type: 4, body }));
  assert.is((thrown(() => initiator.feed(sealed)) as XtlsError).code, "protocol-violation");
  assert.is(initiator.alerts.sent?.name, "illegal_parameter");
  middle.dispose();
});

test.run();
