/**
 * The method `openpgp` between two ends, and against everybody in between.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { Element } from "@xmpp/xml";
import { build } from "esbuild";
import fc from "fast-check";
import * as pgp from "openpgp";

import { XtlsError } from "../../bindings/errors.ts";
import { Dialogue } from "../../bindings/methods/dialogue.ts";
import type { Method } from "../../bindings/methods/method.ts";
import { openpgp, type OpenPgpOptions } from "../../bindings/methods/openpgp.ts";
import { encodeBase64 } from "../../bindings/xtls/base64.ts";
import { NS_XTLS_EXT } from "../../bindings/xtls/namespaces.ts";
import type { Role } from "../../bindings/xtls/state.ts";
import { assert, suite } from "../suite.ts";
import { forge, makeKey, publicBlock, statementOf } from "./openpgp-forge.ts";
import { claimAt, converse, told, type Scene } from "./stage.ts";

const romeo = await makeKey("xmpp:romeo@montague.lit");
const juliet = await makeKey("xmpp:juliet@capulet.lit");
const mallory = await makeKey("xmpp:mallory@evil.example");
const blocks = [romeo, juliet, mallory].map(publicBlock);

const keyring = { known: () => blocks };
const asRomeo = (changes: Partial<OpenPgpOptions> = {}) => openpgp({ key: romeo.armor(), ...keyring, ...changes });
const asJuliet = (changes: Partial<OpenPgpOptions> = {}) => openpgp({ key: juliet.armor(), ...keyring, ...changes });
const asMallory = () => openpgp({ key: mallory.armor(), ...keyring });

const test = suite("methods/openpgp");

/** What both ends make of it, the initiator's first. */
async function ends(initiator: Method, responder: Method, scene?: Partial<Scene>): Promise<[string, string]> {
  const outcome = await converse(initiator, responder, scene);
  return [told(outcome.initiator), told(outcome.responder)];
}

/** The other end said this, whatever we do. */
const parrot = (...messages: readonly Element[]): Method => ({
  name: "openpgp",
  run: async (conversation) => {
    messages.forEach((message) => conversation.say(message));
    await conversation.hear("openpgp");
    return { trusted: true, state: "verified" };
  },
});

const message = (text: string, attributes: Record<string, string> = { fingerprint: fingerprintOf(romeo) }): Element =>
  new Element("openpgp", { xmlns: NS_XTLS_EXT, ...attributes }).t(text);
const fingerprintOf = (key: pgp.Key): string => key.getFingerprint().toUpperCase();
const romeosProof = async (): Promise<string> => encodeBase64(await forge(romeo, statementOf(claimAt("initiator"), "initiator")));

/** What was said, in order, when Romeo calls Juliet. */
async function record(scene: Partial<Scene> = {}): Promise<{ from: Role; message: Element }[]> {
  const said: { from: Role; message: Element }[] = [];
  const wire = (message: Element, from: Role) => (said.push({ from, message }), [message]);
  await converse(asRomeo(), asJuliet(), { ...scene, wire });
  return said;
}

test("each end believes the other's key", async () => {
  assert.equal(await ends(asRomeo(), asJuliet()), ["verified", "verified"]);
});

test("says by which key it knows the peer", async () => {
  const { responder } = await converse(asRomeo(), asJuliet());
  assert.equal(responder, { trusted: true, state: "verified", note: `OpenPGP key ${fingerprintOf(romeo)}` });
});

test("takes one message of each end, the initiator's first, with the key's fingerprint", async () => {
  const said = await record();
  assert.equal(said.map(({ from }) => from), ["initiator", "responder"]);
  assert.equal(said.map(({ message }) => message.attrs.fingerprint), [fingerprintOf(romeo), fingerprintOf(juliet)]);
  assert.ok(said.every(({ message }) => message.attrs.xmlns === NS_XTLS_EXT && message.getName() === "openpgp"));
});

