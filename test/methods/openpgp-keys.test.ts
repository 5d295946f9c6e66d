/**
 * Which OpenPGP keys the method `openpgp` believes, and which signatures by them.
 */

import * as pgp from "openpgp";

import { findKey, signerOf } from "../../bindings/methods/openpgp/known-key.ts";
import { openpgp, openpgpOf, type OpenPgpOptions } from "../../bindings/methods/openpgp.ts";
import type { Prompt } from "../../bindings/xtls/trust.ts";
import { encodeBase64 } from "../../bindings/xtls/base64.ts";
import { assert, suite } from "../suite.ts";
import {
  daysAgo,
  forge,
  makeKey,
  publicBlock,
  statementOf,
  type Forgery,
  type Recipe,
  type Subject,
} from "./openpgp-forge.ts";
import { asRomeo, ends, fingerprintOf, juliet, message, parrot } from "./openpgp-people.ts";
import { claimAt } from "./stage.ts";

const ROMEO = "xmpp:romeo@montague.lit";
const { hash, signature: type } = pgp.enums;
const test = suite("methods/openpgp: keys");

const romeo = await makeKey(ROMEO, { subkeys: [{ sign: true }, {}] });
const rsa = await makeKey(ROMEO, { type: "rsa", rsaBits: 2048, subkeys: [{ sign: true }] });

/** What Juliet makes of whoever shows her this key, with this signature (by default its own, honest one). */
async function judged(
  key: pgp.PrivateKey,
  changes: Partial<OpenPgpOptions> = {},
  signature?: Uint8Array | Promise<Uint8Array>,
): Promise<string> {
  const fingerprint = fingerprintOf(key);
  const romeos = signature && parrot(message(encodeBase64(await signature), { fingerprint }));
  const juliets = openpgp({ key: juliet.armor(), known: () => publicBlock(key), ...changes });
  return (await ends(romeos ?? asRomeo({ key: key.armor() }), juliets))[1];
}

/** A signature over the right statement by whichever part of a key. */
const by = (signer: pgp.Key | pgp.Subkey, forgery?: Forgery): Promise<Uint8Array> =>
  forge(signer, statementOf(claimAt("initiator"), "initiator"), forgery);

test("looks at eight useless proofs of a stranger, then at none for a minute; at those of whom we asked it does", async () => {
  const clock = { now: 0 };
  let asked = 0;
  const juliets = openpgpOf({ key: juliet.armor(), known: () => (asked++, publicBlock(romeo)) }, () => clock.now);
  const attempt = async (bytes: Uint8Array, isOwnRequest = false) => {
    const mallory = parrot(message(encodeBase64(bytes), { fingerprint: fingerprintOf(romeo) }));
    return (await ends(mallory, juliets, { responder: claimAt("responder", { isOwnRequest }) }))[1];
  };
  const [good, bad] = [await by(romeo), await forge(romeo, new Uint8Array(3))];
  for (let time = 0; time < 8; time++) assert.is(await attempt(bad), "not-authorized");
  assert.equal([await attempt(good), asked], ["too-many-tries", 8]);
  assert.is(await attempt(good, true), "verified");
  clock.now += 60_000;
  assert.is(await attempt(good), "verified");
  assert.is(await attempt(bad), "not-authorized");
});

test("looks at one proof at a time, however many strangers there are", async () => {
  let [running, most] = [0, 0];
  const original = pgp.PublicKey.prototype.getSigningKey;
  pgp.PublicKey.prototype.getSigningKey = async function (...words) {
    most = Math.max(most, ++running);
    return original.apply(this, words).finally(() => running--);
  };
  try {
    const juliets = openpgp({ key: juliet.armor(), known: () => publicBlock(romeo), vouches: () => true });
    const bytes = await forge(romeo, new Uint8Array(3));
    const mallory = () => parrot(message(encodeBase64(bytes), { fingerprint: fingerprintOf(romeo) }));
    const claimed = (index: number) => ({
      responder: claimAt("responder", { jid: `stranger${index}@evil${index}.example` }),
    });
    const told = await Promise.all(Array.from({ length: 30 }, (_, index) => ends(mallory(), juliets, claimed(index))));
    assert.equal([most, new Set(told.map(([, code]) => code))], [1, new Set(["not-authorized"])]);
  } finally {
    pgp.PublicKey.prototype.getSigningKey = original;
  }
});

