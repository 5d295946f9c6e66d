/**
 * Trust policy: certificates whose fingerprints were compared beforehand.
 *
 * The safest policy: nothing is learnt, nothing is asked. A pin is the SHA-256 of the
 * certificate or of its public key (SPKI), written as in XEP-0320.
 */
import { bareJid } from "../base/jid.ts";
import { requireObject } from "../base/shape.ts";
import type { Claim, Proof, RefusingVerdict, Trust, Verdict } from "../xtls/trust.ts";
import { canonicalFingerprint } from "./fingerprint.ts";
import { acceptProof } from "./proof.ts";

/** Fingerprints by JID, whose resource does not matter; nor do colons and case. */
export type Pins = Readonly<Record<string, string | readonly string[]>>;

/**
 * Trusts exactly the pinned keys. For whom nothing is pinned another method may vouch.
 * @throws XtlsError `invalid-jid`; `invalid-argument` for a pin that is not 64 hex digits
 */
export function pinned(pins: Pins): Trust {
  requireObject(pins, "pinned takes an object with fingerprints by bare JID");
  const known = new Map<string, readonly string[]>();
  // One account may stand there in several ways: with each of its resources, say.
  for (const [jid, pin] of Object.entries(pins)) {
    const bare = bareJid(jid);
    known.set(bare, [...(known.get(bare) ?? []), ...[pin].flat().map(canonicalFingerprint)]);
  }
  const of = (jid: string): readonly string[] => known.get(jid) ?? [];
  return {
    judge: (claim) => compare(of(claim.jid), claim),
    knows: (jid, offered) => knows(of(jid), offered),
    hasKeyOf: (jid) => (of(jid).length > 0 ? "verified" : undefined),
    isKeyChange: (claim) => of(claim.jid).length > 0 && !compare(of(claim.jid), claim).trusted,
    refusal: (claim) => refusal(of(claim.jid), claim),
    learn: (claim, proof) => learn(of(claim.jid), claim, proof),
  };
}

function compare(pins: readonly string[], { jid, peer }: Claim): Verdict {
  if (pins.includes(peer.fingerprint) || pins.includes(peer.spkiFingerprint))
    return { trusted: true, state: "verified" };
  const detail = `${jid} shows the certificate ${peer.fingerprint}`;
  if (pins.length > 0) return { trusted: false, code: "key-changed", detail };
  return { trusted: false, code: "not-trusted", detail: `${detail}, and nothing is pinned: compare fingerprints, then pin it` };
}

/** @returns undefined when none of the pins is offered: some may be of keys, and offers name certificates */
function knows(pins: readonly string[], offered: readonly string[] = []): boolean | undefined {
  if (pins.length === 0) return false;
  return offered.length === 0 || offered.some((name) => pins.includes(name.toUpperCase())) || undefined;
}

/** No proof outweighs a pin. */
function refusal(pins: readonly string[], claim: Claim): RefusingVerdict | undefined {
  const verdict = compare(pins, claim);
  return pins.length === 0 || verdict.trusted ? undefined : verdict;
}

function learn(pins: readonly string[], claim: Claim, proof: Proof): Verdict {
  return pins.length > 0 ? compare(pins, claim) : acceptProof(claim, proof);
}
