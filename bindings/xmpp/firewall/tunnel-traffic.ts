/**
 * IQs of the protocol as they stand on the wire, and empty results: each with one child of the right kind and nothing beside it.
 *
 * Also for what is sent once more after a stream was resumed. Whether a tunnel exists for it is the endpoint's question.
 */

import type { Element } from "@xmpp/xml";

import { NS_C2CTLS, NS_XTLS } from "../../xtls/namespaces.ts";
import { childrenOf, hasPlainAttributes, hasText } from "../stanza.ts";

type Payload = readonly [namespace: string, names: readonly string[]];

/** By the type of the IQ. */
const PAYLOADS: ReadonlyMap<unknown, readonly Payload[]> = new Map([
  ["set", [[NS_XTLS, ["start", "data", "close"]]]],
  ["get", [[NS_C2CTLS, ["offer"]]]],
  [
    "result",
    [
      [NS_XTLS, ["proceed", "closed"]],
      [NS_C2CTLS, ["offer"]],
    ],
  ],
]);

export function isTunnelTraffic(stanza: Element): boolean {
  if (!stanza.is("iq") || !hasPlainAttributes(stanza) || hasText(stanza)) return false;
  const [payload, ...others] = childrenOf(stanza);
  if (payload === undefined) return stanza.attrs.type === "result";
  return others.length === 0 && isPayload(payload, PAYLOADS.get(stanza.attrs.type) ?? []);
}

function isPayload(payload: Element, allowed: readonly Payload[]): boolean {
  const isAllowed = allowed.some(([namespace, names]) => names.some((name) => payload.is(name, namespace)));
  // Offers are extensible by design; everything else has at most one.
  return isAllowed && (payload.is("offer") || childrenOf(payload).every((child) => child.is("offer", NS_C2CTLS)));
}
