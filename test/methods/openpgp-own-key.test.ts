/**
 * Our own key in the method `openpgp`: unlocked, used, wiped; what it waits for; and the package that it needs.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { build } from "esbuild";
import * as pgp from "openpgp";

import { XtlsError } from "../../bindings/errors.ts";
import { Dialogue } from "../../bindings/methods/dialogue.ts";
import { openpgp } from "../../bindings/methods/openpgp.ts";
import { encodeBase64 } from "../../bindings/xtls/base64.ts";
import { assert, suite } from "../suite.ts";
import { daysAgo, forge, makeKey, publicBlock, statementOf } from "./openpgp-forge.ts";
import { armored, bareRevocation, blockOf, OWNER, owner } from "./openpgp-history.ts";
import {
  asJuliet,
  asRomeo,
  codeOf,
  ends,
  fingerprintOf,
  juliet,
  keyring,
  mallory,
  message,
  romeo,
} from "./openpgp-people.ts";
import { claimAt } from "./stage.ts";

const { sha1 } = pgp.enums.hash;
const test = suite("methods/openpgp: our own key");

const locked = (await pgp.encryptKey({ privateKey: romeo, passphrase: "wherefore" })).armor();

test("unlocks the key with its passphrase, given or asked for", async () => {
  assert.is((await ends(asRomeo({ key: locked, passphrase: "wherefore" }), asJuliet()))[0], "verified");
  assert.is((await ends(asRomeo({ key: locked, passphrase: async () => "wherefore" }), asJuliet()))[0], "verified");
});

test("options that are none are refused when the method is made, and what is no key when it is asked for", async () => {
  const known = () => [];
  const key = locked;
  for (const bad of [undefined, null, {}, { key }, { key: 7, known }, { key, known: [] }, { key, known, passphrase: 7 }, { key, known, vouches: 7 }])
    assert.throws(() => openpgp(bad as never), ({ code }: { code: string }) => code === "invalid-argument", String(bad));
  for (const none of [undefined, null, 7, {}, new ArrayBuffer(8)])
    assert.is((await ends(asRomeo({ key: () => none as never }), asJuliet()))[0], "invalid-argument", String(none));
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

// --- What stands beside it --------------------------------------------------------------

/** What its owner is told of his own key when these blocks are all of it, and what Juliet makes of it. */
async function signedWith(...blocks: readonly (string | Uint8Array)[]): Promise<string[]> {
  const key = blocks.map((block) => (typeof block === "string" ? block : armored(block))).join("\n");
  return ends(asRomeo({ key }), asJuliet({ known: () => [publicBlock(owner), publicBlock(juliet)] }));
}

const FIRST = { day: 1, maySign: true };
const OVER = { day: 200, maySign: true, keyEnds: 300 };
const BOUND = { ...FIRST, back: FIRST };

test("a public copy beside it prolongs our own key, or leaves it as it was", async () => {
  const expired = await makeKey(OWNER, { keyExpirationTime: 24 * 3600 });
  const { publicKey } = await pgp.reformatKey({
    privateKey: expired,
    userIDs: [{ name: OWNER }],
    date: daysAgo(3),
    format: "armored",
  });
  const key = `${expired.armor()}\n${publicKey}`;
  assert.equal(await ends(asRomeo({ key }), asJuliet({ known: () => [publicKey, publicBlock(juliet)] })), [
    "verified",
    "verified",
  ]);
  assert.is((await ends(asRomeo({ key: expired.armor() }), asJuliet()))[0], "invalid-argument");
  const copy = await blockOf({ users: [{ id: OWNER, words: [FIRST] }], subkey: { words: [BOUND] } });
  for (const blocks of [
    [owner.armor(), copy],
    [copy, owner.armor()],
  ])
    assert.equal(await signedWith(...blocks), ["verified", "verified"]);
});

test("does not sign with a key that its peers would refuse: expired, revoked or weak by its newest word", async () => {
  for (const [what, beside] of Object.entries({
    "expired by a newer self-signature over SHA-1": await blockOf({
      users: [{ id: OWNER, words: [{ ...OVER, hash: sha1 }] }],
    }),
    "expired with another user ID": await blockOf({ users: [{ id: "Romeo", words: [OVER] }] }),
    "newest self-signature over SHA-1": await blockOf({
      users: [{ id: OWNER, words: [{ ...OVER, keyEnds: 0, hash: sha1 }] }],
    }),
    "revoked by a bare certificate": await bareRevocation(),
    "signing subkey bound anew over SHA-1": await blockOf({
      users: [],
      subkey: { words: [{ ...BOUND, day: 200, hash: sha1 }] },
    }),
  }))
    for (const blocks of [
      [owner.armor(), beside],
      [beside, owner.armor()],
    ])
      assert.is((await signedWith(...blocks))[0], "invalid-argument", what);
});

