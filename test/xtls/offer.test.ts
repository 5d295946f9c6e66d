import xml from "@xmpp/xml";
import { buildOffer, parseOffer } from "../../bindings/xtls/offer.ts";
import { assert, suite } from "../suite.ts";
import { code } from "./code.ts";

const test = suite("offer");
const sha1 = "428b1358a286430f628da23fb33ddaf6e474f5c5";
const sha256 = Array.from({ length: 32 }, (_, at) => (at + 0xa0).toString(16).toUpperCase()).join(":");
const none = { keys: [], srp: false, insecure: false, x509: false, openpgp: false, methods: [], fingerprints: [], tunnel: undefined, bind: false };
const all = {
  keys: [sha1],
  srp: true,
  insecure: true,
  x509: true,
  openpgp: true,
  methods: ["srp", "sas"],
  fingerprints: [sha256],
  tunnel: { sid: "s1", window: 8, maxBytes: 4096 },
  bind: true,
};
const EXT = "urn:xmpp:tmp:xtls:ext";
const offered = (...children: ReturnType<typeof xml>[]) => xml("offer", { xmlns: "urn:xmpp:tmp:c2ctls" }, ...children);

test("is written as XEP-0250 has it", () => {
  assert.is(
    buildOffer({ keys: [sha1], srp: true }).toString(),
    `<offer xmlns="urn:xmpp:tmp:c2ctls"><keyinfo xmlns="urn:xmpp:tmp:pubkey"><name>${sha1}</name></keyinfo><srp/></offer>`,
  );
});

test("comes back as it was", () => {
  assert.equal(parseOffer(buildOffer(all)), all);
  assert.equal(parseOffer(buildOffer({})), none);
});

test("writes our extensions in their own namespace, in order of preference", () => {
  const { methods, fingerprints, tunnel, bind } = all;
  assert.is(
    buildOffer({ methods, fingerprints, tunnel, bind }).toString(),
    `<offer xmlns="urn:xmpp:tmp:c2ctls"><method xmlns="${EXT}" name="srp"/><method xmlns="${EXT}" name="sas"/>` +
      `<fingerprint xmlns="${EXT}" hash="sha-256">${sha256}</fingerprint>` +
      `<tunnel xmlns="${EXT}" sid="s1" window="8" max-bytes="4096"/><bind xmlns="${EXT}"/></offer>`,
  );
});

test("ignores children that it does not know", () => {
  const offer = xml(
    "offer",
    { xmlns: "urn:xmpp:tmp:c2ctls" },
    xml("hello", { xmlns: EXT }),
    xml("fingerprint", { xmlns: EXT, hash: "sha-512" }, "00"),
    xml("bind", { xmlns: "urn:example:other" }),
    xml("srp"),
    "text",
  );
  assert.equal(parseOffer(offer), { ...none, srp: true });
});

test("refuses extensions that are not as the protocol has them", () => {
  const wrong = [
    xml("method", { xmlns: EXT }),
    xml("method", { xmlns: EXT, name: "a:b" }),
    xml("fingerprint", { xmlns: EXT, hash: "sha-256" }, sha1),
    xml("tunnel", { xmlns: EXT }),
    xml("tunnel", { xmlns: EXT, sid: "s", window: "0" }),
    xml("tunnel", { xmlns: EXT, sid: "s", "max-bytes": "1e9" }),
    xml("tunnel", { xmlns: EXT, sid: "s".repeat(65) }),
  ];
  for (const child of wrong) assert.is(code(() => parseOffer(offered(child))), "malformed", child.toString());
  const tunnel = () => xml("tunnel", { xmlns: EXT, sid: "s" });
  assert.is(code(() => parseOffer(offered(tunnel(), tunnel()))), "malformed");
  assert.is(code(() => buildOffer({ methods: ["a b"] })), "invalid-argument");
  assert.is(code(() => buildOffer({ fingerprints: [sha1] })), "invalid-argument");
});

test("refuses a window and a max-bytes that nobody needs, and takes those at the border", () => {
  const tunnel = (window: string, maxBytes: string) =>
    parseOffer(offered(xml("tunnel", { xmlns: EXT, sid: "s", window, "max-bytes": maxBytes }))).tunnel;
  assert.equal(tunnel("1", "1024"), { sid: "s", window: 1, maxBytes: 1024 });
  assert.equal(tunnel("64", "184320"), { sid: "s", window: 64, maxBytes: 184_320 });
  assert.is(tunnel("64", "999999999")?.maxBytes, 184_320, "more than any server bears counts as what most bear");
  for (const window of ["0", "65", "1000", "-1", "1.5", "08", "+8", " 8", "0x8", "NaN", ""])
    assert.is(code(() => tunnel(window, "4096")), "malformed", window);
  for (const maxBytes of ["0", "1", "23", "1023", "-4096", "4096.5", "04096", "1e4", "Infinity", "9999999999", ""])
    assert.is(code(() => tunnel("8", maxBytes)), "malformed", maxBytes);
});

test("a tunnel that says nothing of its limits has the base wire's", () => {
  assert.equal(parseOffer(offered(xml("tunnel", { xmlns: EXT, sid: "s" }))).tunnel, { sid: "s", window: 1, maxBytes: 4096 });
});

test("takes the name of a key in any case and with space around it", () => {
  const offer = xml(
    "offer",
    { xmlns: "urn:xmpp:tmp:c2ctls" },
    xml("keyinfo", { xmlns: "urn:xmpp:tmp:pubkey" }, xml("name", {}, `\n ${sha1.toUpperCase()} `)),
  );
  assert.equal(parseOffer(offer).keys, [sha1]);
});

test("refuses a key that is no SHA-1", () => {
  assert.is(
    code(() => buildOffer({ keys: ["428b"] })),
    "invalid-argument",
  );
  const offer = (...children: ReturnType<typeof xml>[]) => xml("offer", { xmlns: "urn:xmpp:tmp:c2ctls" }, ...children);
  assert.is(
    code(() => parseOffer(offer(xml("keyinfo", { xmlns: "urn:xmpp:tmp:pubkey" })))),
    "malformed",
  );
});

test("refuses more keys than anybody has", () => {
  const keys = Array.from({ length: 33 }, () => sha1);
  assert.is(
    code(() => parseOffer(buildOffer({ keys }))),
    "malformed",
  );
});

test.run();
