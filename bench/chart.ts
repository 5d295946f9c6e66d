/**
 * Results as a picture: a panel for each measure, a bar for each subject, the first one in
 * colour. SVG that reads on light and on dark ground. Text in, text out, like table.ts.
 *
 * Bars grow from zero on a linear scale, within a panel; a thin line spans the rounds'
 * extremes. Whether long or short is better is written in the panel's title.
 */
import type { Measure } from "./measure.ts";
import type { Result } from "./rounds.ts";

/** @param caption what was measured where and when */
export function chart(measures: readonly Measure[], results: readonly Result[], caption: string): string {
  const panels = measures
    .map((measure) => ({ measure, bars: results.filter(({ bench }) => bench === measure.bench) }))
    .filter(({ bars }) => bars.length > 0);
  const { placed, height } = laidOut(panels);
  const subjects = new Set(results.map(({ subject }) => subject));
  return document(height + FOOT, [
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

const round = (value: number): number => Math.round(value * 10) / 10;

const text = (x: number, y: number, words: string, kind: string): string =>
  `<text x="${round(x)}" y="${y}"${kind && ` class="${kind}"`}>${escaped(words)}</text>`;

const escaped = (words: string): string =>
  words.replace(/[&<>"]/g, (character) => `&#${character.codePointAt(0)};`);

function document(height: number, content: readonly string[]): string {
  const width = 2 * MARGIN + COLUMNS * WIDTH + (COLUMNS - 1) * GAP;
  const open = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`;
  const ground = `<rect width="100%" height="100%" rx="8" class="ground"/>`;
  return [open, `<style>${STYLE}</style>`, ground, ...content, "</svg>", ""].join("\n");
}

const STYLE = `
.ground { fill: #fff }
text { font: 12px system-ui, sans-serif; fill: #3d4450 }
.title { font-weight: 600; fill: #14181f }
.name { text-anchor: end }
.faint { fill: #6b7280 }
text.ours { font-weight: 600; fill: #0b57d0 }
rect.ours { fill: #0b57d0 }
.other { fill: #b6bdc9 }
.spread { stroke: #14181f; stroke-opacity: .55 }
@media (prefers-color-scheme: dark) {
  .ground { fill: #12161d }
  text { fill: #c3c9d4 }
  .title { fill: #f2f4f8 }
  .faint { fill: #98a1b0 }
  text.ours { fill: #8ab4ff }
  rect.ours { fill: #6ea0ff }
  .other { fill: #5b6473 }
  .spread { stroke: #f2f4f8 }
}
`;
