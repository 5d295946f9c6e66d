/**
 * What is remembered of one key of one bare JID, and how that changes.
 *
 * Values: a change makes a new record. Every record is bounded, since peers decide how often they
 * show themselves and under which certificates. Knows neither store nor policy.
 */
import type { Certificate } from "../tls/certificate.ts";
import type { BelievedState, TrustState } from "../xtls/trust.ts";

/** One key of one bare JID. */
export interface TrustRecord {
  /** Bare JID, prepared. */
  readonly jid: string;
  /** SHA-256 of SubjectPublicKeyInfo, upper-case hex with colons. */
  readonly spkiFingerprint: string;
  /** `unknown`: was seen and refused, and awaits the user's decision. */
  readonly state: TrustState;
  /** True once this peer compared offers inside a tunnel; when it no longer does, somebody may have rewritten them. */
  readonly hasExtensions: boolean;
  /** Certificates that the key was shown in, the latest last. */
  readonly certificates: readonly SeenCertificate[];
  /** When the key was first heard of (XEP-0082, UTC). */
  readonly firstSeen: string;
  /** When a peer last showed it, to the hour. Absent: never, as after scanning its code. */
  readonly lastSeen?: string;
  /** How it came to its state, the latest change last. */
  readonly history: readonly TrustStep[];
}

/** The names by which offers call a certificate. */
export interface SeenCertificate {
  /** SHA-256, upper-case hex with colons (XEP-0320). */
  readonly fingerprint: string;
  /** SHA-1, 40 lower-case hex digits (XEP-0250). */
  readonly sha1: string;
}

/** One decision about a key. */
export interface TrustStep {
  /** XEP-0082, UTC. */
  readonly at: string;
  readonly from: TrustState;
  readonly to: TrustState;
  /** A method's name, `user`, `import`, or `otherwise`: another policy vouched for the key and is asked again each time. */
  readonly by: string;
  /** Such as "words compared on the telephone". */
  readonly note?: string;
}

/** How much one record may hold, in entries or characters. */
export const RECORD_LIMITS = { certificates: 8, history: 32, by: 64, note: 256 } as const;

/** Telling every minute anew that a key is in use would only wear the disk. */
const SEEN_AGAIN_AFTER = 3_600_000;

/** A key that nothing is known of. */
export function newRecord(jid: string, spkiFingerprint: string, at: string): TrustRecord {
  return { jid, spkiFingerprint, state: "unknown", hasExtensions: false, certificates: [], firstSeen: at, history: [] };
}

/** Best first. */
const BELIEVED: readonly BelievedState[] = ["verified", "first-use"];

/** Whether a tunnel may rest on it. */
export function isTrusted({ state }: TrustRecord): boolean {
  return state === "verified" || state === "first-use";
}

/** What the best of some keys, or policies, amounts to: nothing but what is believed counts. */
export function strongest(states: readonly (TrustState | undefined)[]): BelievedState | undefined {
  return BELIEVED.find((state) => states.includes(state));
}

/** What no two records of a store have in common. */
export function nameOf({ jid, spkiFingerprint }: TrustRecord): string {
  return `${jid} ${spkiFingerprint}`;
}

/** Whether both are records of the same key of the same JID. */
export function isSameKey(a: TrustRecord, b: TrustRecord): boolean {
  return a.jid === b.jid && a.spkiFingerprint === b.spkiFingerprint;
}

/** The record after a decision. */
export function decided(record: TrustRecord, { at, to, by, note }: Omit<TrustStep, "from">): TrustRecord {
  const kept = note === undefined ? undefined : legible(note, RECORD_LIMITS.note);
  const step = { at, from: record.state, to, by: legible(by, RECORD_LIMITS.by), ...(kept ? { note: kept } : {}) };
  return { ...record, state: to, history: [...record.history, step].slice(-RECORD_LIMITS.history) };
}

/**
 * The record after a peer has shown the key.
 * @param isBound whether it compared offers
 * @returns the very same record when that told nothing new
 */
export function shown(record: TrustRecord, certificate: Certificate, isBound: boolean, at: string): TrustRecord {
  const { fingerprint, sha1 } = certificate;
  const last = record.certificates.at(-1);
  const isRecent = Date.parse(at) - Date.parse(record.lastSeen ?? "") < SEEN_AGAIN_AFTER;
  if (last?.fingerprint === fingerprint && isRecent && (record.hasExtensions || !isBound)) return record;
  return {
    ...record,
    hasExtensions: record.hasExtensions || isBound,
    certificates: appended(record.certificates, { fingerprint, sha1 }),
    lastSeen: at,
  };
}

/** `distrusted` above all, then as much trust as either has. */
export const RANK = { unknown: 0, "first-use": 1, verified: 2, distrusted: 3 } as const satisfies Record<
  TrustState,
  number
>;

/** Two records of one key in one: the stronger state with its history, and what was seen of both. */
export function united(one: TrustRecord, other: TrustRecord): TrustRecord {
  return RANK[other.state] > RANK[one.state] ? withFacts(other, one) : withFacts(one, other);
}

/** The first record, with what was seen of the key in both. */
export function withFacts(our: TrustRecord, their: TrustRecord): TrustRecord {
  const lastSeen = [our.lastSeen ?? "", their.lastSeen ?? ""].sort()[1];
  return {
    ...our,
    hasExtensions: our.hasExtensions || their.hasExtensions,
    certificates: our.certificates.reduce(appended, their.certificates),
    firstSeen: our.firstSeen < their.firstSeen ? our.firstSeen : their.firstSeen,
    ...(lastSeen ? { lastSeen } : {}),
  };
}

/** The list with a certificate at its end, the oldest left out when there is no room. */
export function appended(list: readonly SeenCertificate[], certificate: SeenCertificate): readonly SeenCertificate[] {
  const others = list.filter(({ fingerprint }) => fingerprint !== certificate.fingerprint);
  return [...others, certificate].slice(-RECORD_LIMITS.certificates);
}

/** Characters that move the cursor or turn the line around could make a note lie to its reader. */
export const ILLEGIBLE = /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

function legible(text: string, length: number): string {
  return [...text.replace(ILLEGIBLE, " ").trim()].slice(0, length).join("");
}
