/**
 * Whether the certificate at the other end is to be believed.
 *
 * Owns the words of the question (`Claim`) and of the answer (`Verdict`), and the one check that
 * comes before every policy: a certificate that names somebody else is refused, whoever vouches
 * for it. Knows no policy (bindings/trust/) and no wire. RFC 6120 §13.7.1.4 (xmppAddr).
 */
import { XtlsError, type ErrorCode } from "../errors.ts";
import type { Authorities, AuthoritySources } from "../tls/authorities.ts";
import type { Certificate } from "../tls/certificate.ts";
import { isSameJid } from "../base/jid.ts";
import { printableNames } from "../base/printable.ts";
import type { Role } from "./state.ts";

/** What is known of a key: kept per bare JID and SHA-256 of SubjectPublicKeyInfo. */
export type TrustState = "unknown" | "first-use" | "verified" | "distrusted";

/** The states in which a key is believed. */
export type BelievedState = Extract<TrustState, "verified" | "first-use">;

/** One end of a tunnel, as both ends see it. */
export interface End {
  /** Full JID, prepared. */
  readonly jid: string;
  /** SHA-256 of its certificate, upper-case hex with colons (XEP-0320). */
  readonly fingerprint: string;
}

/** "The owner of this certificate is the owner of this JID": what methods and policies judge. */
export interface Claim {
  /** The peer's bare JID, prepared. */
  readonly jid: string;
  /** The peer's certificate; TLS has proved that the peer holds its key. */
  readonly peer: Certificate;
  /** Our own full JID. */
  readonly local: string;
  /** Our own part in the tunnel. */
  readonly role: Role;
  /** True when our own side asked for the tunnel, also when both did and the peer's request won. */
  readonly isOwnRequest: boolean;
  /** Both ends. Whoever sits between two tunnels cannot make these agree at both victims. */
  readonly ends: Readonly<Record<Role, End>>;
  /** True when both ends compared their offers inside the tunnel: nobody on the way changed them. */
  readonly isBound: boolean;
  /**
   * Secret bytes that only the two ends of this TLS connection share (RFC 8446 §7.5).
   * @param label such as `EXPORTER-XTLS-srp`
   * @param length in bytes, default 32
   */
  exporter(label: string, length?: number): Uint8Array;
  /**
   * Follows the peer's chain to the given authorities, with their revocation lists (PEM or DER, or read by the core). What
   * is given as PEM or DER is read once, and again only when it has changed.
   * @returns what is wrong with it, in words; empty when the chain is good
   * @throws XtlsError `invalid-certificate` when one of them, or the chain, cannot be read
   */
  verifyChain(authorities: Authorities | AuthoritySources): readonly string[];
}

/** What a person must know to answer, about a tunnel that waits for the answer. Nothing of it is authenticated but the fingerprint. */
export interface Prompt {
  /** The peer's bare JID, prepared. */
  readonly jid: string;
  /** The peer's full JID, as its server vouches for it. */
  readonly peer: string;
  /** Our own full JID. */
  readonly local: string;
  /** Our own part in the tunnel. */
  readonly role: Role;
  /** SHA-256 of the peer's certificate, upper-case hex with colons; TLS has proved that the peer holds its key. */
  readonly fingerprint: string;
  /** True when our own side asked for the tunnel, also when both did and the peer's request won. */
  readonly isOwnRequest: boolean;
  /** True when other keys of this peer are known, and this is none of them: a new device, or an attack. */
  readonly isKeyChange: boolean;
  /** Aborted when the answer no longer matters: take the question away. */
  readonly signal: AbortSignal;
}

/** The way to a person, whom strangers in numbers must not wear down. */
export interface Asker {
  /** Aborted with the tunnel's error when the tunnel ends: stop asking people. */
  readonly signal: AbortSignal;
  /**
   * Asks a person. Of all tunnels only a few may at a time, and of each peer one: this waits for its turn.
   * @param question told who asks; what it returns is not waited for longer than the tunnel lives
   * @param signal when else to give up, if not the tunnel's own; must be aborted together with it
   * @throws XtlsError `too-many-pending` when too many wait already; what ended the tunnel; what the question throws
   */
  ask<Answer>(question: (prompt: Prompt) => Answer | Promise<Answer>, signal?: AbortSignal): Promise<Answer>;
}

