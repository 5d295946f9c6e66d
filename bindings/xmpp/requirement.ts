/**
 * Peers who must use a tunnel: what comes from them in clear is refused and goes no further.
 *
 * Refused are message and IQ requests. Presence is the server's business, answers are to what we
 * asked in clear ourselves, and what sets a tunnel up (XTLS, XEP-0030) has to be clear.
 */

import { Element } from "@xmpp/xml";

import { buildError } from "../xtls/condition.ts";
import { bareJid } from "../xtls/jid.ts";
import { asksForInfo } from "./disco.ts";
import { isRequest } from "./stanza.ts";

/** Whether a bare JID must use a tunnel. */
export type Requirement = (jid: string) => boolean;

/**
 * The answer to a clear stanza from a peer who must use a tunnel, in the form in which xmpp.js wants
 * it: `<error/>` for an IQ, the whole stanza for a message. Undefined: the stanza may pass.
 */
export function refusal(stanza: Element, requires: Requirement): Element | undefined {
  const { from, to, id, type } = stanza.attrs;
  const isMessage = stanza.is("message") && type !== "error";
  if (!from || !(isMessage || isRequest(stanza)) || asksForInfo(stanza) || !requires(bareJid(from))) return undefined;
  const error = buildError("security-required");
  if (!isMessage) return error;
  const answer = new Element("message", { type: "error", to: from, ...(to && { from: to }), ...(id && { id }) });
  answer.append(error);
  return answer;
}
