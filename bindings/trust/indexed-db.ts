/**
 * A place for the trust store in a browser: one record of one IndexedDB database, of this origin.
 *
 * A `readwrite` transaction is what keeps tabs and workers from losing each other's changes; `strict`
 * durability is what a crash needs. Opened for each call: no tab stands in another's way.
 * https://www.w3.org/TR/IndexedDB/
 */
import { XtlsError } from "../errors.ts";
import type { TrustStorage } from "./storage.ts";

const TABLE = "documents";
const KEY = "trust";

/**
 * Keeps the trust store in IndexedDB. Tabs and workers may use it at once. The browser may clear it when space is
 * short, unless the page asked `navigator.storage.persist()`.
 * @param name of the database
 */
export function indexedDbStorage(name = "xtls"): TrustStorage {
  return {
    read: async () => {
      let text: string | undefined;
      await transact(name, "readonly", (present) => void (text = present));
      return text;
    },
    update: (change) => transact(name, "readwrite", change),
  };
}

/** @param use given the present text, says what to put in its place, or undefined */
async function transact(
  name: string,
  mode: IDBTransactionMode,
  use: (text: string | undefined) => string | undefined | void,
): Promise<void> {
  try {
    const database = await open(name);
    try {
      await run(database.transaction(TABLE, mode, { durability: "strict" }), use);
    } finally {
      database.close();
    }
  } catch (cause) {
    if (cause instanceof XtlsError) throw cause;
    throw new XtlsError("store-damaged", `The database "${name}" failed: ${(cause as Error).message}`, { cause });
  }
}

function open(name: string): Promise<IDBDatabase> {
  if (typeof indexedDB === "undefined") throw new XtlsError("platform-unsupported", "A trust store in a browser's database needs indexedDB");
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(name, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(TABLE);
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
}

/** Resolves when all is stored; what `use` throws undoes everything. */
function run(transaction: IDBTransaction, use: Parameters<typeof transact>[2]): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
    const table = transaction.objectStore(TABLE);
    const loading = table.get(KEY);
    loading.onsuccess = () => {
      try {
        const next = use(textOf(loading.result));
        if (next !== undefined) table.put(next, KEY);
      } catch (error) {
        reject(error);
        transaction.abort();
      }
    };
  });
}

function textOf(value: unknown): string | undefined {
  if (value === undefined || typeof value === "string") return value;
  throw new XtlsError("store-damaged", "The database holds something else than a trust store");
}
