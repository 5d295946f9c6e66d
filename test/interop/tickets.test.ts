import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { EngineOptions } from "../../bindings/node.ts";
import { loadCore } from "../module.ts";
import { assert, suite } from "../suite.ts";
import { dial, Door, type Bridge } from "./bridge.ts";
import { Peer } from "./peer.ts";
import { node, PROGRAMS } from "./programs.ts";
import { Cast, exchangeWords } from "./terms.ts";

const test = suite("tickets");
const cast = new Cast(await loadCore());
const folder = mkdtempSync(join(tmpdir(), "xtls-tickets-"));
test.after(() => {
  cast.dispose();
  rmSync(folder, { recursive: true });
});

const engine = (options: Partial<EngineOptions>) =>
  cast.core.engine({ role: "initiator", identity: cast.ours(), ...options });

/** Closes a connection properly, so that nobody distrusts its session. */
async function part(bridge: Bridge): Promise<void> {
  bridge.close();
  await bridge.closed();
  bridge.dispose();
}

for (const program of PROGRAMS) {
  // Node's counterpart here serves one connection; its client's side is below.
  if (program === node) continue;
  test(`resumes at a server: ${program.name}`, async () => {
    const counterpart = await program.serve({ version: "TLSv1.3", own: cast.theirs() });
    try {
      const first = await dial(counterpart.port, engine({}));
      await first.opened();
      await exchangeWords({ bridge: first, counterpart });
      const session = first.engine.session;
      assert.ok(session, "a ticket came");
      await part(first);

      const second = await dial(counterpart.port, engine({ session: session! }));
      await second.opened();
      assert.is(second.engine.negotiated?.resumed, true);
      assert.ok(second.engine.peer?.jids.includes("peer@example.org"), "the peer is still known");
      await exchangeWords({ bridge: second, counterpart });
      await part(second);
    } finally {
      counterpart.stop();
    }
  });
}

test("resumes a client that comes back: openssl", async () => {
  const tickets = cast.core.tickets();
  const door = await Door.open(() => engine({ role: "responder", tickets }));
  const { certificateFile, keyFile } = cast.theirs();
  const file = join(folder, "openssl.session");
  const visit = (way: string) =>
    new Peer("openssl", [
      "s_client",
      "-connect",
      `127.0.0.1:${door.port}`,
      "-cert",
      certificateFile,
      "-key",
      keyFile,
      way,
      file,
    ]);

  const first = visit("-sess_out");
  const welcome = await door.next();
  await welcome.opened();
  await first.prints(/Post-Handshake New Session Ticket arrived/);
  first.hush();
  await first.ended();

  const again = visit("-sess_in");
  const back = await door.next();
  await back.opened();
  await again.prints(/Reused, TLSv1.3/);
  assert.is(back.engine.negotiated?.resumed, true);
  assert.is(back.engine.peer?.fingerprint, welcome.engine.peer?.fingerprint);
  again.hush();
  await again.ended();
  door.dispose();
});

test("resumes a client that comes back: gnutls", async () => {
  const tickets = cast.core.tickets();
  const door = await Door.open(() => engine({ role: "responder", tickets }));
  const { certificateFile, keyFile } = cast.theirs();
  const cli = new Peer("gnutls-cli", [
    "--resume",
    "--no-ca-verification",
    "--port",
    String(door.port),
    `--x509certfile=${certificateFile}`,
    `--x509keyfile=${keyFile}`,
    "127.0.0.1",
  ]);
  await (await door.next()).opened();
  const back = await door.next();
  await back.opened();
  await cli.prints(/This is a resumed session/);
  assert.is(back.engine.negotiated?.resumed, true);
  assert.ok(back.engine.peer?.jids.includes("peer@example.org"));
  cli.hush();
  await cli.ended();
  door.dispose();
});

test.run();
