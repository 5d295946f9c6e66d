/**
 * A tree of frames as a picture: callers on top, each as wide as its share of the samples.
 * SVG without scripts; a frame's full name and share are its tooltip.
 */

/** One function where it was called from. */
export interface Frame {
  readonly name: string;
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

function drawn(frame: Frame, start: number, depth: number, all: number): string[] {
  const width = (frame.total * WIDTH) / all;
  if (width < THINNEST) return [];
  const shapes = [rectangle(frame, (start * WIDTH) / all, HEAD + depth * ROW, width, all)];
  for (const child of frame.children) {
    shapes.push(...drawn(child, start, depth + 1, all));
    start += child.total;
  }
  return shapes;
}

function rectangle({ name, total }: Frame, x: number, y: number, width: number, all: number): string {
  const share = `${((100 * total) / all).toFixed(1)} %`;
  const letters = Math.floor((width - 6) / LETTER);
  const label = letters < 3 ? "" : `<text x="${round(x + 3)}" y="${y + 13}">${escaped(name.slice(0, letters))}</text>`;
  return `<g><title>${escaped(`${name}, ${share}`)}</title><rect x="${round(x)}" y="${y}" width="${round(width - 0.5)}" height="${ROW - 1}" fill="${colour(name)}"/>${label}</g>`;
}

/** The same for the same name: cryptography warm, Mbed TLS's protocol yellow, JavaScript blue. */
function colour(name: string): string {
  if (/p256|x25519|ecdsa|ecc|chacha|poly1305|sha256|field|scalar_/.test(name)) return "#f0875b";
  return /^\$?(mbedtls|psa|xtls|dl|mem|malloc|free|wasm)/.test(name) ? "#f3cd6b" : "#9cc3ef";
}

const depthOf = (frame: Frame, scale: number): number =>
  frame.total * scale < THINNEST ? 0 : 1 + Math.max(0, ...frame.children.map((child) => depthOf(child, scale)));

const round = (value: number): number => Math.round(value * 10) / 10;

const escaped = (words: string): string =>
  words.replace(/[&<>"]/g, (character) => `&#${character.codePointAt(0)};`);
