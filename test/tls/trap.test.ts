/**
 * A trap of the module: it is shut, every call says so by one typed error, and nothing else comes of it.
 */

import { execFileSync } from "node:child_process";
import { createPrivateKey } from "node:crypto";
import { fileURLToPath } from "node:url";

import { XtlsError, type Core } from "../../bindings/node.ts";
import { srpClient, srpServer, srpVerifier } from "../../bindings/tls/srp.ts";
import { loadCore } from "../module.ts";
import { assert, suite } from "../suite.ts";
import { find, fromHex, numberForms } from "./heap.ts";
import { bytesOf, openPair, pattern, thrown, transfer } from "./pair.ts";

const test = suite("a trap");

/** Calls the module with an address that is none, as a defect would. */
function trap(core: Core): XtlsError {
  const { module } = core;
  return thrown(() => module.xtls_digest_sha256(0x7ffffff0 as never, 1 << 20, 0x7ffffff0 as never, 32)) as XtlsError;
}

const credentials = { user: bytesOf("romeo"), password: bytesOf("rose"), salt: pattern(16) };

test("gives one typed error, the same for every call afterwards", async () => {
  const core = await loadCore();
  const identity = core.createIdentity({ jid: "juliet@capulet.example" });
  const pem = identity.toPEM();
  const { initiator, responder } = openPair(core);
  const authorities = core.authorities(pem.slice(pem.indexOf("-----BEGIN CERT")));
  const verifier = srpVerifier(core, credentials);
  const [client, server] = [srpClient(core, credentials), srpServer(core, verifier)];
  client.agree(server.own);

  const error = trap(core);
  assert.instance(error, XtlsError);
  assert.is(error.code, "internal-error");
  const calls: readonly (() => unknown)[] = [
    () => core.createIdentity({ jid: "romeo@montague.example" }),
    () => core.identityFromPEM(pem),
    () => core.certificate(identity.certificate),
    () => core.authorities(pem),
    () => core.verifyChain(identity.chain, authorities),
    () => core.tickets(),
    () => core.engine({ role: "initiator", identity }),
    () => core.sha256(pattern(8)),
    () => core.hmac(pattern(8), pattern(8)),
    () => core.heapUsed,
    () => identity.toPEM(),
    () => initiator.feed(pattern(8)),
    () => initiator.write(pattern(8)),
    () => initiator.write(pattern(100_000)),
    () => initiator.drain(),
    () => initiator.drainInto(new Uint8Array(8)),
    () => responder.read(),
    () => responder.readInto(new Uint8Array(8)),
    () => initiator.close(),
    () => initiator.abort(40, new XtlsError("closed")),
    () => initiator.end(),
    () => initiator.state,
    () => initiator.error,
    () => initiator.alerts,
    () => initiator.pending,
    () => initiator.session,
    () => initiator.exportKeyingMaterial("EXPORTER-x", undefined, 32),
    () => client.prove(pattern(8)),
    () => server.agree(client.own),
    () => srpVerifier(core, credentials),
  ];
  for (const call of calls) assert.is(thrown(call), error, String(call));
});

test("is no reason for disposal to throw, and stays the reason of an engine's end", async () => {
  const core = await loadCore();
  const identity = core.createIdentity({ jid: "juliet@capulet.example" });
  const { initiator, responder } = openPair(core);
  const owned = [initiator, responder, identity, core.tickets(), srpClient(core, credentials)];
  const error = trap(core);
  for (const one of [...owned, ...owned]) one[Symbol.dispose]();
  assert.is(initiator.state, "disposed");
  assert.is(initiator.error, error);
  assert.is(initiator.peer?.key, "EC 256", "what was known before still is");
});

test("leaves nothing in the memory that nobody can free any more: no key, no plaintext", async () => {
  const core = await loadCore();
  const identity = core.createIdentity({ jid: "juliet@capulet.example" });
  const secrets: Uint8Array[] = [];
  const keyLog = (line: string) => void secrets.push(fromHex(line.slice(line.lastIndexOf(" ") + 1)));
  const { initiator, responder } = openPair(core, { keyLog });
  initiator.write(bytesOf("what light through yonder window breaks"));
  transfer(initiator, responder);
  const der = createPrivateKey(identity.toPEM()).export({ format: "jwk" }).d as string;
  secrets.push(bytesOf("yonder window"), new Uint8Array(Buffer.from(der, "base64url")));
  const alive = () => secrets.filter((secret) => numberForms(secret).some((form) => find(core, form) >= 0)).length;
  assert.ok(alive() > 4, "the same search finds what is at work");
  trap(core);
  assert.is(alive(), 0);
  assert.ok(new Uint8Array(core.module.memory.buffer).every((byte) => byte === 0));
});

test("harms no other core", async () => {
  const [one, other] = [await loadCore(), await loadCore()];
  trap(one);
  assert.is(openPair(other).initiator.state, "open");
});

test("does not end the process when what was forgotten is collected", () => {
  const script = `
    import { loadCore } from ${JSON.stringify(fileURLToPath(new URL("../../bindings/node.ts", import.meta.url)))};
    const turn = () => new Promise((resolve) => setTimeout(resolve, 5));
    const core = await loadCore(process.env.XTLS_MODULE);
    let freed = 0;
    const { xtls_engine_free, xtls_tickets_free, xtls_identity_free } = core.module;
    const counting = (free) => (address) => { freed++; return free(address); };
    for (const [name, free] of Object.entries({ xtls_engine_free, xtls_tickets_free, xtls_identity_free }))
      Object.assign(core.module, { [name]: counting(free) });
    (() => {
      const identity = core.createIdentity({ jid: "juliet@capulet.example" });
      core.engine({ role: "initiator", identity });
      core.tickets();
    })();
    try { core.module.xtls_digest_sha256(0x7ffffff0, 1 << 20, 0x7ffffff0, 32); } catch (error) { console.log(error.code); }
    for (let round = 0; round < 200 && freed < 3; round++) { globalThis.gc(); await turn(); }
    console.log("freed", freed);
  `;
  const output = execFileSync(
    process.execPath,
    ["--expose-gc", "--import", "tsx", "--input-type=module", "--eval", script],
    { encoding: "utf8", cwd: fileURLToPath(new URL("../..", import.meta.url)) },
  );
  assert.is(output, "internal-error\nfreed 3\n");
});

test("of a free that fails itself is kept from the garbage collector, too", () => {
  const script = `
    import { Owned } from ${JSON.stringify(fileURLToPath(new URL("../../bindings/tls/owned.ts", import.meta.url)))};
    let freed = 0;
    (() => new Owned({}, "Thing", 1, () => { freed++; throw new Error("unreachable"); }, {}))();
    const turn = () => new Promise((resolve) => setTimeout(resolve, 5));
    for (let round = 0; round < 200 && freed < 1; round++) { globalThis.gc(); await turn(); }
    await turn();
    console.log("freed", freed);
  `;
  const output = execFileSync(
    process.execPath,
    ["--expose-gc", "--import", "tsx", "--input-type=module", "--eval", script],
    { encoding: "utf8", cwd: fileURLToPath(new URL("../..", import.meta.url)) },
  );
  assert.is(output, "freed 1\n");
});

test.run();
