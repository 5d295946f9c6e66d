/**
 * Two builds give the same bytes. The second one runs from a copy of the sources in another
 * directory and compiles everything again, Mbed TLS included: only the toolchain and the
 * unpacked release come from the cache.
 */

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { assert, suite } from "../suite.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "xtls");
const test = suite("determinism");

test("a second build, from elsewhere and from nothing, has the same SHA-256", () => {
  const elsewhere = mkdtempSync(join(tmpdir(), "xtls-determinism-"));
  try {
    assert.is(digest(buildIn(elsewhere)), digest(join(ROOT, "wasm/xtls.wasm")));
  } finally {
    rmSync(elsewhere, { recursive: true });
  }
});

/** Builds a copy of the sources with a cache that knows no object of them; the module's path. */
function buildIn(directory: string): string {
  const clone = join(directory, "some/other/clone");
  const cache = join(directory, "cache/xtls");
  mkdirSync(clone, { recursive: true });
  mkdirSync(cache, { recursive: true });
  for (const part of ["core", "scripts", "wasm/abi.txt"]) cpSync(join(ROOT, part), join(clone, part), { recursive: true });
  for (const part of ["trixie", "mbedtls-3.6.7"])
    if (existsSync(join(CACHE, part))) symlinkSync(join(CACHE, part), join(cache, part));
  const { status, stderr } = spawnSync(join(clone, "scripts/wasm.sh"), {
    encoding: "utf8",
    env: { ...process.env, XDG_CACHE_HOME: join(directory, "cache") },
  });
  assert.is(status, 0, stderr);
  assert.match(stderr, "compiling Mbed TLS");
  return join(clone, "wasm/xtls.wasm");
}

function digest(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

test.run();
