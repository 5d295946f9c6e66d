/**
 * Reads pictures back, each from its own format, as a camera would see them: grey pixels, true is dark.
 *
 * Just enough of PNG, SVG and terminal sequences for what qr.ts draws, and strict about it; the code
 * itself is read by jsQR, which has nothing in common with what drew it.
 */
import { crc32, inflateSync } from "node:zlib";

import jsQR from "jsqr";
import { assert } from "../suite.ts";

/** Rows of pixels; true is dark. */
export type Picture = readonly (readonly boolean[])[];

/** What a QR reader sees in a picture; undefined when it sees no code. */
export function scan(picture: Picture, pixelsEach = 1): string | undefined {
  const rows = picture.flatMap((row) => Array<boolean[]>(pixelsEach).fill(row.flatMap((dark) => Array<boolean>(pixelsEach).fill(dark))));
  const pixels = rows.flatMap((row) => row.flatMap((dark) => (dark ? [0, 0, 0, 255] : [255, 255, 255, 255])));
  return (jsQR as unknown as typeof jsQR.default)(Uint8ClampedArray.from(pixels), rows[0]!.length, rows.length)?.data;
}

/** A PNG file of one bit a pixel. */
export function readPng(file: Uint8Array): Picture {
  assert.is(Buffer.from(file.subarray(0, 8)).toString("latin1"), "\x89PNG\r\n\x1a\n");
  const chunks = [...chunksOf(file)];
  assert.equal(chunks.map(({ type }) => type), ["IHDR", "IDAT", "IEND"]);
  const [header, image] = chunks.map(({ data }) => data) as [Buffer, Buffer];
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  assert.equal([...header.subarray(8)], [1, 0, 0, 0, 0]);
  const lines = inflateSync(image);
  const stride = 1 + Math.ceil(width / 8);
  assert.is(lines.length, stride * height);
  return Array.from({ length: height }, (_, y) => {
    assert.is(lines[y * stride], 0);
    return Array.from({ length: width }, (_, x) => ((lines[y * stride + 1 + (x >> 3)]! >> (7 - (x & 7))) & 1) === 0);
  });
}

function* chunksOf(file: Uint8Array): Generator<{ type: string; data: Buffer }> {
  const bytes = Buffer.from(file);
  for (let at = 8; at < bytes.length; ) {
    const end = at + 8 + bytes.readUInt32BE(at);
    assert.is(bytes.readUInt32BE(end), crc32(bytes.subarray(at + 4, end)));
    yield { type: bytes.toString("latin1", at + 4, at + 8), data: bytes.subarray(at + 8, end) };
    at = end + 4;
  }
}

/** An SVG whose paths consist of rectangles, one pixel for each unit; later ones lie above. */
export function readSvg(svg: string): Picture {
  const size = Number(/viewBox="0 0 (\d+) \1"/.exec(svg)?.[1]);
  const rows = Array.from({ length: size }, () => Array<boolean>(size).fill(true));
  for (const [, fill, path = ""] of svg.matchAll(/<path(?: fill="([^"]*)")? d="([^"]*)"\/>/g)) {
    for (const [, x, y, width, height] of path.matchAll(/M(\d+) (\d+)h(\d+)v(\d+)(?:h-\3|H0)z/g)) {
      for (let row = 0; row < Number(height); row++) rows[Number(y) + row]!.fill(fill !== "#fff", Number(x), Number(x) + Number(width));
    }
  }
  return rows;
}

/** Lines of half blocks; ink and paper as the escape sequences say, the reverse on a dark terminal without them. */
export function readTerminal(text: string, isDarkTerminal: boolean): Picture {
  return text.trimEnd().split("\n").flatMap((line) => {
    let [ink, paper] = isDarkTerminal ? [false, true] : [true, false];
    const rows: [boolean[], boolean[]] = [[], []];
    for (const [symbol, sequence] of line.matchAll(/\x1b\[([\d;]*)m|[^\x1b]/gu)) {
      if (sequence === "38;5;16;48;5;231") [ink, paper] = [true, false];
      else if (sequence === "0") [ink, paper] = isDarkTerminal ? [false, true] : [true, false];
      else {
        assert.ok(" ▀▄█".includes(symbol), `an unknown sequence or character: ${JSON.stringify(symbol)}`);
        rows[0].push("▀█".includes(symbol) ? ink : paper);
        rows[1].push("▄█".includes(symbol) ? ink : paper);
      }
    }
    return rows;
  });
}
