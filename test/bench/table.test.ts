/** bench/table.ts: ratios above 1 always mean that the first subject is better. */
import { MEASURES } from "../../bench/measures/all.ts";
import type { Result } from "../../bench/rounds.ts";
import { table } from "../../bench/table.ts";
import { assert, suite } from "../suite.ts";

const test = suite("table");

const result = (bench: string, subject: string, value: number, better: "more" | "less"): Result => ({
  ...{ bench, subject, value, unit: "", min: value, max: value, rounds: 1, better },
});

const last = (row: string | undefined): string | undefined => row?.split("|").at(-2)?.trim();

test("turns the ratio round where less is better", () => {
  const rows = table(MEASURES, [
    result("handshake", "ours", 200, "more"),
    result("handshake", "theirs", 100, "more"),
    result("cold-start", "ours", 10, "less"),
    result("cold-start", "theirs", 5, "less"),
  ]).split("\n");
  assert.is(last(rows[2]), "2.00");
  assert.is(last(rows[3]), "0.50");
});

test("leaves a place empty where a measure does not apply", () => {
  const rows = table(MEASURES, [
    result("handshake", "ours", 200, "more"),
    result("handshake", "theirs", 100, "more"),
    result("size-gzip", "ours", 10, "less"),
  ]).split("\n");
  assert.is(last(rows[3]), "");
});

test.run();
