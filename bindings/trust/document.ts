/**
 * The trust store as text: JSON that a person can read, and that is read strictly.
 *
 *     { "format": "xtls-trust", "version": 1, "keys": [ … ] }
 *
 * A document that is not exactly as it was written is refused as a whole: half a store would be one in
 * which a distrusted key is unknown. Addresses alone are read as earlier versions, and engines with another Unicode,
 * prepared them. Knows nothing of where the text is kept.
 */
import { bareJid } from "../base/jid.ts";
import { printableWords } from "../base/printable.ts";
import { XtlsError } from "../errors.ts";
import type { TrustState } from "../xtls/trust.ts";
import { isCanonicalFingerprint } from "./fingerprint.ts";
import { STORE_LIMITS } from "./places.ts";
import {
  ILLEGIBLE,
  nameOf,
  RECORD_LIMITS,
  type SeenCertificate,
  type TrustRecord,
  type TrustStep,
  united,
} from "./record.ts";

const FORMAT = "xtls-trust";
const VERSION = 1;
const STATES: readonly string[] = ["unknown", "first-use", "verified", "distrusted"] satisfies TrustState[];

/** Around and between the members of the records, in a document as it is printed; no string has a line break in it. */
const HEAD = `{\n  "format": "${FORMAT}",\n  "version": ${VERSION},\n  "keys": [`;
const [BEFORE, BETWEEN, AFTER] = ["\n    {\n", "\n    },\n    {\n", "\n    }\n  "];
const TAIL = "]\n}\n";

/** Localpart and domainpart, of which no version took more; nobody may have the address any more. */
const ADDRESS = /^(?:[^@/\s\p{Cc}]+@)?[^@/\s\p{Cc}]+$/u;
const ADDRESS_LENGTH = 1023 + "@".length + 1023;

/** As a file's bytes (file.ts), of which a character is one at least. */
const LENGTH_AT_MOST = 64 * 1024 * 1024;

/** The store as text. @throws XtlsError `limit-exceeded` */
export function printDocument(keys: readonly TrustRecord[]): string {
  return framed(keys.map(membersOf));
}

/**
 * The keys of a document, in their order.
 * @throws XtlsError `store-damaged` for anything that `printDocument` does not write
 */
export function parseDocument(text: string): readonly TrustRecord[] {
  if (text?.length > LENGTH_AT_MOST) throw new XtlsError("store-damaged", "The trust store is far too large");
  const document = new Reading(json(text), "The trust store");
  if (document.value("format") !== FORMAT) document.refuse(`lacks "format": "${FORMAT}"`);
  const version = document.value("version");
  const isNumber = typeof version === "number";
  if (version !== VERSION) document.refuse(`is of version ${isNumber ? version : "?"}; this program reads ${VERSION}`);
  const entries = document.list("keys", STORE_LIMITS.keys).map(entry);
  document.end();
  return distinct(entries);
}

/** A record as it stands in a document. */
export interface Entry {
  /** The lines between its braces. */
  readonly members: string;
  /** Its name there, and its name now: an earlier version may have prepared the address in another way. */
  readonly written: string;
  readonly name: string;
  readonly record: TrustRecord;
}

/** @throws XtlsError `limit-exceeded` */
export function framed(members: readonly string[]): string {
  if (members.length > STORE_LIMITS.keys)
    throw new XtlsError("limit-exceeded", `The trust store holds ${STORE_LIMITS.keys} keys: forget some`);
  return HEAD + (members.length === 0 ? "" : BEFORE + members.join(BETWEEN) + AFTER) + TAIL;
}

/** The members of each record in a document as it is printed; none when it is written in another way. */
export function membersIn(text: string): readonly string[] {
  const [start, end] = [HEAD + BEFORE, AFTER + TAIL];
  if (text.length < start.length + end.length || !text.startsWith(start) || !text.endsWith(end)) return [];
  return text.slice(start.length, -end.length).split(BETWEEN);
}

function membersOf(record: TrustRecord): string {
  const lines = JSON.stringify(record, null, 2).slice("{\n".length, -"\n}".length);
  return `    ${lines.replaceAll("\n", "\n    ")}`;
}

/** Reads one record. @returns undefined for what is none */
export function entryIn(members: string): Entry | undefined {
  try {
    return { ...entry(new Reading(JSON.parse(`{${members}}`), "The trust store")), members };
  } catch {
    return undefined;
  }
}

/** Prints one record. @throws XtlsError `invalid-argument` when another one, or none, would be read there */
export function entryOf(key: TrustRecord): Entry {
  const entry = entryIn(membersOf(key));
  if (entry === undefined || entry.name !== nameOf(key) || entry.record.state !== key.state) throw unreadable();
  return entry;
}

export function unreadable(): XtlsError {
  return new XtlsError(
    "invalid-argument",
    "The trust store could not read this key's record again: nothing was changed",
  );
}

