/**
 * Trust policy: a leap of faith at the first meeting, then the same key for ever.
 *
 * Whoever sits in the middle at the first meeting stays there; hence `dangerously`. It never
 * accepts a *changed* key. Keys are kept per bare JID and SPKI fingerprint, so a second device is
 * added by the user (`store.add` after comparing), not by another leap.
 */
import { XtlsError } from "../errors.ts";
import type { Claim, Trust, TrustState, Verdict } from "../xtls/trust.ts";

/** What is remembered of one key. */
export interface TrustRecord {
  /** SHA-256 of SubjectPublicKeyInfo, upper-case hex with colons. */
  readonly spkiFingerprint: string;
  readonly state: TrustState;
}

/** Where keys are remembered. Both calls may be asynchronous; a rejection refuses the tunnel. */
export interface TrustStore {
  /** All keys of a bare JID. */
  read(jid: string): readonly TrustRecord[] | Promise<readonly TrustRecord[]>;
  /** Adds a key, or changes the state of a known one. */
  add(jid: string, record: TrustRecord): void | Promise<void>;
}

/** Trusts the first key of a JID and then only that, or those that the user added. */
export function dangerouslyTrustOnFirstUse(store: TrustStore): Trust {
  // One at a time: two first meetings at once must not both count as the first.
  let previous: Promise<unknown> = Promise.resolve();
  const judge = (claim: Claim): Promise<Verdict> => {
    const verdict = previous.then(() => meet(store, claim));
    previous = verdict.catch(() => undefined);
    return verdict;
  };
  return { judge };
}

/** A store that forgets with the process. */
export function memoryStore(): TrustStore {
  const records = new Map<string, readonly TrustRecord[]>();
  const read = (jid: string): readonly TrustRecord[] => records.get(jid) ?? [];
  const add = (jid: string, record: TrustRecord): void => {
    const others = read(jid).filter(({ spkiFingerprint }) => spkiFingerprint !== record.spkiFingerprint);
    records.set(jid, [...others, record]);
  };
  return { read, add };
}

async function meet(store: TrustStore, { jid, peer: { spkiFingerprint } }: Claim): Promise<Verdict> {
  const records = await store.read(jid);
  const known = records.find((record) => record.spkiFingerprint === spkiFingerprint);
  if (known !== undefined) return recall(known, jid);
  if (records.length > 0)
    return { trusted: false, code: "key-changed", detail: `${jid} shows the key ${spkiFingerprint}` };
  await store.add(jid, { spkiFingerprint, state: "first-use" });
  return { trusted: true, state: "first-use" };
}

function recall({ state }: TrustRecord, jid: string): Verdict {
  if (state === "verified" || state === "first-use") return { trusted: true, state };
  if (state === "distrusted") return { trusted: false, code: "not-trusted", detail: `The key of ${jid} is distrusted` };
  if (state === "unknown")
    return { trusted: false, code: "not-trusted", detail: `The key of ${jid} awaits a decision` };
  throw new XtlsError("invalid-argument", "The trust store gave a state that does not exist");
}
