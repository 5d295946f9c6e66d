/** Draws codes and reads them with another library. */

import { qrCode } from "../../bindings/verification/qr.ts";
import { buildVerificationUri, parseVerificationUri } from "../../bindings/verification/uri.ts";
import { assert, suite } from "../suite.ts";
import { readPng, readSvg, readTerminal, scan, type Picture } from "./pictures.ts";

const test = suite("qr code");

const KEYS = ["93B10C4E7D2F5A68", "0123456789ABCDEF", "FEDCBA9876543210"].map((digits) => digits.repeat(4));
const URI = buildVerificationUri("jos\u00e9@montague.lit", KEYS[0]!);

const hasQuietZone = (picture: Picture, width: number): boolean =>
  picture.every((row, y) =>
    row.every((dark, x) => {
      const fromEdge = Math.min(x, y, row.length - 1 - x, picture.length - 1 - y);
      return !(dark && fromEdge < width);
    }),
  );

test("is read from the PNG file", async () => {
  const code = await qrCode(URI);
  const picture = readPng(await code.png());
  assert.is(picture.length, code.size * 8);
  assert.is(scan(picture), URI);
  assert.ok(hasQuietZone(picture, 32));
});

test("is read from a PNG file of any scale", async () => {
  const code = await qrCode(URI);
  for (const scale of [1, 3, 5, 7, 64]) {
    const picture = readPng(await code.png(scale));
    assert.is(picture[0]!.length, code.size * scale);
    if (scale > 1 && scale < 64) assert.is(scan(picture), URI, `scale ${scale}`);
  }
});

test("is read from the SVG", async () => {
  const code = await qrCode(URI);
  const picture = readSvg(code.svg());
  assert.is(picture.length, code.size);
  assert.is(scan(picture, 4), URI);
  assert.ok(hasQuietZone(picture, 4));
});

test("is read from a light terminal and from a dark one", async () => {
  const code = await qrCode(URI);
  for (const isDark of [false, true]) {
    const picture = readTerminal(code.terminal(), isDark);
    assert.is(scan(picture.slice(0, code.size), 4), URI);
    assert.ok(hasQuietZone(picture, 4));
  }
});

test("leaves the terminal's colours as they were at the end of each line", async () => {
  const lines = (await qrCode(URI)).terminal().split("\n");
  assert.is(lines.pop(), "");
  assert.ok(lines.every((line) => line.endsWith("\x1b[0m")));
});

test("is the same code in all three", async () => {
  const code = await qrCode(URI);
  const squares = readSvg(code.svg());
  assert.equal(readPng(await code.png(1)), squares);
  assert.equal(readTerminal(code.terminal(), true).slice(0, code.size), squares);
});

test("holds the keys of several devices", async () => {
  const code = await qrCode(buildVerificationUri("romeo@montague.lit", KEYS));
  assert.is(parseVerificationUri(scan(readSvg(code.svg()), 4)!).spkiFingerprints.length, 3);
});

test("refuses what does not fit", async () => {
  const refused = (promise: Promise<unknown>) => promise.then(() => "drawn", (error: { code?: string }) => error.code);
  assert.is(await refused(qrCode("x".repeat(4000))), "invalid-argument");
  const code = await qrCode(URI);
  for (const scale of [0, -1, 1.5, 65, NaN]) assert.is(await refused(code.png(scale)), "invalid-argument", String(scale));
});

test.run();
