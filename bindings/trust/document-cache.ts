/**
 * The document of a store that is read and written again and again: of its records only those that changed are looked at.
 *
 * Owns the present text and what each piece of it says, so that one key costs the reading and the printing of one. Knows
 * neither what is in a record nor where the text is kept.
 */
import { distinct, type Entry, entryIn, entryOf, framed, membersIn, parseDocument, unreadable } from "./document.ts";
import type { TrustRecord } from "./record.ts";

export class DocumentCache {
  #text: string | undefined;
  #keys: readonly TrustRecord[] = [];
  #entries: ReadonlyMap<TrustRecord, Entry> = new Map();

  /** What the present text says. */
  get keys(): readonly TrustRecord[] {
    return this.#keys;
  }

  /** As `parseDocument`; a record that is still there is the same object. No text at all is an empty store. */
  parse(text: string | undefined): readonly TrustRecord[] {
    if (text === this.#text) return this.#keys;
    const entries = this.#entriesIn(text ?? "");
    if (entries === undefined) return this.#keep(text, text === undefined ? [] : parseDocument(text), []);
    return this.#keep(text, distinct(entries), entries);
  }

  /**
   * As `printDocument`. What goes out for each record is read once before, and must be the same key: a document that
   * could not be read back would lock everybody out.
   * @throws XtlsError `limit-exceeded`; `invalid-argument` when it would not read back
   */
  print(keys: readonly TrustRecord[]): string {
    const entries = keys.map((key) => this.#entries.get(key) ?? entryOf(key));
    const text = framed(entries.map(({ members }) => members));
    if (distinct(entries).length < keys.length) throw unreadable();
    this.#keep(
      text,
      entries.map(({ record }) => record),
      entries,
    );
    return text;
  }

  /** Frozen, since whoever asks for the list gets this one: what is taken out of it would be forgotten. */
  #keep(text: string | undefined, keys: readonly TrustRecord[], entries: readonly Entry[]): readonly TrustRecord[] {
    this.#text = text;
    this.#keys = Object.freeze(keys);
    this.#entries = new Map(entries.map((entry) => [entry.record, entry]));
    return this.#keys;
  }

  /** @returns undefined when the text is not as `printDocument` has it; `parseDocument` then decides */
  #entriesIn(text: string): readonly Entry[] | undefined {
    const known = new Map([...this.#entries.values()].map((entry) => [entry.members, entry]));
    const entries: Entry[] = [];
    for (const members of membersIn(text)) {
      const entry = known.get(members) ?? entryIn(members);
      if (entry === undefined) return undefined;
      // The present text's own piece: that of an older one would keep all of that text in memory.
      entries.push({ ...entry, members });
    }
    return entries.length === 0 ? undefined : entries;
  }
}
