/**
 * The chief figures as one small picture: how many times as good as node:tls ours is, and what
 * it is made from. Results in, SVG out; chart.ts draws the whole run.
 *
 * The scale is linear and begins at zero; a line marks 1, where node:tls is.
 */
import type { Measure } from "./measure.ts";
import type { Result } from "./rounds.ts";
import { advantage } from "./statistics.ts";
import { page, round, text } from "./svg.ts";

const BASELINE = "node:tls";

/** Whose bars are drawn, the first in colour, and what they are called. */
const SHOWN = [
  { subject: "xtls", name: "xtls" },
  { subject: "stock", name: "the same Mbed TLS, stock" },
] as const;

/**
 * @param caption what was measured where and when
 * @returns undefined when no measure has figures of all three
 */
export function ratios(measures: readonly Measure[], results: readonly Result[], caption: string): string | undefined {
  const rows = measures.filter(isChief).flatMap((measure) => row(measure, results) ?? []);
  if (rows.length === 0) return undefined;
  const foot = HEAD + rows.length * ROW;
  return page(WIDTH, foot + FOOT, [
    ...legend(),
    ...drawn(rows),
    text(MARGIN, foot + 18, caption, "faint"),
  ]);
}

/** What a quick run takes and time decides. */
const isChief = ({ isThorough, unit }: Measure): boolean => !isThorough && unit !== "bytes";

interface Row {
  readonly title: string;
  readonly times: readonly number[];
}

function row({ bench, title }: Measure, results: readonly Result[]): Row | undefined {
  const of = (name: string) => results.find((result) => result.bench === bench && result.subject === name);
  const [baseline, shown] = [of(BASELINE), SHOWN.flatMap(({ subject }) => of(subject) ?? [])];
  if (baseline === undefined || shown.length < SHOWN.length) return undefined;
  return { title, times: shown.map((result) => advantage(result, baseline)) };
}

const [WIDTH, MARGIN, HEAD, ROW, FOOT] = [720, 16, 68, 38, 28];
const [BAR, STEP] = [12, 14];
/** Where bars begin, and room for the figures behind them. */
const [START, FIGURES] = [264, 56];

function legend(): string[] {
  const [ours, other] = SHOWN;
  return [
    text(MARGIN, 24, `Times as fast as ${BASELINE}`, "title"),
    rectangle(START, 15, BAR, "ours"),
    text(START + 18, 25, ours.name, "ours"),
    rectangle(START + 64, 15, BAR, "other"),
    text(START + 82, 25, other.name),
  ];
}

function drawn(rows: readonly Row[]): string[] {
  const scale = (WIDTH - MARGIN - FIGURES - START) / Math.max(1, ...rows.flatMap(({ times }) => times));
  const one = round(START + scale);
  return [
    ...rows.map((each, index) => drawnRow(each, HEAD + index * ROW, scale)),
    `<path d="M${one} ${HEAD - 12}V${HEAD + rows.length * ROW - 6}" class="spread"/>`,
    text(one - 4, HEAD - 16, `${BASELINE} = 1`, "faint"),
  ];
}

function drawnRow({ title, times }: Row, y: number, scale: number): string {
  const bars = times.map((value, index) => drawnBar(value, y + index * STEP, scale, index === 0));
  return [text(START - 10, y + STEP + 3, title, "name"), ...bars].join("");
}

function drawnBar(value: number, y: number, scale: number, isOurs: boolean): string {
  const width = Math.max(1, value * scale);
  const bar = rectangle(START, y, width, isOurs ? "ours" : "other");
  return bar + text(START + width + 6, y + 10, value.toFixed(2), isOurs ? "ours" : "");
}

const rectangle = (x: number, y: number, width: number, kind: string): string =>
  `<rect x="${x}" y="${y}" width="${round(width)}" height="${BAR}" rx="2" class="${kind}"/>`;
