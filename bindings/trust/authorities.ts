/**
 * Trust policy: certificates that an authority issued for the peer's bare JID (RFC 6120 §13.7).
 *
 * The authority vouches for the name, so there must be one: xmppAddr equal to the bare JID. As soon as
 * there is a revocation list, everybody on the way to an authority needs a valid one of the issuer's.
 */
import type { AuthoritySources } from "../tls/authorities.ts";
import { isSameJid } from "../base/jid.ts";
import type { Claim, Trust, Verdict } from "../xtls/trust.ts";
import { acceptProof } from "./proof.ts";

/**
 * Trusts whoever the given authorities vouch for.
 * @param sources CA certificates and revocation lists, PEM or DER, the first with a certificate; or who gives them, asked
 *   about each peer: lists are renewed before they expire
 */
export function authorities(sources: AuthoritySources | (() => AuthoritySources | Promise<AuthoritySources>)): Trust {
  const judgeNow = (claim: Claim) =>
    typeof sources === "function" ? judgeLater(claim, sources) : judge(claim, sources);
  return { judge: judgeNow, learn: acceptProof };
}

async function judgeLater(claim: Claim, ask: () => AuthoritySources | Promise<AuthoritySources>): Promise<Verdict> {
  return judge(claim, await ask());
}

function judge({ jid, peer, verifyChain }: Claim, sources: AuthoritySources): Verdict {
  if (!peer.jids.some((name) => isSameJid(name, jid))) {
    return {
      trusted: false,
      code: "wrong-address",
      detail: `No authority can vouch for ${jid}: the certificate does not name it`,
    };
  }
  const problems = verifyChain(sources);
  if (problems.length === 0) return { trusted: true, state: "verified" };
  return {
    trusted: false,
    code: "certificate-refused",
    detail: `The certificate of ${jid}: ${problems.join(", ")}`,
  };
}
