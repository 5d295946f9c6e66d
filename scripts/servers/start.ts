/**
 * Starts a server by name: `startServer("prosody")`.
 */

import { startEjabberd } from "./ejabberd.ts";
import { startProsody } from "./prosody.ts";
import { startRouter } from "./router.ts";
import { SERVER_NAMES, type Server, type ServerName, type ServerOptions } from "./server.ts";

const STARTERS: Record<ServerName, (options?: ServerOptions) => Promise<Server>> = {
  router: startRouter,
  prosody: startProsody,
  ejabberd: startEjabberd,
};

/** @throws Error when the name is none of `SERVER_NAMES`, or the server does not come up. */
export async function startServer(name: string, options?: ServerOptions): Promise<Server> {
  const known = SERVER_NAMES.find((candidate) => candidate === name);
  if (known === undefined) throw new Error(`No server "${name}": choose ${SERVER_NAMES.join(", ")}`);
  return STARTERS[known](options);
}
