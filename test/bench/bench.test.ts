/** bench/main.ts as a command: its JSON lines are a contract, its figures are nobody's business here. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { assert, skip, suite } from "../suite.ts";

const test = suite("bench");
const root = fileURLToPath(new URL("../../", import.meta.url));
const run = promisify(execFile);

/** As short as can be: one round, one step, hardly a warm-up. */
const HURRY = ["--rounds", "1", "--window", "1", "--warm-up", "1"];

const bench = (...args: string[]): Promise<{ stdout: string; stderr: string }> =>
  run(process.execPath, ["--import", "tsx", "bench/main.ts", ...args], { cwd: root });

const UNITS = {
  "handshake": "1/s",
  "handshake-resumed": "1/s",
  "bulk-16k-chacha": "MiB/s",
  "bulk-16k-aes128": "MiB/s",
  "stanza-1k-chacha": "µs",
  "stanza-1k-aes128": "µs",
  "cold-start": "ms",
  "size-gzip": "bytes",
  "memory-per-tunnel": "bytes",
} as const;

const subjects = ["node:tls", "stock", "xtls"];

test("prints a line for each measure and subject, and nothing else, on standard output", async () => {
  if (!existsSync(`${root}wasm/xtls-stock.wasm`)) return skip("no stock build: make bench makes it");
  const { stdout } = await bench("--json", "--quick", ...HURRY);
  const lines = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  for (const [id, unit] of Object.entries(UNITS)) {
    // The platform brings node:tls: there is nothing to download.
    const expected = id === "size-gzip" ? subjects.filter((name) => name !== "node:tls") : subjects;
    const found = lines.filter((line) => line.bench === id);
    assert.equal(found.map((line) => line.subject).sort(), expected, id);
    for (const line of found) {
      assert.is(line.unit, unit);
      assert.ok(Number.isFinite(line.value) && line.value > 0, JSON.stringify(line));
      assert.ok(line.min <= line.value && line.value <= line.max, JSON.stringify(line));
    }
  }
  assert.is(lines.length, Object.keys(UNITS).length * subjects.length - 1);
});

test("prints a table of the measures and subjects that were asked for", async () => {
  const args = ["--only", "handshake,size-gzip", "--subjects", "xtls,node:tls", ...HURRY];
  const { stdout, stderr } = await bench(...args);
  const [head, , ...rows] = stdout.split("\n").filter((line) => line.startsWith("|"));
  assert.match(head!, /xtls .*node:tls .*xtls : node:tls/);
  assert.is(rows.length, 2);
  assert.match(stdout, /^- xtls: xtls\.wasm, SHA-256 /m);
  assert.match(stderr, /^machine: \{"cpu":/);
});

test("refuses a measure that it does not have, and names those it has", async () => {
  const error = await bench("--only", "handshakes").catch((reason: unknown) => reason);
  assert.match((error as { stderr: string }).stderr, /no handshakes; there are handshake, /);
  assert.is((error as { code: number }).code, 1);
});

test.run();
