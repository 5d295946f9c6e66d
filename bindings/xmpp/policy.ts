/**
 * What is allowed with a peer in clear, and what of it is refused.
 *
 * With a peer for whom tunnels are `required` no message and no IQ request goes in clear, in either
 * direction. Presence is the servers' business, answers are to what was asked in clear before, and what
 * sets a tunnel up (XTLS, XEP-0030, XEP-0250) has to be clear.
 */

import { Element } from "@xmpp/xml";

import { XtlsError } from "../errors.ts";
import { buildError } from "../xtls/condition.ts";
import { bareJid } from "../base/jid.ts";
import { asksForInfo } from "./disco.ts";
import { isRequest, xtlsRequest } from "./stanza.ts";

/**
 * - `off`: no tunnels with this peer; its starts are answered as if there were no XTLS.
 * - `opportunistic`: tunnels when somebody opens one; clear stanzas as ever.
 * - `required`: nothing in clear, and no tunnel that seems to have lost what it could once do.
 */
export type Policy = "off" | "opportunistic" | "required";

/** One policy for everybody, or one by bare JID. */
export type Policies = Policy | ((jid: string) => Policy);

/** @param address bare or full JID */
export function policyFor(policies: Policies, address: string): Policy {
  return typeof policies === "string" ? policies : policies(bareJid(address));
}

/**
 * The answer to a clear stanza from a peer who must use a tunnel, in the form in which xmpp.js wants
 * it: `<error/>` for an IQ, the whole stanza for a message. Undefined: the stanza may pass.
 */
export function refusal(stanza: Element, policies: Policies): Element | undefined {
  const { from, to, id } = stanza.attrs;
  if (!from || !isContent(stanza) || policyFor(policies, from) !== "required") return undefined;
  const error = buildError("security-required");
  if (!stanza.is("message")) return error;
  const answer = new Element("message", { type: "error", to: from, ...(to && { from: to }), ...(id && { id }) });
  answer.append(error);
  return answer;
}

/**
 * Keeps a stanza that must not leave in clear. An IQ to the bare JID is for the peer's server, which no tunnel reaches.
 * @throws XtlsError `security-required`
 */
export function refuseDeparture(stanza: Element, policies: Policies): void {
  // xmpp.js takes objects for addresses, too.
  const to = String(stanza.attrs.to ?? "");
  if (to === "" || !(isContent(stanza) || quotes(stanza))) return;
  if (!stanza.is("message") && !to.includes("/")) return;
  if (policyFor(policies, to) === "required") throw new XtlsError("security-required", `The stanza to ${to} was not sent`);
}

/** An error may repeat what it answers, and that may have come through a tunnel (RFC 6120 §8.3.1). */
function quotes(stanza: Element): boolean {
  return stanza.is("message") && stanza.getChildElements().some((child) => child.name !== "error");
}

function isContent(stanza: Element): boolean {
  if (stanza.is("message")) return stanza.attrs.type !== "error";
  return isRequest(stanza) && !asksForInfo(stanza) && xtlsRequest(stanza) === undefined;
}
