/**
 * What the method `openpgp` reads keys from: nothing in it is passed over, however it is put together.
 */

import * as pgp from "openpgp";

import type { OpenPgpKey } from "../../bindings/methods/openpgp.ts";
import { assert, suite } from "../suite.ts";
import { forge, makeKey, publicBlock } from "./openpgp-forge.ts";
import { armored, bareRevocation, blockOf, joined, OWNER, owner, piecesOf, type History } from "./openpgp-history.ts";
import { believes } from "./openpgp-judge.ts";

const { sha1 } = pgp.enums.hash;
const test = suite("methods/openpgp: key material");

const WORD = { day: 1, maySign: true };
const VALID: History = { users: [{ id: OWNER, words: [WORD] }], subkey: { words: [{ ...WORD, back: WORD }] } };
const valid = await blockOf(VALID);
const revoked = await blockOf({ ...VALID, revocations: [{ day: 300 }] });
const bare = await bareRevocation();
const stranger = await makeKey("Mercutio", { type: "rsa", rsaBits: 2048, subkeys: [] });
const strangers = stranger.toPublic().write();
const strangersEnd = await bareRevocation({ day: 300 }, stranger, stranger);
const text = (...blocks: readonly Uint8Array[]) => blocks.map(armored).join("\n");

const judged = (...known: readonly OpenPgpKey[]) => believes(known);

test("is a valid key to begin with", async () => {
  for (const known of [valid, armored(valid)]) assert.is(await judged(known), "verified");
});

// --- Revocations, wherever they stand ----------------------------------------------------

for (const [where, known] of Object.entries<readonly OpenPgpKey[]>({
  "in the second block of a text": [text(valid, revoked)],
  "in the first block of a text": [text(revoked, valid)],
  "in the third, behind somebody else's key": [text(valid, strangers, revoked)],
  "in a second binary key": [joined([valid, revoked])],
  "in another copy": [armored(valid), revoked],
  "as a bare certificate in the second block": [text(valid, bare)],
  "as a bare certificate in the first block": [text(bare, valid)],
  "as a bare certificate, binary, behind the key": [joined([valid, bare])],
  "as a bare certificate, binary, before the key": [joined([bare, valid])],
  "as a bare certificate behind somebody else's key": [joined([strangers, bare]), valid],
  "as a bare certificate by itself": [valid, armored(bare)],
  "as a bare certificate over SHA-1": [valid, await bareRevocation({ day: 300, hash: sha1 })],
  "as a bare certificate from tomorrow": [valid, await bareRevocation({ day: 401 })],
  "as a bare certificate in armor for signatures": [valid, pgp.armor(pgp.enums.armor.signature, bare) as string],
  "in a text that was read as bytes": [new TextEncoder().encode(text(valid, bare))],
  "in a text with the line ends of mail": [text(valid, bare).replaceAll("\n", "\r\n")],
  "in a text with words between the blocks": [
    `My key:\n\n${armored(valid)}\nIt was stolen! See:\n${armored(bare)}\nRomeo\n`,
  ],
})) {
  test(`a revocation counts ${where}`, async () => assert.is(await judged(...known), "key-refused"));
}

test("a revocation of version 3, which the package does not know, counts", async () => {
  const issuer = Buffer.from(owner.getKeyID().toHex(), "hex");
  const body = Buffer.concat([
    Uint8Array.of(3, 5, pgp.enums.signature.keyRevocation, 0x60, 0, 0, 0),
    issuer,
    Uint8Array.of(1, 2, 0, 0, 0, 1, 1),
  ]);
  const packet = joined([Uint8Array.of(0xc2, body.length), body]);
  for (const known of [[valid, packet], [joined([valid, packet])], [joined([strangers, packet]), valid]])
    assert.is(await judged(...known), "key-refused");
  body[7]! ^= 1;
  assert.is(await judged(valid, joined([Uint8Array.of(0xc2, body.length), body])), "verified", "another issuer's");
});

