/**
 * Verona: a server, and people who log in. For the examples of how two of them get to know each other,
 * so that each need only say that. No example by itself; examples/clients.ts has all of it in one.
 */

import { client } from "@xmpp/client";

import { loadCore, xtls, type XtlsOptions } from "../bindings/node.ts";
import { startRouter } from "../scripts/servers/router.ts";

const server = await startRouter();
const people: (() => Promise<unknown>)[] = [];

export const core = await loadCore();

/** Somebody online, who knows others as the options say. */
export async function enter(username: string, resource: string, options: Pick<XtlsOptions, "trust" | "methods">) {
  const { domain, service } = server;
  const xmpp = client({ service, domain, resource, ...(await server.register(username)) });
  const identity = core.createIdentity({ jid: `${username}@${domain}` });
  const tunnels = xtls({ xmpp, identity, ...options });
  const address = String(await xmpp.start());
  people.push(() => xmpp.stop());
  return { identity, tunnels, address };
}

/** Everybody goes home. */
export async function leave(): Promise<void> {
  await Promise.all(people.map((goHome) => goHome()));
  await server.stop();
}
