import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { EngineOptions } from "../../bindings/node.ts";
import { loadCore } from "../module.ts";
import { assert, suite } from "../suite.ts";
import { dial, Door, type Bridge } from "./bridge.ts";
import { nodeTls } from "./node-tls.ts";
import { Peer } from "./peer.ts";
import { Cast, exchangeWords, fingerprint, PROGRAMS } from "./terms.ts";

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
  if (program === nodeTls) continue; // openssl 3.5 is the same, in a process of its own
  test(`resumes at a server: ${program.name}`, async () => {
    const counterpart = await program.serve({ own: cast.theirs() });
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
      await exchangeWords({ bridge: second, counterpart }, "Parting is such sweet sorrow");
      await part(second);
    } finally {
      counterpart.stop();
    }
  });
}

/** A responder with tickets, for as long as `body` runs. */
async function hosting(body: (door: Door) => Promise<void>): Promise<void> {
  const tickets = cast.core.tickets();
  const door = await Door.open(() => engine({ role: "responder", tickets }));
  try {
    await body(door);
  } finally {
    door.dispose();
  }
}

test("resumes a client that comes back: openssl", () =>
  hosting(async (door) => {
    const { certificateFile, keyFile } = cast.theirs();
    const file = join(folder, "openssl.session");
    const target = ["-connect", `127.0.0.1:${door.port}`, "-cert", certificateFile, "-key", keyFile];
    const first = new Peer("openssl", ["s_client", ...target, "-sess_out", file]);
    const welcome = await door.next();
    await welcome.opened();
    welcome.say("Good night, good night!");
    await first.prints(/Good night/);
    first.hush();
    await first.ended();

    const again = new Peer("openssl", ["s_client", ...target, "-sess_in", file]);
    const back = await door.next();
    await back.opened();
    assert.is(back.engine.negotiated?.resumed, true);
    assert.is(back.engine.peer?.fingerprint, welcome.engine.peer?.fingerprint);
    back.say("Parting is such sweet sorrow");
    await again.prints(/Reused, TLSv1.3[^]*sweet sorrow/);
    again.hush();
    await again.ended();
  }));

test("resumes a client that comes back: gnutls", () =>
  hosting(async (door) => {
    const { certificateFile, keyFile } = cast.theirs();
    const own = [`--x509certfile=${certificateFile}`, `--x509keyfile=${keyFile}`];
    const target = ["--no-ca-verification", "--port", String(door.port), "127.0.0.1"];
    const client = new Peer("gnutls-cli", ["--resume", ...own, ...target]);
    await (await door.next()).opened();
    const back = await door.next();
    await back.opened();
    await client.prints(/This is a resumed session/);
    assert.is(back.engine.negotiated?.resumed, true);
    assert.ok(back.engine.peer?.jids.includes("peer@example.org"));
    client.hush();
    await client.ended();
  }));

for (const program of PROGRAMS) {
  if (program.comeTwice === undefined) continue;
  const comeTwice = program.comeTwice;
  test(`resumes a client that comes back: ${program.name}`, () =>
    hosting(async (door) => {
      const client = await comeTwice(door.port, { own: cast.theirs() });
      try {
        const welcome = await door.next();
        await welcome.opened();
        welcome.say("Good night, good night!");
        await client.heard("Good night");
        await part(welcome);

        const back = await door.next();
        await back.opened();
        assert.is(back.engine.negotiated?.resumed, true);
        assert.is(back.engine.peer?.fingerprint, fingerprint(cast.theirs()));
        back.say("Parting is such sweet sorrow");
        await client.heard("sweet sorrow");
        await part(back);
        await client.ended();
      } finally {
        client.stop();
      }
    }));
}

test.run();
