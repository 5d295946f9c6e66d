/**
 * A scanned code against what the trust store knows: whether these are the keys one has been talking to.
 *
 * The code was read off the owner's own screen, where no server can change it. Only a code that agrees
 * with the store marks anything; every other answer leaves the store as it was. Each answer has words
 * for the person who holds the camera.
 */
import { requireMethods, requireObject } from "../base/shape.ts";
import type { XtlsError } from "../errors.ts";
import { canonicalFingerprint } from "../trust/fingerprint.ts";
import type { TrustRecord } from "../trust/record.ts";
import type { TrustStore } from "../trust/store.ts";
import { bareJid } from "../base/jid.ts";
import { parseVerificationUri, type VerificationUri } from "./uri.ts";

/** What the person meant by scanning. */
export interface ScanOptions {
  /** Whose code it should be. Default: whoever's it is. */
  readonly jid?: string;
  /** SHA-256 of SubjectPublicKeyInfo of the key at the other end of a tunnel right now; it must be in the code. */
  readonly shown?: string;
  /** True: keys that were never met are marked too, as when two people meet before their first tunnel. Default: false. */
  readonly acceptsUnknown?: boolean;
  /** For whoever looks at the store later. Default: that a code was scanned. */
  readonly note?: string;
}

/** What came of it. `words` is for the person; fingerprints are of SubjectPublicKeyInfo, upper-case hex with colons. */
export type Scan = { readonly words: string } & (
  | {
      /** The keys are the owner's, and marked so. */
      readonly outcome: "verified";
      readonly jid: string;
      readonly verified: readonly string[];
      /** Keys that are trusted or wait for a decision, but are not in the code: other devices, or somebody else's. */
      readonly unconfirmed: readonly string[];
    }
  /** No key of this JID is known: nothing to compare with. */
  | { readonly outcome: "unknown-key"; readonly jid: string; readonly scanned: readonly string[] }
  /** Keys of this JID are known, but other ones. Somebody may sit between the two. */
  | { readonly outcome: "mismatch"; readonly jid: string; readonly scanned: readonly string[]; readonly known: readonly string[] }
  /** The code has a key that the user distrusts; only `store.verify` changes that. */
  | { readonly outcome: "distrusted"; readonly jid: string; readonly distrusted: readonly string[] }
  /** Somebody else's code. */
  | { readonly outcome: "wrong-jid"; readonly jid: string; readonly expected: string }
  /** No verification code at all. */
  | { readonly outcome: "unreadable"; readonly error: XtlsError }
);

/**
 * Compares a scanned code with the store, and marks the keys as verified when they agree.
 * @param store only `verifyChosen` is called
 * @param text what the QR code says
 * @throws XtlsError `invalid-jid`, `invalid-argument` for the options; `store-damaged`, `limit-exceeded`
 */
export async function verifyScanned(
  store: Pick<TrustStore, "verifyChosen">,
  text: string,
  options: ScanOptions = {},
): Promise<Scan> {
  requireMethods(store, ["verifyChosen"], "store is a TrustStore");
  requireObject(options, "The options of a scan are an object");
  const code = read(text);
  if ("outcome" in code) return code;
  const expected = options.jid === undefined ? code.jid : bareJid(options.jid);
  if (expected !== code.jid) return wrongJid(code.jid, expected);
  let scan: Scan | undefined;
  const choose = (records: readonly TrustRecord[]) => {
    scan = compare(code, records, options);
    return scan.outcome === "verified" ? scan.verified : [];
  };
  await store.verifyChosen(code.jid, choose, { note: options.note ?? "scanned code" });
  return scan!;
}

function read(text: string): VerificationUri | Scan {
  try {
    return parseVerificationUri(text);
  } catch (error) {
    return { outcome: "unreadable", error: error as XtlsError, words: "This is not a code for verifying somebody's keys." };
  }
}

function compare({ jid, spkiFingerprints: scanned }: VerificationUri, records: readonly TrustRecord[], options: ScanOptions): Scan {
  const shown = options.shown === undefined ? [] : [canonicalFingerprint(options.shown)];
  const distrusted = fingerprintsOf(records.filter(({ state }) => state === "distrusted"));
  const known = [...new Set([...fingerprintsOf(records), ...shown])].filter((key) => !distrusted.includes(key));
  const agreed = scanned.filter((key) => known.includes(key));

  const refused = scanned.filter((key) => distrusted.includes(key));
  if (refused.length > 0) return isDistrusted(jid, refused);
  if (!shown.every((key) => scanned.includes(key))) return mismatch(jid, scanned, shown);
  if (agreed.length === 0 && known.length > 0) return mismatch(jid, scanned, known);
  if (agreed.length === 0 && !options.acceptsUnknown) return unknownKey(jid, scanned);
  return verified(jid, options.acceptsUnknown ? scanned : agreed, known.filter((key) => !scanned.includes(key)));
}

function fingerprintsOf(records: readonly TrustRecord[]): readonly string[] {
  return records.map(({ spkiFingerprint }) => spkiFingerprint);
}

function verified(jid: string, keys: readonly string[], unconfirmed: readonly string[]): Scan {
  const good = `The code agrees: ${count(keys, "key")} of ${jid} ${keys.length === 1 ? "is" : "are"} verified.`;
  const open = ` But ${count(unconfirmed, "other key")} that you have for ${jid} ${unconfirmed.length === 1 ? "is" : "are"} not in it: ask which device that is.`;
  return { outcome: "verified", jid, verified: keys, unconfirmed, words: unconfirmed.length === 0 ? good : good + open };
}

function unknownKey(jid: string, scanned: readonly string[]): Scan {
  const words = `You have no key of ${jid} yet, so there is nothing to compare. Nothing was marked: connect first, then scan again.`;
  return { outcome: "unknown-key", jid, scanned, words };
}

function mismatch(jid: string, scanned: readonly string[], known: readonly string[]): Scan {
  const words =
    `These are not the keys that you have for ${jid}. Somebody may be between you and ${jid}, or the code is of a new device. ` +
    "Nothing was marked: do not trust this connection until you know which it is.";
  return { outcome: "mismatch", jid, scanned, known, words };
}

function isDistrusted(jid: string, distrusted: readonly string[]): Scan {
  const words = `You have distrusted a key in this code of ${jid}. Nothing was marked: if you want it back, say so in the list of keys.`;
  return { outcome: "distrusted", jid, distrusted, words };
}

function wrongJid(jid: string, expected: string): Scan {
  return { outcome: "wrong-jid", jid, expected, words: `This is the code of ${jid}, not of ${expected}. Nothing was marked.` };
}

function count(keys: readonly string[], noun: string): string {
  return `${keys.length} ${noun}${keys.length === 1 ? "" : "s"}`;
}
