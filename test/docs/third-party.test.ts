/** THIRD-PARTY.md's table of advisories is about the release that is built, and about the build as it is configured. */

import { readdirSync, readFileSync } from "node:fs";
import { assert, suite } from "../suite.ts";

const read = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");
const page = read("THIRD-PARTY.md");
const config = read("core/config/mbedtls_config.h") + read("core/config/psa_config.h");
const [, pinned = ""] = /^VERSION=(\d+\.\d+\.\d+)$/m.exec(read("scripts/mbedtls.sh")) ?? [];

/** One advisory: the release that has it mended, what it is about, its number, and how it is met. */
const rows = [...page.matchAll(/^\| (3\.6\.\d+) \| (.+?) \| (.+?) \| (.+) \|$/gm)].map(([, fixedIn, , advisory, here]) => ({
  patch: Number(fixedIn!.split(".")[2]),
  advisory: advisory!,
  here: here!,
}));

const test = suite("third-party");

test("the release that scripts/mbedtls.sh takes is the one that the table is about", () => {
  assert.is(page.match(/The build takes Mbed TLS (\S+) and no other release/)?.[1], pinned);
  assert.ok(rows.some(({ patch }) => `3.6.${patch}` === pinned), `the table says nothing of ${pinned}`);
  assert.match(read("core/peek.h"), `Mbed TLS ${pinned} knows`);
});

test("every advisory is met in one of four ways, and what a later release mends is not called fixed", () => {
  assert.ok(rows.length > 45);
  for (const { patch, advisory, here } of rows) {
    assert.match(here, /^(fixed\b|patched \(`core\/patches\/|not compiled in \(`|does not apply: )/, advisory);
    if (`3.6.${patch}` > pinned) assert.not.match(here, /^fixed/, advisory);
  }
});

test("what is called not compiled in is not", () => {
  for (const [, option] of page.matchAll(/not compiled in \(`(\w+)`\)/g)) {
    assert.not.match(config, new RegExp(`^ *#define ${option}\\b`, "m"), option);
  }
});

test("every patch that the table names is there, and every patch against an advisory is in the table", () => {
  const patches = readdirSync(new URL("../../core/patches/", import.meta.url)).map((name) => `core/patches/${name}`);
  for (const [, patch] of page.matchAll(/patched \(`([^`]+)`\)/g)) assert.ok(patches.includes(patch!), patch);
  for (const patch of patches) {
    for (const [advisory] of read(patch).matchAll(/CVE-\d+-\d+/g)) {
      assert.match(rows.find((row) => row.advisory.includes(advisory))?.here ?? "", patch, `${patch}: ${advisory}`);
    }
  }
});

test.run();
