/**
 * Results as a table for people: a row per measure, a column per subject, and how the first
 * subject stands against those that come next: with more such columns no screen would do. Text in, text out; it is Markdown as it stands,
 * so a table can be committed as printed.
 */
import type { Measure } from "./measure.ts";
import type { Result } from "./rounds.ts";
import { advantage } from "./statistics.ts";

/** What a row is called. */
export type Titled = Pick<Measure, "bench" | "title" | "unit">;

/** How many have a column of ratios: the other builds of ours and node:tls, when all are there. */
const COMPARED = 3;

/** @param results in any order; subjects become columns in order of appearance */
export function table(measures: readonly Titled[], results: readonly Result[]): string {
  const subjects = [...new Set(results.map(({ subject }) => subject))];
  const [ours, ...others] = subjects.slice(0, 1 + COMPARED);
  const head = ["", "unit", ...subjects, ...others.map((other) => `${ours} : ${other}`)];
  const rows = measures
    .filter(({ bench }) => results.some((result) => result.bench === bench))
    .map((measure) => row(measure, subjects, results));
  return markdown([head, ...rows]);
}

function row(measure: Titled, subjects: string[], results: readonly Result[]): string[] {
  const found = subjects.map((subject) =>
    results.find((result) => result.bench === measure.bench && result.subject === subject),
  );
  const [ours, ...others] = found.slice(0, 1 + COMPARED);
  return [
    measure.title,
    measure.unit,
    ...found.map(figure),
    ...others.map((other) => ratio(ours, other)),
  ];
}

/** The median, and the extremes where they differ. */
function figure(result: Result | undefined): string {
  if (result === undefined) return "";
  const [value, min, max] = [short(result.value), short(result.min), short(result.max)];
  return min === max ? value : `${value} (${min}-${max})`;
}

function ratio(ours: Result | undefined, other: Result | undefined): string {
  if (ours === undefined || other === undefined) return "";
  return advantage(ours, other).toFixed(2);
}

const short = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(3)));

function markdown(rows: readonly string[][]): string {
  const widths = rows[0]!.map((_, column) =>
    Math.max(...rows.map((cells) => cells[column]!.length)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => padded(cell, column, widths[column]!)).join(" | ")} |`;
  const rule = `|${widths.map((width, column) => "-".repeat(width + 1) + (column > 1 ? ":" : "-")).join("|")}|`;
  return [line(rows[0]!), rule, ...rows.slice(1).map(line)].join("\n");
}

const padded = (cell: string, column: number, width: number): string =>
  column > 1 ? cell.padStart(width) : cell.padEnd(width);
