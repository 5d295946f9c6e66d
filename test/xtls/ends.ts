/** Romeo and Juliet, ready to be joined: their identities are made once per process. */
import xml, { type Element } from "@xmpp/xml";
import { loadCore } from "../../bindings/node.ts";
import { WirePair, type EndOptions } from "./wire-pair.ts";

export const core = await loadCore();
export const romeo = core.createIdentity({ jid: "romeo@montague.lit" });
export const juliet = core.createIdentity({ jid: "juliet@capulet.lit" });
export const mallory = core.createIdentity({ jid: "mallory@evil.lit" });

/** Both ends, with the changes that a test needs. */
export function pair(romeos: Partial<EndOptions> = {}, juliets: Partial<EndOptions> = {}): WirePair {
  return new WirePair({ identity: romeo, ...romeos }, { identity: juliet, ...juliets });
}

/** A chat message. */
export function says(body: string, attributes: Record<string, string> = { type: "chat" }): Element {
  return xml("message", attributes, xml("body", {}, body));
}