// --- Kinds of keys --------------------------------------------------------------------

const KINDS: Record<string, Recipe> = {
  "Ed25519, version 4": {},
  "Ed25519 as it used to be, version 4": { type: "ecc", curve: "ed25519Legacy" },
  "Ed25519, version 6": { version: 6 },
  "Ed448, version 6": { type: "curve448", version: 6 },
  "P-256, version 4": { type: "ecc", curve: "nistP256" },
  "P-256, version 6": { type: "ecc", curve: "nistP256", version: 6 },
  "RSA of 2048 bits, version 4": { type: "rsa", rsaBits: 2048 },
  "RSA of 2048 bits, version 6": { type: "rsa", rsaBits: 2048, version: 6 },
};
for (const [kind, recipe] of Object.entries(KINDS)) {
  test(`believes ${kind}`, async () => assert.is(await judged(await makeKey(ROMEO, recipe)), "verified"));
}

test("refuses RSA below 2048 bits", async () => {
  const key = await makeKey(ROMEO, { type: "rsa", rsaBits: 1024, subkeys: [] });
  assert.is(await judged(key, {}, by(key)), "key-refused");
});

test("keeps to its own rules when the application has loosened the package's", async () => {
  const key = await makeKey(ROMEO, { type: "rsa", rsaBits: 1024, subkeys: [] });
  const before = pgp.config.minRSABits;
  try {
    pgp.config.minRSABits = 512;
    assert.is(await judged(key, {}, by(key)), "key-refused");
  } finally {
    pgp.config.minRSABits = before;
  }
});

// --- Whose key it is --------------------------------------------------------------------

for (const [userIds, expected] of [
  [[ROMEO], "verified"],
  [["Romeo", ROMEO], "verified"],
  [[ROMEO, "xmpp:mercutio@verona.lit"], "verified"],
  [["XMPP:Romeo@Montague.lit"], "verified"],
  [["xmpp:rome%6f@montague.lit"], "verified"],
  [["xmpp:mercutio@verona.lit"], "key-refused"],
  [["xmpp:romeo@montague.lit.evil.example"], "key-refused"],
  [["xmpp:romeo@montague.lit/orchard"], "key-refused"],
  [["xmpp:romeo@montague.lit?message"], "key-refused"],
  [["xmpp:%zz"], "key-refused"],
  [["xmpp:romeo%40montague.lit"], "key-refused"],
  [["xmpp:R%C3%B6meo@montague.lit"], "key-refused"],
  [["romeo@montague.lit"], "key-refused"],
  [["mail:romeo@montague.lit"], "key-refused"],
  [["Romeo <xmpp:romeo@montague.lit>"], "key-refused"],
  [["Romeo"], "key-refused"],
] as const) {
  test(`${expected === "verified" ? "believes" : "refuses"} a key with the user ID ${userIds.join(" and ")}`, async () => {
    assert.is(await judged(await makeKey(userIds)), expected);
  });
}

test("believes a key without such a user ID when somebody vouches for it", async () => {
  const key = await makeKey("Romeo");
  const asked: string[][] = [];
  const vouches = (...words: [string, string, Prompt]) => (
    asked.push([...words.slice(0, 2), words[2].peer] as string[]),
    true
  );
  assert.is(await judged(key, { vouches }), "verified");
  assert.equal(asked, [["romeo@montague.lit", fingerprintOf(key), "romeo@montague.lit/orchard"]]);
  assert.is(await judged(key, { vouches: async () => false }), "key-refused");
});

test("asks nobody's word for a signature that is not good", async () => {
  const key = await makeKey("Romeo");
  const vouches = () => assert.unreachable() as never;
  assert.is(await judged(key, { vouches }, forge(key, new Uint8Array(3))), "not-authorized");
  assert.is(await judged(key, { vouches }, by(romeo)), "key-refused");
});

test("takes nothing but true for somebody's word", async () => {
  const vouches = (() => "no") as unknown as () => boolean;
  assert.is(await judged(await makeKey("Romeo"), { vouches }), "key-refused");
});

test("vouching is not knowing", async () => {
  const stranger = await makeKey("Romeo");
  assert.is(await judged(stranger, { vouches: () => true, known: () => publicBlock(romeo) }), "key-refused");
});

