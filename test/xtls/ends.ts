/** Romeo and Juliet, ready to be joined: their identities are made once per process. */
import xml, { type Element } from "@xmpp/xml";
import { fakeIdentity } from "./fake-engine.ts";
import { WirePair, type EndOptions } from "./wire-pair.ts";

export const romeo = fakeIdentity("romeo@montague.lit");
export const juliet = fakeIdentity("juliet@capulet.lit");
export const mallory = fakeIdentity("mallory@evil.lit");

/** Both ends, with the changes that a test needs. */
export function pair(romeos: Partial<EndOptions> = {}, juliets: Partial<EndOptions> = {}): WirePair {
  return new WirePair({ identity: romeo, ...romeos }, { identity: juliet, ...juliets });
}

/** A chat message. */
export function says(body: string, attributes: Record<string, string> = { type: "chat" }): Element {
  return xml("message", attributes, xml("body", {}, body));
}
