/**
 * The list of all keys in a store: looked up, put, kept within its bounds, merged with another.
 *
 * Pure functions on lists. A list that needs no change is given back as it is.
 */
import { STORE_LIMITS } from "./document.ts";
import { appended, decided, isSameKey, newRecord, type TrustRecord } from "./record.ts";

export type Keys = readonly TrustRecord[];

/** The record of a key; a new one when there is none. */
export function recordOf(keys: Keys, jid: string, spkiFingerprint: string, at: string): TrustRecord {
  const fresh = newRecord(jid, spkiFingerprint, at);
  return keys.find((key) => isSameKey(key, fresh)) ?? fresh;
}

/** The list with a record in the place of the one it comes from, or at the end. */
export function put(keys: Keys, record: TrustRecord): Keys {
  const at = keys.findIndex((key) => isSameKey(key, record));
  if (at < 0) return bounded([...keys, record]);
  return keys[at] === record ? keys : keys.with(at, record);
}

/** How another store's keys are taken in. */
export interface MergeOptions {
  /** True: its trust counts like ours. False: its keys come as `unknown`, its distrust counts. */
  readonly isBelieved: boolean;
  /** Now (XEP-0082). */
  readonly at: string;
}

/** Both lists in one. Nothing trusted becomes less so unless the other list distrusts it, and distrust stays. */
export function merged(ours: Keys, theirs: Keys, options: MergeOptions): Keys {
  return theirs.reduce((keys, their) => {
    const our = recordOf(keys, their.jid, their.spkiFingerprint, their.firstSeen);
    return put(keys, mergedRecord(our, their, options));
  }, ours);
}

/** `distrusted` above all, then as much trust as either has. */
const RANK = { unknown: 0, "first-use": 1, verified: 2, distrusted: 3 } as const;

function mergedRecord(our: TrustRecord, their: TrustRecord, { isBelieved, at }: MergeOptions): TrustRecord {
  const told = their.history.at(-1);
  const isHeard = isBelieved || their.state === "distrusted";
  const record = isBelieved || our.state === "unknown" ? withFacts(our, their) : our;
  if (!isHeard || told === undefined || RANK[their.state] <= RANK[our.state]) return record;
  const past = isBelieved && our.history.length === 0 ? their.history : our.history;
  const note = [told.by, told.at.slice(0, 10), told.note].filter((part) => part !== undefined).join(", ");
  return decided({ ...record, history: past }, { at, to: their.state, by: "import", note });
}

/** What was seen of a key, in both together. */
function withFacts(our: TrustRecord, their: TrustRecord): TrustRecord {
  const lastSeen = [our.lastSeen ?? "", their.lastSeen ?? ""].sort()[1];
  return {
    ...our,
    hasExtensions: our.hasExtensions || their.hasExtensions,
    certificates: our.certificates.reduce(appended, their.certificates),
    firstSeen: our.firstSeen < their.firstSeen ? our.firstSeen : their.firstSeen,
    ...(lastSeen ? { lastSeen } : {}),
  };
}

/** Strangers can show new keys as often as they like: of those that await a decision only the latest stay. */
function bounded(keys: Keys): Keys {
  const waiting = keys.filter(({ state }) => state === "unknown").reverse();
  const isExtra = (key: TrustRecord, at: number): boolean => {
    const place = waiting.filter(({ jid }) => jid === key.jid).indexOf(key);
    return at >= STORE_LIMITS.unknown || place >= STORE_LIMITS.unknownPerJid;
  };
  const extra = new Set(waiting.filter(isExtra));
  return extra.size === 0 ? keys : keys.filter((key) => !extra.has(key));
}
