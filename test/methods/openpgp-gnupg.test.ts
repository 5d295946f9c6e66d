/**
 * The method `openpgp` and GnuPG understand each other: keys and signatures, both ways.
 */

import type { Element } from "@xmpp/xml";
import * as pgp from "openpgp";

import type { Method } from "../../bindings/methods/method.ts";
import type { OpenPgpKey } from "../../bindings/methods/openpgp.ts";
import { decodeBase64, encodeBase64 } from "../../bindings/xtls/base64.ts";
import { assert, suite } from "../suite.ts";
import { Gnupg } from "./gnupg.ts";
import { makeKey, statementOf } from "./openpgp-forge.ts";
import { asJuliet, asRomeo, ends, fingerprintOf, message, parrot } from "./openpgp-people.ts";
import { claimAt } from "./stage.ts";

const ROMEO = "xmpp:romeo@montague.lit";
const STATEMENT = statementOf(claimAt("initiator"), "initiator");
const test = suite("methods/openpgp: GnuPG");

let gnupg: Gnupg;
test.before.each(() => void (gnupg = new Gnupg()));
test.after.each(() => gnupg[Symbol.dispose]());

type Known = OpenPgpKey | readonly OpenPgpKey[];

/** Romeo, whose key GnuPG has made, calls Juliet: what each makes of it. */
const call = (key: OpenPgpKey, known: Known, passphrase = ""): Promise<[string, string]> =>
  ends(asRomeo({ key, passphrase }), asJuliet({ known: () => known }));

/** What Juliet makes of a signature that GnuPG has made. */
async function judged(fingerprint: string, signature: Uint8Array): Promise<string> {
  const romeos = parrot(message(encodeBase64(signature), { fingerprint }));
  return (await ends(romeos, asJuliet({ known: () => gnupg.publicKey(fingerprint) })))[1];
}

/** The signature that our method makes, as it goes over the wire. */
async function ours(key: OpenPgpKey, passphrase = ""): Promise<Uint8Array> {
  let said: Element | undefined;
  const listener: Method = {
    name: "openpgp",
    run: async (conversation) => {
      said = await conversation.hear("openpgp");
      return { trusted: false, code: "closed" };
    },
  };
  await ends(asRomeo({ key, passphrase }), listener);
  return decodeBase64(said?.getText() ?? "");
}

for (const algorithm of ["ed25519", "rsa2048", "nistp256"]) {
  test(`a key of kind ${algorithm} that GnuPG made works, locked and unlocked, and GnuPG believes what it signs`, async () => {
    const locked = ["--passphrase", "wherefore"];
    const fingerprint = gnupg.makeKey(ROMEO, algorithm, "sign,cert", ...locked);
    const secret = gnupg.secretKey(fingerprint, "wherefore");
    assert.equal(await call(secret, gnupg.publicKey(fingerprint), "wherefore"), ["verified", "verified"]);
    assert.is((await call(secret, gnupg.publicKey(fingerprint), "therefore"))[0], "wrong-passphrase");
    assert.is(gnupg.verify(await ours(secret, "wherefore"), STATEMENT), fingerprint);
    assert.is(await judged(fingerprint, gnupg.sign(fingerprint, STATEMENT, ...locked)), "verified");
  });
}

test("GnuPG believes what keys of our making sign, and signs with them for us", async () => {
  for (const recipe of [
    { type: "ecc", curve: "ed25519Legacy" },
    { type: "ecc", curve: "nistP256" },
    { type: "rsa", rsaBits: 2048 },
  ] as const) {
    const key = await makeKey(ROMEO, recipe);
    const fingerprint = fingerprintOf(key);
    gnupg.run(["--import"], key.armor());
    assert.is(gnupg.verify(await ours(key.armor()), STATEMENT), fingerprint);
    assert.throws(() => gnupg.verify(gnupg.sign(fingerprint, STATEMENT), STATEMENT.slice(1)));
    assert.is(await judged(fingerprint, gnupg.sign(fingerprint, STATEMENT)), "verified");
  }
});

test("a signing subkey works while the primary key is somewhere safe", async () => {
  const [fingerprint, subkey] = withSubkey("Romeo of the safe");
  gnupg.run(["--quick-add-uid", fingerprint, ROMEO]);
  const stub = gnupg.run(["--export-secret-subkeys", fingerprint]);
  assert.equal(await call(new Uint8Array(stub), new Uint8Array(gnupg.run(["--export", fingerprint]))), [
    "verified",
    "verified",
  ]);
  assert.is(gnupg.verify(await ours(new Uint8Array(stub)), STATEMENT), subkey);
});

