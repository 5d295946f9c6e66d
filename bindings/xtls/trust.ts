/**
 * Whether the certificate at the other end is to be believed.
 *
 * Owns the words of the question (`Claim`) and of the answer (`Verdict`), and the one check that
 * comes before every policy: a certificate that names somebody else is refused, whoever vouches
 * for it. Knows no policy (policies/*.ts) and no wire. RFC 6120 §13.7.1.4 (xmppAddr).
 */
import { XtlsError } from "../errors.ts";
import type { Authorities } from "../tls/authorities.ts";
import type { Certificate } from "../tls/certificate.ts";
import { isSameJid } from "./jid.ts";
import type { Role } from "./state.ts";

/** What is known of a key: kept per bare JID and SHA-256 of SubjectPublicKeyInfo. */
export type TrustState = "unknown" | "first-use" | "verified" | "distrusted";

/** "The owner of this certificate is the owner of this JID": what a policy judges. */
export interface Claim {
  /** The peer's bare JID, prepared. */
  readonly jid: string;
  /** The peer's certificate; TLS has proved that the peer holds its key. */
  readonly peer: Certificate;
  /** Our own full JID. */
  readonly local: string;
  /** Our own part in the tunnel. */
  readonly role: Role;
  /**
   * Follows the peer's chain to the given authorities (PEM, or parsed by the core).
   * @returns what is wrong with it, in words; empty when the chain is good
   */
  verifyChain(authorities: Authorities | string): readonly string[];
}

/** A policy's answer. A refusal's code becomes the tunnel's error and decides the TLS alert. */
export type Verdict =
  | { readonly trusted: true; readonly state: "verified" | "first-use" }
  | {
      readonly trusted: false;
      readonly code: "not-trusted" | "key-changed" | "certificate-refused" | "wrong-address";
      readonly detail?: string;
    };

/** A trust policy. It may ask a store or a person, hence the promise; a rejection counts as a refusal. */
export interface Trust {
  judge(claim: Claim): Verdict | Promise<Verdict>;
}

/**
 * The check before every policy. A certificate with xmppAddr names must name the peer's bare JID
 * (otherwise Mallory could pass a tunnel with Romeo off as one with herself). One without any such
 * name claims nothing and is left to the policy: a pin can vouch for it, an authority cannot.
 * @throws XtlsError `wrong-address`
 */
export function refuseForeignName(certificate: Pick<Certificate, "jids">, jid: string): void {
  const { jids } = certificate;
  if (jids.length === 0 || jids.some((name) => isSameJid(name, jid))) return;
  throw new XtlsError("wrong-address", `The certificate of ${jid} names ${jids.join(", ")}`);
}
