/** bench/chart.ts: a picture that is well formed and true to scale. */
import { chart } from "../../bench/chart.ts";
import { MEASURES } from "../../bench/measures/all.ts";
import type { Result } from "../../bench/rounds.ts";
import { assert, suite } from "../suite.ts";

const test = suite("chart");

const result = (subject: string, value: number): Result => ({
  ...{ bench: "handshake", subject, value, unit: "1/s", min: value, max: value, rounds: 1 },
  better: "more",
});

const widths = (svg: string): number[] =>
  [...svg.matchAll(/<rect[^>]* width="([\d.]+)"/g)].map(([, width]) => Number(width));

test("draws a bar for each subject, as long as its figure", () => {
  const [ours, theirs] = widths(chart(MEASURES, [result("ours", 200), result("theirs", 50)], ""));
  assert.is(ours! / theirs!, 4);
});

test("draws no panel for a measure without results", () => {
  const svg = chart(MEASURES, [result("ours", 1)], "");
  assert.is([...svg.matchAll(/class="title"/g)].length, 1);
});

test("lets no name end its own text", () => {
  const svg = chart(MEASURES, [result("a<b&c", 1)], `"<caption>"`);
  assert.not.match(svg, /a<b|<caption/);
  assert.match(svg, /a&#60;b&#38;c/);
});

test.run();
