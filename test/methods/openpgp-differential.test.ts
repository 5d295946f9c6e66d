/**
 * The method `openpgp` against GnuPG, over random histories of one key: it must believe nothing that GnuPG does not.
 *
 * GnuPG takes a self-signature over SHA-1, and goes back to an older one when the newest has expired: there the method
 * refuses what GnuPG believes. Where a history has nothing of that kind the two must agree.
 */

import * as pgp from "openpgp";
import fc from "fast-check";

import { assert, suite } from "../suite.ts";
import { Gnupg } from "./gnupg.ts";
import { blockOf, OWNER, TODAY, type History, type User, type Word } from "./openpgp-history.ts";
import { believes, SIGNATURES, SIGNERS, STATEMENT, type Signer } from "./openpgp-judge.ts";

/** The same histories in every run, for the counts below are a matter of luck; LONG=1 tries others each time. */
const PARAMETERS = process.env.LONG === "1" ? { numRuns: 3000 } : { numRuns: 150, seed: 1597 };
const { sha1, sha256, sha512 } = pgp.enums.hash;
const test = suite("methods/openpgp: against GnuPG");

let gnupg: Gnupg;
test.before(() => void (gnupg = new Gnupg()));
test.after(() => gnupg[Symbol.dispose]());

/** Whether GnuPG believes the signature, and shows the `xmpp:` user ID as neither revoked nor expired. */
function gnupgs(block: Uint8Array, signer: Signer): boolean {
  if (!/ GOODSIG /.test(gnupg.statusOf(block, SIGNATURES[signer], STATEMENT))) return false;
  return gnupg.userIds(block).some(({ validity, id }) => id === OWNER && !"irne".includes(validity));
}

// --- Histories --------------------------------------------------------------------------

const maybe = <Value>(one: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(one, { nil: undefined, freq: 3 });
const mostly = <Value>(some: fc.Arbitrary<Value>, value: Value) =>
  fc.oneof({ weight: 8, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: some });
const past = fc.integer({ min: 0, max: TODAY - 1 });
// Also days at which others come, so that dates meet.
const day = fc.oneof({ weight: 4, arbitrary: past }, { weight: 1, arbitrary: fc.constantFrom(100, 200, 300) });
const end = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 3 * TODAY }));

const flagged = fc.boolean().map((isSigner): boolean | undefined => isSigner);
const strongWord = fc.record({
  day,
  hash: fc.constantFrom(sha256, sha512),
  keyEnds: maybe(end),
  maySign: mostly(flagged, true),
  isPrimary: fc.boolean(),
});
/** Also over SHA-1, without flags, for a time only, and from before the key or from days to come. */
const anyWord: fc.Arbitrary<Word> = fc
  .record({
    day: fc.oneof({ weight: 9, arbitrary: day }, { weight: 1, arbitrary: fc.integer({ min: -20, max: TODAY + 20 }) }),
    hash: fc.constantFrom(sha256, sha512, sha512, sha1),
    keyEnds: maybe(end),
    maySign: mostly(fc.constantFrom(false, undefined), true),
    isPrimary: fc.boolean(),
    lasts: maybe(fc.integer({ min: 1, max: 2 * TODAY })),
  })
  .map(({ lasts, ...word }) => ({ ...word, ends: lasts && word.day + lasts }));
const revocations = fc.array(fc.record({ day: past, hash: fc.constantFrom(sha512, sha1) }), { maxLength: 1 });
const rarely = <Value>(some: fc.Arbitrary<readonly Value[]>) =>
  fc.oneof({ weight: 5, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: some });

const others: fc.Arbitrary<string | Uint8Array> = fc.constantFrom(
  "Romeo",
  "xmpp:montague@verona.lit",
  Uint8Array.of(0x52, 0xf6, 0x6d),
);
const historyOf = (word: fc.Arbitrary<Word>, more: number): fc.Arbitrary<History> => {
  // Where two were made at once, GnuPG takes one of them and the method both.
  const several = <One extends Word>(one: fc.Arbitrary<One>) =>
    fc.uniqueArray(one, { minLength: 1, maxLength: 3, selector: (word) => (more > 0 ? word : word.day) });
  const user = (id: fc.Arbitrary<string | Uint8Array>): fc.Arbitrary<User> =>
    fc.record({ id, words: several(word), revocations: rarely(revocations) });
  const binding = fc.tuple(word, fc.option(word, { nil: undefined, freq: 9 })).map(([said, back]) => ({
    ...said,
    isPrimary: undefined,
    back: back && { day: back.day, hash: back.hash!, ends: back.ends },
  }));
  return fc.record({
    direct: fc.array(word, { maxLength: more }),
    revocations: rarely(revocations),
    users: fc
      .tuple(
        user(fc.constant(OWNER)),
        fc.uniqueArray(user(others), { maxLength: more, selector: ({ id }) => String(id) }),
      )
      .map(([mine, rest]) => [mine, ...rest]),
    subkey: fc.record({ words: several(binding), revocations: rarely(revocations) }),
  });
};

test("believes no key that GnuPG does not believe", async () => {
  const counts = { both: 0, neither: 0, stricter: 0 };
  await fc.assert(
    fc.asyncProperty(historyOf(anyWord, 2), fc.constantFrom(...SIGNERS), async (history, signer) => {
      const block = await blockOf(history);
      const [mine, theirs] = [await believes([block], { signer }), gnupgs(block, signer)];
      counts[mine === "verified" ? "both" : theirs ? "stricter" : "neither"]++;
      assert.ok(mine === "verified" ? theirs : mine === "key-refused", `${mine}, and GnuPG ${theirs}`);
    }),
    PARAMETERS,
  );
  if (process.env.DEBUG) console.log(counts);
  for (const count of Object.values(counts)) assert.ok(count > PARAMETERS.numRuns / 50, JSON.stringify(counts));
});

test("agrees with GnuPG about keys with one user ID that never used SHA-1, and whose signatures never expire", async () => {
  const isNeverTakenBack = ({ users, subkey }: History) =>
    users.every(({ revocations = [] }) => revocations.length === 0) && (subkey?.revocations ?? []).length === 0;
  await fc.assert(
    fc.asyncProperty(
      historyOf(strongWord, 0).filter(isNeverTakenBack),
      fc.constantFrom(...SIGNERS),
      async (history, signer) => {
        const block = await blockOf(history);
        assert.is((await believes([block], { signer })) === "verified", gnupgs(block, signer));
      },
    ),
    PARAMETERS,
  );
});

test.run();
