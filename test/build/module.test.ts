/** The modules that were built are what wasm/abi.txt describes, and the one that is shipped is on record. */

import { readFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseAbi, printAbi } from "../../scripts/abi.ts";
import { assert, suite } from "../suite.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const abi = parseAbi(readFileSync(`${ROOT}wasm/abi.txt`, "utf8"));

/** What the linker adds to the functions: the memory, a start function without work, the table of C's function pointers. */
const LINKERS = ["memory:memory", "_initialize:function", "__indirect_function_table:table"];

const test = suite("module");

for (const file of ["wasm/xtls.wasm", "wasm/xtls-stock.wasm"]) {
  const module = new WebAssembly.Module(readFileSync(ROOT + file));

  test(`${file} imports what abi.txt lists, and nothing else`, () => {
    const found = WebAssembly.Module.imports(module).map(({ module, name, kind }) => `${module}.${name}:${kind}`);
    const listed = abi.imports.map(({ name }) => `env.${name}:function`);
    assert.equal(found.sort(), listed.sort());
  });

  test(`${file} exports what abi.txt lists, and what the linker adds`, () => {
    const found = WebAssembly.Module.exports(module).map(({ name, kind }) => `${name}:${kind}`);
    const listed = abi.exports.map(({ name }) => `${name}:function`);
    assert.equal(found.sort(), [...listed, ...LINKERS].sort());
  });
}

test("abi.ts is what abi.txt says", () => {
  assert.is(readFileSync(`${ROOT}wasm/abi.ts`, "utf8"), printAbi(abi));
});

test("abi.txt with a line that cannot be read is refused", () => {
  assert.throws(() => parseAbi("export xtls_free(block bytes): void"), /block bytes/);
  assert.throws(() => parseAbi("expose xtls_free(): void"), /expose/);
});

test("the record is of the sources and flags of the module, and of its bytes if the toolchain is the recorded one", () => {
  const { stdout, stderr } = spawnSync(`${ROOT}scripts/wasm.sh`, ["--facts"], { encoding: "utf8" });
  const found = stdout.trim().split("\n");
  const recorded = readFileSync(`${ROOT}wasm/xtls.wasm.sha256`, "utf8").trim().split("\n");
  assert.is(found.length, 3, stderr);
  assert.is(recorded.length, 3);
  assert.is(found[1], recorded[1], "stale: run `make record`");
  if (found[0] === recorded[0]) assert.is(found[2], recorded[2]);
});

test.run();
