/**
 * Whether tunnels are wanted with a peer: the words of the answer, and who gives it.
 *
 * What a policy means for stanzas in clear is firewall/'s to say. Knows no stanza.
 */

import { bareJid } from "../base/jid.ts";
import { XtlsError } from "../errors.ts";

const POLICIES = ["off", "opportunistic", "required"] as const;

/**
 * - `off`: no tunnels with this peer; its starts are answered as if there were no XTLS.
 * - `opportunistic`: tunnels when somebody opens one; clear stanzas as ever.
 * - `required`: in clear only what docs/security.md lists, and no tunnel that seems to have lost what it could once do.
 */
export type Policy = (typeof POLICIES)[number];

/** One policy for everybody, or one by bare JID. */
export type Policies = Policy | ((jid: string) => Policy);

/**
 * @param address bare or full JID
 * @throws XtlsError `invalid-jid`; `invalid-argument` when the answer is no policy; what the function throws
 */
export function policyFor(policies: Policies, address: string): Policy {
  return requirePolicy(typeof policies === "string" ? policies : policies(bareJid(address)));
}

/** @throws XtlsError `invalid-argument` */
export function requirePolicy(policy: unknown): Policy {
  const known = POLICIES.find((each) => each === policy);
  if (known !== undefined) return known;
  throw new XtlsError("invalid-argument", `A policy is one of ${POLICIES.join(", ")}, not ${String(policy)}`);
}

/** Whether a tunnel is required with somebody. Where that cannot be told, it is. */
export function isRequired(policies: Policies, address: string): boolean {
  try {
    return policyFor(policies, address) === "required";
  } catch {
    return true;
  }
}