test("asks for the peer's keys by its bare JID and the fingerprint it names", async () => {
  const asked: string[][] = [];
  const known = (jid: string, fingerprint: string) => (asked.push([jid, fingerprint]), publicBlock(romeo));
  assert.equal(await ends(asRomeo(), asJuliet({ known })), ["verified", "verified"]);
  assert.equal(asked, [["romeo@montague.lit", fingerprintOf(romeo)]]);
});

test("takes keys as bytes, as functions and as promises, and leaves the bytes alone", async () => {
  const bytes = romeo.write();
  const before = bytes.slice();
  const known = async () => [juliet.toPublic().write()];
  assert.equal(await ends(asRomeo({ key: bytes, known }), asJuliet({ key: async () => juliet.write() })), ["verified", "verified"]);
  assert.equal(bytes, before);
});

// --- Who speaks first ---------------------------------------------------------------

test("the responder reveals nothing and asks for no passphrase before it is convinced", async () => {
  let isAsked = false;
  const key = () => ((isAsked = true), juliet.armor());
  const said: Role[] = [];
  const wire = (message: Element, from: Role) => (said.push(from), [message]);
  const outcome = await converse(asMallory(), asJuliet({ key }), { wire });
  assert.is(told(outcome.responder), "key-refused");
  assert.equal(said, ["initiator"]);
  assert.not(isAsked);
});

test("refuses an end whose key it does not know", async () => {
  const known = () => [publicBlock(mallory)];
  assert.is((await ends(asRomeo(), asJuliet({ known })))[1], "key-refused");
  assert.is((await ends(asRomeo({ known }), asJuliet()))[0], "key-refused");
  assert.is((await ends(asRomeo({ known: () => [] }), asJuliet()))[0], "key-refused");
});

// --- Between the ends -----------------------------------------------------------------

const FALSE = "AA:".repeat(31) + "AA";
const inBetween = (changes: Partial<Record<Role, Partial<{ jid: string; fingerprint: string }>>>, secret?: string) => {
  const { ends } = claimAt("responder");
  const initiator = { ...ends.initiator, ...changes.initiator };
  const responder = { ...ends.responder, ...changes.responder };
  return claimAt("responder", { ends: { initiator, responder } }, secret);
};

for (const [what, responder] of Object.entries({
  "exporter": inBetween({}, "another connection"),
  "initiator's certificate": inBetween({ initiator: { fingerprint: FALSE } }),
  "responder's certificate": inBetween({ responder: { fingerprint: FALSE } }),
  "initiator's JID": inBetween({ initiator: { jid: "romeo@montague.lit/balcony" } }),
  "responder's JID": inBetween({ responder: { jid: "mallory@evil.example/cave" } }),
  "whole tunnel": inBetween({ initiator: { fingerprint: FALSE }, responder: { fingerprint: FALSE } }, "another connection"),
})) {
  test(`refuses proofs relayed from a tunnel with another ${what}`, async () => {
    assert.is((await ends(asRomeo(), asJuliet(), { responder }))[1], "not-authorized");
    // A responder that believes everything: then it is the initiator who must not.
    const gullible = { ...asJuliet(), run: believing(asJuliet()) };
    assert.is((await ends(asRomeo(), gullible, { responder }))[0], "not-authorized");
  });
}

/** Runs a method at an end that takes whatever it hears for a good proof. */
function believing(method: Method): Method["run"] {
  return async (conversation) => {
    const { claim, signal } = conversation;
    await conversation.hear("openpgp");
    const proof = message(encodeBase64(await forge(romeo, statementOf(claim, "initiator"))));
    return method.run({ claim, signal, say: (answer) => conversation.say(answer), hear: async () => proof });
  };
}

test("whoever sits in between cannot run the method in another's name", async () => {
  assert.equal((await ends(asMallory(), asJuliet()))[1], "key-refused");
  assert.equal((await ends(asRomeo(), asMallory()))[0], "key-refused");
});

test("a fingerprint that is not the signer's does not help", async () => {
  const proof = encodeBase64(await forge(mallory, statementOf(claimAt("initiator"), "initiator")));
  assert.is((await ends(parrot(message(proof)), asJuliet()))[1], "key-refused");
});

