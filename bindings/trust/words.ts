/**
 * What happened to keys, in words for the people who must decide.
 *
 * Facts alone, in the order in which they matter: who, which key, what is known instead. What to do is
 * the application's to say. Days are ISO 8601: nobody mistakes the month for the day.
 */
import type { TrustState } from "../xtls/trust.ts";
import type { TrustRecord } from "./record.ts";

/** Lists longer than this nobody reads. */
const NAMED_AT_MOST = 3;

/** One key that changed its state, appeared or went. */
export interface TrustChange {
  readonly jid: string;
  readonly spkiFingerprint: string;
  /** Absent: there was no record of the key. */
  readonly from?: TrustState;
  /** Absent: there is none any more. */
  readonly to?: TrustState;
  /** The record after the change, or before it when it is gone. */
  readonly record: TrustRecord;
  /** All of it as one English sentence. */
  readonly words: string;
}

/** Why a key is refused that nobody decided about, where others are known. */
export function unfamiliarKey(jid: string, spkiFingerprint: string, known: readonly TrustRecord[]): string {
  return `${jid} shows the key ${spkiFingerprint}, which is new. ${knownInstead(known)}`;
}

/** Why a key is refused about which there is a record. */
export function refusedKey({ jid, spkiFingerprint, state, history }: TrustRecord): string {
  const since = state === "distrusted" ? `is distrusted${decision(history)}` : "awaits a decision: compare fingerprints, then verify it";
  return `The key ${spkiFingerprint} of ${jid} ${since}`;
}

/** Why a key is refused that a leap of faith or a proof would have added. */
export function noRoomFor({ jid, spkiFingerprint }: TrustRecord): string {
  return `${jid} shows the key ${spkiFingerprint}, and the trust store takes no more without a person's word: verify it, or forget first-use keys`;
}

/** A change as a sentence. @param known the JID's other keys about which somebody decided */
export function changeInWords(record: TrustRecord, to: TrustState | undefined, known: readonly TrustRecord[]): string {
  const { jid, spkiFingerprint, history } = record;
  if (to === "unknown") return `${unfamiliarKey(jid, spkiFingerprint, known)}. It awaits a decision`;
  if (to === undefined) return `The key ${spkiFingerprint} of ${jid} is forgotten`;
  return `The key ${spkiFingerprint} of ${jid} is now ${STATE[to]}${decision(history)}`;
}

const STATE = {
  unknown: "unknown",
  "first-use": "believed because it was the first",
  verified: "verified",
  distrusted: "distrusted",
} as const satisfies Record<TrustState, string>;

function knownInstead(known: readonly TrustRecord[]): string {
  if (known.length === 0) return "No other is known";
  const named = known.slice(0, NAMED_AT_MOST).map(inShort);
  const more = known.length > NAMED_AT_MOST ? ` and ${known.length - NAMED_AT_MOST} more` : "";
  return `Known so far: ${named.join("; ")}${more}`;
}

function inShort({ spkiFingerprint, state, history }: TrustRecord): string {
  return `${spkiFingerprint.slice(0, 11)}…, ${STATE[state]}${decision(history)}`;
}

function decision(history: TrustRecord["history"]): string {
  const step = history.at(-1);
  if (step === undefined) return "";
  return ` since ${step.at.slice(0, 10)} (${step.by}${step.note === undefined ? "" : `: ${step.note}`})`;
}
