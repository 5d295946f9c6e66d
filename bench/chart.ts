/**
 * Results as a picture: a panel for each measure, a bar for each subject, the first one in
 * colour. Results in, SVG out, like table.ts.
 *
 * Bars grow from zero on a linear scale, within a panel; a thin line spans the rounds'
 * extremes. Whether long or short is better is written in the panel's title.
 */
import type { Measure } from "./measure.ts";
import type { Result } from "./rounds.ts";
import { page, round, text } from "./svg.ts";

/** @param caption what was measured where and when */
export function chart(measures: readonly Measure[], results: readonly Result[], caption: string): string {
  const panels = measures
    .map((measure) => ({ measure, bars: results.filter(({ bench }) => bench === measure.bench) }))
    .filter(({ bars }) => bars.length > 0);
  const { placed, height } = laidOut(panels);
  const subjects = new Set(results.map(({ subject }) => subject));
  return page(2 * MARGIN + COLUMNS * WIDTH + (COLUMNS - 1) * GAP, height + FOOT, [
    ...placed.map(({ panel, x, y }) => `<g transform="translate(${x} ${y})">${drawn(panel, subjects)}</g>`),
    text(MARGIN, height + 16, caption, "faint"),
  ]);
}

interface Panel {
  readonly measure: Measure;
  readonly bars: readonly Result[];
}

interface Place {
  readonly panel: Panel;
  readonly x: number;
  readonly y: number;
}

const [MARGIN, WIDTH, COLUMNS, GAP] = [16, 440, 2, 32];
const [HEAD, ROW, BAR, FOOT] = [26, 19, 12, 28];
/** Room for the subjects' names and for the figures. */
const [NAMES, FIGURES] = [138, 88];

/** Panels side by side; a row is as high as its highest. */
function laidOut(panels: readonly Panel[]): { placed: Place[]; height: number } {
  const placed: Place[] = [];
  let y = MARGIN;
  for (let first = 0; first < panels.length; first += COLUMNS) {
    const row = panels.slice(first, first + COLUMNS);
    row.forEach((panel, column) => placed.push({ panel, x: MARGIN + column * (WIDTH + GAP), y }));
    y += HEAD + ROW * Math.max(...row.map(({ bars }) => bars.length)) + MARGIN;
  }
  return { placed, height: y };
}

function drawn({ measure, bars }: Panel, subjects: ReadonlySet<string>): string {
  const [ours] = subjects;
  const longest = Math.max(...bars.map(({ max }) => max)) || 1;
  const scale = (value: number): number => round((value / longest) * (WIDTH - NAMES - FIGURES));
  const title = `${measure.title}, ${measure.unit} (${measure.better} is better)`;
  const rows = bars.map((bar, row) => drawnBar(bar, HEAD + row * ROW, scale, bar.subject === ours));
  return [text(0, 12, title, "title"), ...rows].join("");
}

function drawnBar(bar: Result, y: number, scale: (value: number) => number, isOurs: boolean): string {
  const middle = y + BAR / 2;
  const [low, end, high] = [bar.min, bar.value, bar.max].map(scale) as [number, number, number];
  return [
    text(NAMES - 8, y + 10, bar.subject, isOurs ? "name ours" : "name"),
    `<rect x="${NAMES}" y="${y}" width="${Math.max(end, 1)}" height="${BAR}" rx="2" class="${isOurs ? "ours" : "other"}"/>`,
    `<path d="M${NAMES + low} ${middle}H${NAMES + high}" class="spread"/>`,
    text(NAMES + Math.max(end, high) + 6, y + 10, figure(bar.value), isOurs ? "ours" : ""),
  ].join("");
}

const figure = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(3)));