test("refuses a user ID that its owner has revoked, or never certified", async () => {
  const key = await makeKey(["Romeo", ROMEO]);
  const user = key.users[1]!;
  const revoked = await user.revoke(key.keyPacket as pgp.SecretKeyPacket);
  user.revocationSignatures.push(...revoked.revocationSignatures);
  assert.is(await judged(key), "key-refused");
  user.revocationSignatures = [];
  assert.is(await judged(key), "verified");
  user.selfCertifications = [];
  assert.is(await judged(key), "key-refused");
});

test("refuses a user ID moved from another key", async () => {
  const mallory = await makeKey("Mallory");
  mallory.users.push(...(await makeKey(ROMEO)).users);
  assert.is(await judged(mallory), "key-refused");
});

test("a friend who takes back his certification takes nothing from the owner's", async () => {
  const friend = await makeKey("Mercutio");
  const key = await makeKey(ROMEO);
  const revocation = (await key.users[0]!.revoke(friend.keyPacket as pgp.SecretKeyPacket)).revocationSignatures;
  assert.is(revocation.length, 1);
  key.users[0]!.revocationSignatures.push(...revocation);
  assert.is(await judged(key), "verified");
});

// --- Expired and revoked ----------------------------------------------------------------

for (const version of [4, 6] as const) {
  test(`refuses a key that has expired, version ${version}`, async () => {
    const key = await makeKey(ROMEO, { version, keyExpirationTime: 24 * 3600 });
    assert.is(await judged(key, {}, by(key)), "key-refused");
    const valid = await makeKey(ROMEO, { version, keyExpirationTime: 30 * 24 * 3600 });
    assert.is(await judged(valid), "verified");
  });

  test(`refuses a key that is revoked, also when only one of its copies says so, version ${version}`, async () => {
    const key = await makeKey(ROMEO, { version });
    const { publicKey: revoked } = await pgp.revokeKey({ key });
    const old = publicBlock(key);
    assert.is(await judged(key), "verified");
    for (const known of [[revoked], [revoked, old], [old, revoked]])
      assert.is(await judged(key, { known: () => known }, by(key)), "key-refused");
  });
}

test("refuses a key that has expired since it signed", async () => {
  const key = await makeKey(ROMEO, { date: new Date(Date.now() - 3600_000), keyExpirationTime: 3600 - 60 });
  const beforeThat = new Date(Date.now() - 2 * 60_000);
  assert.is(await judged(key, {}, by(key, { date: beforeThat })), "key-refused");
});

test("a newer copy prolongs a key, and shortens it", async () => {
  const userIDs = [{ name: ROMEO }];
  const key = await makeKey(ROMEO, { keyExpirationTime: 24 * 3600 });
  const copy = async (privateKey: pgp.PrivateKey, days: number) =>
    (await pgp.reformatKey({ privateKey, userIDs, keyExpirationTime: days * 24 * 3600, date: daysAgo(3) })).publicKey;
  const lasting = await makeKey(ROMEO);
  const [long, short] = [await copy(key, 30), await copy(lasting, 5)];
  for (const known of [
    [publicBlock(key), long],
    [long, publicBlock(key)],
  ])
    assert.is(await judged(key, { known: () => known }, by(key)), "verified");
  for (const known of [
    [publicBlock(lasting), short],
    [short, publicBlock(lasting)],
  ])
    assert.is(await judged(lasting, { known: () => known }, by(lasting)), "key-refused");
});

// Over SHA-1, as GnuPG once made them, or by somebody else, as a designated revoker does.
test("a revocation counts even when it cannot be checked", async () => {
  const revoker = await makeKey("Lady Montague", { type: "rsa", rsaBits: 2048, subkeys: [] });
  const signature = await by(rsa.subkeys[0]!);
  for (const signer of [rsa, revoker]) {
    const revocation = await revoking(signer, { key: rsa.keyPacket }, type.keyRevocation);
    const copy = await pgp.readKey({ armoredKey: publicBlock(rsa) });
    assert.is(await judged(rsa, { known: () => copy.armor() }, signature), "verified");
    copy.revocationSignatures.push(...revocation);
    assert.is(await judged(rsa, { known: () => copy.armor() }, signature), "key-refused");
  }
});

