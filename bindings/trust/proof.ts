/**
 * What a policy without a memory makes of a method's proof: a real one counts, a leap of faith does not,
 * since nobody could tell a second leap from the first.
 */
import type { Claim, Proof, Verdict } from "../xtls/trust.ts";

export function acceptProof({ jid }: Claim, { state, method }: Proof): Verdict {
  if (state === "verified") return { trusted: true, state };
  const detail = `The method ${method} proves nothing, and this policy cannot remember the key of ${jid}`;
  return { trusted: false, code: "not-trusted", detail };
}
