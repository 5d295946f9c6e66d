/**
 * The last look at what an entity is about to send.
 *
 * xmpp.js has no hook for this: its outgoing middleware runs after the bytes have left. So
 * `send` itself is replaced on the one entity, and put back at the end.
 */

import type { Element } from "@xmpp/xml";

import type { Entity } from "./entity.ts";

/** Takes a stanza over by returning the promise of its sending; undefined lets it go. */
export type Diversion = (stanza: Element) => Promise<void> | undefined;

/** @returns what ends the interception */
export function interceptSend(entity: Entity, divert: Diversion): () => void {
  const { send, sendMany } = entity;

  const watchedSend = (stanza: Element) => divert(stanza) ?? send.call(entity, stanza);
  const watchedSendMany = async (stanzas: Element[]) => {
    const diverted = stanzas.map(divert);
    const remaining = stanzas.filter((_, index) => diverted[index] === undefined);
    await Promise.all([sendMany!.call(entity, remaining), ...diverted]);
  };

  entity.send = watchedSend;
  if (sendMany) entity.sendMany = watchedSendMany;
  return () => {
    if (entity.send === watchedSend) entity.send = send;
    if (sendMany && entity.sendMany === watchedSendMany) entity.sendMany = sendMany;
  };
}
