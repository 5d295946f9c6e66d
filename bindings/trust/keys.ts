/**
 * The list of all keys in a store: looked up, put, merged with another.
 *
 * Pure functions on lists. A list that needs no change is given back as it is. Who has room is places.ts's.
 */
import { withinShares } from "./places.ts";
import { decided, isSameKey, nameOf, newRecord, RANK, type TrustRecord, withFacts } from "./record.ts";

export type Keys = readonly TrustRecord[];

/** The record of a key; a new one when there is none. */
export function recordOf(keys: Keys, jid: string, spkiFingerprint: string, at: string): TrustRecord {
  const fresh = newRecord(jid, spkiFingerprint, at);
  return keys.find((key) => isSameKey(key, fresh)) ?? fresh;
}

/** The list with a record in the place of the one it comes from, or at the end; others may give way. */
export function put(keys: Keys, record: TrustRecord): Keys {
  const at = keys.findIndex((key) => isSameKey(key, record));
  if (keys[at] === record) return keys;
  return withinShares(at < 0 ? [...keys, record] : keys.with(at, record));
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
  const all = new Map(ours.map((key) => [nameOf(key), key]));
  for (const their of theirs) {
    const our = all.get(nameOf(their)) ?? newRecord(their.jid, their.spkiFingerprint, options.at);
    all.set(nameOf(their), mergedRecord(our, withoutFuture(their, options.at), options));
  }
  const keys = [...all.values()];
  const isSame = keys.length === ours.length && keys.every((key, at) => key === ours[at]);
  return isSame ? ours : withinShares(keys);
}

function mergedRecord(our: TrustRecord, their: TrustRecord, { isBelieved, at }: MergeOptions): TrustRecord {
  const told = their.history.at(-1);
  const isHeard = isBelieved || their.state === "distrusted";
  // What others say to have seen of a key would count as soon as somebody believes it.
  const record = isBelieved ? withFacts(our, their) : our;
  if (!isHeard || told === undefined || RANK[their.state] <= RANK[our.state]) return record;
  const past = isBelieved && our.history.length === 0 ? their.history : our.history;
  const note = [told.by, told.at.slice(0, 10), told.note].filter((part) => part !== undefined).join(", ");
  return decided({ ...record, history: past }, { at, to: their.state, by: "import", note });
}

/** The record with no day in it that is still to come: it would be the latest for ever, and never give way. */
function withoutFuture(record: TrustRecord, now: string): TrustRecord {
  const { firstSeen, lastSeen } = record;
  const isToCome = (day: string): boolean => Date.parse(day) > Date.parse(now);
  return {
    ...record,
    firstSeen: isToCome(firstSeen) ? now : firstSeen,
    ...(lastSeen === undefined ? {} : { lastSeen: isToCome(lastSeen) ? now : lastSeen }),
  };
}
