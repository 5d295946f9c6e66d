/**
 * What pictures here are made of: text, numbers and the page around them, in colours that
 * read on light and on dark ground. It knows no results.
 */

/** @param kind a class of the page's style */
export const text = (x: number, y: number, words: string, kind = ""): string =>
  `<text x="${round(x)}" y="${y}"${kind && ` class="${kind}"`}>${escaped(words)}</text>`;

/** For the text of an element, or an attribute in quotes. */
export const escaped = (words: string): string =>
  words.replace(/[&<>"]/g, (character) => `&#${character.codePointAt(0)};`);

/** Tenths of a pixel are more than can be seen. */
export const round = (value: number): number => Math.round(value * 10) / 10;

/** A file of its own, that brings its colours along. */
export function page(width: number, height: number, content: readonly string[]): string {
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
