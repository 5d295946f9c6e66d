import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

import { assert, suite } from "../suite.ts";

const test = suite("example engines.ts");

test("runs as it stands and says what it promises", () => {
  const file = fileURLToPath(new URL("../../examples/engines.ts", import.meta.url));
  const output = execFileSync(process.execPath, ["--import", "tsx", file], { encoding: "utf8" });
  assert.match(output, "version: 'TLSv1.3'");
  assert.match(output, /Juliet speaks with romeo@montague\.example, ([0-9A-F]{2}:){31}[0-9A-F]{2}/);
  assert.match(output, "Romeo hears: O Romeo, Romeo! wherefore art thou Romeo?");
});

test.run();
