import xml from "@xmpp/xml";
import { buildOffer, parseOffer } from "../../bindings/xtls/offer.ts";
import { assert, suite } from "../suite.ts";
import { code } from "./code.ts";

const test = suite("offer");
const sha1 = "428b1358a286430f628da23fb33ddaf6e474f5c5";
const all = { keys: [sha1], srp: true, insecure: true, x509: true, openpgp: true };

test("is written as XEP-0250 has it", () => {
  assert.is(
    buildOffer({ keys: [sha1], srp: true }).toString(),
    `<offer xmlns="urn:xmpp:tmp:c2ctls"><keyinfo xmlns="urn:xmpp:tmp:pubkey"><name>${sha1}</name></keyinfo><srp/></offer>`,
  );
});

test("comes back as it was", () => {
  assert.equal(parseOffer(buildOffer(all)), all);
  assert.equal(parseOffer(buildOffer({})), { keys: [], srp: false, insecure: false, x509: false, openpgp: false });
});

test("ignores children that it does not know", () => {
  const offer = xml(
    "offer",
    { xmlns: "urn:xmpp:tmp:c2ctls" },
    xml("method", { xmlns: "urn:xmpp:tmp:xtls:ext", name: "sas" }),
    xml("srp"),
    "text",
  );
  assert.equal(parseOffer(offer), { keys: [], srp: true, insecure: false, x509: false, openpgp: false });
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
