/** bench/primitives.ts as a command: it times nothing whose answer is wrong, and says what it timed. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { assert, suite } from "../suite.ts";

const test = suite("primitives");
const root = fileURLToPath(new URL("../../", import.meta.url));
const run = promisify(execFile);

test("prints a line for each primitive and library", async () => {
  const hurry = ["--json", "--rounds", "1", "--window", "1", "--warm-up", "1"];
  const args = ["--import", "tsx", "bench/primitives.ts", "--only", "chacha-64,p256-verify", ...hurry];
  const { stdout } = await run(process.execPath, args, { cwd: root });
  const lines = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  const subjects = (bench: string) => lines.filter((line) => line.bench === bench).map(({ subject }) => subject);
  assert.equal(subjects("chacha-64").slice(0, 2), ["xtls", "node:crypto"]);
  assert.equal(subjects("p256-verify").slice(0, 3), ["xtls", "node:crypto", "WebCrypto"]);
  for (const line of lines) assert.ok(line.value > 0, JSON.stringify(line));
});

test.run();
