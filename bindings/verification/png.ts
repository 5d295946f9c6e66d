/**
 * Squares as a PNG file (ISO/IEC 15948): one bit a pixel, grey, no filter; the platform compresses.
 *
 * Just what a QR code needs. Knows nothing of QR codes.
 */
import { XtlsError } from "../errors.ts";

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
/** So that a slip of the pen costs no gigabytes: the largest QR code has 185 squares. */
const SCALE_AT_MOST = 64;

/**
 * @param squares rows of one length; true is black
 * @param scale pixels on a side of one square, 1 to 64
 * @throws XtlsError `invalid-argument`; `platform-unsupported` on an engine that cannot compress
 */
export async function drawPng(squares: readonly (readonly boolean[])[], scale: number): Promise<Uint8Array> {
  if (!(Number.isInteger(scale) && scale >= 1 && scale <= SCALE_AT_MOST))
    throw new XtlsError("invalid-argument", `A scale is a whole number from 1 to ${SCALE_AT_MOST}`);
  const lines = squares.flatMap((row) => Array<Uint8Array>(scale).fill(scanline(row, scale)));
  const [width, height] = [(squares[0]?.length ?? 0) * scale, squares.length * scale];
  return join(SIGNATURE, chunk("IHDR", header(width, height)), chunk("IDAT", await deflate(join(...lines))), chunk("IEND"));
}

/** Filter type 0, then eight pixels to a byte, the leftmost highest; a set bit is white. */
function scanline(row: readonly boolean[], scale: number): Uint8Array {
  const line = new Uint8Array(1 + Math.ceil((row.length * scale) / 8));
  for (let x = 0; x < row.length * scale; x++) {
    if (!row[Math.floor(x / scale)]) line[1 + (x >> 3)]! |= 0x80 >> (x & 7);
  }
  return line;
}

/** Bit depth 1, greyscale; compression, filter and interlace methods 0. */
function header(width: number, height: number): Uint8Array {
  return join(number(width), number(height), Uint8Array.of(1, 0, 0, 0, 0));
}

/** Length of the data, type, data, and CRC-32 of type and data. */
function chunk(type: string, data: Uint8Array = new Uint8Array()): Uint8Array {
  const body = join(new TextEncoder().encode(type), data);
  return join(number(data.length), body, number(crc32(body)));
}

/** The zlib format (RFC 1950), as PNG wants it. */
async function deflate(bytes: Uint8Array): Promise<Uint8Array> {
  if (typeof CompressionStream === "undefined") throw new XtlsError("platform-unsupported", "A PNG file needs CompressionStream");
  const compressed = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(compressed).arrayBuffer());
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb8_8320 : 0);
  }
  return ~crc;
}

/** 32 bits, big-endian. */
function number(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

function join(...pieces: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}
