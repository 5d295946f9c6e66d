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

test("waits for the first gap when answers overtake each other", () => {
  const window = new Window();
  window.expect(1, 10);
  window.sent("a", 10);
  window.expect(2, 10);
  window.sent("b", 10);
  assert.equal(window.acknowledge("b"), []);
  assert.equal(window.acknowledge("a"), [1, 2]);
  assert.ok(window.isIdle);
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
