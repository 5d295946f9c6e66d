/**
 * Romeo and Juliet, who know each other's OpenPGP keys, and Mallory, whom both know for what she is.
 */

import { Element } from "@xmpp/xml";
import type { Key } from "openpgp";

import type { XtlsError } from "../../bindings/errors.ts";
import type { Method } from "../../bindings/methods/method.ts";
import { openpgp, type OpenPgpOptions } from "../../bindings/methods/openpgp.ts";
import { NS_XTLS_EXT } from "../../bindings/xtls/namespaces.ts";
import { makeKey, publicBlock } from "./openpgp-forge.ts";
import { converse, told, type Scene } from "./stage.ts";

export const romeo = await makeKey("xmpp:romeo@montague.lit");
export const juliet = await makeKey("xmpp:juliet@capulet.lit");
export const mallory = await makeKey("xmpp:mallory@evil.example");
const blocks = [romeo, juliet, mallory].map(publicBlock);

/** Both know all three keys. */
export const keyring = { known: () => blocks };
export const asRomeo = (changes: Partial<OpenPgpOptions> = {}) =>
  openpgp({ key: romeo.armor(), ...keyring, ...changes });
export const asJuliet = (changes: Partial<OpenPgpOptions> = {}) =>
  openpgp({ key: juliet.armor(), ...keyring, ...changes });
export const asMallory = () => openpgp({ key: mallory.armor(), ...keyring });

/** What both ends make of it, the initiator's first. */
export async function ends(initiator: Method, responder: Method, scene?: Partial<Scene>): Promise<[string, string]> {
  const outcome = await converse(initiator, responder, scene);
  return [told(outcome.initiator), told(outcome.responder)];
}

/** What an end says; by default, with the fingerprint of Romeo's key. */
export const message = (
  text: string,
  attributes: Record<string, string> = { fingerprint: fingerprintOf(romeo) },
): Element => new Element("openpgp", { xmlns: NS_XTLS_EXT, ...attributes }).t(text);
export const fingerprintOf = (key: Key): string => key.getFingerprint().toUpperCase();

/** An end that says this whatever it hears. */
export const parrot = (...messages: readonly Element[]): Method => ({
  name: "openpgp",
  run: async (conversation) => {
    messages.forEach((message) => conversation.say(message));
    await conversation.hear("openpgp");
    return { trusted: true, state: "verified" };
  },
});

/** Of what a run ends with; nothing when it succeeds. */
export async function codeOf(run: unknown): Promise<string | undefined> {
  try {
    await run;
  } catch (error) {
    return (error as XtlsError).code;
  }
  return undefined;
}
