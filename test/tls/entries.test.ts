import { readFileSync } from "node:fs";

import * as node from "../../bindings/node.ts";
import * as web from "../../bindings/web.ts";
import { assert, suite } from "../suite.ts";

const test = suite("entries");

/** What only Node can do. */
const NODE_ALONE = ["fileStorage", "loadIdentity", "saveIdentity"];

test("export the same names from Node's and the browser's", () => {
  assert.equal([...Object.keys(web), ...NODE_ALONE].sort(), Object.keys(node).sort());
});

test("export what the documentation names", () => {
  for (const name of ["loadCore", "XtlsError", "ERRORS"]) assert.ok(name in node, name);
});

/** Every file that an entry reaches by relative imports, and every module that those import. */
function closure(
  entry: URL,
  files = new Set<string>(),
  modules = new Set<string>(),
): { files: Set<string>; modules: Set<string> } {
  if (files.has(entry.href)) return { files, modules };
  files.add(entry.href);
  for (const [, from] of readFileSync(entry, "utf8").matchAll(/^(?:import|export)[^;]*? from "([^"]+)"/gm)) {
    if (from!.startsWith(".")) closure(new URL(from!, entry), files, modules);
    else modules.add(from!);
  }
  return { files, modules };
}

test("reach no module of Node from the browser's", () => {
  const entryOf = (name: string) => new URL(`../../bindings/${name}.ts`, import.meta.url);
  const isNode = (name: string) => name.startsWith("node:");
  assert.ok([...closure(entryOf("node")).modules].some(isNode), "the search finds Node's modules");
  assert.equal([...closure(entryOf("web")).modules].filter(isNode), []);
});

test.run();
