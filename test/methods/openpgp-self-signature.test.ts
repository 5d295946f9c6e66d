/**
 * What a key says of itself last: the method `openpgp` goes by the newest self-signature, whatever its hash.
 *
 * Each history but the first ones is one that OpenPGP.js by itself would believe.
 */

import * as pgp from "openpgp";

import { assert, suite } from "../suite.ts";
import { forge, makeKey } from "./openpgp-forge.ts";
import { blockOf, joined, onDay, OWNER, owner, piecesOf, TODAY, type History, type Word } from "./openpgp-history.ts";
import { believes, type Signer } from "./openpgp-judge.ts";

const { sha1, sha224, md5 } = pgp.enums.hash;
const { signature: type } = pgp.enums;
const test = suite("methods/openpgp: self-signatures");

const stranger = await makeKey("Mercutio");
const FIRST: Word = { day: 1, maySign: true };
const OVER: Word = { day: 200, maySign: true, keyEnds: 300 };
const user = (...words: readonly Word[]) => ({ id: OWNER, words });
const VALID: History = { users: [user(FIRST)], subkey: { words: [{ ...FIRST, back: FIRST }] } };
const judged = async (history: Partial<History>, signer: Signer = "primary") =>
  believes([await blockOf({ ...VALID, ...history })], { signer });
const both = async (history: Partial<History>) => [await judged(history), await judged(history, "subkey")];

test("believes a key that has said one thing, and that it ends later, or never", async () => {
  for (const words of [
    [FIRST],
    [FIRST, { ...OVER, keyEnds: TODAY + 9 }],
    [OVER, { ...OVER, day: 300, keyEnds: 0 }],
    [OVER, { ...OVER, day: 201, keyEnds: TODAY + 9 }],
  ])
    assert.equal(await both({ users: [user(...words)] }), ["verified", "verified"]);
});

const PEER: Word = { ...FIRST, day: 250, isPrimary: true };
for (const [where, history] of Object.entries<Partial<History>>({
  "in a newer self-signature": { users: [user(FIRST, OVER)] },
  "in a newer self-signature over SHA-1": { users: [user(FIRST, { ...OVER, hash: sha1 })] },
  "in a newer self-signature that has itself expired": { users: [user(FIRST, { ...OVER, ends: 250 })] },
  "in a newer self-signature with a critical notation": {
    users: [
      user(FIRST, {
        ...OVER,
        fields: {
          rawNotations: [{ name: "test@example.org", value: new Uint8Array(1), humanReadable: false, critical: true }],
        },
      }),
    ],
  },
  "with another user ID": { users: [user({ ...FIRST, isPrimary: true }), { id: "Romeo", words: [OVER] }] },
  "with another user ID, over SHA-1": {
    users: [user({ ...FIRST, isPrimary: true }), { id: "Romeo", words: [{ ...OVER, hash: sha1 }] }],
  },
  "with another user ID, whose name is not UTF-8": {
    users: [user({ ...FIRST, isPrimary: true }), { id: Uint8Array.of(0x52, 0xf6), words: [OVER] }],
  },
  "with the xmpp: user ID, while another is primary": { users: [user(OVER), { id: "Romeo", words: [PEER] }] },
  "with the xmpp: user ID over SHA-1, while another is primary": {
    users: [user(FIRST, { ...OVER, hash: sha1 }), { id: "Romeo", words: [PEER] }],
  },
  "with a user ID that was taken back and given again": {
    users: [user({ ...FIRST, isPrimary: true }), { id: "Romeo", words: [OVER], revocations: [{ day: 100 }] }],
  },
  "in a direct-key signature": { direct: [{ day: 200, keyEnds: 300 }] },
  "in a direct-key signature over SHA-1": { direct: [{ day: 200, keyEnds: 300, hash: sha1 }] },
  "in a direct-key signature that names a revoker": {
    direct: [
      {
        day: 200,
        keyEnds: 300,
        fields: { revocationKeyClass: 0x80, revocationKeyAlgorithm: 1, revocationKeyFingerprint: new Uint8Array(20) },
      },
    ],
  },
})) {
  test(`refuses a key that has expired by what it says ${where}`, async () =>
    assert.equal(await both(history), ["key-refused", "key-refused"]));
}

test("a user ID that was taken back says nothing about the key any more", async () => {
  const users = [user(FIRST), { id: "Romeo", words: [OVER], revocations: [{ day: 300 }] }];
  assert.equal(await both({ users }), ["verified", "verified"]);
});

