/**
 * The trust store as text: JSON that a person can read, and that is read strictly.
 *
 *     { "format": "xtls-trust", "version": 1, "keys": [ … ] }
 *
 * A document that is not exactly as it was written is refused as a whole: half a store would be one in
 * which a distrusted key is unknown. Knows nothing of where the text is kept.
 */
import { XtlsError } from "../errors.ts";
import { bareJid } from "../base/jid.ts";
import type { TrustState } from "../xtls/trust.ts";
import { isCanonicalFingerprint } from "./fingerprint.ts";
import { ILLEGIBLE, RECORD_LIMITS, type SeenCertificate, type TrustRecord, type TrustStep } from "./record.ts";

/** Keys in one store, and among them those that await a decision: of these the oldest give way. */
export const STORE_LIMITS = { keys: 10_000, unknown: 256, unknownPerJid: 4 } as const;

const FORMAT = "xtls-trust";
const VERSION = 1;
const STATES: readonly string[] = ["unknown", "first-use", "verified", "distrusted"] satisfies TrustState[];

/** The store as text. @throws XtlsError `limit-exceeded` */
export function printDocument(keys: readonly TrustRecord[]): string {
  if (keys.length > STORE_LIMITS.keys)
    throw new XtlsError("limit-exceeded", `The trust store holds ${STORE_LIMITS.keys} keys: forget some`);
  return `${JSON.stringify({ format: FORMAT, version: VERSION, keys }, null, 2)}\n`;
}

/**
 * The keys of a document, in their order.
 * @throws XtlsError `store-damaged` for anything that `printDocument` does not write
 */
export function parseDocument(text: string): readonly TrustRecord[] {
  const document = new Reading(json(text), "The trust store");
  if (document.value("format") !== FORMAT) document.refuse(`lacks "format": "${FORMAT}"`);
  const version = document.value("version");
  if (version !== VERSION) document.refuse(`is of version ${JSON.stringify(version)}; this program reads ${VERSION}`);
  const keys = document.list("keys", STORE_LIMITS.keys).map(record);
  document.end();
  const names = new Set(keys.map(({ jid, spkiFingerprint }) => `${jid} ${spkiFingerprint}`));
  if (names.size < keys.length) document.refuse("has a key twice");
  return keys;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new XtlsError("store-damaged", "The trust store is not JSON", { cause });
  }
}

function record(source: Reading): TrustRecord {
  const lastSeen = source.optional("lastSeen", () => source.time("lastSeen"));
  const key = {
    jid: source.matching("jid", (text) => isBareJid(text)),
    spkiFingerprint: source.matching("spkiFingerprint", isCanonicalFingerprint),
    state: source.state("state"),
    hasExtensions: source.boolean("hasExtensions"),
    certificates: source.list("certificates", RECORD_LIMITS.certificates).map(certificate),
    firstSeen: source.time("firstSeen"),
    ...(lastSeen === undefined ? {} : { lastSeen }),
    history: source.list("history", RECORD_LIMITS.history).map(step),
  };
  source.end();
  if ((key.history.at(-1)?.to ?? "unknown") !== key.state)
    source.refuse("is in a state that its history does not lead to");
  return Object.freeze(key);
}

function certificate(source: Reading): SeenCertificate {
  const seen = {
    fingerprint: source.matching("fingerprint", isCanonicalFingerprint),
    sha1: source.matching("sha1", (text) => /^[0-9a-f]{40}$/.test(text)),
  };
  source.end();
  return seen;
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
  return taken;
}

function isBareJid(text: string): boolean {
  try {
    return bareJid(text) === text;
  } catch {
    return false;
  }
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
    return this.matching(name, (text) => text.search(ILLEGIBLE) < 0 && [...text].length <= length);
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

  list(name: string, length: number): readonly Reading[] {
    const value = this.value(name);
    if (!Array.isArray(value) || value.length > length) return this.refuse(`has no good "${name}"`);
    return value.map((item, at) => new Reading(item, `${this.#place}: ${name}[${at}]`));
  }

  optional<Value>(name: string, read: () => Value): Value | undefined {
    return this.#members.has(name) ? read() : undefined;
  }

  end(): void {
    for (const name of this.#members.keys()) this.refuse(`has a "${name.slice(0, 64)}" that means nothing`);
  }

  refuse(why: string): never {
    throw new XtlsError("store-damaged", `${this.#place} ${why}`);
  }
}
