/** bench/receipt.ts: the benchmark cannot fool itself about what was read. */
import { Receipt } from "../../bench/receipt.ts";
import { assert, suite } from "../suite.ts";

const test = suite("receipt");
const message = Uint8Array.of(1, 2, 3, 4);

test("counts whole messages, however they are cut", () => {
  const receipt = new Receipt(message);
  assert.is(receipt.take(Uint8Array.of(1)), false);
  assert.is(receipt.take(Uint8Array.of(2, 3, 4, 1, 2)), false);
  assert.is(receipt.messages, 1);
  assert.is(receipt.take(Uint8Array.of(3, 4)), true);
  assert.is(receipt.messages, 2);
});

test("refuses plaintext that differs, also in a later piece", () => {
  const receipt = new Receipt(message);
  receipt.take(Uint8Array.of(1, 2));
  assert.throws(() => receipt.take(Uint8Array.of(3, 5)), /not the plaintext written/);
});

test("refuses plaintext that differs where a piece goes beyond the message", () => {
  assert.throws(() => new Receipt(message).take(Uint8Array.of(1, 2, 3, 5, 1)), /not the plaintext written/);
});

test.run();
