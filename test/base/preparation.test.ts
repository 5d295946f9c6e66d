/** What preparation makes of all of Unicode, part by part (RFC 7622, 8264, 8265, 5890-5893). */
import { domainToASCII } from "node:url";

import fc from "fast-check";

import { prepareDomain } from "../../bindings/base/domain.ts";
import { bareJid, domainOf, isSameJid, parseJid, prepareJid, type Jid } from "../../bindings/base/jid.ts";
import { prepareOpaqueString, prepareUsername } from "../../bindings/base/precis.ts";
import { decodePunycode } from "../../bindings/base/punycode.ts";
import { assert, suite } from "../suite.ts";
import { code } from "../xtls/code.ts";

const test = suite("preparation");

const PARTS = {
  localpart: { profile: prepareUsername, address: (text: string) => `${text}@capulet.lit/x`, read: ({ local }: Jid) => local },
  domain: { profile: prepareDomain, address: (text: string) => `romeo@${text}/x`, read: ({ domain }: Jid) => domain },
  resource: {
    profile: prepareOpaqueString,
    address: (text: string) => `capulet.lit/${text}`,
    read: ({ resource }: Jid) => resource,
  },
};

function* everyCharacter(): Generator<string> {
  for (let point = 0; point <= 0x10ffff; point++) yield String.fromCodePoint(point);
}

/** The prepared address, or undefined; any other error than `invalid-jid` goes on. */
function prepared(address: string): string | undefined {
  try {
    return prepareJid(address);
  } catch (error) {
    assert.is((error as { code?: string }).code, "invalid-jid");
    return undefined;
  }
}

/** That a prepared address is its own prepared form, and has the parts that it had. */
function readsBack(address: string): boolean {
  const once = prepared(address);
  if (once === undefined) return false;
  assert.is(prepareJid(once), once, JSON.stringify(address));
  assert.equal(parseJid(once), parseJid(address));
  return true;
}

const isRefused = (address: string) =>
  assert.is(
    code(() => parseJid(address)),
    "invalid-jid",
    JSON.stringify(address),
  );

for (const [name, { profile, address }] of Object.entries(PARTS)) {
  test(`a ${name} of each single character of Unicode reads back as it was prepared, or is refused`, () => {
    let [count, refused] = [0, 0];
    for (const character of everyCharacter()) {
      const once = profile(character);
      if (once === undefined) refused++;
      else if (once !== profile(once)) assert.unreachable(`U+${character.codePointAt(0)?.toString(16)}`);
      else if (once !== character || ++count % 61 === 0) readsBack(address(character));
    }
    assert.ok(count > 100_000 && refused > 500_000, `${count} ${refused}`);
  });

  test(`a ${name} of any characters reads back as it was prepared, or is refused`, () => {
    const marks = fc.constantFrom("\u0307", "\u0323", "\u0327", "\u0301", "\u0345", "\u030a", "\u3099", "\u05b0");
    const letters = fc.constantFrom(
      "\u0130",
      "I",
      "i",
      "\u0131",
      "\u03a3",
      "\u1fbc",
      "\u1e9e",
      "\u212b",
      "\u03f4",
      "\uff21",
      "\u1100\u1161\u11a8",
      ".",
      "-",
    );
    const unit = fc.oneof(
      marks,
      letters,
      fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
      fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 }),
    );
    fc.assert(
      fc.property(fc.array(unit, { minLength: 1, maxLength: 8 }), (units) => void readsBack(address(units.join("")))),
      { numRuns: 3000 },
    );
  });

  test(`a ${name} in composed and in decomposed spelling is one`, () => {
    for (const character of everyCharacter()) {
      const decomposed = character.normalize("NFD");
      if (decomposed === character) continue;
      const expected = profile(character);
      for (const spelling of [decomposed, character.normalize("NFC")])
        if (profile(spelling) !== expected) assert.unreachable(`U+${character.codePointAt(0)?.toString(16)}`);
    }
  });
}

test("no part has controls, private characters, halves of pairs, or what Unicode does not know", () => {
  for (const { profile } of Object.values(PARTS))
    for (const character of everyCharacter())
      if (/[\p{Cc}\p{Co}\p{Cs}\p{Cn}]/u.test(character) && profile(`a${character}b`) !== undefined)
        assert.unreachable(`U+${character.codePointAt(0)?.toString(16)}`);
});

