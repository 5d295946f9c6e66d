/**
 * A QR code (ISO/IEC 18004) as SVG, PNG or text for a terminal.
 *
 * The squares come from the package uqr, loaded when the first code is drawn; how they are drawn is ours. All
 * three have the quiet zone of four squares that a reader needs, dark on light whatever is around them.
 */
import { loadPart } from "../base/platform.ts";
import { requireText } from "../base/shape.ts";
import { XtlsError } from "../errors.ts";
import { drawPng } from "./png.ts";

/** A drawn code. */
export interface QrCode {
  /** Squares on a side, quiet zone included. */
  readonly size: number;
  /** A complete `<svg>`, without a size of its own. */
  svg(): string;
  /**
   * An image file.
   * @param scale pixels on a side of one square; default 8
   */
  png(scale?: number): Promise<Uint8Array>;
  /** Lines of half blocks, coloured by escape sequences (ECMA-48), so that light and dark terminals show the same. */
  terminal(): string;
}

type Squares = readonly (readonly boolean[])[];

const QUIET_ZONE = 4;
/** Level M repairs 15 % of what is smudged or glares. */
const REPAIR = "M";

/**
 * Draws a text as a QR code.
 * @param text such as `buildVerificationUri` gives; at most some 2300 bytes
 * @throws XtlsError `invalid-argument` when it is too long, or no text; `dependency-missing` when the package cannot be loaded
 */
export async function qrCode(text: string): Promise<QrCode> {
  const squares = await encode(text);
  return {
    size: squares.length,
    svg: () => drawSvg(squares),
    png: (scale = 8) => drawPng(squares, scale),
    terminal: () => drawTerminal(squares),
  };
}

async function encode(text: string): Promise<Squares> {
  requireText(text, "A QR code shows a text");
  const uqr = await loadPart("The package uqr", import("uqr"));
  try {
    return uqr.encode(text, { ecc: REPAIR, border: QUIET_ZONE }).data;
  } catch (cause) {
    throw new XtlsError("invalid-argument", "The text is too long for a QR code", { cause });
  }
}

/** One path of dark runs, a square one unit wide. */
function drawSvg(squares: Squares): string {
  const { length } = squares;
  const runs = squares.flatMap((row, y) => runsIn(row).map(({ x, width }) => `M${x} ${y}h${width}v1h-${width}z`));
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${length} ${length}" shape-rendering="crispEdges">` +
    `<path fill="#fff" d="M0 0h${length}v${length}H0z"/><path d="${runs.join("")}"/></svg>`
  );
}

function runsIn(row: readonly boolean[]): { x: number; width: number }[] {
  const text = row.map((isDark) => (isDark ? "#" : " ")).join("");
  return [...text.matchAll(/#+/g)].map(({ index, 0: run }) => ({ x: index, width: run.length }));
}

/** Black on white from the fixed part of the 256 colours, which no theme changes. */
const BLACK_ON_WHITE = "\x1b[38;5;16;48;5;231m";
const RESET = "\x1b[0m";

/** Two rows in a line: a character is twice as high as wide. */
function drawTerminal(squares: Squares): string {
  const pairs = squares.flatMap((upper, y) => (y % 2 === 0 ? [[upper, squares[y + 1] ?? []] as const] : []));
  const lines = pairs.map(([upper, lower]) => upper.map((isDark, x) => block(isDark, lower[x] ?? false)).join(""));
  return lines.map((line) => `${BLACK_ON_WHITE}${line}${RESET}\n`).join("");
}

function block(upper: boolean, lower: boolean): string {
  if (upper) return lower ? "█" : "▀";
  return lower ? "▄" : " ";
}
