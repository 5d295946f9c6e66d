/**
 * The emitted WebAssembly of core/fast decides nothing by a secret, as far as scripts/inspect.ts
 * can tell; and that it can tell is shown on leaks that are planted here.
 */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inspect, surprises } from "../../scripts/inspect.ts";
import { disassemble } from "../../scripts/inspect/disassembly.ts";
import { follow, type Public } from "../../scripts/inspect/flow.ts";
import { assert, suite } from "../suite.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CODE_SECTION = 10;
const test = suite("inspect");

let directory = "";
test.before(() => {
  execFileSync(`${ROOT}scripts/packages.sh`, ["wabt"]);
  directory = mkdtempSync(join(tmpdir(), "xtls-inspect-"));
});
test.after(() => rmSync(directory, { recursive: true }));

/** `$key` points to a secret; each leaks a part of it. */
const LEAKS = {
  if: `(if (i32.load8_u (local.get $key)) (then (call $other (i32.const 1))))`,
  br_if: `(block (br_if 0 (i32.and (i32.load (local.get $key)) (i32.const 1))))`,
  br_table: `(block (block (br_table 0 1 (i32.load (local.get $key)))))`,
  select: `(drop (select (i32.const -1) (i32.const 0) (i32.eq (i32.load (local.get $key)) (local.get $n))))`,
  address: `(drop (i32.load (i32.add (local.get $table) (i32.load8_u (local.get $key)))))`,
  division: `(drop (i32.rem_u (i32.load (local.get $key)) (i32.const 7)))`,
};

/** The secret takes a way around before it shows. */
const DETOURS = {
  if: `(local.set $x (i32.load (local.get $key))) (call $branches (local.get $x))`,
  br_if: `(loop (br_if 0 (local.get $x)) (br_if 1 (local.get $n)) (local.set $x (i64.eqz (i64.load (local.get $key)))) (br 0))`,
  select: `(drop (select (i32.const 1) (i32.const 2) (call $reads (local.get $key))))`,
  address: `(block (br_if 0 (local.get $n)) (local.set $x (i32.load (local.get $key)))) (i32.store (local.get $x) (i32.const 0))`,
};

const CLEAN = `
  (loop
    (i32.store (local.get $table) (i32.and (i32.load (local.get $key)) (i32.sub (i32.const 0) (i32.load offset=4 (local.get $key)))))
    (local.set $table (i32.add (local.get $table) (i32.const 4)))
    (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
  (local.set $x (i32.load (local.get $key)))
  (local.set $x (i32.const 3))
  (if (local.get $x) (then (nop)) (else (return)))`;

/** What is found in a function with this body. */
function found(body: string, isPublic?: Public) {
  const source = `(module (memory 1)
    (func $other (param i32))
    (func $branches (param i32) (if (local.get 0) (then (nop))))
    (func $reads (param i32) (result i32) (i32.load (local.get 0)))
    (func $subject (param $key i32) (param $table i32) (param $n i32) (local $x i32) ${body}))`;
  writeFileSync(join(directory, "plant.wat"), source);
  execFileSync("wat2wasm", ["--debug-names", "plant.wat", "-o", "plant.wasm"], { cwd: directory });
  const findings = follow(disassemble(join(directory, "plant.wasm")), (name) => name !== "other", isPublic);
  return Object.assign({}, ...findings.values()) as Record<string, number>;
}

for (const [kind, body] of Object.entries(LEAKS)) {
  test(`finds a planted leak: ${kind}`, () => assert.equal(found(body), { [kind]: 1 }));
}

for (const [kind, body] of Object.entries(DETOURS)) {
  test(`finds a planted leak after a detour: ${kind}`, () => assert.ok((found(body)[kind] ?? 0) > 0));
}

test("finds nothing where masks choose, counters count and secrets are overwritten", () => {
  assert.equal(found(CLEAN), {});
});

test("believes what it is told to be public, and only that", () => {
  const told: Public = (name, load) => name === "subject" && load === "i32.load8_u 0 0";
  assert.equal(found(LEAKS.if, told), {});
  assert.equal(found(LEAKS.if, () => false), { if: 1 });
});

test("finds in core/fast what is known, and no more", () => {
  const named = `${ROOT}build/named.wasm`;
  execFileSync(`${ROOT}scripts/wasm.sh`, { env: { ...process.env, VARIANT: "named" }, stdio: "pipe" });
  assert.is(digestOfCode(named), digestOfCode(`${ROOT}wasm/xtls.wasm`), "the module with names has other code than the shipped one");
  assert.equal([...surprises(inspect(named))], []);
});

test("says so when a function cannot be found any more, or decides more than is known", () => {
  const findings = inspect(`${ROOT}build/named.wasm`);
  findings.delete("choose_odd");
  findings.set("choose_comb", { select: 1 });
  assert.equal([...surprises(findings)], [
    "choose_odd is not in the module",
    "choose_comb: 1 × select by what was read from memory, 0 known",
  ]);
});

/** The code section's SHA-256, not its bytes: to write out how two long texts differ takes minutes. */
function digestOfCode(file: string): string {
  const bytes = readFileSync(file);
  for (let at = 8; at < bytes.length; ) {
    const id = bytes[at++];
    let length = 0;
    for (let shift = 0, byte = 0x80; byte & 0x80; shift += 7) length |= ((byte = bytes[at++]!) & 0x7f) << shift;
    if (id === CODE_SECTION) return createHash("sha256").update(bytes.subarray(at, at + length)).digest("hex");
    at += length;
  }
  throw new Error(`${file} has no code`);
}

test.run();