test("refuses what an earlier tunnel said", async () => {
  const [first, second] = await record();
  const later = { initiator: claimAt("initiator", {}, "later"), responder: claimAt("responder", {}, "later") };
  assert.is((await ends(parrot(first!.message), asJuliet(), later))[1], "not-authorized");
  const replayed = parrotAfter(second!.message);
  assert.is((await ends(asRomeo(), replayed, later))[0], "not-authorized");
});

const parrotAfter = (answer: Element): Method => ({
  name: "openpgp",
  run: async (conversation) => {
    await conversation.hear("openpgp");
    conversation.say(answer);
    return { trusted: true, state: "verified" };
  },
});

test("refuses its own words sent back, even when its own key may speak for the peer", async () => {
  const mirror: Method = {
    name: "openpgp",
    run: async (conversation) => {
      conversation.say(await conversation.hear("openpgp"));
      return { trusted: true, state: "verified" };
    },
  };
  const vouches = () => true;
  assert.is((await ends(asRomeo({ vouches }), mirror))[0], "not-authorized");
});

test("two ends that both think they began refuse each other", async () => {
  const crossing = claimAt("responder", { role: "initiator" });
  const outcome = await ends(asRomeo(), asJuliet(), { responder: crossing });
  assert.ok(outcome.includes("not-authorized") && !outcome.includes("verified"), String(outcome));
});

test("two ends that both wait for the other say nothing", async () => {
  const said: Element[] = [];
  const dialogues = [claimAt("responder"), claimAt("initiator", { role: "responder" })].map(
    (claim) => new Dialogue(claim, (message) => said.push(message)),
  );
  const runs = dialogues.map((dialogue, at) => codeOf([asJuliet, asRomeo][at]!().run(dialogue)));
  await new Promise(setImmediate);
  dialogues.forEach((dialogue) => dialogue.end(new XtlsError("timeout")));
  for (const code of await Promise.all(runs)) assert.ok(code === "timeout" || code === "closed", code);
  assert.equal(said, []);
});

test("a message twice is no more than once, and more than a few end the tunnel", async () => {
  const wire = (count: number) => (message: Element) => Array<Element>(count).fill(message);
  assert.equal(await ends(asRomeo(), asJuliet(), { wire: wire(2) }), ["verified", "verified"]);
  assert.ok((await ends(asRomeo(), asJuliet(), { wire: wire(20) })).every((told) => told !== "verified"));
});

test("another method's message out of turn is a violation", async () => {
  assert.is((await ends(parrot(new Element("commit", { xmlns: NS_XTLS_EXT })), asJuliet()))[1], "method-violation");
});

// --- Malformed ------------------------------------------------------------------------

const proof = await romeosProof();
const child = message(proof);
child.append(new Element("more"));
for (const [what, said] of Object.entries({
  "no fingerprint": message(proof, {}),
  "a fingerprint in lower case": message(proof, { fingerprint: fingerprintOf(romeo).toLowerCase() }),
  "a short fingerprint": message(proof, { fingerprint: fingerprintOf(romeo).slice(2) }),
  "no signature": message(""),
  "what is not base64": message(`${proof}!`),
  "unpadded base64": message("AAA"),
  "child elements": child,
  "more than 8192 digits": message(proof + " ".repeat(8193 - proof.length)),
  "bytes that are no packet": message(encodeBase64(new Uint8Array(64))),
  "a key instead of a signature": message(encodeBase64(romeo.toPublic().write())),
  "two signatures": message(encodeBase64(twice(await forge(romeo, statementOf(claimAt("initiator"), "initiator"))))),
})) {
  test(`takes for a violation: ${what}`, async () => {
    assert.is((await ends(parrot(said), asJuliet()))[1], "method-violation");
  });
}

function twice(bytes: Uint8Array): Uint8Array {
  const both = new Uint8Array(2 * bytes.length);
  both.set(bytes);
  both.set(bytes, bytes.length);
  return both;
}

test("accepts as many digits as it says, white space included", async () => {
  const wide = message(proof + " ".repeat(8192 - proof.length));
  assert.is((await ends(parrot(wide), asJuliet()))[1], "verified");
});

