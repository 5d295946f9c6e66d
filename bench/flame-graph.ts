/**
 * A tree of frames as a picture: callers on top, each as wide as its share of the samples.
 * SVG without scripts; a frame's full name and share are its tooltip.
 * Orange is cryptography, yellow the rest of the module, blue JavaScript.
 */

import { escaped, round } from "./svg.ts";

/** One function where it was called from. */
export interface Frame {
  readonly name: string;
  /** Compiled from C; else JavaScript. */
  readonly isOfModule: boolean;
  /** Samples in it, and with those beneath it. */
  readonly self: number;
  readonly total: number;
  readonly children: readonly Frame[];
}

const [WIDTH, ROW, HEAD, LETTER] = [1200, 18, 30, 6.6];
/** Narrower frames are left out. */
const THINNEST = 1.5;

export function flameGraph(root: Frame, title: string): string {
  const scale = WIDTH / root.total;
  const height = HEAD + ROW * depthOf(root, scale) + 8;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img">`,
    "<style>text { font: 11px ui-monospace, monospace; fill: #1b1b1b } .title { font: 600 13px system-ui, sans-serif }</style>",
    `<rect width="100%" height="100%" fill="#fff"/>`,
    `<text x="6" y="19" class="title">${escaped(title)}</text>`,
    ...drawn(root, 0, 0, root.total),
    "</svg>",
    "",
  ].join("\n");
}

function drawn(frame: Frame, start: number, depth: number, all: number, isPrimitive = false): string[] {
  const width = (frame.total * WIDTH) / all;
  if (width < THINNEST) return [];
  const primitive = isPrimitive || (frame.isOfModule && PRIMITIVES.test(frame.name));
  const shapes = [rectangle(frame, (start * WIDTH) / all, HEAD + depth * ROW, width, all, colour(frame, primitive))];
  for (const child of frame.children) {
    shapes.push(...drawn(child, start, depth + 1, all, primitive));
    start += child.total;
  }
  return shapes;
}

function rectangle({ name, total }: Frame, x: number, y: number, width: number, all: number, fill: string): string {
  const share = `${((100 * total) / all).toFixed(1)} %`;
  const letters = Math.floor((width - 6) / LETTER);
  const label = letters < 3 ? "" : `<text x="${round(x + 3)}" y="${y + 13}">${escaped(name.slice(0, letters))}</text>`;
  return `<g><title>${escaped(`${name}, ${share}`)}</title><rect x="${round(x)}" y="${y}" width="${round(width - 0.5)}" height="${ROW - 1}" fill="${fill}"/>${label}</g>`;
}

/** From here downwards a frame is cryptography and nothing else. */
const PRIMITIVES = /ecdsa_(sign|verify)|x25519|p256|_xxdh_|chacha|poly1305|_gcm_|_aes_|ghash|crypt_and_tag|sha256_/;

/** Cryptography, the rest of the module, JavaScript. */
function colour({ isOfModule }: Frame, isPrimitive: boolean): string {
  if (isPrimitive) return "#f0875b";
  return isOfModule ? "#f3cd6b" : "#9cc3ef";
}

const depthOf = (frame: Frame, scale: number): number =>
  frame.total * scale < THINNEST ? 0 : 1 + Math.max(0, ...frame.children.map((child) => depthOf(child, scale)));
