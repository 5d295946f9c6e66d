/**
 * Trust policy: certificates that an authority issued for the peer's bare JID (RFC 6120 §13.7).
 *
 * The authority vouches for the name, so there must be one: xmppAddr equal to the bare JID.
 */
import { isSameJid } from "../xtls/jid.ts";
import type { Claim, Trust, Verdict } from "../xtls/trust.ts";
import { acceptProof } from "./proof.ts";

/** Trusts whoever the given authorities vouch for. @param pem CA certificates */
export function authorities(pem: string): Trust {
  return { judge: (claim) => judge(claim, pem), learn: acceptProof };
}

function judge({ jid, peer, verifyChain }: Claim, pem: string): Verdict {
  if (!peer.jids.some((name) => isSameJid(name, jid))) {
    return {
      trusted: false,
      code: "wrong-address",
      detail: `No authority can vouch for ${jid}: the certificate does not name it`,
    };
  }
  const problems = verifyChain(pem);
  if (problems.length === 0) return { trusted: true, state: "verified" };
  return { trusted: false, code: "certificate-refused", detail: `The certificate of ${jid} is ${problems.join(", ")}` };
}
