/**
 * What revocation lists cost: they are read once, and a stranger's certificate is looked up, whatever is in them.
 */

import { generateKeyPairSync } from "node:crypto";

import type { AuthoritySources, Core } from "../../bindings/node.ts";
import { claimOf } from "../../bindings/xtls/security.ts";
import { loadCore } from "../module.ts";
import { assert, suite } from "../suite.ts";
import { find } from "./heap.ts";
import { basicConstraints, keyUsage, mint, mintList, PRINTABLE_STRING, type Minted } from "./mint.ts";
import { pair, settle, type Pair } from "./pair.ts";

const test = suite("the cost of revocation");

const CA = [basicConstraints(true), keyUsage(0x06)];
const DEVICE = [basicConstraints(false), keyUsage(0x80)];
const key = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;

const root = mint({ name: "Root of Verona", extensions: CA });
const device = (serial: number, by = root): Minted => mint({ name: "romeo", by, serial, extensions: DEVICE, key });

const MANY = 100_000;
/** Serial numbers from 1000 on, every other one. */
const numbers = (count: number) => Array.from({ length: count }, (_, index) => 1000 + 2 * index);
const big = mintList({ by: root, revoked: numbers(MANY) });

const problems = (core: Core, one: Minted, sources: AuthoritySources) =>
  core.verifyChain([one.der], core.authorities(sources));

/** How often each export was called while `body` ran. */
function calls(core: Core, names: readonly (keyof Core["module"])[], body: () => void): number[] {
  const counts = names.map(() => 0);
  const originals = names.map((name) => core.module[name] as (...values: number[]) => number);
  names.forEach((name, index) => {
    const counted = (...values: number[]) => (counts[index]!++, originals[index]!(...values));
    Object.assign(core.module, { [name]: counted });
  });
  try {
    body();
  } finally {
    names.forEach((name, index) => Object.assign(core.module, { [name]: originals[index] }));
  }
  return counts;
}

const READING = ["xtls_authorities_parse", "xtls_authorities_add"] as const;

/** What a policy is asked about a peer that shows this. */
function claim(core: Core, one: Minted) {
  const identity = core.identityFromPEM(one.pem);
  const facts = { peer: core.certificate(one.der), exporter: () => new Uint8Array(32) };
  const tunnel = { peer: "romeo@montague.example/orchard", local: "juliet@capulet.example/balcony", role: "responder" };
  return claimOf(tunnel as never, facts as never, identity, false);
}

test("lists are read once, however many strangers come, as long as they are the same", async () => {
  const core = await loadCore();
  const strangers = [1, 3, 5, 7].map((serial) => claim(core, device(serial)));
  const list = mintList({ by: root, revoked: numbers(10) });
  const sources = () => [`${root.certificate}`, list.slice()];
  const judged = () => strangers.map((one) => one.verifyChain(sources()));
  let verdicts: unknown[] = [];
  assert.equal(
    calls(core, READING, () => (verdicts = judged())),
    [1, 1],
  );
  assert.equal(verdicts, [[], [], [], []]);
  assert.equal(calls(core, READING, judged), [0, 0]);
});

test("a list that has changed is read, also when it has changed in place", async () => {
  const core = await loadCore();
  const stranger = claim(core, device(1001));
  const [clean, dirty] = [[3000], [1001]].map((revoked) => mintList({ by: root, revoked })) as [Uint8Array, Uint8Array];
  assert.equal(stranger.verifyChain([root.certificate, clean]), []);
  assert.equal(stranger.verifyChain([root.certificate, dirty]), ["revoked"]);
  assert.equal(stranger.verifyChain([root.certificate, clean]), []);

  const given = new Uint8Array(200 + dirty.length);
  given.set(clean);
  assert.equal(stranger.verifyChain([root.certificate, given.subarray(0, clean.length)]), []);
  given.set(dirty);
  assert.equal(stranger.verifyChain([root.certificate, given.subarray(0, dirty.length)]), ["revoked"]);
});

test("engines that are given the same sources read them once, too", async () => {
  const core = await loadCore();
  const identity = core.identityFromPEM(device(1).pem);
  const authorities = [root.certificate, mintList({ by: root, revoked: numbers(10) })];
  const meet = () => {
    const ends = pair(core, {}, { identity }, { authorities: [...authorities] });
    settle(ends);
    assert.is(ends.responder.state, "open");
  };
  assert.equal(calls(core, READING, meet), [1, 1]);
  assert.equal(calls(core, READING, meet), [0, 0]);
});

test("no more than four sets are kept, and engines keep theirs", async () => {
  const core = await loadCore();
  const stranger = claim(core, device(1));
  const identity = core.identityFromPEM(device(1).pem);
  const own = [root.certificate, mintList({ by: root, revoked: [7] })];
  let ends: Pair | undefined;
  const freed = calls(core, ["xtls_authorities_free"], () => {
    ends = pair(core, {}, { identity }, { authorities: own });
    for (let serial = 2000; serial < 2020; serial++)
      assert.equal(stranger.verifyChain([root.certificate, mintList({ by: root, revoked: [serial] })]), []);
  });
  assert.equal(freed, [17]);
  settle(ends!);
  assert.is(ends!.responder.state, "open");
});

