/**
 * A trust policy of one's own: ask a person about keys never seen, remember the answer, and
 * never take another key for a known one without being asked.
 *
 *     npx tsx examples/trust.ts
 *
 * Policies are objects with one function, so they can be wrapped and combined.
 */

import { client } from "@xmpp/client";

import { loadCore, xtls, type Asker, type Claim, type Prompt, type Trust, type Verdict, type XtlsError } from "../bindings/node.ts";
import { startRouter } from "../scripts/servers/router.ts";

/** Keys by bare JID; a real application keeps them on disk. */
function asking(isTheirs: (prompt: Prompt) => Promise<boolean>): Trust {
  const known = new Map<string, string>();
  return {
    async judge({ jid, peer }: Claim, asker?: Asker): Promise<Verdict> {
      const pin = known.get(jid);
      if (pin === peer.spkiFingerprint) return { trusted: true, state: "verified" };
      if (pin !== undefined)
        return { trusted: false, code: "key-changed", detail: `${jid} has another key than before` };
      // In turn: strangers in numbers make no more than a few questions appear at once.
      if (!(await asker?.ask(isTheirs))) return { trusted: false, code: "not-trusted" };
      known.set(jid, peer.spkiFingerprint);
      return { trusted: true, state: "verified" };
    },
  };
}

const server = await startRouter();
const core = await loadCore();

async function enter(username: string, resource: string, trust: Trust) {
  const { domain, service } = server;
  const xmpp = client({ service, domain, resource, ...(await server.register(username)) });
  const identity = core.createIdentity({ jid: `${username}@${domain}` });
  const tunnels = xtls({ xmpp, identity, trust });
  await xmpp.start();
  return { xmpp, identity, tunnels };
}

const anybody: Trust = { judge: () => ({ trusted: true, state: "first-use" }) };
const juliet = await enter("juliet", "balcony", anybody);

// "Is this what she read to you?" Here the person is a function that knows.
const heard = juliet.identity.fingerprint;
const romeo = await enter(
  "romeo",
  "orchard",
  asking(async ({ jid, fingerprint }) => {
    console.log(`is ${fingerprint.slice(0, 11)}… ${jid}'s? ${fingerprint === heard ? "yes" : "no"}`);
    return fingerprint === heard;
  }),
);

for (const meeting of ["first", "second"]) {
  const tunnel = await romeo.tunnels.open(String(juliet.xmpp.jid));
  console.log(`${meeting} meeting: ${tunnel.security?.trust}`);
  await tunnel.close();
}

// Somebody else under her name: same JID, same words, another key.
const impostor = await enter("juliet", "vault", anybody);
await romeo.tunnels
  .open(String(impostor.xmpp.jid))
  .catch(({ code, message }: XtlsError) => console.log(`${code}: ${message}`));

await Promise.all([romeo, juliet, impostor].map(({ xmpp }) => xmpp.stop()));
await server.stop();
