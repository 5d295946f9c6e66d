import { Window } from "../../bindings/xtls/window.ts";
import { assert, suite } from "../suite.ts";

const test = suite("window");

test("counts the chunks in flight", () => {
  const window = new Window();
  window.sent("a", 10);
  window.sent("b", 10);
  assert.is(window.inFlight, 2);
  window.acknowledge("a");
  assert.is(window.inFlight, 1);
});

test("holds a stanza delivered when every chunk with bytes of it is answered", () => {
  const window = new Window();
  window.expect(1, 15);
  window.expect(2, 20);
  window.sent("a", 10);
  window.sent("b", 10);
  assert.equal(window.acknowledge("a"), []);
  assert.equal(window.acknowledge("b"), [1, 2]);
});

test("knows whose answer is due next", () => {
  const window = new Window();
  window.sent("a", 10);
  window.sent("b", 10);
  assert.equal([window.isOldest("a"), window.isOldest("b"), window.isOldest("c")], [true, false, false]);
  window.acknowledge("a");
  assert.ok(window.isOldest("b"));
  window.acknowledge("b");
  assert.not(window.isOldest("b"));
});

test("does not hold a stanza delivered whose bytes were not sent", () => {
  const window = new Window();
  window.sent("a", 10);
  window.expect(1, 5);
  assert.equal(window.acknowledge("a"), []);
  assert.equal(window.abandon(), [1]);
  assert.not(window.expectsDelivery);
});

test.run();
