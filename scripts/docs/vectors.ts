/**
 * The vectors of docs/protocol.md: tunnels played by two real ends with all of their extensions, one for each method, and what only
 * these know. Kept in docs/vectors.json; test/vectors computes everything anew without this library.
 *
 * Randomness and time are made up while they are played, so that the nonces are fixed and the next recording changes only what
 * the code does otherwise.
 */
import { createHash } from "node:crypto";
import xml, { Parser, type Element } from "@xmpp/xml";
import * as pgp from "openpgp";
import { prepareJid } from "../../bindings/base/jid.ts";
import type { Method } from "../../bindings/methods/method.ts";
import { openpgp } from "../../bindings/methods/openpgp.ts";
import { sas } from "../../bindings/methods/sas.ts";
import { srp } from "../../bindings/methods/srp.ts";
import type { ShortCode } from "../../bindings/verification/short-code.ts";
import { canonicalise } from "../../bindings/xtls/canonical.ts";
import { calm, core, JULIET, ROMEO, Stage } from "../../test/hostile/stage.ts";
import { insideOf, recompute, type RecordedTunnel } from "../../test/vectors/recompute.ts";
import { clientPublic, number, serverPublic, srp as srpValues } from "../../test/vectors/srp.ts";
import { attribute, textOf } from "../../test/vectors/xml.ts";

type Secrets = Readonly<Record<string, string>>;
type Played = Omit<RecordedTunnel, "values">;

/** One method at both ends, and what they know. */
interface Plot {
  readonly romeo: Method;
  readonly juliet: Method;
  readonly secrets: Secrets;
  /** What shows only when it has been played. */
  found?(played: Played, drawn: readonly Buffer[]): Secrets;
}

/** An address as it comes, and prepared (§1); null: it is none. */
export interface AddressVector {
  readonly given: string;
  readonly prepared: string | null;
}

export interface Vectors {
  readonly about: string;
  readonly addresses: readonly AddressVector[];
  /** Elements in canonical form, each in several writings. */
  readonly canonical: readonly { readonly hex: string; readonly writings: readonly string[] }[];
  readonly tunnels: readonly RecordedTunnel[];
}

const ABOUT =
  "Vectors of docs/protocol.md §14. Each tunnel: its IQs in the order in which they were sent, the key log, what only the two people know, and in `values` (hex where it is no text) what is computed on the way.";
const NOW = Date.UTC(2026, 0, 31, 23, 30);
const PASSWORD = "Wherefore art thou? ♥";

/** Plays all of it. Takes a second or two: SRP's password is stretched as everybody's is. */
export async function recordVectors(previous?: Vectors): Promise<Vectors> {
  const keys = previous?.tunnels.find(({ method }) => method === "openpgp")?.secrets ?? (await makeKeys());
  const tunnels = [];
  for (const [name, plot] of Object.entries({ srp: srpPlot(), sas: sasPlot(), openpgp: openpgpPlot(keys) })) tunnels.push(await play(name, plot));
  const canonical = FORMS.map((writings) => ({ hex: Buffer.from(canonicalise(parsed(writings[0] as string))).toString("hex"), writings }));
  return { about: ABOUT, addresses: ADDRESSES.map(([given]) => ({ given, prepared: preparedOf(given) })), canonical, tunnels };
}

export function readVectors(file: string): Vectors {
  return JSON.parse(file) as Vectors;
}

export function writeVectors(vectors: Vectors): string {
  return `${ascii(JSON.stringify(vectors, null, 2))}\n`;
}

