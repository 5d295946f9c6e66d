import fc from "fast-check";

import { buildVerificationUri, parseVerificationUri } from "../../bindings/verification/uri.ts";
import { assert, suite } from "../suite.ts";
import { code } from "../xtls/code.ts";

const test = suite("verification uri");

const HEX = "93B10C4E7D2F5A68".repeat(4);
const OTHER_HEX = "0123456789ABCDEF".repeat(4);
const COLONS = HEX.match(/../g)!.join(":");
const OTHER_COLONS = OTHER_HEX.match(/../g)!.join(":");
const URI = `xmpp:romeo@montague.lit?xtls-verify;sha-256=${HEX}`;
const ROMEO = { jid: "romeo@montague.lit", spkiFingerprints: [COLONS] };

test("names a bare JID and its keys", () => {
  assert.is(buildVerificationUri("Romeo@Montague.lit", COLONS), URI);
  assert.equal(parseVerificationUri(URI), ROMEO);
});

test("holds one fingerprint for each device, none twice", () => {
  const uri = buildVerificationUri("romeo@montague.lit", [COLONS, OTHER_HEX.toLowerCase(), HEX]);
  assert.is(uri, `${URI};sha-256=${OTHER_HEX}`);
  assert.equal(parseVerificationUri(`${uri};sha-256=${HEX.toLowerCase()}`).spkiFingerprints, [COLONS, OTHER_COLONS]);
});

test("escapes what a URI cannot hold", () => {
  for (const [jid, address] of [
    ["jos\u00e9@caf\u00e9.lit", "jos%C3%A9@caf%C3%A9.lit"],
    ["a?b#c%d;e=f@montague.lit", "a%3Fb%23c%25d%3Be%3Df@montague.lit"],
    ["romeo@[::1]", "romeo@[::1]"],
    ["montague.lit", "montague.lit"],
  ] as const) {
    const uri = buildVerificationUri(jid, HEX);
    assert.is(uri, `xmpp:${address}?xtls-verify;sha-256=${HEX}`);
    assert.is(parseVerificationUri(uri).jid, jid);
  }
});

test("prepares the address", () => {
  for (const address of ["ROMEO@Montague.LIT", "%52omeo@montague.lit.", "ｒｏｍｅｏ@montague.lit", "%EF%BD%92omeo@montague.lit", "romeo@montague%E3%80%82lit"])
    assert.equal(parseVerificationUri(`xmpp:${address}?xtls-verify;sha-256=${HEX}`), ROMEO, address);
  assert.is(parseVerificationUri(`xmpp:jose%CC%81@montague.lit?xtls-verify;sha-256=${HEX}`).jid, "jos\u00e9@montague.lit");
});

test("ignores parameters that it does not know, and a fragment", () => {
  const uri = `XMPP:romeo@montague.lit?xtls-verify;name=R%6Fmeo;flag;sha-512=00;sha-256=${HEX};name=again#top`;
  assert.equal(parseVerificationUri(` ${uri}\n`), ROMEO);
  assert.equal(parseVerificationUri(uri.replace("sha-256", "sha%2D256")), ROMEO);
});