/** @throws XtlsError `store-damaged` when a key is there twice, or there are too many */
export function distinct(entries: readonly Omit<Entry, "members">[]): readonly TrustRecord[] {
  if (entries.length > STORE_LIMITS.keys) throw new XtlsError("store-damaged", "The trust store has too many keys");
  if (new Set(entries.map(({ written }) => written)).size < entries.length)
    throw new XtlsError("store-damaged", "The trust store has a key twice");
  // An earlier version may have taken two writings of one address for two.
  const all = new Map<string, TrustRecord>();
  for (const { name, record } of entries) {
    const same = all.get(name);
    all.set(name, same === undefined ? record : united(same, record));
  }
  return [...all.values()];
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new XtlsError("store-damaged", "The trust store is not JSON", { cause });
  }
}

function entry(source: Reading): Omit<Entry, "members"> {
  const jid = source.matching("jid", (text) => text.length <= ADDRESS_LENGTH && ADDRESS.test(text));
  const read = record(source, prepared(jid));
  const name = nameOf(read);
  return { name, written: jid === read.jid ? name : nameOf({ ...read, jid }), record: read };
}

function record(source: Reading, jid: string): TrustRecord {
  const lastSeen = source.optional("lastSeen", () => source.time("lastSeen"));
  const key = {
    jid,
    spkiFingerprint: source.matching("spkiFingerprint", isCanonicalFingerprint),
    state: source.state("state"),
    hasExtensions: source.boolean("hasExtensions"),
    certificates: Object.freeze(source.list("certificates", RECORD_LIMITS.certificates).map(certificate)),
    firstSeen: source.time("firstSeen"),
    ...(lastSeen === undefined ? {} : { lastSeen }),
    history: Object.freeze(source.list("history", RECORD_LIMITS.history).map(step)),
  };
  source.end();
  if ((key.history.at(-1)?.to ?? "unknown") !== key.state)
    source.refuse("is in a state that its history does not lead to");
  return Object.freeze(key);
}

/** What nobody can have for an address any more stays as it is: a store that refused it would refuse everybody. */
function prepared(address: string): string {
  try {
    return bareJid(address);
  } catch {
    return address;
  }
}

function certificate(source: Reading): SeenCertificate {
  const seen = {
    fingerprint: source.matching("fingerprint", isCanonicalFingerprint),
    sha1: source.matching("sha1", (text) => /^[0-9a-f]{40}$/.test(text)),
  };
  source.end();
  return Object.freeze(seen);
}

function step(source: Reading): TrustStep {
  const note = source.optional("note", () => source.words("note", RECORD_LIMITS.note));
  const taken = {
    at: source.time("at"),
    from: source.state("from"),
    to: source.state("to"),
    by: source.words("by", RECORD_LIMITS.by),
    ...(note === undefined ? {} : { note }),
  };
  source.end();
  return Object.freeze(taken);
}

/** One object of the document: each member is asked for once, and none may be left over. */
class Reading {
  readonly #members: Map<string, unknown>;
  readonly #place: string;

  constructor(value: unknown, place: string) {
    this.#place = place;
    if (typeof value !== "object" || value === null || Array.isArray(value)) this.refuse("is not an object");
    this.#members = new Map(Object.entries(value as object));
  }

  value(name: string): unknown {
    const value = this.#members.get(name);
    this.#members.delete(name);
    return value;
  }

  matching(name: string, isFit: (text: string) => boolean): string {
    const value = this.value(name);
    if (typeof value === "string" && isFit(value)) return value;
    return this.refuse(`has no good "${name}"`);
  }

  words(name: string, length: number): string {
    // A character has two code units at most: longer texts are not even taken apart.
    const isFit = (text: string) => text.length <= 2 * length && text.search(ILLEGIBLE) < 0 && [...text].length <= length;
    return this.matching(name, isFit);
  }

  time(name: string): string {
    return this.matching(name, (text) => {
      const date = new Date(text);
      return !Number.isNaN(date.getTime()) && date.toISOString() === text;
    });
  }

  state(name: string): TrustState {
    return this.matching(name, (text) => STATES.includes(text)) as TrustState;
  }

  boolean(name: string): boolean {
    const value = this.value(name);
    return typeof value === "boolean" ? value : this.refuse(`has no good "${name}"`);
  }

  list(name: string, length = Infinity): readonly Reading[] {
    const value = this.value(name);
    if (!Array.isArray(value)) return this.refuse(`has no good "${name}"`);
    if (value.length > length) return this.refuse(`has too many ${name}`);
    return value.map((item, at) => new Reading(item, `${this.#place}: ${name}[${at}]`));
  }

  optional<Value>(name: string, read: () => Value): Value | undefined {
    return this.#members.has(name) ? read() : undefined;
  }

  end(): void {
    for (const name of this.#members.keys()) this.refuse(`has a "${printableWords(name, 64)}" that means nothing`);
  }

  refuse(why: string): never {
    throw new XtlsError("store-damaged", `${this.#place} ${why}`);
  }
}
