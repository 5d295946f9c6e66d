/**
 * The trust store: which keys are known of whom, decided by people and by methods, kept by a storage.
 *
 * Calls take their turns, and each reads anew what is stored: what another process decided counts at
 * once. A store that cannot be read trusts nobody: every call rejects with `store-damaged`.
 */
import { requireObject, requireShape } from "../base/shape.ts";
import { XtlsError } from "../errors.ts";
import type { BelievedState } from "../xtls/trust.ts";
import { bareJid } from "../base/jid.ts";
import { type Listener, Listeners } from "../base/listeners.ts";
import { parseDocument, printDocument } from "./document.ts";
import { DocumentCache } from "./document-cache.ts";
import { canonicalFingerprint } from "./fingerprint.ts";
import { type Keys, merged, put, recordOf } from "./keys.ts";
import { requireRoom, type Room, roomIn, STORE_LIMITS } from "./places.ts";
import { decided, isSameKey, nameOf, strongest, type TrustRecord } from "./record.ts";
import type { TrustStorage } from "./storage.ts";
import { changeInWords, type TrustChange } from "./words.ts";

export interface TrustStoreOptions {
  /** Milliseconds since 1970; default `Date.now`. */
  readonly now?: () => number;
}

export interface Decision {
  /** For whoever looks at the store later, such as "read to me on the telephone". At most 256 characters are kept. */
  readonly note?: string;
}

export interface ImportOptions {
  /**
   * True: the document is this user's own, say a backup or another device's, and its trust is taken over. False, the
   * default: its keys come as `unknown`, and only its distrust counts.
   */
  readonly isBelieved?: boolean;
}

/** What a policy makes of the keys of one JID. */
export interface Revision<Result> {
  readonly result: Result;
  /** The record to keep. */
  readonly record: TrustRecord;
}

export interface TrustStoreEvents {
  /** A change that this object made, once it is stored: one key at a time. What other processes change is not announced. */
  change: [change: TrustChange];
  /** What a listener of `change` threw or rejected with. Nobody listens: it is written to the console. */
  error: [error: unknown];
}

/** Keys by bare JID, several for each: one a device. */
export class TrustStore {
  readonly #storage: TrustStorage;
  readonly #now: () => number;
  readonly #listeners = new Listeners<Pick<TrustStoreEvents, "change">>((error) => this.#report(error));
  readonly #errors = new Listeners<Pick<TrustStoreEvents, "error">>((error) => console.error(error));
  #previous: Promise<unknown> = Promise.resolve();
  readonly #document = new DocumentCache();
  /** A read that waits for its turn, with nothing but reads before it since. */
  #nextRead: Promise<Keys> | undefined;
  /** Keys by JID, of the list that was looked at last. */
  #index: { readonly keys: Keys; readonly byJid: ReadonlyMap<string, Keys> } = { keys: [], byJid: new Map() };

  /**
   * @param storage where the document is kept: `fileStorage`, `indexedDbStorage`, `memoryStorage` or your own
   * @throws XtlsError `invalid-argument` when it is none
   */
  constructor(storage: TrustStorage, options: TrustStoreOptions = {}) {
    requireObject(options, "The options of a trust store are an object");
    const { now = Date.now } = options;
    if (typeof storage?.read !== "function" || typeof storage.update !== "function")
      throw new XtlsError("invalid-argument", "A trust store needs a storage, such as memoryStorage()");
    this.#storage = storage;
    this.#now = now;
  }

