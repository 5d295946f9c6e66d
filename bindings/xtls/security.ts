/**
 * From a finished handshake to what is asked of the trust policy and told to the user.
 *
 * Pure: takes the facts of a channel, decides nothing.
 */
import { XtlsError } from "../errors.ts";
import { Authorities, type AuthoritySources } from "../tls/authorities.ts";
import type { Core } from "../tls/core.ts";
import type { Identity } from "../tls/identity.ts";
import type { Channel } from "./channel.ts";
import { bareJid } from "../base/jid.ts";
import type { Claim, TrustState } from "./trust.ts";
import type { Security, Tunnel } from "./tunnel.ts";

type Facts = Pick<Channel, "peer" | "negotiated">;
type ClaimFacts = Pick<Channel, "peer" | "exporter">;

/** What is to be judged. @throws XtlsError `certificate-missing` */
export function claimOf(tunnel: Tunnel, channel: ClaimFacts, identity: Identity, isBound: boolean): Claim {
  const { peer: jid, local, role, isOwnRequest } = tunnel;
  const { peer } = channel;
  if (peer === undefined) throw new XtlsError("certificate-missing");
  const own = { jid: local, fingerprint: identity.fingerprint };
  const other = { jid, fingerprint: peer.fingerprint };
  const ends = role === "initiator" ? { initiator: own, responder: other } : { initiator: other, responder: own };
  return {
    jid: bareJid(jid),
    peer,
    local,
    role,
    isOwnRequest,
    ends,
    isBound,
    exporter: (label, length = 32) => channel.exporter(label, length),
    verifyChain: (authorities) => followChain(identity.core, peer.chain, authorities),
  };
}

/** What an open tunnel is worth. @throws XtlsError `certificate-missing` */
export function securityOf({ peer, negotiated }: Facts, method: string, isBound: boolean, trust: TrustState): Security {
  if (peer === undefined || negotiated === undefined) throw new XtlsError("certificate-missing");
  const { version, ciphersuite, group, alpn, resumed } = negotiated;
  return { method, version, ciphersuite, group, alpn, certificate: peer, trust, isBound, resumed };
}

/** The authorities may be yet to be read, once. @returns what is wrong with the chain */
function followChain(
  core: Core,
  chain: readonly Uint8Array[],
  authorities: Authorities | AuthoritySources,
): readonly string[] {
  const known = authorities instanceof Authorities ? authorities : core.knownAuthorities.of(authorities);
  return core.verifyChain(chain, known);
}
