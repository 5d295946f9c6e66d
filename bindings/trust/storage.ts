/**
 * What a trust store needs of a place that keeps text, and the simplest such place.
 *
 * Knows nothing of what the text says.
 */

/** A place for one text. Whatever goes wrong rejects with `store-damaged`; nothing is then as good as empty. */
export interface TrustStorage {
  /** The text; undefined when there never was one. */
  read(): Promise<string | undefined>;
  /**
   * Puts another text in the place of the present one, in one step: no other process, tab or worker changes it in
   * between, and a crash leaves the one or the other.
   * @param change given the present text, says the next, or undefined when it is to stay. May be called more than
   *   once, and at once: it is no async function. What it throws is thrown on, and nothing changes.
   */
  update(change: (text: string | undefined) => string | undefined): Promise<void>;
}

/** A place that forgets with the process. @param text what it begins with */
export function memoryStorage(text?: string): TrustStorage {
  let present = text;
  return {
    read: async () => present,
    update: async (change) => void (present = change(present) ?? present),
  };
}