test("so does a subkey's, and a user ID's", async () => {
  const signature = await by(rsa.subkeys[0]!);
  const [one, other] = [
    await pgp.readKey({ armoredKey: publicBlock(rsa) }),
    await pgp.readKey({ armoredKey: publicBlock(rsa) }),
  ];
  const [user, subkey] = [one.users[0]!, other.subkeys[0]!];
  user.revocationSignatures.push(
    ...(await revoking(rsa, { key: rsa.keyPacket, userID: user.userID }, type.certRevocation)),
  );
  subkey.revocationSignatures.push(
    ...(await revoking(rsa, { key: rsa.keyPacket, bind: subkey.keyPacket }, type.subkeyRevocation)),
  );
  for (const copy of [one, other])
    assert.is(await judged(rsa, { known: () => copy.armor() }, signature), "key-refused");
});

async function revoking(signer: pgp.Key, subject: Subject, kind: pgp.enums.signature): Promise<pgp.SignaturePacket[]> {
  const binarySignature = await forge(signer, subject, { type: kind, hash: hash.sha1 });
  return (await pgp.readSignature({ binarySignature })).packets;
}

test("refuses everybody while one of the known keys cannot be read", async () => {
  assert.is(await judged(romeo, { known: () => [publicBlock(romeo), "nonsense"] }), "key-refused");
});

test("finds the key among several in one block", async () => {
  const list = new pgp.PacketList<pgp.AnyPacket>();
  list.push(...juliet.toPublic().toPacketList(), ...romeo.toPublic().toPacketList());
  assert.is(await judged(romeo, { known: () => list.write() }), "verified");
});

// --- Which part of the key has signed -------------------------------------------------

test("believes a signing subkey, and the primary key itself", async () => {
  assert.is(await judged(romeo, {}, by(romeo.subkeys[0]!)), "verified");
  assert.is(await judged(romeo, {}, by(romeo)), "verified");
});

test("refuses a signature by a subkey for encryption", async () => {
  const key = await makeKey(ROMEO, { type: "rsa", rsaBits: 2048 });
  assert.is(await judged(key, {}, by(key.subkeys[0]!)), "key-refused");
});

test("refuses a signature by an expired subkey", async () => {
  const key = await makeKey(ROMEO, { subkeys: [{ sign: true, keyExpirationTime: 24 * 3600 }] });
  assert.is(await judged(key, {}, by(key.subkeys[0]!)), "key-refused");
  assert.is(await judged(key, {}, by(key)), "verified");
});

test("refuses a signature by a revoked subkey, also when only one copy says so", async () => {
  const key = await makeKey(ROMEO, { subkeys: [{ sign: true }] });
  const old = publicBlock(key);
  const signature = await by(key.subkeys[0]!);
  const revoked = await key.subkeys[0]!.revoke(key.keyPacket as pgp.SecretKeyPacket);
  key.subkeys[0]!.revocationSignatures.push(...revoked.revocationSignatures);
  for (const known of [[publicBlock(key)], [old, publicBlock(key)], [publicBlock(key), old]])
    assert.is(await judged(key, { known: () => known }, signature), "key-refused");
  assert.is(await judged(key, {}, by(key)), "verified");
});

test("refuses a signature by a subkey of somebody else's", async () => {
  const mallory = await makeKey("Mallory", { subkeys: [{ sign: true }] });
  const signature = await by(mallory.subkeys[0]!);
  assert.is(await judged(romeo, {}, signature), "key-refused");
  // Grafted onto Romeo's key: Romeo's primary key has not bound it.
  const grafted = await pgp.readPrivateKey({ armoredKey: romeo.armor() });
  grafted.subkeys.push(...mallory.subkeys);
  assert.is(await judged(grafted, {}, signature), "key-refused");
});

test("refuses a subkey that is there twice under one ID", async () => {
  const doubled = await pgp.readPrivateKey({ armoredKey: romeo.armor() });
  const twin = await makeKey(ROMEO, { subkeys: [{ sign: true }] });
  // What a collision of two 64-bit IDs would look like.
  twin.subkeys[0]!.keyPacket.getKeyID().bytes = doubled.subkeys[0]!.getKeyID().bytes;
  const known = await findKey(pgp, [publicBlock(doubled)], fingerprintOf(doubled));
  const { subkeys } = known.asPackage;
  const id = subkeys[0]!.getKeyID();
  assert.is((await signerOf(pgp, known, id)).getFingerprint(), romeo.subkeys[0]!.getFingerprint());
  subkeys.push(twin.subkeys[0]!);
  assert.is(await signerOf(pgp, known, id).catch((error) => error.code), "key-refused");
});