  /** Every key, in the order in which they became known. @throws XtlsError `store-damaged` */
  async list(): Promise<readonly TrustRecord[]> {
    // Whoever asks before the read has begun shares it: strangers can make us ask more often than a disk answers.
    this.#nextRead ??= this.#inTurn(() => {
      this.#nextRead = undefined;
      return this.#read();
    });
    return this.#nextRead;
  }

  /** The keys of one JID. @throws XtlsError `invalid-jid`, `store-damaged` */
  async keysOf(jid: string): Promise<readonly TrustRecord[]> {
    const bare = bareJid(jid);
    return [...this.#keysIn(await this.list(), bare)];
  }

  /**
   * Whether a key of a bare JID, as it is prepared, is verified, or else believed since its first use: at once, as the store was when it
   * was last read. Nobody's is before it was read at all.
   */
  hasKeyOf(jid: string): BelievedState | undefined {
    return strongest(this.#keysIn(this.#document.keys, jid).map(({ state }) => state));
  }

  /**
   * The user has made sure whose key it is, and so it is believed: also one that was distrusted, or never seen yet.
   * @param spkiFingerprint SHA-256 of SubjectPublicKeyInfo
   * @throws XtlsError `invalid-jid`, `invalid-argument`, `store-damaged`, `limit-exceeded`
   */
  async verify(jid: string, spkiFingerprint: string, decision: Decision = {}): Promise<void> {
    return this.#decide(jid, spkiFingerprint, "verified", decision);
  }

  /**
   * The same for several keys of one JID, chosen by what is known of it at that very moment: nothing that is decided
   * meanwhile, here or in another program, is overruled unseen. All are marked, or none is.
   * @param choose given the JID's keys, says which; may be called more than once: the last counts
   * @throws XtlsError `invalid-jid`, `invalid-argument`, `store-damaged`, `limit-exceeded`; what `choose` throws
   */
  async verifyChosen(
    jid: string,
    choose: (keys: readonly TrustRecord[]) => readonly string[],
    decision: Decision = {},
  ): Promise<void> {
    requireShape(typeof choose === "function", "choose is a function");
    const bare = bareJid(jid);
    return this.#decideAll(bare, (keys) => choose(keys.filter((key) => key.jid === bare)), "verified", decision);
  }

  /**
   * The user says that the key is not theirs, or no longer: it is refused from now on, whatever any method proves.
   * @throws XtlsError `invalid-jid`, `invalid-argument`, `store-damaged`, `limit-exceeded`
   */
  async distrust(jid: string, spkiFingerprint: string, decision: Decision = {}): Promise<void> {
    return this.#decide(jid, spkiFingerprint, "distrusted", decision);
  }

  /**
   * Removes a key, as if it had never been seen. A distrusted one stays: forgotten, it would be believed again by
   * whoever trusts first use. Only `verify` ends distrust.
   * Its open tunnels end.
   * @throws XtlsError `invalid-state` when it is distrusted; `invalid-jid`, `invalid-argument`, `store-damaged`
   */
  async forget(jid: string, spkiFingerprint: string): Promise<void> {
    const spki = canonicalFingerprint(spkiFingerprint);
    return this.#change((keys, at) => {
      // An address that nobody can have any more (document.ts) is forgotten as it is listed.
      const listed = keys.some((key) => key.jid === jid) ? jid : bareJid(jid);
      const record = recordOf(keys, listed, spki, at);
      if (record.state === "distrusted")
        throw new XtlsError(
          "invalid-state",
          "A distrusted key is not forgotten: verify it when it was right after all",
        );
      return keys.some((key) => isSameKey(key, record)) ? keys.filter((key) => !isSameKey(key, record)) : keys;
    });
  }

  /**
   * Removes the first-use keys that nobody has shown for some time, as if they had never been seen: it makes room for
   * further leaps of faith. Whoever comes back under one of these addresses is met for the first time again.
   * @param lastSeenBefore milliseconds since 1970
   * @throws XtlsError `invalid-argument`, `store-damaged`
   */
  async forgetFirstUse(lastSeenBefore: number): Promise<void> {
    if (!Number.isFinite(lastSeenBefore)) throw new XtlsError("invalid-argument", "A time is milliseconds since 1970");
    const isOld = ({ state, lastSeen, firstSeen }: TrustRecord): boolean =>
      state === "first-use" && Date.parse(lastSeen ?? firstSeen) < lastSeenBefore;
    return this.#change((keys) => (keys.some(isOld) ? keys.filter((key) => !isOld(key)) : keys));
  }

  /** The whole store as text: JSON that `import` reads. It holds no secret, but says whom you know. @throws XtlsError `store-damaged` */
  async export(): Promise<string> {
    return printDocument(await this.list());
  }

  /**
   * Takes another store's keys in. Nothing becomes trusted by it unless `isBelieved`, and never what is distrusted here or there.
   * @throws XtlsError `invalid-argument` when the text is no such document, and nothing changes; `store-damaged`, `limit-exceeded`
   */
  async import(text: string, options: ImportOptions = {}): Promise<void> {
    requireObject(options, "The options of import are an object");
    const { isBelieved = false } = options;
    const theirs = foreign(text);
    return this.#change((ours, at) => {
      const all = merged(ours, theirs, { isBelieved, at });
      requireRoom(ours, all, isBelieved ? STORE_LIMITS.decidedByImport : STORE_LIMITS.decidedByOthers);
      return all;
    });
  }

  /**
   * Calls the listener after each change that this object made, or with each error of such a listener. Listeners may be
   * async functions; one that throws or rejects harms neither the store, nor the process, nor other listeners.
   * @returns what removes the listener again
   * @throws XtlsError `invalid-argument` for another event, or what is no function
   */
  on<Name extends keyof TrustStoreEvents>(event: Name, listener: Listener<TrustStoreEvents[Name]>): () => void {
    if (typeof listener !== "function") throw new XtlsError("invalid-argument", "A listener is a function");
    if (event === "change") return this.#listeners.on("change", listener as Listener<[TrustChange]>);
    if (event === "error") return this.#errors.on("error", listener as Listener<[unknown]>);
    throw new XtlsError("invalid-argument", `A trust store has no event "${event}"`);
  }

  /**
   * For policies: looks at the keys of a JID and keeps one record, in one step.
   * @param revise may be called more than once; the last counts. Told what there is room for without a person's word
   * @throws XtlsError `store-damaged`; `invalid-argument` for a record that would not read back; `limit-exceeded` for one
   *   that there is no room for
   */
  async revise<Result>(jid: string, revise: (keys: Keys, at: string, room: Room) => Revision<Result>): Promise<Result> {
    requireShape(typeof revise === "function", "revise is a function");
    let revision: Revision<Result> | undefined;
    await this.#change((keys, at) => {
      const own = keys.filter((key) => key.jid === jid);
      revision = revise(own, at, roomIn(keys, jid));
      const all = put(keys, revision.record);
      requireRoom(keys, all, STORE_LIMITS.decided);
      return all;
    });
    return revision!.result;
  }

  async #decide(jid: string, fingerprint: string, to: "verified" | "distrusted", decision: Decision): Promise<void> {
    const [bare, spki] = [bareJid(jid), canonicalFingerprint(fingerprint)];
    return this.#decideAll(bare, () => [spki], to, decision);
  }

  async #decideAll(
    jid: string,
    choose: (keys: Keys) => readonly string[],
    to: "verified" | "distrusted",
    decision: Decision,
  ): Promise<void> {
    requireObject(decision, "A decision is an object");
    const { note } = decision;
    requireShape(note === undefined || typeof note === "string", "A note is a string");
    const step = { to, by: "user", ...(note === undefined ? {} : { note }) };
    return this.#change((before, at) =>
      choose(before)
        .map(canonicalFingerprint)
        .reduce((keys, spki) => put(keys, decided(recordOf(keys, jid, spki, at), { ...step, at })), before),
    );
  }

  #keysIn(keys: Keys, jid: string): Keys {
    if (this.#index.keys !== keys) this.#index = { keys, byJid: groupedByJid(keys) };
    return this.#index.byJid.get(jid) ?? [];
  }

  async #read(): Promise<Keys> {
    return this.#document.parse(await this.#storage.read());
  }

  /** What changes nothing is found out by reading alone: most tunnels then wait for no lock and no disk. */
  async #change(change: (keys: Keys, at: string) => Keys): Promise<void> {
    this.#nextRead = undefined;
    return this.#inTurn(async () => {
      const at = timeOf(this.#now());
      const seen = await this.#read();
      if (change(seen, at) === seen) return;
      let before = seen;
      let after = seen;
      await this.#storage.update((text) => {
        before = this.#document.parse(text);
        after = change(before, at);
        return after === before ? undefined : this.#document.print(after);
      });
      this.#announce(before, after);
    });
  }

  #announce(before: Keys, after: Keys): void {
    for (const change of changes(before, after)) this.#listeners.emit("change", change);
  }

  #report(error: unknown): void {
    if (this.#errors.has("error")) this.#errors.emit("error", error);
    else console.error(error);
  }

  async #inTurn<Result>(call: () => Promise<Result>): Promise<Result> {
    const turn = this.#previous.then(call);
    this.#previous = turn.catch(() => undefined);
    return turn;
  }
}

