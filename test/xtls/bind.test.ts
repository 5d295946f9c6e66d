/** The bind: a MAC over all that was said in clear, which is another when any part of it is another. */
import { createHmac } from "node:crypto";
import xml, { type Element } from "@xmpp/xml";
import { decodeBase64, encodeBase64 } from "../../bindings/xtls/base64.ts";
import { BIND_LABEL, buildBind, checkBind, type Agreement } from "../../bindings/xtls/bind.ts";
import { canonicalise } from "../../bindings/xtls/canonical.ts";
import { ALPN, ALPN_BOUND, NS_XTLS } from "../../bindings/xtls/namespaces.ts";
import { buildOffer } from "../../bindings/xtls/offer.ts";
import type { Claim } from "../../bindings/xtls/trust.ts";
import type { Certificate } from "../../bindings/tls/certificate.ts";
import { assert, suite } from "../suite.ts";
import { BarePeer } from "./bare-peer.ts";
import { core, juliet, pair, romeo } from "./ends.ts";
import { JULIET, ROMEO } from "./wire-pair.ts";

const test = suite("bind");
const utf8 = new TextEncoder();

const agreement: Agreement = {
  offers: { initiator: utf8.encode("an offer"), responder: utf8.encode("another") },
  sid: "sid",
  method: "x509",
};

/** The same tunnel as its two ends see it; the exporter's secret is one and the same. */
function claimOf(role: Claim["role"], changes: Partial<Claim> = {}): Claim {
  const ends = {
    initiator: { jid: "romeo@montague.example/orchard", fingerprint: "AA" },
    responder: { jid: "juliet@capulet.example/balcony", fingerprint: "BB" },
  };
  return {
    jid: "juliet@capulet.example",
    peer: {} as Certificate,
    local: ends[role].jid,
    role,
    isOwnRequest: role === "initiator",
    ends,
    isBound: true,
    exporter: (label) => new Uint8Array(32).fill(label === BIND_LABEL ? 1 : 2),
    verifyChain: () => [],
    ...changes,
  };
}

function isTaken(sent: Claim, said: Agreement, received: Claim, heard: Agreement): boolean {
  try {
    checkBind(buildBind(sent, said, core), received, heard, core);
    return true;
  } catch (error) {
    assert.is((error as { code?: string }).code, "downgraded");
    return false;
  }
}

test("is taken by the other end of the same tunnel, in both directions", () => {
  assert.ok(isTaken(claimOf("initiator"), agreement, claimOf("responder"), agreement));
  assert.ok(isTaken(claimOf("responder"), agreement, claimOf("initiator"), agreement));
});

test("refuses its own proof sent back", () => {
  for (const role of ["initiator", "responder"] as const)
    assert.not.ok(isTaken(claimOf(role), agreement, claimOf(role), agreement));
});

test("is due when both offers say so, whatever ALPN says", () => {
  for (const isOffered of [true, false]) {
    const peer = new BarePeer({}, undefined, undefined, undefined, buildOffer({ bind: isOffered }), ALPN);
    assert.equal([peer.juliet.claims.length, peer.engine.read().length > 0], isOffered ? [0, true] : [1, false]);
  }
});

test("a peer that says by ALPN that it compares, and made no offer, is downgraded", () => {
  const peer = new BarePeer({}, undefined, undefined, undefined, undefined, ALPN_BOUND);
  assert.equal([peer.juliet.closes[0]?.code, peer.engine.alerts.received?.name], ["downgraded", "insufficient_security"]);
});

test("a responder that makes no offer and says by ALPN that it compares is bound by an empty one, with x509", () => {
  const { romeo: end } = pair();
  const engine = core.engine({ role: "responder", identity: juliet, alpn: [ALPN_BOUND] });
  let offer: Element | undefined;
  const answer = (id: string, payload?: Element) => void end.receive({ type: "result", id, from: JULIET, to: ROMEO, payload });
  end.open(JULIET);
  for (let flight = 0; flight < 6; flight++) {
    for (const { id, payload } of end.sent.splice(0).filter(({ type }) => type === "set")) {
      if (payload?.is("data")) engine.feed(decodeBase64(payload.getText()));
      offer ??= payload?.getChild("offer");
      answer(id, payload?.is("start") ? xml("proceed", { xmlns: NS_XTLS }) : undefined);
    }
    if (engine.pending > 0) end.receive({ type: "set", id: `${flight}`, from: JULIET, to: ROMEO, payload: xml("data", { xmlns: NS_XTLS }, encodeBase64(engine.drain(4096))) });
  }
  const sid = offer?.getChild("tunnel")?.attrs.sid as string;
  const pieces = ["initiator", ROMEO, JULIET, sid, "x509", canonicalise(offer as Element), "", romeo.fingerprint, juliet.fingerprint];
  const framed = Buffer.concat(pieces.flatMap((piece) => [Buffer.of(0, 0, Buffer.byteLength(piece) >> 8, Buffer.byteLength(piece) & 0xff), Buffer.from(piece as string)]));
  const mac = createHmac("sha256", engine.exportKeyingMaterial("EXPORTER-XTLS-bind", undefined, 32)).update(framed).digest("base64");
  assert.is(new TextDecoder().decode(engine.read()), `<bind xmlns="urn:xmpp:tmp:xtls:ext">${mac}</bind>`);
  engine[Symbol.dispose]();
});

const { ends } = claimOf("initiator");
const other = (end: "initiator" | "responder", change: object): Partial<Claim> => ({
  ends: { ...ends, [end]: { ...ends[end], ...change } },
});
const CLAIMS: Readonly<Record<string, Partial<Claim>>> = {
  "the initiator's JID": other("initiator", { jid: "romeo@montague.example/tomb" }),
  "the responder's JID": other("responder", { jid: "juliet@capulet.example/tomb" }),
  "the initiator's certificate": other("initiator", { fingerprint: "CC" }),
  "the responder's certificate": other("responder", { fingerprint: "CC" }),
  "the TLS connection": { exporter: () => new Uint8Array(32).fill(3) },
};
const AGREEMENTS: Readonly<Record<string, Partial<Agreement>>> = {
  "the initiator's offer": { offers: { ...agreement.offers, initiator: utf8.encode("an offex") } },
  "the responder's offer": { offers: { ...agreement.offers, responder: undefined } },
  "the order of the offers": { offers: { initiator: agreement.offers.responder, responder: agreement.offers.initiator } },
  "the border between two offers": { offers: { initiator: utf8.encode("an offe"), responder: utf8.encode("ranother") } },
  "the sid": { sid: "dis" },
  "the method": { method: "srp" },
};

for (const [what, change] of Object.entries(CLAIMS)) {
  test(`is refused when ${what} differs`, () => {
    assert.not.ok(isTaken(claimOf("initiator"), agreement, claimOf("responder", change), agreement));
  });
}

for (const [what, change] of Object.entries(AGREEMENTS)) {
  test(`is refused when ${what} is another`, () => {
    assert.not.ok(isTaken(claimOf("initiator"), agreement, claimOf("responder"), { ...agreement, ...change }));
  });
}

test.run();
