/** bench/statistics.ts: what remains of several rounds. */
import { spread } from "../../bench/statistics.ts";
import { assert, suite } from "../suite.ts";

const test = suite("statistics");

test("takes the middle of an odd number of rounds, in whatever order they came", () => {
  assert.equal(spread([30, 1, 2]), { median: 2, min: 1, max: 30 });
});

test("takes the mean of the two in the middle of an even number", () => {
  assert.equal(spread([4, 1, 2, 100]), { median: 3, min: 1, max: 100 });
});

test("refuses to sum up nothing", () => {
  assert.throws(() => spread([]), /no values/);
});

test.run();