// --- What has been signed, how and when -----------------------------------------------

const FORGERIES: Record<string, Forgery> = {
  "over text": { type: type.text },
  "of a standalone kind": { type: type.standalone },
  "over SHA-1": { hash: hash.sha1 },
  "over MD5": { hash: hash.md5 },
  "over RIPEMD-160": { hash: hash.ripemd },
  "over SHA-224": { hash: hash.sha224 },
  "from eleven minutes ago": { date: new Date(Date.now() - 11 * 60_000) },
  "from eleven minutes ahead": { date: new Date(Date.now() + 11 * 60_000) },
  "from before the key was made": { date: daysAgo(8) },
  "that has expired": {
    date: new Date(Date.now() - 60_000),
    fields: { signatureExpirationTime: 30, signatureNeverExpires: false },
  },
  "with a critical notation": {
    fields: {
      rawNotations: [{ name: "test@example.org", value: new Uint8Array(1), humanReadable: false, critical: true }],
    },
  },
};
for (const [what, forgery] of Object.entries(FORGERIES)) {
  test(`refuses a signature ${what}`, async () => assert.is(await judged(rsa, {}, by(rsa, forgery)), "not-authorized"));
}

for (const [what, forgery] of Object.entries<Forgery>({
  "from nine minutes ago": { date: new Date(Date.now() - 9 * 60_000) },
  "from nine minutes ahead": { date: new Date(Date.now() + 9 * 60_000) },
  "over SHA-256": { hash: hash.sha256 },
  "over SHA-384": { hash: hash.sha384 },
})) {
  test(`believes a signature ${what}`, async () => assert.is(await judged(rsa, {}, by(rsa, forgery)), "verified"));
}

// --- Clocks that are ahead -------------------------------------------------------------

const minutesAhead = (minutes: number) => new Date(Date.now() + minutes * 60_000);

for (const version of [4, 6] as const) {
  test(`the clock by which a key was made may be as far ahead as that of a signature: version ${version}`, async () => {
    for (const [minutes, told] of [
      [9, "verified"],
      [11, "key-refused"],
    ] as const) {
      const key = await makeKey(ROMEO, { version, date: minutesAhead(minutes), subkeys: [{ sign: true }] });
      for (const signer of [key, ...key.subkeys])
        assert.is(await judged(key, {}, by(signer, { date: minutesAhead(9.5) })), told, `${minutes} minutes`);
    }
  });
}

test("… and that by which it said its newest word, though the signature is by a right one", async () => {
  const key = await makeKey(ROMEO, { keyExpirationTime: 30 * 24 * 3600 });
  const newer = async (minutes: number) => {
    const options = { privateKey: key, userIDs: [{ name: ROMEO }], date: minutesAhead(minutes) };
    return (await pgp.reformatKey(options)).publicKey;
  };
  const [near, far] = [await newer(9), await newer(11)];
  assert.is(await judged(key, { known: () => [publicBlock(key), near] }, by(key)), "verified");
  assert.is(await judged(key, { known: () => [publicBlock(key), far] }, by(key)), "key-refused");
});

test("… and our own key signs then, by the clock that made it", async () => {
  const ahead = await makeKey(ROMEO, { date: minutesAhead(9), subkeys: [{ sign: true }] });
  assert.is(await judged(ahead), "verified");
  const beyond = await makeKey(ROMEO, { date: minutesAhead(11) });
  const juliets = openpgp({ key: juliet.armor(), known: () => publicBlock(beyond) });
  assert.is((await ends(asRomeo({ key: beyond.armor() }), juliets))[0], "invalid-argument");
});

test("a clock that is ahead lengthens no key's life", async () => {
  const key = await makeKey(ROMEO, { date: daysAgo(1), keyExpirationTime: 24 * 3600 + 5 * 60 });
  assert.is(await judged(key, {}, by(key)), "verified");
  assert.is(await judged(key, {}, by(key, { date: minutesAhead(9) })), "key-refused");
});

test("refuses a signature over anything else", async () => {
  const statement = statementOf(claimAt("initiator"), "initiator");
  for (const bytes of [statementOf(claimAt("initiator"), "responder"), statement.slice(1), new Uint8Array(0)])
    assert.is(await judged(romeo, {}, forge(romeo, bytes)), "not-authorized");
  assert.is(await judged(romeo, {}, forge(romeo, statement)), "verified");
});

test.run();
