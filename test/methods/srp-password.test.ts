/** Passwords as RFC 8265 has them. */

import { opaqueString } from "../../bindings/methods/srp/opaque-string.ts";
import { assert, suite } from "../suite.ts";

const test = suite("passwords");

const prepared = (password: string): string | undefined => {
  const bytes = opaqueString(password);
  return bytes && new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
};

test("takes the examples of RFC 8265 §4.3", () => {
  const examples = ["correct horse battery staple", "Correct Horse Battery Staple", "\u03c0\u00df\u00e5", "Jack of \u2666s"];
  for (const password of examples) assert.is(prepared(password), password);
  assert.is(prepared("foo\u1680bar"), "foo bar");
  assert.is(prepared(""), undefined);
  assert.is(prepared("my cat is a \u0009by"), undefined);
});

test("makes one of what looks the same: NFC, and every space", () => {
  assert.is(prepared("Zoe\u0308"), "Zo\u00eb");
  assert.is(prepared("a\u00a0b\u2003c\u3000d"), "a b c d");
});

test("keeps what differs: case, width, compatibility forms", () => {
  for (const password of ["Rose", "rose", "\uff32\uff4f\uff53\uff45", "\ufb01n", "\u212bng".normalize("NFC"), " rose "])
    assert.is(prepared(password), password);
});

test("takes every script, emoji and mixed directions", () => {
  for (const password of ["пароль", "密码", "パスワード・二", "كلمة1السر", "סיסמה abc", "🌹🔑", "पासवर्ड", "𞤀𞤁", "l·l", "ד׳"])
    assert.is(prepared(password), password.normalize("NFC"));
});

test("refuses controls, unassigned, private and ignorable characters", () => {
  for (const bad of ["\u0000", "\u0007", "\u007f", "\n", "\u0378", "\ufdd0", "\u{10ffff}", "\ue000", "\ud800", "\u00ad", "\u200b", "\u200d", "\ufeff", "\u2028", "\u0640", "\u302e", "\u1100", "\ufe0f"])
    assert.is(prepared(`rose${bad}rose`), undefined, `U+${bad.codePointAt(0)!.toString(16)}`);
});

test("refuses characters in a context that they do not fit", () => {
  for (const bad of ["a·b", "·", "l·", "\u0375a", "a\u05f3", "a\u30fbb", "\u0661\u06f1", "\u06f1 \u0661"]) assert.is(prepared(bad), undefined, bad);
});

test("refuses what nobody types: more than 1024 characters", () => {
  assert.is(prepared("r".repeat(1024)), "r".repeat(1024));
  assert.is(prepared("r".repeat(1025)), undefined);
});

test.run();
