/**
 * xmpp.js entities connected to a test server.
 */

import { setTimeout as sleep } from "node:timers/promises";

import { type Client, client } from "@xmpp/client";
import { type Component, component } from "@xmpp/component";
import xml from "@xmpp/xml";
import { WebSocket } from "ws";

import type { Server } from "./server.ts";

export interface ConnectOptions {
  readonly resource: string;
  /** default "tcp" */
  readonly transport?: "tcp" | "websocket";
  /** Plug-ins that shall see everything. */
  readonly beforeStart?: (xmpp: Client) => void;
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
    // SCRAM would cost xmpp.js half a second of computing.
    credentials: (authenticate) => authenticate(credentials, "PLAIN", xml("user-agent")),
  });
  xmpp.on("error", () => {});
  tolerateLateData(xmpp);
  options.beforeStart?.(xmpp);
  await xmpp.start();
  await streamManaged(xmpp);
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

/**
 * Waits until stream management is on, where the server has it. xmpp.js 0.14 counts stanzas that
 * arrive together with `<enabled/>` wrongly, and servers end a stream over that; so none may.
 */
export async function streamManaged(xmpp: Client): Promise<void> {
  const { streamManagement } = xmpp as unknown as { streamManagement: { enableSent: boolean; enabled: boolean } };
  do await sleep(1);
  while (streamManagement.enableSent && !streamManagement.enabled);
}

/** xmpp.js 0.14 throws, uncaught, when a server still sends after having closed the stream. */
function tolerateLateData(xmpp: Client): void {
  const entity = xmpp as unknown as { parser: unknown; _onData(data: unknown): void };
  const { _onData } = entity;
  entity._onData = (data) => void (entity.parser && _onData.call(entity, data));
}