test("a key that says too much of itself is refused before any of it is looked at; what is in several copies counts once", async () => {
  const names = (kind: string, count: number) => Array.from({ length: count }, (_, at) => ({ id: `${kind} ${at}`, words: [WORD] }));
  const many = await blockOf({ ...VALID, users: [{ id: OWNER, words: [WORD] }, ...names("user", 40)] });
  // Signatures about what is not there could be about any part: each is held against each.
  const { users } = await piecesOf({ users: names("gone", 40) });
  const strays = joined(users.filter((_, at) => at % 2 === 1));
  const { verify } = pgp.SignaturePacket.prototype;
  let looks = 0;
  pgp.SignaturePacket.prototype.verify = function (this: pgp.SignaturePacket, ...words: Parameters<typeof verify>) {
    looks++;
    return verify.apply(this, words);
  };
  try {
    assert.is(await judged(many), "verified");
    assert.ok(looks < 500, `${looks} looks`);
    looks = 0;
    assert.is(await judged(many, strays), "key-refused");
    assert.is(looks, 0);
  } finally {
    pgp.SignaturePacket.prototype.verify = verify;
  }
  assert.is(await judged(...Array<Uint8Array>(30).fill(many)), "verified");
});

test("refuses everybody while something stands in or behind a text that the package passes over", async () => {
  const bodyOf = (armor: string) => armor.split("\n\n")[1]!.replace(/\n(=\w{4}\n)?-----END[^]*/, "");
  const [key, revocation] = [armored(valid), armored(bare)];
  const end = "\n-----END PGP PUBLIC KEY BLOCK-----\n";
  for (const material of [
    joined([new TextEncoder().encode(key), bare]),
    key.replace(/\n(=.{4}\n)?-----END[^]*/, `\n${bodyOf(revocation)}${end}`),
    key.replace(/\n(=.{4}\n)?-----END[^]*/, `====\n${bodyOf(revocation)}${end}`),
    key.replace(/\n(=.{4}\n)?-----END[^]*/, `-_\n${bodyOf(revocation)}${end}`),
  ])
    assert.is(await judged(material), "key-refused");
});

test("a text in which many blocks begin, and none ends, is refused without looking for the end of each in all the rest", async () => {
  const beginning = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n";
  // Minutes, if each were.
  for (const text of [beginning, `${beginning}-----END PGP SIGNATURE-----\n`])
    assert.is(await judged(text.repeat(60_000)), "key-refused");
});

test("a revocation that does not say whose it is, and cannot be checked, counts for every key", async () => {
  const body = Uint8Array.of(5, pgp.enums.signature.keyRevocation, 1, 10, 0, 0, 0, 0, 0, 0);
  assert.is(await judged(valid, joined([Uint8Array.of(0xc2, body.length), body])), "key-refused");
});

test("a subkey's revocation that stands alone and cannot be checked counts for every subkey", async () => {
  const issuer = Buffer.from(owner.getKeyID().toHex(), "hex");
  const type = pgp.enums.signature.subkeyRevocation;
  const body = Buffer.concat([Uint8Array.of(3, 5, type, 0x60, 0, 0, 0), issuer, Uint8Array.of(1, 2, 0, 0, 0, 1, 1)]);
  const packet = joined([Uint8Array.of(0xc2, body.length), body]);
  assert.is(await believes([valid, packet], { signer: "subkey" }), "key-refused");
  assert.is(await believes([valid, packet]), "verified");
});

test("a designated revoker's bare revocation counts, also when the designation is all that is known of him", async () => {
  const fields = {
    revocationKeyClass: 0x80,
    revocationKeyAlgorithm: stranger.keyPacket.algorithm,
    revocationKeyFingerprint: Buffer.from(stranger.getFingerprint(), "hex"),
  };
  const designated = await blockOf({ ...VALID, direct: [{ day: 0, fields }] });
  const revocation = await bareRevocation({ day: 300 }, stranger);
  assert.is(await judged(designated), "verified");
  const { primary } = await piecesOf({ direct: [{ day: 0, fields }], users: [] });
  const designation = primary[1]!;
  assert.is(await judged(valid, designation), "verified");
  assert.is(await judged(valid, designation, revocation), "key-refused", "designated by a signature that stands alone");
  for (const known of [
    [designated, revocation],
    [revocation, designated, strangers],
    [joined([designated, strangers, revocation])],
  ])
    assert.is(await judged(...known), "key-refused");
  assert.is(await judged(valid, revocation), "verified", "of nobody whom the key has named");
  assert.is(
    await judged(designated, strangers, strangersEnd),
    "verified",
    "the end of his own key is not that of this one",
  );
});

test("a revocation takes nothing from another key, wherever it stands", async () => {
  for (const known of [
    [text(valid, strangersEnd)],
    [valid, strangersEnd],
    [joined([valid, strangersEnd]), strangers],
    [strangers, joined([valid, strangersEnd])],
    [joined([strangersEnd, valid])],
  ])
    assert.is(await judged(...known), "verified");
});