const REFUSALS = ["method-violation", "not-authorized", "key-refused"];

test("believes no altered signature and never fails otherwise than it should", async () => {
  const honest = await forge(romeo, statementOf(claimAt("initiator"), "initiator"));
  // Not the first byte: a packet may begin with an old header as well as with a new one.
  const alteration = fc.record({ at: fc.integer({ min: 1, max: honest.length - 1 }), bits: fc.integer({ min: 1, max: 255 }), cut: fc.nat(honest.length) });
  await fc.assert(
    fc.asyncProperty(alteration, fc.boolean(), async ({ at, bits, cut }, isCut) => {
      const bytes = isCut ? honest.slice(0, cut) : honest.slice();
      if (!isCut) bytes[at]! ^= bits;
      const [, told] = await ends(parrot(message(encodeBase64(bytes))), asJuliet());
      return isCut && cut === honest.length ? told === "verified" : REFUSALS.includes(told);
    }),
    { numRuns: 200 },
  );
});

test("survives any bytes", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 512 }), fc.boolean(), async (bytes, isPacket) => {
      const framed = isPacket ? new Uint8Array([0xc2, 0xff, 0, 0, bytes.length >> 8, bytes.length & 0xff, 4, 0, 22, 10, ...bytes]) : bytes;
      const [, told] = await ends(parrot(message(encodeBase64(framed))), asJuliet());
      return REFUSALS.includes(told);
    }),
    { numRuns: 200 },
  );
});

// --- Our own key ----------------------------------------------------------------------

const locked = (await pgp.encryptKey({ privateKey: romeo, passphrase: "wherefore" })).armor();

test("unlocks the key with its passphrase, given or asked for", async () => {
  assert.is((await ends(asRomeo({ key: locked, passphrase: "wherefore" }), asJuliet()))[0], "verified");
  assert.is((await ends(asRomeo({ key: locked, passphrase: async () => "wherefore" }), asJuliet()))[0], "verified");
});

test("says so when the passphrase is wrong or missing", async () => {
  assert.is((await ends(asRomeo({ key: locked, passphrase: "therefore" }), asJuliet()))[0], "wrong-passphrase");
  assert.is((await ends(asRomeo({ key: locked, passphrase: () => "" }), asJuliet()))[0], "wrong-passphrase");
  assert.is((await ends(asRomeo({ key: locked }), asJuliet()))[0], "wrong-passphrase");
});

test("does not sign with a secret key whose public half somebody has exchanged", async () => {
  // Whoever can write the file puts our locked half beside a key of his own; two such signatures would give ours away.
  const lock = (privateKey: pgp.PrivateKey) => pgp.encryptKey({ privateKey, passphrase: "wherefore" });
  const [ours, his] = [await lock(romeo), await lock(await makeKey("xmpp:romeo@montague.lit", { subkeys: [] }))];
  const halves = ["keyMaterial", "iv", "s2k", "s2kUsage", "symmetric"] as const;
  const half = ours.keyPacket as unknown as Record<(typeof halves)[number], unknown>;
  Object.assign(his.keyPacket, Object.fromEntries(halves.map((name) => [name, half[name]])));
  const known = () => [publicBlock(his), publicBlock(juliet)];
  const outcome = await ends(asRomeo({ key: his.armor(), passphrase: "wherefore" }), asJuliet({ known }));
  assert.is(outcome[0], "wrong-passphrase");
});

test("asks for no passphrase when the key is not locked", async () => {
  const passphrase = () => assert.unreachable() as never;
  assert.is((await ends(asRomeo({ passphrase }), asJuliet()))[0], "verified");
});

test("wipes the unlocked key when it has signed", async () => {
  const wiped: Uint8Array[] = [];
  const { decrypt } = pgp.SecretKeyPacket.prototype;
  pgp.SecretKeyPacket.prototype.decrypt = async function (...words) {
    await decrypt.apply(this, words);
    wiped.push(...Object.values(this.privateParams as Record<string, Uint8Array>));
    assert.ok(wiped.some((bytes) => bytes.some((byte) => byte !== 0)));
  };
  try {
    assert.is((await ends(asRomeo({ key: locked, passphrase: "wherefore" }), asJuliet()))[0], "verified");
  } finally {
    pgp.SecretKeyPacket.prototype.decrypt = decrypt;
  }
  assert.ok(wiped.length > 0 && wiped.every((bytes) => bytes.every((byte) => byte === 0)));
});