function groupedByJid(keys: Keys): ReadonlyMap<string, Keys> {
  const byJid = new Map<string, TrustRecord[]>();
  for (const key of keys) {
    const known = byJid.get(key.jid);
    if (known === undefined) byJid.set(key.jid, [key]);
    else known.push(key);
  }
  return byJid;
}

function timeOf(now: number): string {
  const date = new Date(now);
  if (Number.isNaN(date.getTime())) throw new XtlsError("invalid-argument", `The trust store's clock says ${now}`);
  return date.toISOString();
}

/** The same fault has another cause here: the text is the caller's, the store is well. */
function foreign(text: string): Keys {
  try {
    return parseDocument(text);
  } catch (cause) {
    throw new XtlsError("invalid-argument", `The imported document is not one: ${(cause as Error).message}`, { cause });
  }
}

/** A record that did not change is the same object in both lists. */
function* changes(before: Keys, after: Keys): Generator<TrustChange> {
  const [old, present] = [before, after].map((keys) => new Map(keys.map((key) => [nameOf(key), key])));
  for (const [name, record] of present!) if (old!.get(name) !== record) yield* change(old!.get(name), record, after);
  for (const [name, record] of old!) if (!present!.has(name)) yield* change(record, undefined, after);
}

function* change(before: TrustRecord | undefined, after: TrustRecord | undefined, keys: Keys): Generator<TrustChange> {
  const record = (after ?? before)!;
  const [from, to] = [before?.state, after?.state];
  if (from === to) return;
  const { jid, spkiFingerprint } = record;
  const known = keys.filter((key) => key.jid === jid && key.state !== "unknown" && !isSameKey(key, record));
  const states = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  yield { jid, spkiFingerprint, ...states, record, words: changeInWords(record, to, known) };
}