test("a subkey's revocation counts apart from its subkey, and so does a user ID's", async () => {
  const key = owner.keyPacket;
  const sign = (subject: Parameters<typeof forge>[1], type: pgp.enums.signature) => forge(owner, subject, { type });
  const subkeys = await sign({ key, bind: owner.subkeys[0]!.keyPacket }, pgp.enums.signature.subkeyRevocation);
  const users = await sign({ key, userID: owner.users[0]!.userID }, pgp.enums.signature.certRevocation);
  for (const [known, signer, expected] of [
    [[valid, subkeys], "subkey", "key-refused"],
    [[valid, subkeys], "primary", "verified"],
    [[joined([strangers, valid, users])], "primary", "key-refused"],
    [[valid, users], "primary", "key-refused"],
  ] as const)
    assert.is(await believes(known, { signer }), expected);
});

// --- Keys in pieces ----------------------------------------------------------------------

test("a key whose parts stand in several blocks is one key", async () => {
  const { primary, users, subkey } = await piecesOf(VALID);
  const [named, signing] = [joined(primary, users), joined(primary, subkey)];
  for (const known of [
    [text(named, signing)],
    [text(signing, named)],
    [joined([named, signing])],
    [named, armored(signing)],
  ])
    for (const signer of ["primary", "subkey"] as const) assert.is(await believes(known, { signer }), "verified");
  assert.is(await believes([named], { signer: "subkey" }), "key-refused");
  assert.is(await believes([signing]), "key-refused");
});

test("a private key among the known ones counts as its public half, with all that its copies say", async () => {
  for (const known of [[owner.armor()], [owner.armor(), valid], [text(valid) + owner.armor()]])
    for (const signer of ["primary", "subkey"] as const) assert.is(await believes(known, { signer }), "verified");
  for (const known of [
    [owner.armor(), bare],
    [bare, owner.armor()],
    [owner.armor(), revoked],
  ])
    assert.is(await judged(...known), "key-refused");
});

// --- What cannot be read -----------------------------------------------------------------

const block = armored(valid);
const lines = block.split("\n");
for (const [what, known] of Object.entries<readonly OpenPgpKey[]>({
  nothing: [""],
  "no bytes": [new Uint8Array()],
  "a text without a key": ["My key is on my home page.\n"],
  "a block that is cut off": [lines.slice(0, -4).join("\n")],
  "a block that is cut off before a whole one": [`${lines.slice(0, 9).join("\n")}\n${block}`],
  "a second block that is cut off": [`${block}\n${lines.slice(0, 9).join("\n")}\n`],
  "a block that is cut off before a certificate with a colon": [
    `${lines.slice(0, 9).join("\n")}\n${armored(bare).replace("-----BEGIN", ":-----BEGIN")}`,
  ],
  "a second block that is indented": [`${block}\n${armored(bare).replace(/^/gm, "  ")}`],
  "a second block that is quoted": [`${block}\n${armored(bare).replace(/^/gm, "> ")}`],
  "a second block of another kind": [`${block}\n${armored(bare).replaceAll("PUBLIC KEY BLOCK", "MESSAGE")}`],
  "a second block whose end has another name": [
    `${block}\n${armored(bare).replace("END PGP PUBLIC", "END PGP PRIVATE")}`,
  ],
  "a second block that begins where the first one ends": [`${block.trimEnd()}${armored(bare)}`],
  "bytes behind the key": [joined([valid, new Uint8Array(8)])],
  "a key that is cut off": [valid.slice(0, -1)],
  "a user ID before the key": [joined((await piecesOf(VALID)).users, [valid])],
  "text behind a binary key": [joined([valid, new TextEncoder().encode(armored(bare))])],
})) {
  test(`refuses everybody while there is ${what}`, async () => {
    assert.is(await judged(...known), "key-refused");
    assert.is(await judged(publicBlock(owner), ...known), "key-refused");
  });
}

test("a certificate for an emergency that a colon keeps from being read is not read", async () => {
  const kept = armored(bare).replace("-----BEGIN", ":-----BEGIN");
  assert.is(await judged(`${block}\n${kept}`), "verified");
  assert.is(await judged(`${block}\n${kept.slice(1)}`), "key-refused");
});

test("a key of a kind that the package does not know stands in nobody's way, and hides nothing", async () => {
  const old = Uint8Array.of(0xc6, 9, 3, 0, 0, 0, 0, 0, 0, 1, 1);
  for (const known of [joined([old, valid]), joined([valid, old])]) assert.is(await judged(known), "verified");
  for (const known of [joined([old, bare, valid]), joined([valid, old, bare])])
    assert.is(await judged(known), "key-refused");
});

test.run();
