/** What the stranger's tests have in common: logging in, watching, waiting for a refusal. */

import type { Element } from "@xmldom/xmldom";
import type { Server } from "../../scripts/servers/server.ts";
import { assert } from "../suite.ts";
import type { Certified } from "./certificate.ts";
import { Client } from "./client.ts";

/** A stranger who is online and believes the contacts' fingerprints, given by bare address. */
export async function enter(
  server: Server,
  address: string,
  certified: Certified,
  contacts: Record<string, string>,
): Promise<Client> {
  const { password } = await server.register(address.replace(/@.*$/s, ""));
  const client = new Client({ service: server.websocket, address, password, ...certified, contacts });
  await client.login();
  return client;
}

/** What the client sends from now on. */
export function record(client: Client): Element[] {
  const sent: Element[] = [];
  client.on("sent", (stanza) => sent.push(stanza));
  return sent;
}

export function isRequest(iq: Element): boolean {
  return iq.getAttribute("type") === "set";
}

/** "start", "data x509" or just "" for a bare acknowledgement. */
export function describe(iq: Element): string {
  const element = iq.children[0];
  return [element?.tagName, element?.getAttribute("method")].filter(Boolean).join(" ");
}

export function text(stanza: Element, name: string): string | null | undefined {
  return stanza.getElementsByTagName(name)[0]?.textContent;
}

export async function rejects(promise: Promise<unknown>): Promise<void> {
  const outcome = await promise.then(
    () => "resolved",
    () => "rejected",
  );
  assert.is(outcome, "rejected");
}
