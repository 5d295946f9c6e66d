/** Chains as others send them: in any order, with strangers in between, with old fields, under an authority that changed its key. */

import { generateKeyPairSync } from "node:crypto";

import { loadCore } from "../module.ts";
import { assert, suite } from "../suite.ts";
import {
  basicConstraints,
  extension,
  integer,
  keyUsage,
  mint,
  mintList,
  octets,
  sequence,
  tlv,
  type Minted,
} from "./mint.ts";
import { codeThrownBy, pair, settle } from "./pair.ts";

const test = suite("chains of every form");
const core = await loadCore();

const CA = [basicConstraints(true), keyUsage(0x06)];
const DEVICE = [basicConstraints(false), keyUsage(0x80)];

const root = mint({ name: "Root", extensions: CA });
const outer = mint({ name: "Outer", by: root, extensions: CA });
const middle = mint({ name: "Middle", by: outer, extensions: CA });
const inner = mint({ name: "Inner", by: middle, extensions: CA });
const device = mint({ name: "device", by: inner, extensions: DEVICE });
const stranger = mint({ name: "Stranger", extensions: CA });

const problems = (chain: readonly Minted[], ...authorities: (string | Uint8Array)[]): readonly string[] =>
  core.verifyChain(
    chain.map(({ der }) => der),
    core.authorities(authorities),
  );

function permutations<Item>(items: readonly Item[]): Item[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, index) =>
    permutations([...items.slice(0, index), ...items.slice(index + 1)]).map((rest) => [item, ...rest]),
  );
}

test("lead to their authority in any order of their intermediates, strangers and the root among them (RFC 8446 §4.4.2)", () => {
  let count = 0;
  for (const rest of permutations([inner, middle, outer, stranger, root])) {
    assert.equal(problems([device, ...rest], root.certificate), [], rest.map(({ name }) => name).join(", "));
    assert.is.not(problems([device, ...rest], stranger.certificate).length, 0);
    count++;
  }
  assert.is(count, 120);
});

test("lead nowhere, in any order, when one between is missing", () => {
  for (const rest of permutations([inner, outer, stranger]))
    assert.is(problems([device, ...rest], root.certificate).length > 0, true);
});

test("… and in a handshake: whoever dials may send them in any order", () => {
  for (const rest of [
    [outer, middle, inner],
    [middle, inner, outer],
    [inner, middle, outer],
  ])
    for (const role of ["initiator", "responder"] as const) {
      const identity = core.identityFromPEM(device.pem + rest.map(({ certificate }) => certificate).join(""));
      const judge = { authorities: root.certificate };
      const ends = role === "initiator" ? pair(core, {}, { identity }, judge) : pair(core, {}, judge, { identity });
      settle(ends);
      assert.is(ends.initiator.state, "open");
      assert.is(ends.responder.state, "open");
    }
});

/** With an identifier of its key, and of the key that signed it (RFC 5280 §4.2.1.1 and 2). */
const keyed = (own: number, by: number) => [
  extension("2.5.29.14", octets(Buffer.of(own))),
  extension("2.5.29.35", sequence(tlv(0x80, Buffer.of(by)))),
];

test("of namesakes the one whose key signed is found, wherever it stands, by the key's identifier", () => {
  const [one, other] = [7, 8].map((id) =>
    mint({ name: "Inner", by: middle, extensions: [...CA, ...keyed(id, 0)] }),
  ) as [Minted, Minted];
  const own = mint({ name: "keyed", by: other, extensions: [...DEVICE, ...keyed(9, 8)] });
  for (const rest of permutations([one, other, middle, outer]))
    assert.equal(problems([own, ...rest], root.certificate), []);
});

test("pass over certificates behind their own whose algorithms are not known here", () => {
  const ed25519 = mint({ name: "Edward", key: generateKeyPairSync("ed25519").privateKey, extensions: CA });
  const p521 = mint({
    name: "Long",
    key: generateKeyPairSync("ec", { namedCurve: "P-521" }).privateKey,
    extensions: CA,
  });
  const sha3 = mint({ name: "Hash", hash: "sha3-256", extensions: CA });
  for (const foreign of [ed25519, p521, sha3]) {
    assert.equal(problems([device, foreign, inner, middle, foreign, outer], root.certificate), []);
    assert.is(
      codeThrownBy(() => problems([foreign, root], root.certificate)),
      "invalid-certificate",
    );
  }
});

// --- fields that few use -------------------------------------------------------------------------

const bits = (tag: number) => tlv(tag, Buffer.of(0, 1, 2, 3));

test("are read with unique identifiers, which are bit strings under [1] and [2] (RFC 5280 §4.1.2.8)", () => {
  for (const identifiers of [[bits(0x81)], [bits(0x82)], [bits(0x81), bits(0x82)]]) {
    const own = mint({ name: "old", by: root, extensions: DEVICE, identifiers });
    assert.equal(problems([own], root.certificate), []);
    assert.is(core.certificate(own.der).key, "EC 256");
  }
});

test("are refused with anything else in the place of unique identifiers, extensions among it", () => {
  for (const wrapper of [0xa1, 0xa2]) {
    const hidden = mint({ name: "hidden", by: root, extensions: DEVICE, wrapper });
    assert.is(
      codeThrownBy(() => core.certificate(hidden.der)),
      "invalid-certificate",
    );
    const both = mint({
      name: "both",
      by: root,
      extensions: DEVICE,
      identifiers: [tlv(wrapper, sequence(extension("1.2.3.4", octets())))],
    });
    assert.is(
      codeThrownBy(() => core.certificate(both.der)),
      "invalid-certificate",
    );
  }
  const number = mint({ name: "number", by: root, extensions: DEVICE, identifiers: [tlv(0xa1, integer(1))] });
  assert.is(
    codeThrownBy(() => core.certificate(number.der)),
    "invalid-certificate",
  );
});

// --- an authority of two keys -----------------------------------------------------------------------

const before = mint({ name: "Town", by: root, extensions: [...CA, ...keyed(1, 0)] });
const after = mint({ name: "Town", by: root, extensions: [...CA, ...keyed(2, 0)] });
const listOf = (by: Minted, ...revoked: number[]) => mintList({ by, revoked });

test("of an authority with two keys are judged by the list of the key that signed them", () => {
  const [old, young] = [before, after].map((by, index) =>
    mint({ name: `device ${index}`, by, extensions: [...DEVICE, ...keyed(9, index + 1)], serial: 77 }),
  ) as [Minted, Minted];
  const lists = [listOf(root), listOf(before, 77), listOf(after)];
  for (const order of permutations(lists)) {
    assert.equal(problems([young, after], root.certificate, ...order), []);
    assert.equal(problems([old, before], root.certificate, ...order), ["revoked"]);
    // Both at once, as such authorities send them.
    assert.equal(problems([young, before, after], root.certificate, ...order), []);
    assert.equal(problems([old, after, before], root.certificate, ...order), ["revoked"]);
  }
});

test("… and refused when only the other key has a list", () => {
  const young = mint({ name: "young", by: after, extensions: DEVICE });
  assert.equal(problems([young, after], root.certificate, listOf(root), listOf(before)), [
    "revocation list not trusted",
  ]);
});

test.run();