test("no part has what cannot be seen: joiners, direction marks, fillers, tags, variation selectors", () => {
  const unseen = /[\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
  for (const { profile } of Object.values(PARTS))
    for (const character of everyCharacter())
      if (unseen.test(character) && profile(`a${character}b`) !== undefined)
        assert.unreachable(`U+${character.codePointAt(0)?.toString(16)}`);
});

test("a localpart has neither spaces nor symbols nor what only resembles another character", () => {
  for (const character of [
    "\u00a0",
    "\u3000",
    "\u2003",
    "\u2665",
    "\u{1f339}",
    "\ufb01",
    "\u00aa",
    "\u2160",
    "\u24d0",
    "\u01c4",
    "\u{1d41a}",
    "\u2100",
    "\u03f4",
  ])
    isRefused(`a${character}@capulet.lit`);
  for (const character of ['"', "&", "'", ":", "<", ">", " ", "\uff20", "\uff1a", "\uff06", "\uff0f"])
    isRefused(`a${character}b@capulet.lit`);
  for (const mixed of ["\u05d0a", "a\u05d0", "\u05d0\u0661\u06f1", "\u0661\u05d0", "\u0661\u06f1", "a\u00b7b", "\u30fb"])
    isRefused(`${mixed}@capulet.lit`);
});

test("a localpart is written in lower case, in ordinary width, composed", () => {
  for (const [typed, expected] of [
    ["\uff32\uff4f\uff4d\uff45\uff4f", "romeo"],
    ["\u0130\u0323", "i\u0323\u0307".normalize("NFC")],
    ["\u00d6SSEL", "\u00f6ssel"],
    ["stra\u00dfe", "stra\u00dfe"],
    ["\u03a3\u0399\u03a3", "\u03c3\u03b9\u03c3"],
    ["\uff76\uff9e", "\u30ac"],
    ["\u1112\u1161\u11ab", "\ud55c"],
    ["\u{1e900}\u{1e901}", "\u{1e922}\u{1e923}"],
    ["\u05d3\u05d5\u05d31", "\u05d3\u05d5\u05d31"],
    ["l\u00b7l", "l\u00b7l"],
    ["!#$%()*+,-.;=?[\\]^_`{|}~", "!#$%()*+,-.;=?[\\]^_`{|}~"],
  ] as const)
    assert.is(bareJid(`${typed}@capulet.lit`), `${expected}@capulet.lit`);
});

test("a resource keeps case, width, symbols and spaces, which are all one space", () => {
  assert.is(prepareJid("capulet.lit/A\u00a0b\u3000c \uff21"), "capulet.lit/A b c \uff21");
  assert.is(prepareJid("capulet.lit/\u2665 \ufb01 a@b/c"), "capulet.lit/\u2665 \ufb01 a@b/c");
  for (const wrong of ["\u200b", "a\u200d\u{1f339}", "\u2764\ufe0f", "\ue000", "\ud83d", "\n", "\u1100", "\u0378"])
    isRefused(`capulet.lit/${wrong}`);
});

test("a domain has no empty label, and one dot at its end does not count", () => {
  for (const domain of ["evil.example...", "evil.example..", "evil..example", ".evil.example", ".", "..", "\u3002"])
    isRefused(domain);
  assert.is(domainOf("capulet.lit."), "capulet.lit");
  assert.is(domainOf("capulet\u3002lit\uff0e"), "capulet.lit");
  assert.is(domainOf("www\uff61capulet.lit\uff61"), "www.capulet.lit");
});

test("a domain's labels are letters, digits and hyphens, or what IDNA2008 allows", () => {
  for (const domain of [
    "a_b.lit",
    "-a.lit",
    "a-.lit",
    "ab--c.lit",
    "a b.lit",
    "a:1",
    "a\\b",
    "\ufb01.lit",
    "\u2665.lit",
    "\u0301a.lit",
    "\u00aa.lit",
    "\u{1d41a}.lit",
    "a\u20e3.lit",
    "\u05d0a.lit",
    `${"a".repeat(64)}.lit`,
    "b\u00fc--cher",
    "\uff05.lit",
    "a\uff0fb",
  ])
    isRefused(domain);
  for (const [typed, expected] of [
    ["B\u00dcCHER.Lit", "b\u00fccher.lit"],
    ["\u0130\u0327.lit", "i\u0327\u0307.lit"],
    ["fa\u00df.lit", "fa\u00df.lit"],
    ["\uff43\uff41\uff50\uff55\uff4c\uff45\uff54.lit", "capulet.lit"],
    ["\u05e9\u05dc\u05d5\u05dd.lit", "\u05e9\u05dc\u05d5\u05dd.lit"],
    ["\u4f8b\u3048.\u30c6\u30b9\u30c8", "\u4f8b\u3048.\u30c6\u30b9\u30c8"],
    ["3com.lit", "3com.lit"],
    [`${"a".repeat(63)}.lit`, `${"a".repeat(63)}.lit`],
  ] as const)
    assert.is(domainOf(typed), expected);
});

test("a domain may be an IP address", () => {
  assert.is(domainOf("romeo@127.0.0.1/x"), "127.0.0.1");
  assert.is(bareJid("romeo@[2001:DB8::1]/x"), "romeo@[2001:db8::1]");
  for (const wrong of ["[::1", "::1", "[::1%eth0]", "[::1].lit", "[]", "[romeo]"]) isRefused(`romeo@${wrong}`);
});

test("A-label and U-label are one domain", () => {
  assert.ok(isSameJid("romeo@xn--bcher-kva.example", "romeo@B\u00fccher.example"));
  assert.is(domainOf("XN--BCHER-KVA.example"), "b\u00fccher.example");
  for (let point = 0x80, count = 0; point <= 0x10ffff; point += point < 0x3400 ? 1 : 37) {
    const label = prepareDomain(`a${String.fromCodePoint(point)}b`);
    // The platform's encoder may know less of Unicode than its regular expressions.
    const encoded = label && domainToASCII(label);
    if (!encoded) continue;
    assert.is(prepareDomain(encoded), label, `U+${point.toString(16)} ${++count}`);
  }
});

test("an A-label of several letters is decoded as others encode it", () => {
  const letter = fc.constantFrom(..."abz09-\u00e4\u00df\u03b1\u0431\u4e00\u3042\ud55c\u{20000}\u0e01");
  fc.assert(
    fc.property(fc.array(letter, { minLength: 1, maxLength: 20 }), (letters) => {
      const label = prepareDomain(letters.join(""));
      const encoded = label && domainToASCII(`${label}.lit`);
      if (encoded) assert.is(prepareDomain(encoded), `${label}.lit`);
    }),
    { numRuns: 2000 },
  );
});

test("an A-label that no U-label has is refused: another spelling, plain letters, capitals, or no Punycode", () => {
  for (const label of [
    "xn--",
    "xn--a",
    "xn--abc-",
    "xn---foo",
    "xn--bcher-kva-",
    "xn--bCHER-kva9",
    "xn--99999999",
    "xn--\u00fc",
    "xn--xn--a-ecp",
  ])
    isRefused(`${label}.example`);
  // Of "bÜcher", a wide letter, an ideographic dot, "e" and an accent apart, a ligature, a joiner, both directions, the halves of U+20000.
  for (const label of [
    "xn--bcher-2pa",
    "xn--capulet-0593b",
    "xn--ab-r13a",
    "xn--ex-8tb",
    "xn--x-sy8h",
    "xn--ab-m1t",
    "xn--a-zhc",
    "xn--cd9bq2e",
  ])
    isRefused(`${label}.example`);
});

test("Punycode gives a text, or nothing, for whatever comes", () => {
  const letters = fc.string({ unit: fc.constantFrom(..."abcdefghijklmnopqrstuvwxyz0123456789-"), maxLength: 59 });
  fc.assert(
    fc.property(letters, (text) => {
      const decoded = decodePunycode(text);
      assert.ok(decoded === undefined || !/\p{Cs}/u.test(decoded));
    }),
    { numRuns: 5000 },
  );
});

test("a part may have 1023 bytes when it is prepared, and much longer text is not looked at", () => {
  for (const { address, read } of [PARTS.localpart, PARTS.resource]) {
    assert.is(read(parseJid(address("\u00e9".repeat(511)))).length, 511);
    assert.is(read(parseJid(address("e\u0301".repeat(511)))).length, 511);
    isRefused(address("\u00e9".repeat(512)));
    isRefused(address("e".repeat(1024)));
    isRefused(address("e".repeat(1_000_000)));
  }
  isRefused(`${"a.".repeat(511)}ab`);
});

test("whatever is no address is refused as such", () => {
  for (const wrong of [undefined, null, 7, {}, [], Symbol("x"), new String("a@b")]) isRefused(wrong as string);
});

test.run();
