/**
 * The README's example runs as it stands there, word for word, against a server with a Juliet.
 */

import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { client } from "@xmpp/client";
import type { Element } from "@xmpp/xml";
import { loadCore, pinned, xtls } from "../../bindings/node.ts";
import { startServer } from "../../scripts/servers/start.ts";
import { assert, suite } from "../suite.ts";

const ROOT = new URL("../../", import.meta.url);
const PLACE = new URL("build/readme/", ROOT);

const test = suite("readme");

test("its example has twelve lines", async () => {
  assert.is((await example()).split("\n").filter((line) => line.trim() !== "").length, 12);
});

test("its example opens a tunnel and Juliet reads the message", async () => {
  const server = await startServer("router");
  const core = await loadCore();
  const [romeo, juliet] = [core.createIdentity({ jid: `romeo@${server.domain}` }), core.createIdentity({ jid: `juliet@${server.domain}` })];
  const xmpp = client({ service: server.service, domain: server.domain, resource: "balcony", ...(await server.register("juliet")) });
  const tunnels = xtls({ xmpp, identity: juliet, trust: pinned({ [romeo.jid]: romeo.fingerprint }) });
  const read: Element[] = [];
  const ends: unknown[] = [];
  tunnels.on("tunnel", (tunnel) => {
    tunnel.on("stanza", (stanza) => read.push(stanza));
    tunnel.on("close", (reason) => ends.push(reason));
  });
  try {
    await xmpp.start();
    const { password } = await server.register("romeo");
    await run({ service: server.service, password, pem: romeo.toPEM(), fingerprint: juliet.fingerprint });
    assert.equal(read.map((stanza) => stanza.getChildText("body")), ["I take thee at thy word"]);
    assert.equal(ends, [undefined]);
  } finally {
    await xmpp.stop();
    await server.stop();
    await rm(PLACE, { recursive: true, force: true });
  }
});

test.run();

async function example(): Promise<string> {
  const readme = await readFile(new URL("README.md", ROOT), "utf8");
  const [, code] = /```ts\n([^]*?)\n```/.exec(readme) ?? [];
  assert.ok(code, "README.md has a TypeScript example");
  return code as string;
}

/** The example as a module; what a reader has of his own comes as constants before it. */
async function run(constants: Record<string, string>): Promise<void> {
  const own = Object.entries(constants).map(([name, value]) => `const ${name} = ${JSON.stringify(value)};`);
  const code = (await example()).replace('"xtls"', '"../../bindings/node.ts"');
  const file = new URL("example.ts", PLACE);
  await mkdir(PLACE, { recursive: true });
  await writeFile(file, [...own, code, "await xmpp.stop();"].join("\n"));
  await import(file.href);
}
