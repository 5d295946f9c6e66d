/**
 * The cast: two people with an identity each, logged in to the same server or each to another. Juliet's connection
 * runs over the wiretap.
 */

import { strict as assert } from "node:assert";
import { client, type Client } from "@xmpp/client";
import { type Identity, type Xtls, type XtlsOptions, xtls } from "../../bindings/node.ts";
import type { Stage } from "./stage.ts";

export type Name = "romeo" | "juliet";

/** One person on the stage. */
export interface Player {
  readonly name: Name;
  /** Full JID. */
  readonly jid: string;
  readonly identity: Identity;
  readonly xmpp: Client;
  readonly tunnels: Xtls;
}

const RESOURCE: Readonly<Record<Name, string>> = { romeo: "orchard", juliet: "balcony" };

export function identityOf({ core, homes }: Stage, name: Name): Identity {
  return core.createIdentity({ jid: `${name}@${homes[name].domain}` });
}

export async function login({ homes, tap }: Stage, name: Name, options: Omit<XtlsOptions, "xmpp">): Promise<Player> {
  const server = homes[name];
  const { service } = name === "juliet" ? tap : server;
  const account = await server.register(name);
  const xmpp = client({ service, domain: server.domain, resource: RESOURCE[name], ...account });
  const tunnels = xtls({ xmpp, ...options });
  const address = await xmpp.start();
  return { name, jid: address.toString(), identity: options.identity, xmpp, tunnels };
}

export async function dismiss(...players: readonly Player[]): Promise<void> {
  for (const { tunnels, xmpp, identity } of players) {
    await tunnels.close();
    // @xmpp/stream-management may ask for an acknowledgement when the stream has just been closed.
    xmpp.on("error", (error) => assert.equal((error as NodeJS.ErrnoException).code, "ERR_STREAM_WRITE_AFTER_END"));
    await xmpp.stop();
    identity[Symbol.dispose]();
  }
}
