/**
 * scripts/mbedtls.sh takes the one release that it names, or stops. The machine's apt and curl are
 * stubs here: what a mirror has when its suite has moved on, and nothing at all.
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { assert, suite } from "../suite.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const [, VERSION] = /^VERSION=(.+)$/m.exec(readFileSync(`${ROOT}scripts/mbedtls.sh`, "utf8")) ?? [];
const NAME = `mbedtls-${VERSION}`;

/** What the stubs do, by the name of the program; each call is a line of `calls`. */
type Programs = Readonly<Record<"apt-get" | "apt-cache" | "curl", string>>;

/** A mirror that has two other releases, and no way to upstream. */
const MOVED_ON: Programs = {
  "apt-get": "exit 0",
  "apt-cache": `printf 'Package: mbedtls\\nVersion: 3.6.8-1\\n\\nPackage: mbedtls\\nVersion: 3.6.6-0.1\\n'`,
  curl: "exit 22",
};

class Machine {
  readonly directory = mkdtempSync(join(tmpdir(), "xtls-mbedtls-"));
  readonly cache = join(this.directory, "cache/xtls");
  readonly #calls = join(this.directory, "calls");

  constructor(programs: Programs) {
    mkdirSync(this.cache, { recursive: true });
    mkdirSync(join(this.directory, "bin"));
    for (const [name, body] of Object.entries(programs)) {
      const head = `#!/bin/bash\necho ${name} "$@" >>'${this.#calls}'\n`;
      writeFileSync(join(this.directory, "bin", name), `${head}${body}\n`, { mode: 0o755 });
    }
  }

  run(): { code: number | null; answer: string; words: string } {
    const env = {
      ...process.env,
      PATH: `${join(this.directory, "bin")}:${process.env.PATH}`,
      XDG_CACHE_HOME: join(this.directory, "cache"),
      DEBIAN_MIRROR: "http://127.0.0.1:9/debian",
    };
    const { status, stdout, stderr } = spawnSync(`${ROOT}scripts/mbedtls.sh`, { encoding: "utf8", env });
    return { code: status, answer: stdout, words: stderr };
  }

  get calls(): string {
    return existsSync(this.#calls) ? readFileSync(this.#calls, "utf8") : "";
  }
}

const test = suite("mbedtls");

function on(programs: Programs, body: (machine: Machine) => void): void {
  const machine = new Machine(programs);
  try {
    body(machine);
  } finally {
    rmSync(machine.directory, { recursive: true });
  }
}

test("stops with one line that says where the release may be put, when the mirror has moved on", () =>
  on(MOVED_ON, (machine) => {
    const { code, answer, words } = machine.run();
    assert.is(code, 1);
    assert.is(answer, "");
    const errors = words.split("\n").filter((line) => line.includes("error:"));
    assert.is(errors.length, 1, words);
    assert.match(errors[0]!, `Put ${NAME}.tar.bz2 of it into ${machine.cache} and try again`);
    assert.match(machine.calls, `/${NAME}/${NAME}.tar.bz2`);
  }));

test("takes no other release, not even one that lies in the cache or that the mirror offers", () =>
  on(MOVED_ON, (machine) => {
    for (const other of ["3.6.6", "3.6.8"]) mkdirSync(join(machine.cache, `mbedtls-${other}`));
    assert.is(machine.run().code, 1);
    assert.not.match(machine.calls, /3\.6\.[68]/);
  }));

test("finds the release in the cache, and asks nobody", () =>
  on(MOVED_ON, (machine) => {
    mkdirSync(join(machine.cache, NAME));
    const { code, answer } = machine.run();
    assert.is(code, 0);
    assert.is(answer, `${join(machine.cache, NAME)}\n${VERSION}\n`);
    assert.is(machine.calls, "");
  }));

test("looks first at what was put there by hand, and refuses what is not the release", () =>
  on(MOVED_ON, (machine) => {
    writeFileSync(join(machine.cache, `${NAME}.tar.bz2`), "another file");
    const { code, answer, words } = machine.run();
    assert.is(code, 1);
    assert.is(answer, "");
    assert.match(words, "it is not the release; stopped");
    assert.not.match(machine.calls, /curl|apt-cache/);
    assert.not.ok(existsSync(join(machine.cache, NAME)));
  }));

test("refuses what upstream's address answers when it is not the release", () =>
  on({ ...MOVED_ON, curl: `while [ "$1" != --output ]; do shift; done; echo another file >"$2"` }, (machine) => {
    const { code, words } = machine.run();
    assert.is(code, 1);
    assert.match(words, "it is not the release; stopped");
    assert.not.ok(existsSync(join(machine.cache, NAME)));
  }));

test.run();
