import { bareJid, compareOctets, domainOf, fullJid, isSameJid, parseJid, siteOf } from "../../bindings/base/jid.ts";
import { assert, suite } from "../suite.ts";
import { code } from "../xtls/code.ts";

const test = suite("jid");

test("cuts at the first slash and then at the first @", () => {
  assert.equal(parseJid("juliet@capulet.lit/a@b/c"), { local: "juliet", domain: "capulet.lit", resource: "a@b/c" });
  assert.equal(parseJid("capulet.lit/a@b"), { local: "", domain: "capulet.lit", resource: "a@b" });
});

test("prepares local and domain, leaves the resource's case alone", () => {
  assert.is(fullJid("JULIET@Capulet.LIT./Balcony"), "juliet@capulet.lit/Balcony");
  assert.is(fullJid("jose\u0301@capulet.lit/x"), "jos\u00e9@capulet.lit/x");
});

test("keeps a backslash as it is", () => {
  assert.is(bareJid("a\\b@capulet.lit"), "a\\b@capulet.lit");
});

for (const text of [
  "",
  "@capulet.lit",
  "juliet@",
  "juliet@capulet.lit/",
  "jul iet@capulet.lit",
  "a@b@c",
  "a\u0000@b",
  `${"x".repeat(1024)}@b`,
]) {
  test(`refuses ${JSON.stringify(text.slice(0, 30))}`, () =>
    assert.is(
      code(() => parseJid(text)),
      "invalid-jid",
    ));
}

test("wants a resource of a full JID", () => {
  assert.is(
    code(() => fullJid("juliet@capulet.lit")),
    "invalid-jid",
  );
  assert.is(domainOf("juliet@capulet.lit/x"), "capulet.lit");
});

test("holds an invalid address to be nobody's", () => {
  assert.is(isSameJid("", ""), false);
  assert.is(isSameJid("juliet@capulet.lit", "Juliet@CAPULET.lit"), true);
  assert.is(isSameJid("juliet@capulet.lit", "juliet@capulet.lit/x"), false);
});

test("takes all that is below one domain for one site", () => {
  const sites = ["a@evil.lit/x/y@z", "b@chat.evil.lit", "x.y.evil.lit/q", "evil.lit"].map(siteOf);
  assert.equal([...new Set(sites)], ["evil.lit"]);
  assert.equal(["localhost", "a@localhost/b"].map(siteOf), ["localhost", "localhost"]);
});

test("sorts by octets, not by code units", () => {
  assert.ok(compareOctets("a@b/x", "a@b/y") < 0);
  assert.ok(compareOctets("a@b/xx", "a@b/x") > 0);
  assert.is(compareOctets("a@b/x", "a@b/x"), 0);
  // U+FFFD is above U+1F339's first surrogate, but EF sorts before F0.
  assert.ok(compareOctets("a@b/\ufffd", "a@b/\u{1f339}") < 0);
});

test.run();