test("says what is wrong with other texts", () => {
  for (const [text, expected] of [
    ["", "invalid-argument"],
    ["hello", "invalid-argument"],
    ["https://montague.lit/?xtls-verify;sha-256=" + HEX, "invalid-argument"],
    ["xmpp:romeo@montague.lit", "invalid-argument"],
    ["xmpp:?xtls-verify;sha-256=" + HEX, "invalid-argument"],
    ["xmpp:romeo@montague.lit?message;body=hi", "invalid-argument"],
    [`xmpp:romeo@montague.lit?message;sha-256=${HEX}`, "invalid-argument"],
    [`xmpp:romeo@montague.lit?sha-256=${HEX}`, "invalid-argument"],
    ["xmpp:romeo@montague.lit?xtls-verify", "invalid-argument"],
    ["xmpp:romeo@montague.lit?xtls-verify;sha-256=", "invalid-argument"],
    ["xmpp:romeo@montague.lit?xtls-verify;sha-256", "invalid-argument"],
    [`${URI.slice(0, -1)}`, "invalid-argument"],
    [`${URI}0`, "invalid-argument"],
    [`${URI};sha-256=00`, "invalid-argument"],
    [`${URI};sha-256=%zz`, "invalid-argument"],
    [`${URI};padding=${"x".repeat(4096)}`, "invalid-argument"],
    [`xmpp:rom%E9o@montague.lit?xtls-verify;sha-256=${HEX}`, "invalid-argument"],
    [`xmpp:romeo@montague.lit/orchard?xtls-verify;sha-256=${HEX}`, "invalid-jid"],
    [`xmpp://mallory@host/romeo@montague.lit?xtls-verify;sha-256=${HEX}`, "invalid-jid"],
    [`xmpp:romeo%40montague.lit?xtls-verify;sha-256=${HEX}`, "invalid-jid"],
    [`xmpp:romeo@montague.lit%2Forchard?xtls-verify;sha-256=${HEX}`, "invalid-jid"],
    [`xmpp:romeo@montague.lit@mallory.lit?xtls-verify;sha-256=${HEX}`, "invalid-jid"],
    [`xmpp:@montague.lit?xtls-verify;sha-256=${HEX}`, "invalid-jid"],
    [`xmpp:\ud83d@montague.lit?xtls-verify;sha-256=${HEX}`, "invalid-jid"],
    [`xmpp:evil.example...?xtls-verify;sha-256=${HEX}`, "invalid-jid"],
    [`xmpp:romeo%E2%80%8B@montague.lit?xtls-verify;sha-256=${HEX}`, "invalid-jid"],
    [`xmpp:rom%EF%BC%A0eo@montague.lit?xtls-verify;sha-256=${HEX}`, "invalid-jid"],
    [`xmpp:romeo@montague%EF%BC%8Flit?xtls-verify;sha-256=${HEX}`, "invalid-jid"],
    [`xmpp:ro%20meo@montague.lit?xtls-verify;sha-256=${HEX}`, "invalid-jid"],
  ] as const)
    assert.is(code(() => parseVerificationUri(text)), expected, text.slice(0, 100));
});

test("is not written for a full JID, nor without a key", () => {
  assert.is(code(() => buildVerificationUri("romeo@montague.lit/orchard", HEX)), "invalid-jid");
  assert.is(code(() => buildVerificationUri("romeo@", HEX)), "invalid-jid");
  assert.is(code(() => buildVerificationUri("\ud83d@montague.lit", HEX)), "invalid-jid");
  assert.is(code(() => buildVerificationUri("romeo@montague.lit", [])), "invalid-argument");
  assert.is(code(() => buildVerificationUri("romeo@montague.lit", "93B1")), "invalid-argument");
});

test("reads back what it wrote, whatever the address", () => {
  const local = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(local, fc.domain(), (name, domain) => {
      let uri;
      try {
        uri = buildVerificationUri(`${name}@${domain}`, HEX);
      } catch (error) {
        return assert.is((error as { code: string }).code, "invalid-jid");
      }
      assert.match(uri, /^[\x21-\x7e]+$/);
      const { jid } = parseVerificationUri(uri);
      assert.is(buildVerificationUri(jid, HEX), uri);
    }),
  );
});

test("never throws anything untyped, whatever is scanned", () => {
  const piece = fc.constantFrom("xmpp:", "romeo@montague.lit", "?", "xtls-verify", ";", "sha-256", "=", HEX, "%", "%40", "/", "#", "@", "\u{1f436}");
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 12 }), (pieces) => {
      const answer = code(() => parseVerificationUri(pieces.join("")));
      assert.ok(["invalid-argument", "invalid-jid", undefined].includes(answer as string | undefined), String(answer));
    }),
  );
});

test.run();