for (const [what, changes] of Object.entries<Partial<Word>>({
  "is over SHA-1": { hash: sha1 },
  "is over SHA-224": { hash: sha224 },
  "is over MD5": { hash: md5 },
  "has expired": { ends: 300 },
  "is from days to come": { day: TODAY + 1 },
  "has a critical notation": {
    fields: {
      rawNotations: [{ name: "x@example.org", value: new Uint8Array(1), humanReadable: true, critical: true }],
    },
  },
})) {
  test(`what the key said before does not count when its newest self-signature ${what}`, async () => {
    const newer = { ...FIRST, day: 200, ...changes };
    assert.equal(await both({ users: [user(FIRST, newer)] }), ["key-refused", "key-refused"]);
    assert.equal(await both({ direct: [{ day: 100 }, newer] }), ["key-refused", "key-refused"]);
    assert.equal(await both({ users: [user({ ...FIRST, isPrimary: true }), { id: "Romeo", words: [newer] }] }), [
      "key-refused",
      "key-refused",
    ]);
    const subkey = {
      words: [
        { ...FIRST, back: FIRST },
        { ...newer, back: FIRST },
      ],
    };
    assert.equal(await both({ subkey }), ["verified", "key-refused"]);
  });
}

test("an old self-signature over SHA-1 does no harm once there is a newer one", async () => {
  const old = { ...FIRST, hash: sha1 };
  assert.equal(await both({ users: [user(old, OVER, { ...FIRST, day: 300, keyEnds: 0 })] }), ["verified", "verified"]);
  assert.equal(await both({ users: [user({ ...FIRST, day: 300 }), { id: "Romeo", words: [old] }] }), [
    "verified",
    "verified",
  ]);
  assert.equal(
    await both({ users: [user({ ...FIRST, hash: sha1 }), { id: "Romeo", words: [{ ...FIRST, day: 300 }] }] }),
    ["key-refused", "key-refused"],
  );
});

test("an older direct-key signature does not stand in for one that is over, whatever the user IDs say", async () => {
  const direct = [
    { day: 1, maySign: false },
    { day: 100, maySign: true, ends: 200 },
  ];
  assert.equal(await both({ direct, users: [user({ ...FIRST, day: 300 })] }), ["key-refused", "key-refused"]);
});

test("an end that is put off with one user ID is put off for the key", async () => {
  const later = { ...FIRST, day: 300, keyEnds: TODAY + 9, isPrimary: true };
  assert.equal(await both({ users: [user(later), { id: "Romeo", words: [OVER] }] }), ["verified", "verified"]);
});

test("of two that were made at once both count", async () => {
  const twins = [{ ...FIRST, day: 200 }, OVER];
  for (const words of [twins, twins.toReversed()])
    assert.equal(await both({ users: [user(...words)] }), ["key-refused", "key-refused"]);
});

test("a self-signature from before the key counts for nothing", async () => {
  assert.equal(await both({ users: [user({ ...FIRST, day: -1 })] }), ["key-refused", "key-refused"]);
});

test("the clocks of owner and peer may differ by some minutes", async () => {
  const minutes = (count: number) => TODAY + count / (24 * 60);
  assert.equal(await both({ users: [user(FIRST, { ...FIRST, day: minutes(5) })] }), ["verified", "verified"]);
  assert.equal(await both({ users: [user(FIRST, { ...OVER, day: minutes(5) })] }), ["key-refused", "key-refused"]);
  assert.equal(await both({ users: [user(FIRST, { ...FIRST, day: minutes(15) })] }), ["key-refused", "key-refused"]);
});

// --- What the parts are for -------------------------------------------------------------

test("a newer self-signature takes the right to sign, and gives it", async () => {
  const never = { ...FIRST, day: 200, maySign: false };
  for (const [history, expected] of [
    [{ users: [user(FIRST, never)] }, "key-refused"],
    [{ users: [user(FIRST, { ...never, hash: sha1 })] }, "key-refused"],
    [{ users: [user({ ...FIRST, isPrimary: true }), { id: "Romeo", words: [never] }] }, "key-refused"],
    [{ direct: [{ day: 2, maySign: false }] }, "key-refused"],
    [{ users: [user({ ...never, day: 1 }, { ...FIRST, day: 200 })] }, "verified"],
  ] as const)
    assert.is(await judged(history), expected);
  const binding = { ...FIRST, back: FIRST };
  assert.is(await judged({ subkey: { words: [binding, { ...binding, ...never }] } }, "subkey"), "key-refused");
  assert.is(
    await judged(
      {
        subkey: {
          words: [
            { ...binding, maySign: false },
            { ...binding, day: 200 },
          ],
        },
      },
      "subkey",
    ),
    "verified",
  );
});

