/**
 * The cast: two people with an identity each, logged in to the same server, who have
 * compared fingerprints beforehand. Juliet's connection runs over the wiretap.
 */

import { client, type Client } from "@xmpp/client";
import { type Core, type Identity, pinned, type Trust, type Xtls, xtls } from "../../bindings/node.ts";
import type { Server } from "../servers/server.ts";

/** One person on the stage. */
export interface Player {
  readonly name: string;
  /** Full JID. */
  readonly jid: string;
  readonly identity: Identity;
  readonly xmpp: Client;
  readonly tunnels: Xtls;
}

/** Makes both identities, pins each to the other, logs both in. */
export async function assemble(core: Core, server: Server, julietsService: string): Promise<[romeo: Player, juliet: Player]> {
  const [romeo, juliet] = ["romeo", "juliet"].map((name) => core.createIdentity({ jid: `${name}@${server.domain}` })) as [Identity, Identity];
  return [
    await login(server, server.service, "romeo", "orchard", romeo, trusting(juliet)),
    await login(server, julietsService, "juliet", "balcony", juliet, trusting(romeo)),
  ];
}

export async function dismiss(...players: readonly Player[]): Promise<void> {
  for (const { tunnels, xmpp, identity } of players) {
    await tunnels.close();
    await xmpp.stop();
    identity[Symbol.dispose]();
  }
}

function trusting(peer: Identity): Trust {
  return pinned({ [peer.jid]: [peer.fingerprint] });
}

async function login(server: Server, service: string, name: string, resource: string, identity: Identity, trust: Trust): Promise<Player> {
  const account = await server.register(name);
  const xmpp = client({ service, domain: server.domain, resource, ...account });
  const tunnels = xtls({ xmpp, identity, trust, accept: () => true });
  const address = await xmpp.start();
  return { name, jid: address.toString(), identity, xmpp, tunnels };
}
