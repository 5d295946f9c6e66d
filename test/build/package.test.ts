/** The packed package, in a fresh folder, works for somebody who has nothing else of ours. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { assert, suite } from "../suite.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BELONGS =
  /^(package\.json|README\.md|LICENSE|NOTICE|THIRD-PARTY\.md|CHANGELOG\.md|docs\/[\w-]+\.(md|svg|xml|json)|dist\/(bindings|wasm)\/.*\.(js|d\.ts)|dist\/wasm\/xtls\.wasm)$/;

/** Bytes alone: two engines shake hands and one speaks to the other. */
const APPLICATION = `
import { loadCore } from "xtls";

const core = await loadCore();
const ends = ["initiator", "responder"].map((role) =>
  core.engine({ role, identity: core.createIdentity({ jid: role + "@example.org" }) }));
const shuttle = () => {
  for (let moved = true; moved; ) {
    moved = false;
    for (const [from, to] of [ends, [...ends].reverse()]) {
      const flight = from.drain();
      if (flight.length > 0) { to.feed(flight); moved = true; }
    }
  }
};
shuttle();
ends[0].write(new TextEncoder().encode("O gentle Romeo"));
shuttle();
console.log(ends[1].negotiated.version, new TextDecoder().decode(ends[1].read()));
`;

const CONSUMER = `
import { loadCore, XtlsError, type Engine } from "xtls";

export async function first(jid: string): Promise<Engine> {
  const core = await loadCore();
  const days: number = 7;
  return core.engine({ role: "initiator", identity: core.createIdentity({ jid, days }) });
}
// @ts-expect-error: a role is one of two words, so the declarations do say something
export const wrong = async () => (await loadCore()).engine({ role: "client", identity: {} });
export const isOurs = (error: unknown): boolean => error instanceof XtlsError;
`;

let directory = "";
let packed: { filename: string; files: { path: string }[] };
const test = suite("package");

test.before(() => {
  directory = mkdtempSync(join(tmpdir(), "xtls-package-"));
  const answer = run(ROOT, "npm", "pack", "--json", "--ignore-scripts", "--pack-destination", directory);
  [packed] = JSON.parse(answer) as [typeof packed];
  writeFileSync(join(directory, "package.json"), `{ "name": "application", "private": true, "type": "module" }`);
  run(directory, "npm", "install", "--prefer-offline", "--no-audit", "--no-fund", `./${packed.filename}`);
});

test.after(() => rmSync(directory, { recursive: true }));

test("holds the compiled library, the module, the documents and nothing else", () => {
  const paths = packed.files.map(({ path }) => path);
  assert.equal(paths.filter((path) => !BELONGS.test(path)), []);
  for (const path of ["dist/bindings/node.js", "dist/bindings/web.js", "dist/bindings/node.d.ts", "dist/wasm/xtls.wasm", "LICENSE"])
    assert.ok(paths.includes(path), `${path} is missing`);
});

test("shakes hands when imported by its name", () => {
  writeFileSync(join(directory, "application.js"), APPLICATION);
  assert.is(run(directory, process.execPath, "application.js").trim(), "TLSv1.3 O gentle Romeo");
});

test("a bundle that is no ES module imports, loads what it is told to, and says by a typed error that it has to be told", () => {
  const module = JSON.stringify(join(directory, "node_modules/xtls/dist/wasm/xtls.wasm"));
  const source = `
    import { loadCore } from "xtls";
    loadCore(${module}).then(() => loadCore()).catch((error) => console.log(error.name, error.code));
  `;
  writeFileSync(join(directory, "bundled.js"), source);
  const options = ["--bundle", "--platform=node", "--format=cjs", "--external:openpgp", "--log-level=error", "--outfile=bundle.cjs"];
  run(directory, join(ROOT, "node_modules/.bin/esbuild"), "bundled.js", ...options);
  assert.is(run(directory, process.execPath, "bundle.cjs").trim(), "XtlsError wasm-not-found");
});

test("its declarations serve a strict TypeScript user", () => {
  writeFileSync(join(directory, "consumer.ts"), CONSUMER);
  const options = ["--strict", "--noEmit", "--module", "nodenext", "--target", "es2022", "--lib", "es2023,esnext.disposable,dom"];
  run(directory, join(ROOT, "node_modules/.bin/tsc"), ...options, "--types", "", "--skipLibCheck", "false", "consumer.ts");
});

/** Standard output of a command; throws with all it wrote when it fails. */
function run(cwd: string, command: string, ...args: string[]): string {
  return execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

test.run();