test("says so when the secret part of the signing key is not there", async () => {
  const fingerprint = gnupg.makeKey(ROMEO, "ed25519");
  gnupg.run(["--quick-add-key", fingerprint, "cv25519", "encr", "0"]);
  const stub = new Uint8Array(gnupg.run(["--export-secret-subkeys", fingerprint]));
  assert.is((await call(stub, []))[0], "invalid-argument");
});

/** The fingerprints of a primary key that only certifies, and of its subkey that signs. */
function withSubkey(userId: string): [string, string] {
  const fingerprint = gnupg.makeKey(userId, "ed25519", "cert");
  gnupg.run(["--quick-add-key", fingerprint, "ed25519", "sign", "0"]);
  return gnupg.fingerprints(fingerprint) as [string, string];
}

for (const [algorithm, ...options] of [
  ["dsa2048"],
  ["secp256k1"],
  ["rsa1024"],
  ["rsa2048", "--cert-digest-algo", "SHA1"],
] as const) {
  test(`refuses a key made with ${[algorithm, ...options].join(" ")}`, async () => {
    const fingerprint = gnupg.makeKey(ROMEO, algorithm, "sign,cert", ...options);
    assert.is(await judged(fingerprint, gnupg.sign(fingerprint, STATEMENT)), "key-refused");
  });
}

test("refuses what GnuPG signs as text, over SHA-1, or twice", async () => {
  const fingerprint = gnupg.makeKey(ROMEO, "rsa2048");
  assert.is(await judged(fingerprint, gnupg.sign(fingerprint, STATEMENT, "--textmode")), "not-authorized");
  assert.is(await judged(fingerprint, gnupg.sign(fingerprint, STATEMENT, "--digest-algo", "SHA1")), "not-authorized");
  const other = gnupg.makeKey("Mercutio", "ed25519");
  assert.is(await judged(fingerprint, gnupg.sign(fingerprint, STATEMENT, "--local-user", other)), "method-violation");
});

test("refuses a key that its owner has revoked with GnuPG, beside an older copy", async () => {
  const fingerprint = gnupg.makeKey(ROMEO, "ed25519");
  const [secret, old] = [gnupg.secretKey(fingerprint), gnupg.publicKey(fingerprint)];
  assert.is((await call(secret, old))[1], "verified");
  gnupg.revoke(fingerprint);
  assert.is((await call(secret, [old, gnupg.publicKey(fingerprint)]))[1], "key-refused");
});

test("the certificate that GnuPG keeps for an emergency counts beside the key, once its colon is gone", async () => {
  const fingerprint = gnupg.makeKey(ROMEO, "ed25519");
  const [secret, key, kept] = [
    gnupg.secretKey(fingerprint),
    gnupg.publicKey(fingerprint),
    gnupg.revocationOf(fingerprint),
  ];
  const certificate = kept.replace("\n:-----", "\n-----");
  for (const known of [key, `${key}\n${kept}`]) assert.is((await call(secret, known))[1], "verified");
  for (const known of [`${key}\n${certificate}`, `${certificate}\n${key}`, [key, certificate]])
    assert.is((await call(secret, known))[1], "key-refused");
  assert.is((await call(`${secret}\n${certificate}`, key))[0], "invalid-argument");
});

test("of two exports in one text the newer one's revocation counts", async () => {
  const fingerprint = gnupg.makeKey(ROMEO, "ed25519");
  const [secret, old] = [gnupg.secretKey(fingerprint), gnupg.publicKey(fingerprint)];
  gnupg.revoke(fingerprint);
  assert.is((await call(secret, old + gnupg.publicKey(fingerprint)))[1], "key-refused");
});

test("refuses a key that a designated revoker has revoked", async () => {
  const revoker = gnupg.makeKey("Lady Montague", "ed25519");
  const parameters = [
    "Key-Type: EDDSA",
    "Key-Curve: ed25519",
    "Key-Usage: sign",
    `Name-Real: ${ROMEO}`,
    `Revoker: 22:${revoker}`,
    "%no-protection",
    "%commit",
    "",
  ];
  gnupg.run(["--allow-freeform-uid", "--gen-key"], parameters.join("\n"));
  const [fingerprint] = gnupg.fingerprints(`=${ROMEO}`) as [string];
  const [secret, old] = [gnupg.secretKey(fingerprint), gnupg.publicKey(fingerprint)];
  assert.is((await call(secret, old))[1], "verified");
  gnupg.revokeFor(fingerprint);
  const revoked = gnupg.publicKey(fingerprint);
  const [key] = await pgp.readKeys({ armoredKeys: revoked });
  assert.not(await key!.isRevoked(), "the package itself does not see it");
  for (const known of [[revoked], [old, revoked]]) assert.is((await call(secret, known))[1], "key-refused");
});

test.run();
