/**
 * xmpp.js entities connected to a test server.
 */

import { type Client, client } from "@xmpp/client";
import { type Component, component } from "@xmpp/component";
import xml from "@xmpp/xml";
import { WebSocket } from "ws";

import type { Server } from "./server.ts";

export interface ConnectOptions {
  readonly resource: string;
  /** default "tcp" */
  readonly transport?: "tcp" | "websocket";
}

/** A client that is online, its presence sent. Errors of its stream are the caller's to watch for. */
export async function connectClient(server: Server, username: string, options: ConnectOptions): Promise<Client> {
  const overWebSocket = options.transport === "websocket";
  // Node 20 has none of its own; @xmpp/websocket wants the global one.
  if (overWebSocket) Object.assign(globalThis, { WebSocket: globalThis.WebSocket ?? WebSocket });
  const credentials = await server.register(username);
  const xmpp = client({
    service: overWebSocket ? server.websocket : server.service,
    domain: server.domain,
    resource: options.resource,
    ...credentials,
  });
  xmpp.on("error", () => {});
  await xmpp.start();
  await xmpp.send(xml("presence"));
  return xmpp;
}

/** The server's component, online. */
export async function connectComponent({ component: { service, domain, secret } }: Server): Promise<Component> {
  const xmpp = component({ service, domain, password: secret });
  xmpp.on("error", () => {});
  await xmpp.start();
  return xmpp;
}