/** An editor may compose characters, or show two as one: what is not ASCII is written by number. */
function ascii(json: string): string {
  return json.replace(/[^\n -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

async function play(method: string, { romeo, juliet, secrets, found }: Plot): Promise<RecordedTunnel> {
  const keyLog: string[] = [];
  const { result: iqs, drawn } = await determined(`xtls vectors ${method}`, async () => {
    const identities = ["romeo@montague.lit", "juliet@capulet.lit"].map((jid) => core.createIdentity({ jid, days: 36_500 }));
    const stage = new Stage(
      { identity: identities[0]!, methods: [romeo], engine: { keyLog: (line) => keyLog.push(line) } },
      { identity: identities[1]!, methods: [juliet] },
    );
    const error = await stage.romeo.attempt(JULIET);
    if (error !== undefined) throw error;
    await until(() => stage.juliet.opened.length > 0);
    await stage.romeo.opened[0]?.send(xml("message", { type: "chat" }, xml("body", {}, "But soft, what light through yonder window breaks?")));
    await stage.juliet.opened[0]?.send(xml("message", { type: "chat" }, xml("body", {}, "Ay me.")));
    await stage.romeo.opened[0]?.close();
    await calm();
    return stage.log.map(String);
  });
  const played = { method, jids: { initiator: ROMEO, responder: JULIET }, secrets, keyLog, iqs };
  const complete = { ...played, secrets: { ...secrets, ...found?.(played, drawn) } };
  return { ...complete, values: recompute(complete) };
}

// --- the plots ------------------------------------------------------------------

function srpPlot(): Plot {
  const method = () => srp({ core, password: () => PASSWORD });
  return { romeo: method(), juliet: method(), secrets: { password: PASSWORD }, found: exponents };
}

/** The ends' secrets are among what was drawn: those that make the A and the B that were sent. */
function exponents(played: Played, drawn: readonly Buffer[]): Secrets {
  const { initiator, responder } = insideOf(played);
  const [challenge, response] = [responder[1], initiator[1]];
  const salt = Buffer.from(attribute(challenge, "salt") as string, "base64");
  const { v } = srpValues({ user: "romeo@montague.lit", password: PASSWORD, salt, rounds: Number(attribute(challenge, "rounds")), a: 1n, b: 1n });
  const secretOf = (sent: string, publicOf: (secret: bigint) => Buffer): string => {
    const found = drawn.find((bytes) => bytes.length === 32 && publicOf(number(bytes)).toString("base64") === sent);
    if (found === undefined) throw new Error("SRP's secrets are not among what was drawn");
    return found.toString("hex");
  };
  return { a: secretOf(textOf(response), clientPublic), b: secretOf(textOf(challenge), (b) => serverPublic(v, b)) };
}

function sasPlot(): Plot {
  const shown: ShortCode[] = [];
  const method = () => sas({ confirm: (code) => shown.push(code) > 0 });
  return { romeo: method(), juliet: method(), secrets: {}, found: () => bothShown(shown) };
}

/** What the two people compared. */
function bothShown([one, other]: readonly ShortCode[]): Secrets {
  if (one === undefined || one.decimals !== other?.decimals) throw new Error("The two people saw different codes");
  return { "decimals shown": one.decimals, "words shown": one.words.join(" "), "emoji shown": one.emoji.map(({ symbol }) => symbol).join(" ") };
}

function openpgpPlot(secrets: Secrets): Plot {
  const keyring = [secrets["initiator's public key"] as string, secrets["responder's public key"] as string];
  const method = (role: string) => openpgp({ key: secrets[`${role}'s private key`] as string, known: () => keyring });
  return { romeo: method("initiator"), juliet: method("responder"), secrets };
}

async function makeKeys(): Promise<Secrets> {
  const secrets: Record<string, string> = {};
  for (const [role, jid] of [["initiator", "romeo@montague.lit"], ["responder", "juliet@capulet.lit"]] as const) {
    const date = new Date(NOW - 86_400_000);
    const { publicKey, privateKey } = await pgp.generateKey({ type: "curve25519", userIDs: { name: `xmpp:${jid}` }, date });
    Object.assign(secrets, { [`${role}'s public key`]: publicKey, [`${role}'s private key`]: privateKey });
  }
  return secrets;
}

// --- addresses ------------------------------------------------------------------------

/** Written down by hand from §1: what the library makes of each is compared with it. */
export const ADDRESSES: readonly (readonly [given: string, prepared: string | null])[] = [
  ["Romeo@Montague.LIT./Orchard", "romeo@montague.lit/Orchard"],
  ["\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2@montague.lit/\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2", "\u03c3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2@montague.lit/\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2"],
  ["\u03a3\u038a\u03a3\u03a5\u03a6\u039f\u03a3@montague.lit", "\u03c3\u03af\u03c3\u03c5\u03c6\u03bf\u03c3@montague.lit"],
  ["\u0130@montague.lit", "i\u0307@montague.lit"],
  ["\ufb01@montague.lit", null],
  ["\u017f@montague.lit", null],
  ["\uff32omeo@montague.lit/\uff2frch\u00a0ard", "romeo@montague.lit/\uff2frch ard"],
  ["cafe\u0301@montague.lit/cafe\u0301", "caf\u00e9@montague.lit/caf\u00e9"],
  ["romeo montague@montague.lit", null],
  ["Stra\u00dfe.de", "stra\u00dfe.de"],
  ["xn--strae-oqa.de", "stra\u00dfe.de"],
  ["montague\u3002lit\uff0e", "montague.lit"],
  ["montague..lit", null],
  ["romeo@[::FFFF:1.2.3.4]/x", "romeo@[::ffff:1.2.3.4]/x"],
  ["montague.lit/a@b/c", "montague.lit/a@b/c"],
  ["montague.lit/", null],
];

function preparedOf(given: string): string | null {
  try {
    return prepareJid(given);
  } catch {
    return null;
  }
}

// --- elements in canonical form ------------------------------------------------------

const C2CTLS = "urn:xmpp:tmp:c2ctls";
const EXT = "urn:xmpp:tmp:xtls:ext";
const FORMS: readonly (readonly string[])[] = [
  [`<offer xmlns="${C2CTLS}"/>`, `<o:offer xmlns:o='${C2CTLS}'>\n</o:offer>`],
  [
    `<offer xmlns="${C2CTLS}"><srp/><method xmlns="${EXT}" name="srp"/><tunnel xmlns="${EXT}" sid="s" window="64" max-bytes="184320"/><bind xmlns="${EXT}"/></offer>`,
    `<o:offer xmlns:o='${C2CTLS}' xmlns:e='${EXT}'>\n  <o:srp/>\n  <e:method name='srp'></e:method>\n  <e:tunnel max-bytes='184320' sid='&#x73;' window='64'/>\n  <e:bind/>\n</o:offer>`,
  ],
  [
    `<offer xmlns="${C2CTLS}"><later xmlns="urn:example:later" b="2" a="1">  one &lt;text&gt;  <in/>two</later></offer>`,
    `<offer xmlns="${C2CTLS}"><x:later xmlns:x="urn:example:later" a="1" b="2">one <![CDATA[<text>]]> <x:in/>\ttwo\n</x:later></offer>`,
  ],
  [
    `<offer xmlns="${C2CTLS}"><later xmlns="urn:example:later" xmlns:w="urn:example:words" w:a="1" a="&#x9;♥" xml:lang="it"/></offer>`,
    `<offer xmlns="${C2CTLS}"><later xmlns="urn:example:later" xml:lang="it" v:a="1" a=" ♥" xmlns:v="urn:example:words"/></offer>`,
  ],
  [
    `<offer xmlns="${C2CTLS}"><later xmlns="urn:example:later">\u00a0one\u00a0</later></offer>`,
    `<offer xmlns="${C2CTLS}"><later xmlns="urn:example:later">\n\t&#xA0;one&#160; </later></offer>`,
  ],
];

function parsed(text: string): Element {
  const parser = new Parser();
  let element: Element | undefined;
  parser.on("element", (each: Element) => (element = each));
  parser.write(`<vectors xmlns="jabber:client">${text}`);
  if (element === undefined) throw new Error(`No element: ${text}`);
  return element;
}

// --- what is fixed ----------------------------------------------------------------------

/** Runs with made-up randomness and a clock that stands still for whoever asks the date. @returns also what was drawn */
async function determined<Result>(seed: string, work: () => Promise<Result>): Promise<{ result: Result; drawn: Buffer[] }> {
  const { Date: TrueDate } = globalThis;
  const drawn: Buffer[] = [];
  Object.defineProperty(globalThis.crypto, "getRandomValues", {
    configurable: true,
    value: <Bytes extends Uint8Array>(bytes: Bytes): Bytes => {
      bytes.set(stream(`${seed} ${drawn.length}`, bytes.length));
      drawn.push(Buffer.from(bytes));
      return bytes;
    },
  });
  globalThis.Date = class extends TrueDate {
    constructor(...parts: number[]) {
      super(...((parts.length === 0 ? [NOW] : parts) as [number]));
    }
    static override now(): number {
      return NOW;
    }
  } as DateConstructor;
  try {
    return { result: await work(), drawn };
  } finally {
    globalThis.Date = TrueDate;
    Reflect.deleteProperty(globalThis.crypto, "getRandomValues");
  }
}

function stream(seed: string, length: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, at) => createHash("sha256").update(`${seed} ${at}`).digest());
  return Buffer.concat(blocks).subarray(0, length);
}

async function until(isDone: () => boolean): Promise<void> {
  while (!isDone()) await calm();
}
