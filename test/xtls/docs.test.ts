/** The documents say what the code does: generated parts are fresh, the example is real, every rule has its test. */
import { createDecipheriv, createHmac } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { GENERATED, regenerate } from "../../scripts/docs.ts";
import { parseIq, readRecord, record, renderExchange, type ExchangeRecord } from "../../scripts/docs/exchange.ts";
import { assert, suite } from "../suite.ts";
import { ROMEO } from "./wire-pair.ts";

const test = suite("docs");
const read = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");

test("the generated parts of the documents are fresh", () => {
  for (const name of GENERATED) {
    const page = read(`docs/${name}`);
    assert.is(regenerate(name, page) === page, true, `docs/${name}: run \`npx tsx scripts/docs.ts\``);
  }
});

test("the example exchange is what two ends do today", async () => {
  // Keys differ from run to run, and with them base64 and the lengths of signatures.
  const shape = (exchange: ExchangeRecord) =>
    renderExchange(exchange)
      .replace(/(?<=">)[A-Za-z0-9+/=…]+(?=<\/data>)/g, "")
      .replace(/\d+ bytes|\d+ of base64/g, "");
  assert.is(shape(readRecord(read("docs/exchange.xml"))), shape(await record()));
});

test("the example exchange decrypts, with the key log that comes with it, to what the page says", () => {
  const exchange = readRecord(read("docs/exchange.xml"));
  const sides = [decrypted(exchange, true), decrypted(exchange, false)];
  assert.equal(sides, [
    [
      '<message type="chat"><thread>act2scene2chat1</thread><body>I take thee at thy word: Call me but love, and I\'ll be new baptized; Henceforth I never will be Romeo.</body><active xmlns="http://jabber.org/protocol/chatstates"/></message>',
      '<iq type="result" id="v1"><query xmlns="jabber:iq:version"><name>xtls</name></query></iq>',
      "close_notify",
    ],
    ['<iq type="get" id="v1"><query xmlns="jabber:iq:version"/></iq>', "close_notify"],
  ]);
});

/** What one side said after its handshake: TLS 1.3 with ChaCha20-Poly1305, by the book (RFC 8446 §5.2, §7.3). */
function decrypted({ steps, keys }: ExchangeRecord, isRomeo: boolean): string[] {
  const label = isRomeo ? "CLIENT_TRAFFIC_SECRET_0" : "SERVER_TRAFFIC_SECRET_0";
  const secret = Buffer.from(keys.find((line) => line.startsWith(label))?.split(" ")[2] ?? "", "hex");
  const [key, iv] = [expand(secret, "key", 32), expand(secret, "iv", 12)];
  return recordsOf(
    steps.map(({ iq }) => iq),
    isRomeo,
  ).map((record) => open(key, iv, record));
}

/** Records under the application keys: those of the `<data/>` after the handshake's. */
function recordsOf(iqs: readonly string[], isRomeo: boolean): { header: Buffer; body: Buffer; number: number }[] {
  const chunks = iqs
    .map(parseIq)
    .filter(({ attrs }) => (attrs.from === ROMEO) === isRomeo)
    .map((iq) => iq.getChildText("data", "urn:xmpp:tmp:xtls"));
  const bytes = chunks
    .filter((text): text is string => text !== null)
    .slice(isRomeo ? 2 : 1)
    .map((text) => Buffer.from(text, "base64"));
  const stream = Buffer.concat(bytes);
  const records = [];
  for (let at = 0; at < stream.length; at += 5 + stream.readUInt16BE(at + 3)) {
    const body = stream.subarray(at + 5, at + 5 + stream.readUInt16BE(at + 3));
    records.push({ header: stream.subarray(at, at + 5), body, number: records.length });
  }
  return records;
}

function open(
  key: Buffer,
  iv: Buffer,
  { header, body, number }: { header: Buffer; body: Buffer; number: number },
): string {
  const nonce = Buffer.from(iv);
  nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ number) >>> 0, 8);
  const cipher = createDecipheriv("chacha20-poly1305", key, nonce, { authTagLength: 16 });
  cipher.setAAD(header, { plaintextLength: body.length - 16 }).setAuthTag(body.subarray(-16));
  const inner = Buffer.concat([cipher.update(body.subarray(0, -16)), cipher.final()]);
  const end = inner.findLastIndex((byte) => byte !== 0);
  return inner[end] === 21 ? "close_notify" : inner.subarray(0, end).toString();
}

/** HKDF-Expand-Label with an empty context, from a secret that is a PRK already. */
function expand(secret: Buffer, label: string, length: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`);
  const info = Buffer.concat([Buffer.from([0, length, name.length]), name, Buffer.from([0])]);
  return createHmac("sha256", secret)
    .update(info)
    .update(Buffer.from([1]))
    .digest()
    .subarray(0, length);
}

test("docs/conformance.md names a test that exists for every rule", () => {
  const rows = read("docs/conformance.md")
    .split("\n")
    .filter((line) => /^\| .*`test\//.test(line));
  assert.ok(rows.length > 60);
  rows.forEach(namesTests);
});

test("docs/security.md names a test that exists for every claim in its tables", () => {
  const tables = tablesOf(read("docs/security.md"));
  assert.ok(tables.flat().length > 80);
  for (const [header, , ...rows] of tables) {
    assert.match(header as string, /\| tests? \|$/, "a table of claims ends with its tests");
    // A dash stands where nothing is promised.
    rows.filter((row) => !row.endsWith("| — |")).forEach(namesTests);
  }
});

/** The Markdown tables of a page, line by line: header, rule, rows. */
function tablesOf(page: string): string[][] {
  return [...page.matchAll(/(?:^\|.*\n)+/gm)].map(([table]) => table.trimEnd().split("\n"));
}

function namesTests(row: string): void {
  const named = [...row.matchAll(/`((?:test|scripts)\/[^`]+)`: "([^"]+)"/g)];
  assert.ok(named.length > 0, row);
  for (const [, file, claim] of named) assert.ok(claims(file as string).includes(claim as string), `${file}: ${claim}`);
}

/** How tests are declared, by the kind of file. */
const DECLARED: Readonly<Record<string, RegExp>> = {
  ts: /\btest\(\s*(["'`])(.*?)\1,/g,
  c: /\brun\((")(.*?)",/g,
  sh: /\bclaim (")(.*?)"/g,
};

/** The claims of a test file; what a loop fills in reads "…". */
function claims(file: string): string[] {
  if (!existsSync(new URL(`../../${file}`, import.meta.url))) return [];
  const declared = DECLARED[file.slice(file.lastIndexOf(".") + 1)];
  const found = declared === undefined ? [] : [...read(file).matchAll(declared)];
  return found.map(([, , claim]) => (claim as string).replace(/\$\{[^}]*\}/g, "…"));
}

test.run();