test("says so when there are two private keys, since it cannot know which is meant", async () => {
  assert.is((await signedWith(owner.armor(), mallory.armor()))[0], "invalid-argument");
  assert.equal(await signedWith(owner.armor(), owner.armor(), publicBlock(mallory)), ["verified", "verified"]);
});

test("wipes every copy of the key that it has read", async () => {
  const read: pgp.SecretKeyPacket[] = [];
  const original = pgp.SecretKeyPacket.prototype.read;
  pgp.SecretKeyPacket.prototype.read = function (...words) {
    read.push(this);
    return original.apply(this, words);
  };
  try {
    for (const blocks of [
      [owner.armor(), owner.armor()],
      [owner.armor(), mallory.armor()],
      [owner.armor(), await bareRevocation()],
    ])
      await signedWith(...blocks);
  } finally {
    pgp.SecretKeyPacket.prototype.read = original;
  }
  const own = read.filter(
    (packet) =>
      !packet.hasSameFingerprintAs(juliet.keyPacket) && !packet.hasSameFingerprintAs(juliet.subkeys[0]!.keyPacket),
  );
  assert.ok(own.length >= 10 && own.every((packet) => packet.isDummy()));
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
    const dialogue = new Dialogue(
      claimAt(asked === "key" || asked === "passphrase" ? "initiator" : "responder"),
      () => {},
    );
    const run = codeOf(openpgp(options).run(dialogue));
    const signature = await forge(stranger, statementOf(claimAt("initiator"), "initiator"));
    dialogue.deliver(message(encodeBase64(signature), { fingerprint: fingerprintOf(stranger) }));
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

// --- The package ------------------------------------------------------------------------

test("says which package is missing and how to install it", async () => {
  const directory = mkdtempSync(join(tmpdir(), "xtls-openpgp-"));
  try {
    const outfile = join(directory, "method.cjs");
    const entry = fileURLToPath(new URL("../../bindings/methods/openpgp.ts", import.meta.url));
    await build({
      entryPoints: [entry],
      bundle: true,
      format: "cjs",
      platform: "node",
      external: ["openpgp"],
      outfile,
    });
    const alone = (await import(pathToFileURL(outfile).href)) as { openpgp: typeof openpgp };
    const run = alone.openpgp({ key: romeo.armor(), ...keyring }).run(new Dialogue(claimAt("initiator"), () => {}));
    const error = await Promise.resolve(run).catch((error: XtlsError) => error);
    assert.is((error as XtlsError).code, "dependency-missing");
    assert.match((error as XtlsError).message, "npm install openpgp@6");
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("says that WebCrypto is missing, as on pages without HTTPS, and blames nobody's key for it", async () => {
  const before = Object.getOwnPropertyDescriptor(globalThis, "crypto") as PropertyDescriptor;
  Object.defineProperty(globalThis, "crypto", { value: { getRandomValues: crypto.getRandomValues.bind(crypto) }, configurable: true });
  try {
    assert.equal(await ends(asRomeo(), asJuliet()), ["platform-unsupported", "platform-unsupported"]);
  } finally {
    Object.defineProperty(globalThis, "crypto", before);
  }
  assert.equal(await ends(asRomeo(), asJuliet()), ["verified", "verified"]);
});

test("puts nothing of the package into the bundle that imports the method", async () => {
  const entry = fileURLToPath(new URL("../../bindings/methods/openpgp.ts", import.meta.url));
  const { outputFiles, metafile } = await build({
    entryPoints: [entry],
    ...{ bundle: true, splitting: true, format: "esm", platform: "browser", outdir: "/", write: false, metafile: true },
  });
  const main = Object.values(metafile!.outputs).find(({ entryPoint }) => entryPoint !== undefined)!;
  assert.equal(
    Object.keys(main.inputs).filter((path) => path.includes("node_modules/openpgp")),
    [],
  );
  assert.equal(main.imports.filter(({ kind }) => kind === "dynamic-import").length, 1);
  assert.ok(outputFiles!.length > 1);
});

test.run();