/** The answer to a claim. A refusal's code becomes the tunnel's error and decides the TLS alert. */
export type Verdict =
  | {
      readonly trusted: true;
      readonly state: "verified" | "first-use";
      /** How it was found out, for the people who look at the store later: which key, which words. Never a secret. */
      readonly note?: string;
      /** True when this peer once compared offers and now did not. */
      readonly hasLostCapabilities?: boolean;
    }
  | RefusingVerdict;

/** A no, and why. */
export interface RefusingVerdict {
  readonly trusted: false;
  readonly code: ErrorCode;
  readonly detail?: string;
}

/** What a method found out about a claim. */
export interface Proof {
  /** The method's name. */
  readonly method: string;
  readonly state: "verified" | "first-use";
  /** As in the method's verdict. */
  readonly note?: string;
}

/** A trust policy. It may ask a store or a person, hence the promises; a rejection counts as a refusal. */
export interface Trust {
  /**
   * Whether the certificate alone is enough: the method `x509` asks no more.
   * @param asker for a policy that asks a person: the plug-in's, so that not all tunnels ask at once
   */
  judge(claim: Claim, asker?: Asker): Verdict | Promise<Verdict>;
  /**
   * Whether `judge` would say yes to a bare JID, asked before there is a tunnel. False: `x509` is not offered, and
   * another method comes to its turn. True: our own certificate may be told to it (XEP-0250 §5). Undefined, or no such
   * function: nobody can tell yet.
   * @param shown the certificates that the peer's offer names (SHA-256 as in XEP-0320, or SHA-1 as in XEP-0250), if it made one
   */
  knows?(jid: string, shown?: readonly string[]): boolean | undefined | Promise<boolean | undefined>;
  /**
   * Whether all keys of a bare JID that are believed have once compared offers inside a tunnel: then a peer that seems to
   * bear none is not tried without. Absent: nobody can tell, and it is.
   */
  requiresOffer?(jid: string): boolean | Promise<boolean>;
  /**
   * Whether a key of a bare JID is verified, or else believed since its first use, asked when a tunnel is started in its name and
   * answered at once, as far as that is known without waiting. Either has a place that strangers cannot take, and whoever is
   * verified one that those known since their first use cannot. Undefined or anything else, or no such function: a stranger.
   */
  hasKeyOf?(jid: string): BelievedState | undefined;
  /**
   * The refusal that no proof outweighs, asked before another method than `x509` runs: it is the verdict then, and no person is
   * asked for what cannot help. Undefined, or no such function: a proof may help.
   */
  refusal?(claim: Claim): RefusingVerdict | undefined | Promise<RefusingVerdict | undefined>;
  /** A method has proved whose certificate it is: remembers that and has the last word. Absent: nothing is remembered. */
  learn?(claim: Claim, proof: Proof): Verdict | Promise<Verdict>;
  /**
   * Whether the peer shows another key than those that are known, asked before a person is, and when a tunnel has ended before
   * the peer was believed, whatever ended it: the user is told of that as well. Absent: nobody can tell.
   */
  isKeyChange?(claim: Claim): boolean | Promise<boolean>;
  /**
   * Tells of keys that are believed no longer, distrusted or forgotten: their open tunnels end. Absent: nobody ever stops
   * to believe one.
   * @returns what ends the telling
   */
  onDistrust?(listener: (jid: string, spkiFingerprint: string) => void): () => void;
  /**
   * Tells of keys that have been verified: their open tunnels' `security.trust` says so from then on. Absent: nobody is told.
   * @returns what ends the telling
   */
  onVerify?(listener: (jid: string, spkiFingerprint: string) => void): () => void;
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
  throw new XtlsError("wrong-address", `The certificate of ${jid} names ${printableNames(jids)}`);
}
