import { Outbox } from "../../bindings/xtls/outbox.ts";
import { assert, suite } from "../suite.ts";

const test = suite("outbox");

test("has room for as many chunks as the window says", () => {
  const outbox = new Outbox(2);
  outbox.sent("a", 10);
  assert.ok(outbox.hasRoom);
  outbox.sent("b", 10);
  assert.not(outbox.hasRoom);
  outbox.acknowledge("a");
  assert.ok(outbox.hasRoom);
});

test("holds a stanza delivered when every chunk with bytes of it is answered", () => {
  const outbox = new Outbox(3);
  outbox.expect(1, 15);
  outbox.expect(2, 20);
  outbox.sent("a", 10);
  outbox.sent("b", 10);
  assert.equal(outbox.acknowledge("a"), []);
  assert.equal(outbox.acknowledge("b"), [1, 2]);
});

test("waits for the first gap when answers overtake each other", () => {
  const outbox = new Outbox(3);
  outbox.expect(1, 10);
  outbox.sent("a", 10);
  outbox.expect(2, 10);
  outbox.sent("b", 10);
  assert.equal(outbox.acknowledge("b"), []);
  assert.equal(outbox.acknowledge("a"), [1, 2]);
  assert.ok(outbox.isIdle);
});

test("does not hold a stanza delivered whose bytes were not sent", () => {
  const outbox = new Outbox(1);
  outbox.sent("a", 10);
  outbox.expect(1, 5);
  assert.equal(outbox.acknowledge("a"), []);
  assert.equal(outbox.abandon(), [1]);
  assert.not(outbox.expectsDelivery);
});

test.run();
