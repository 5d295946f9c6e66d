/**
 * Romeo in a page or worker: xmpp.js over the browser's own WebSocket, and a tunnel.
 */

import { client } from "@xmpp/client";
import { Parser, type Element } from "@xmpp/xml";

import { loadCore, pinned, xtls, type Tunnel } from "../../../bindings/web.ts";

/** Who Romeo is and whom he wants to speak with. */
export interface Part {
  /** What `client()` of @xmpp/client takes. */
  readonly account: {
    readonly service: string;
    readonly domain: string;
    readonly username: string;
    readonly password: string;
    readonly resource: string;
  };
  /** Key and certificate. */
  readonly pem: string;
  /** Fingerprints by bare JID. */
  readonly pins: Record<string, string>;
  /** Full JID. */
  readonly peer: string;
}

export interface Exchange {
  readonly version: string | undefined;
  readonly trust: string | undefined;
  /** What the peer answered, as text. */
  readonly heard: string;
}

/**
 * Comes online, opens a tunnel, sends one stanza, hears one, closes and leaves.
 *
 * @param stanza as text
 */
export async function exchange({ account, pem, pins, peer }: Part, stanza: string): Promise<Exchange> {
  const core = await loadCore();
  const xmpp = client(account);
  const tunnels = xtls({ xmpp, identity: core.identityFromPEM(pem), trust: pinned(pins) });
  await xmpp.start();

  const tunnel = await tunnels.open(peer);
  const answer = next(tunnel);
  await tunnel.send(parse(stanza));
  const heard = String(await answer);
  const { version, trust } = tunnel.security ?? {};

  await tunnel.close();
  await xmpp.stop();
  return { version, trust, heard };
}

function next(tunnel: Tunnel): Promise<Element> {
  return new Promise((resolve, reject) => {
    tunnel.on("stanza", resolve);
    tunnel.on("close", (reason) => reject(reason ?? new Error("The tunnel closed without a word")));
  });
}

function parse(text: string): Element {
  const parser = new Parser();
  let parsed: Element | undefined;
  parser.on("element", (element: Element) => (parsed = element));
  parser.write(`<stream>${text}`);
  if (parsed === undefined) throw new Error(`This is no stanza: ${text}`);
  return parsed;
}