test("says so when its own key is a public one, nonsense, or may not sign", async () => {
  const expired = await makeKey("xmpp:romeo@montague.lit", { keyExpirationTime: 3600 });
  for (const key of [publicBlock(romeo), "nonsense", new Uint8Array(3), expired.armor()])
    assert.is((await ends(asRomeo({ key }), asJuliet()))[0], "invalid-argument");
});

// --- Ends before its end ----------------------------------------------------------------

for (const asked of ["key", "passphrase", "known", "vouches"] as const) {
  test(`stops waiting for ${asked} when the tunnel ends`, async () => {
    let signal: AbortSignal | undefined;
    let begin = () => {};
    const begun = new Promise<void>((resolve) => (begin = resolve));
    const forever = (...words: unknown[]) => {
      signal = words.find((word) => word instanceof AbortSignal);
      begin();
      return new Promise<never>(() => {});
    };
    const stranger = await makeKey("Romeo");
    const options = { key: locked, passphrase: "wherefore", known: () => [publicBlock(stranger)], [asked]: forever };
    const dialogue = new Dialogue(claimAt(asked === "key" || asked === "passphrase" ? "initiator" : "responder"), () => {});
    const run = codeOf(openpgp(options).run(dialogue));
    dialogue.deliver(message("AAAA", { fingerprint: fingerprintOf(stranger) }));
    await begun;
    dialogue.end(new XtlsError("peer-unavailable"));
    assert.is(await run, "peer-unavailable");
    if (signal !== undefined) assert.ok(signal.aborted);
  });
}

test("stops listening when the tunnel ends", async () => {
  const dialogue = new Dialogue(claimAt("initiator"), () => dialogue.end(new XtlsError("timeout")));
  assert.is(await codeOf(asRomeo().run(dialogue)), "closed");
});

async function codeOf(run: unknown): Promise<string | undefined> {
  try {
    await run;
  } catch (error) {
    return (error as XtlsError).code;
  }
  return undefined;
}

// --- The package ------------------------------------------------------------------------

test("says which package is missing and how to install it", async () => {
  const directory = mkdtempSync(join(tmpdir(), "xtls-openpgp-"));
  try {
    const outfile = join(directory, "method.cjs");
    const entry = fileURLToPath(new URL("../../bindings/methods/openpgp.ts", import.meta.url));
    await build({ entryPoints: [entry], bundle: true, format: "cjs", platform: "node", external: ["openpgp"], outfile });
    const alone = (await import(pathToFileURL(outfile).href)) as { openpgp: typeof openpgp };
    const run = alone.openpgp({ key: romeo.armor(), ...keyring }).run(new Dialogue(claimAt("initiator"), () => {}));
    const error = await Promise.resolve(run).catch((error: XtlsError) => error);
    assert.is((error as XtlsError).code, "dependency-missing");
    assert.match((error as XtlsError).message, "npm install openpgp@6");
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("puts nothing of the package into the bundle that imports the method", async () => {
  const entry = fileURLToPath(new URL("../../bindings/methods/openpgp.ts", import.meta.url));
  const { outputFiles, metafile } = await build({
    entryPoints: [entry],
    ...{ bundle: true, splitting: true, format: "esm", platform: "browser", outdir: "/", write: false, metafile: true },
  });
  const main = Object.values(metafile!.outputs).find(({ entryPoint }) => entryPoint !== undefined)!;
  assert.equal(Object.keys(main.inputs).filter((path) => path.includes("node_modules/openpgp")), []);
  assert.equal(main.imports.filter(({ kind }) => kind === "dynamic-import").length, 1);
  assert.ok(outputFiles!.length > 1);
});

test.run();