test("a subkey ends when its newest binding says so", async () => {
  const binding = { ...FIRST, back: FIRST };
  for (const [words, expected] of [
    [[binding, { ...binding, ...OVER }], "key-refused"],
    [[binding, { ...binding, ...OVER, hash: sha1 }], "key-refused"],
    [[binding, { ...binding, ...OVER, ends: 250 }], "key-refused"],
    [
      [
        { ...binding, ...OVER },
        { ...binding, day: 300 },
      ],
      "verified",
    ],
  ] as const)
    assert.equal(await both({ subkey: { words } }), ["verified", expected]);
});

test("a subkey's own signature must be in its newest binding, in force, and what it should be", async () => {
  const without = { ...FIRST, day: 200 };
  const old = { ...FIRST, back: FIRST };
  for (const back of [
    undefined,
    { ...FIRST, hash: sha1 },
    { ...FIRST, ends: 300 },
    { ...FIRST, day: TODAY + 1 },
    { ...FIRST, day: -1 },
  ])
    assert.equal(await both({ subkey: { words: [old, { ...without, back }] } }), ["verified", "key-refused"]);
  const mallory = await makeKey("Mallory", { type: "rsa", rsaBits: 2048, date: onDay(0), subkeys: [{ sign: true }] });
  const about = { key: owner.keyPacket, bind: owner.subkeys[0]!.keyPacket };
  for (const [signer, kind] of [
    [mallory.subkeys[0]!, type.keyBinding],
    [owner.subkeys[0]!, type.subkeyBinding],
    [owner, type.keyBinding],
  ] as const) {
    const { packets } = await pgp.readSignature({
      binarySignature: await forge(signer, about, { type: kind, date: onDay(1) }),
    });
    assert.is(
      await judged({ subkey: { words: [old, { ...without, fields: { embeddedSignature: packets[0]! } }] } }, "subkey"),
      "key-refused",
    );
  }
});

// --- What others plant ------------------------------------------------------------------

test("a self-signature that the key has not made takes nothing, and gives nothing", async () => {
  const { primary, users, subkey } = await piecesOf({ ...VALID, users: [user(FIRST, { ...OVER, keyEnds: 0 })] });
  const [id, first, newer] = users as [Uint8Array, Uint8Array, Uint8Array];
  const forged = newer.slice();
  forged[forged.length - 9]! ^= 1;
  assert.is(await believes([joined(primary, [id, first, forged], subkey)]), "verified");
  assert.is(await believes([joined(primary, [id, forged], subkey)]), "key-refused");
  const ended = (await piecesOf({ ...VALID, users: [user(OVER)] })).users[1]!;
  assert.is(await believes([joined(primary, [id, ended, forged], subkey)]), "key-refused");
});

test("a self-signature that cannot be checked counts as the newest, and so refuses", async () => {
  const { primary, users, subkey } = await piecesOf({ ...VALID, users: [user(FIRST, { ...FIRST, day: 200 })] });
  const [id, first, newer] = users as [Uint8Array, Uint8Array, Uint8Array];
  // A packet's header has three bytes here; then come version, type, algorithm and hash.
  for (const [at, value] of [
    [5, pgp.enums.publicKey.rsaSign],
    [6, 99],
  ] as const) {
    const unknown = newer.slice();
    unknown[at] = value;
    assert.is(await believes([joined(primary, [id, first, unknown], subkey)]), "key-refused");
    assert.is(await believes([joined(primary, [id, first, newer], subkey)]), "verified");
    const others = joined([stranger.toPublic().write(), unknown]);
    assert.is(
      await believes([joined(primary, [id, first], subkey), others]),
      "verified",
      "what stands with another key",
    );
  }
});

test("a self-signature that stands alone counts for what it is about", async () => {
  const { primary, users, subkey } = await piecesOf({ ...VALID, users: [user(FIRST, OVER)] });
  const [id, first, over] = users as [Uint8Array, Uint8Array, Uint8Array];
  assert.is(await believes([joined(primary, [id, first], subkey), over]), "key-refused");
  assert.is(await believes([joined(primary, [id, over], subkey), first]), "key-refused");
});

test("a self-signature about something else, planted here, takes nothing", async () => {
  const { users } = await piecesOf({ users: [{ id: "Mercutio", words: [OVER] }] });
  const { primary, users: own, subkey } = await piecesOf(VALID);
  assert.is(await believes([joined(primary, own, users.slice(1), subkey)]), "verified");
});

test.run();
