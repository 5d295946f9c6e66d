/**
 * The runner and the suite catch what would otherwise pass in silence. Each claim runs
 * copies of both on one small test file in a directory of its own.
 */

import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { assert, suite } from "../suite.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const test = suite("runner");

test("passes a file whose tests pass, and says so in the last line", () => {
  const { code, lastLine } = runnerOn(`test("holds", () => assert.ok(true)); test.run();`);
  assert.is(lastLine, "1 passed, 0 failed, 0 skipped");
  assert.is(code, 0);
});

test("fails a test that fails", () => {
  const { code, lastLine } = runnerOn(`test("holds not", () => assert.ok(false)); test("holds", () => {}); test.run();`);
  assert.is(lastLine, "1 passed, 1 failed, 0 skipped");
  assert.is(code, 1);
});

for (const [claim, source, complaint] of [
  ["a forgotten run", `test("holds", () => {});`, "was never run"],
  ["a file without tests", `test.run();`, "no tests"],
  ["a file that never uses the suite", `export {};`, "reported no tests"],
  ["a file that throws", `test("holds", () => {}); test.run(); throw new Error("out of order");`, "out of order"],
  ["a before hook that throws", `test.before(() => { throw new Error(); }); test("holds", () => {}); test.run();`, "not every test passed"],
  ["a promise that never settles", `test("waits", () => new Promise(() => {})); test.run();`, "Exiting early"],
  ["an early exit", `test("leaves", () => process.exit(0)); test.run();`, "not every test passed"],
  ["a daemon left behind", `import("node:child_process").then(({ spawn }) => spawn("sleep", ["8"], { detached: true, stdio: "inherit" }).unref()); test("holds", () => {}); test.run();`, "took longer than 4 s"],
  ["a file that never ends", `setInterval(() => {}, 1000); test("holds", () => {}); test.run();`, "took longer than 4 s"],
] as const) {
  test(`catches ${claim}`, () => {
    const { code, lastLine, output } = runnerOn(source);
    assert.match(lastLine, /^\d+ passed, [1-9]\d* failed, 0 skipped$/);
    assert.ok(output.includes(complaint), output);
    assert.is(code, 1);
  });
}

test("says what was skipped and why, and in CI fails for it", () => {
  const source = `test("needs a moon", () => skip("no moon")); test.run();`;
  const here = runnerOn(source);
  assert.is(here.lastLine, "0 passed, 0 failed, 1 skipped");
  assert.match(here.output, "needs a moon: no moon");
  assert.is(here.code, 0);
  assert.is(runnerOn(source, { CI: "true" }).code, 1);
});

/** What the runner makes of one test file with this body. */
function runnerOn(body: string, variables: Record<string, string> = {}) {
  const directory = mkdtempSync(join(tmpdir(), "xtls-runner-"));
  try {
    for (const part of ["scripts", "test"]) mkdirSync(join(directory, part));
    for (const file of ["scripts/test.ts", "test/suite.ts", "package.json"])
      copyFileSync(join(ROOT, file), join(directory, file));
    symlinkSync(join(ROOT, "node_modules"), join(directory, "node_modules"));
    const head = `import { assert, skip, suite } from "./suite.ts"; const test = suite("subject"); void [assert, skip];`;
    writeFileSync(join(directory, "test/subject.test.ts"), body.startsWith("export") ? body : `${head}\n${body}\n`);
    return run(directory, variables);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function run(directory: string, variables: Record<string, string>) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", "tsx", "scripts/test.ts", "--only", "subject.test.ts"],
    { cwd: directory, encoding: "utf8", env: { ...process.env, CI: "", TIMEOUT: "4", ...variables } },
  );
  const output = stdout + stderr;
  return { code: status, output, lastLine: stdout.trimEnd().split("\n").at(-1) ?? "" };
}

test.run();
