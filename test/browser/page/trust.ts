/**
 * The trust store of a page or worker, in IndexedDB.
 */

import { indexedDbStorage, TrustStore, XtlsError } from "../../../bindings/web.ts";

/**
 * Verifies keys one after the other.
 * @param database its name
 * @param keys fingerprints
 * @returns how many keys there are now, as text, or the code of what went wrong
 */
export async function remember(database: string, jid: string, keys: readonly string[]): Promise<string> {
  const store = new TrustStore(indexedDbStorage(database));
  try {
    for (const key of keys) await store.verify(jid, key, { note: "by telephone" });
    return String((await store.keysOf(jid)).filter(({ state }) => state === "verified").length);
  } catch (error) {
    if (!(error instanceof XtlsError)) throw error;
    return error.code;
  }
}

/** A policy wants something kept that could not be read again. @returns the code of what went wrong */
export async function misremember(database: string, jid: string, key: string): Promise<string> {
  const store = new TrustStore(indexedDbStorage(database));
  const record = {
    jid,
    spkiFingerprint: key,
    state: "unknown",
    hasExtensions: false,
    certificates: [],
    firstSeen: "yesterday",
    history: [],
  } as const;
  return store.revise(jid, () => ({ result: "kept", record })).catch((error: XtlsError) => error.code);
}

/** What lies in the database now becomes this, whatever it is. */
export async function spoil(database: string, value: unknown): Promise<void> {
  const opening = indexedDB.open(database);
  await new Promise((resolve) => (opening.onsuccess = resolve));
  const transaction = opening.result.transaction("documents", "readwrite");
  transaction.objectStore("documents").put(value, "trust");
  await new Promise((resolve) => (transaction.oncomplete = resolve));
  opening.result.close();
}
