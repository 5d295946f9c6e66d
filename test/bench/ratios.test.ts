/** bench/ratios.ts: longer bars are always the better ones, and the line is where node:tls is. */
import { MEASURES } from "../../bench/measures/all.ts";
import { ratios } from "../../bench/ratios.ts";
import type { Result } from "../../bench/rounds.ts";
import { assert, suite } from "../suite.ts";

const test = suite("ratios");

const result = (bench: string, subject: string, value: number, better: "more" | "less"): Result => ({
  ...{ bench, subject, value, unit: "", min: value, max: value, rounds: 1, better },
});

const RATES = [result("handshake", "xtls", 300, "more"), result("handshake", "stock", 50, "more"), result("handshake", "node:tls", 100, "more")];
const TIMES = [result("cold-start", "xtls", 5, "less"), result("cold-start", "stock", 40, "less"), result("cold-start", "node:tls", 10, "less")];

/** The lengths of the bars; above them are the legend's squares. */
function bars(svg = ""): number[] {
  const rectangles = [...svg.matchAll(/<rect x="264" y="(\d+)" width="([\d.]+)"/g)];
  return rectangles.filter(([, y]) => Number(y) > 40).map(([, , width]) => Number(width));
}

test("draws how many times as good as node:tls each is, where more is better and where less is", () => {
  const widths = bars(ratios(MEASURES, [...RATES, ...TIMES], ""));
  const times = widths.map((width) => Number(((3 * width) / widths[0]!).toFixed(1)));
  assert.equal(times, [3, 0.5, 2, 0.3]);
});

test("draws its line where a bar would end that is as good", () => {
  const svg = ratios(MEASURES, RATES, "");
  const [, line] = /<path d="M([\d.]+) /.exec(svg!)!;
  assert.ok(Math.abs(Number(line) - 264 - bars(svg)[0]! / 3) < 0.2);
});

test("leaves out what is no matter of time, thorough, or not measured of all three", () => {
  const size = TIMES.map((each) => ({ ...each, bench: "size-gzip" }));
  const small = RATES.map((each) => ({ ...each, bench: "bulk-64-chacha" }));
  const svg = ratios(MEASURES, [...RATES, ...size, ...small, TIMES[0]!, TIMES[2]!], "");
  assert.is(bars(svg).length, 2);
});

test("draws nothing when there is nothing to compare with", () => {
  assert.is(ratios(MEASURES, RATES.slice(0, 2), ""), undefined);
});

test.run();