test("of a hundred thousand the revoked are found, and the others are not", async () => {
  const core = await loadCore();
  const authorities = core.authorities([root.certificate, big]);
  const said = (serial: number) => core.verifyChain([device(serial).der], authorities);
  const last = 1000 + 2 * (MANY - 1);
  for (const serial of [1000, 1002, 1256, 66_000, 66_002, 131_072, last - 2, last])
    assert.equal(said(serial), ["revoked"]);
  for (const serial of [1, 998, 999, 1001, 66_001, 131_073, last - 1, last + 1, last + 2])
    assert.equal(said(serial), []);
});

test("a list's own order is of no matter, nor how few it has", async () => {
  const core = await loadCore();
  const shuffled = [70_000, 5, 300, 1, 65_535, 2, 256, 70_000, 255];
  for (let count = 0; count <= shuffled.length; count++) {
    const revoked = shuffled.slice(0, count);
    const list = mintList({ by: root, revoked });
    for (const serial of [...shuffled, 3, 257, 69_999])
      assert.equal(
        problems(core, device(serial), [root.certificate, list]),
        revoked.includes(serial) ? ["revoked"] : [],
        `${serial} of ${revoked}`,
      );
  }
});

test("a list is read no more once its signature was found good: what is in memory is not even hashed", async () => {
  const core = await loadCore();
  const authorities = core.authorities([root.certificate, big]);
  // Somewhere in the middle, in what is signed and is nobody's serial number here.
  const middle = big.subarray(big.length / 2, big.length / 2 + 64);
  const spoil = () => {
    const place = find(core, middle);
    assert.ok(place > 0);
    new Uint8Array(core.module.memory.buffer)[place + 20]! ^= 1;
  };
  assert.equal(core.verifyChain([device(1).der], authorities), []);
  spoil();
  assert.equal(core.verifyChain([device(1).der], authorities), [], "it is not read again");

  const other = await loadCore();
  const unread = other.authorities([root.certificate, big]);
  new Uint8Array(other.module.memory.buffer)[find(other, middle) + 20]! ^= 1;
  assert.equal(
    other.verifyChain([device(1).der], unread),
    ["revocation list not trusted"],
    "it is read the first time",
  );
});

test("a list costs little more memory than its bytes", async () => {
  const core = await loadCore();
  const before = core.heapUsed;
  core.authorities([root.certificate, big]);
  assert.ok(core.heapUsed - before < 1.5 * big.length, `${(core.heapUsed - before) / big.length} times its bytes`);
});

test("a key that a list was found signed by helps no other: not its namesake's, nor that of one who may not sign", async () => {
  const core = await loadCore();
  const list = mintList({ by: root, revoked: [1001] });
  const namesake = mint({ name: root.name, extensions: CA });
  const mute = mint({ name: root.name, extensions: [basicConstraints(true), keyUsage(0x04)], key: root.privateKey });
  assert.not.equal(mute.certificate, root.certificate);
  for (const [first, ...others] of [
    [root, namesake],
    [namesake, root],
  ]) {
    const authorities = core.authorities([...[first!, ...others].map(({ certificate }) => certificate), list]);
    const said = (one: Minted) => core.verifyChain([one.der], authorities);
    for (let round = 0; round < 3; round++) {
      assert.equal(said(device(1)), []);
      assert.equal(said(device(1001)), ["revoked"]);
      assert.equal(said(device(1, namesake)), ["revocation list not trusted"]);
      assert.equal(said(device(1001, namesake)), ["revocation list not trusted"]);
    }
  }
  // Verified under one certificate of the key, then asked for under the other.
  const authority = mint({ name: "Place", by: root, extensions: CA });
  const silent = mint({
    name: "Place",
    by: root,
    extensions: [basicConstraints(true), keyUsage(0x04)],
    key: authority.privateKey,
  });
  const both = core.authorities([
    root.certificate,
    mintList({ by: root, revoked: [] }),
    mintList({ by: authority, revoked: [] }),
  ]);
  const through = (one: Minted) => core.verifyChain([device(1, one).der, one.der], both);
  assert.equal(through(authority), []);
  assert.equal(through(silent), ["revocation list not trusted"]);
  assert.equal(through(authority), []);
});

test("an issuer's name is the same when it is written in another way", async () => {
  const core = await loadCore();
  for (const other of [{ tag: PRINTABLE_STRING }, { name: "ROOT of verona" }]) {
    const list = mintList({ by: root, revoked: [1001], ...other });
    assert.equal(problems(core, device(1001), [root.certificate, list]), ["revoked"]);
    assert.equal(problems(core, device(1), [root.certificate, list]), []);
  }
  const foreign = mintList({ by: root, revoked: [], name: "Root of Veronb" });
  assert.equal(problems(core, device(1), [root.certificate, foreign]), ["without a revocation list of its issuer"]);
});

test("nobody is looked up for a chain that leads nowhere", async () => {
  const core = await loadCore();
  const stranger = mint({ name: root.name, extensions: CA });
  const authorities = core.authorities([root.certificate, big]);
  assert.equal(core.verifyChain([device(1000, stranger).der], authorities), ["not issued by a configured authority"]);
  assert.equal(core.verifyChain([device(1000, stranger).der, stranger.der], authorities), [
    "not issued by a configured authority",
  ]);
});

test.run();
