/**
 * The method `x509`: the certificates of TLS are all there is, and the trust policy judges them.
 *
 * The base wire's only method. No message of its own: one question, one answer.
 */
import type { Trust } from "../xtls/trust.ts";
import type { Method } from "./method.ts";

/** Asks the policy about the certificate: a pin, an authority, a store. Every plug-in has it, first in the list. */
export function x509(trust: Trust): Method {
  return { name: "x509", run: (conversation) => trust.judge(conversation.claim, conversation) };
}
