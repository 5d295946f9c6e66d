/**
 * The method `openpgp` between two ends, and against everybody in between.
 */

import { Element } from "@xmpp/xml";
import fc from "fast-check";

import { XtlsError } from "../../bindings/errors.ts";
import { Dialogue } from "../../bindings/methods/dialogue.ts";
import type { Method } from "../../bindings/methods/method.ts";
import { encodeBase64 } from "../../bindings/xtls/base64.ts";
import { NS_XTLS_EXT } from "../../bindings/xtls/namespaces.ts";
import type { Role } from "../../bindings/xtls/state.ts";
import { assert, suite } from "../suite.ts";
import { forge, publicBlock, statementOf } from "./openpgp-forge.ts";
import {
  asJuliet,
  asMallory,
  asRomeo,
  codeOf,
  ends,
  fingerprintOf,
  juliet,
  mallory,
  message,
  parrot,
  romeo,
} from "./openpgp-people.ts";
import { claimAt, converse, told, type Scene } from "./stage.ts";

const test = suite("methods/openpgp");

const romeosProof = async (): Promise<string> =>
  encodeBase64(await forge(romeo, statementOf(claimAt("initiator"), "initiator")));

/** What was said, in order, when Romeo calls Juliet. */
async function record(scene: Partial<Scene> = {}): Promise<{ from: Role; message: Element }[]> {
  const said: { from: Role; message: Element }[] = [];
  const wire = (message: Element, from: Role) => (said.push({ from, message }), [message]);
  await converse(asRomeo(), asJuliet(), { ...scene, wire });
  return said;
}

test("each end believes the other's key", async () => {
  assert.equal(await ends(asRomeo(), asJuliet()), ["verified", "verified"]);
});

test("says by which key it knows the peer", async () => {
  const { responder } = await converse(asRomeo(), asJuliet());
  assert.equal(responder, { trusted: true, state: "verified", note: `OpenPGP key ${fingerprintOf(romeo)}` });
});

test("takes one message of each end, the initiator's first, with the key's fingerprint", async () => {
  const said = await record();
  assert.equal(
    said.map(({ from }) => from),
    ["initiator", "responder"],
  );
  assert.equal(
    said.map(({ message }) => message.attrs.fingerprint),
    [fingerprintOf(romeo), fingerprintOf(juliet)],
  );
  assert.ok(said.every(({ message }) => message.attrs.xmlns === NS_XTLS_EXT && message.getName() === "openpgp"));
});

test("asks for the peer's keys by its bare JID and the fingerprint it names", async () => {
  const asked: string[][] = [];
  const known = (jid: string, fingerprint: string) => (asked.push([jid, fingerprint]), publicBlock(romeo));
  assert.equal(await ends(asRomeo(), asJuliet({ known })), ["verified", "verified"]);
  assert.equal(asked, [["romeo@montague.lit", fingerprintOf(romeo)]]);
});

test("takes keys as bytes, as functions and as promises, and leaves the bytes alone", async () => {
  const bytes = romeo.write();
  const before = bytes.slice();
  const known = async () => [juliet.toPublic().write()];
  assert.equal(await ends(asRomeo({ key: bytes, known }), asJuliet({ key: async () => juliet.write() })), [
    "verified",
    "verified",
  ]);
  assert.equal(bytes, before);
});

// --- Who speaks first ---------------------------------------------------------------

test("the responder reveals nothing and asks for no passphrase before it is convinced", async () => {
  let isAsked = false;
  const key = () => ((isAsked = true), juliet.armor());
  const said: Role[] = [];
  const wire = (message: Element, from: Role) => (said.push(from), [message]);
  const outcome = await converse(asMallory(), asJuliet({ key }), { wire });
  assert.is(told(outcome.responder), "key-refused");
  assert.equal(said, ["initiator"]);
  assert.not(isAsked);
});

test("refuses an end whose key it does not know", async () => {
  const known = () => [publicBlock(mallory)];
  assert.is((await ends(asRomeo(), asJuliet({ known })))[1], "key-refused");
  assert.is((await ends(asRomeo({ known }), asJuliet()))[0], "key-refused");
  assert.is((await ends(asRomeo({ known: () => [] }), asJuliet()))[0], "key-refused");
});

// --- Between the ends -----------------------------------------------------------------

const FALSE = "AA:".repeat(31) + "AA";
const inBetween = (changes: Partial<Record<Role, Partial<{ jid: string; fingerprint: string }>>>, secret?: string) => {
  const { ends } = claimAt("responder");
  const initiator = { ...ends.initiator, ...changes.initiator };
  const responder = { ...ends.responder, ...changes.responder };
  return claimAt("responder", { ends: { initiator, responder } }, secret);
};

for (const [what, responder] of Object.entries({
  exporter: inBetween({}, "another connection"),
  "initiator's certificate": inBetween({ initiator: { fingerprint: FALSE } }),
  "responder's certificate": inBetween({ responder: { fingerprint: FALSE } }),
  "initiator's JID": inBetween({ initiator: { jid: "romeo@montague.lit/balcony" } }),
  "responder's JID": inBetween({ responder: { jid: "mallory@evil.example/cave" } }),
  "whole tunnel": inBetween(
    { initiator: { fingerprint: FALSE }, responder: { fingerprint: FALSE } },
    "another connection",
  ),
})) {
  test(`refuses proofs relayed from a tunnel with another ${what}`, async () => {
    assert.is((await ends(asRomeo(), asJuliet(), { responder }))[1], "not-authorized");
    // A responder that believes everything: then it is the initiator who must not.
    const gullible = { ...asJuliet(), run: believing(asJuliet()) };
    assert.is((await ends(asRomeo(), gullible, { responder }))[0], "not-authorized");
  });
}

/** Runs a method at an end that takes whatever it hears for a good proof. */
function believing(method: Method): Method["run"] {
  return async (conversation) => {
    const { claim, signal } = conversation;
    await conversation.hear("openpgp");
    const proof = message(encodeBase64(await forge(romeo, statementOf(claim, "initiator"))));
    return method.run({ claim, signal, say: (answer) => conversation.say(answer), hear: async () => proof, ask: (question) => conversation.ask(question) });
  };
}

test("whoever sits in between cannot run the method in another's name", async () => {
  assert.equal((await ends(asMallory(), asJuliet()))[1], "key-refused");
  assert.equal((await ends(asRomeo(), asMallory()))[0], "key-refused");
});

test("a fingerprint that is not the signer's does not help", async () => {
  const proof = encodeBase64(await forge(mallory, statementOf(claimAt("initiator"), "initiator")));
  assert.is((await ends(parrot(message(proof)), asJuliet()))[1], "key-refused");
});

test("refuses what an earlier tunnel said", async () => {
  const [first, second] = await record();
  const later = { initiator: claimAt("initiator", {}, "later"), responder: claimAt("responder", {}, "later") };
  assert.is((await ends(parrot(first!.message), asJuliet(), later))[1], "not-authorized");
  const replayed = parrotAfter(second!.message);
  assert.is((await ends(asRomeo(), replayed, later))[0], "not-authorized");
});

const parrotAfter = (answer: Element): Method => ({
  name: "openpgp",
  run: async (conversation) => {
    await conversation.hear("openpgp");
    conversation.say(answer);
    return { trusted: true, state: "verified" };
  },
});

test("refuses its own words sent back, even when its own key may speak for the peer", async () => {
  const mirror: Method = {
    name: "openpgp",
    run: async (conversation) => {
      conversation.say(await conversation.hear("openpgp"));
      return { trusted: true, state: "verified" };
    },
  };
  const vouches = () => true;
  assert.is((await ends(asRomeo({ vouches }), mirror))[0], "not-authorized");
});

test("two ends that both think they began refuse each other", async () => {
  const crossing = claimAt("responder", { role: "initiator" });
  const outcome = await ends(asRomeo(), asJuliet(), { responder: crossing });
  assert.ok(outcome.includes("not-authorized") && !outcome.includes("verified"), String(outcome));
});

test("two ends that both wait for the other say nothing", async () => {
  const said: Element[] = [];
  const dialogues = [claimAt("responder"), claimAt("initiator", { role: "responder" })].map(
    (claim) => new Dialogue(claim, (message) => said.push(message)),
  );
  const runs = dialogues.map((dialogue, at) => codeOf([asJuliet, asRomeo][at]!().run(dialogue)));
  await new Promise(setImmediate);
  dialogues.forEach((dialogue) => dialogue.end(new XtlsError("timeout")));
  for (const code of await Promise.all(runs)) assert.ok(code === "timeout" || code === "closed", code);
  assert.equal(said, []);
});

test("a message twice is no more than once, and more than a few end the tunnel", async () => {
  const wire = (count: number) => (message: Element) => Array<Element>(count).fill(message);
  assert.equal(await ends(asRomeo(), asJuliet(), { wire: wire(2) }), ["verified", "verified"]);
  assert.ok((await ends(asRomeo(), asJuliet(), { wire: wire(20) })).every((told) => told !== "verified"));
});

test("another method's message out of turn is a violation", async () => {
  assert.is((await ends(parrot(new Element("commit", { xmlns: NS_XTLS_EXT })), asJuliet()))[1], "method-violation");
});

// --- Malformed ------------------------------------------------------------------------

const proof = await romeosProof();
const child = message(proof);
child.append(new Element("more"));
for (const [what, said] of Object.entries({
  "no fingerprint": message(proof, {}),
  "a fingerprint in lower case": message(proof, { fingerprint: fingerprintOf(romeo).toLowerCase() }),
  "a short fingerprint": message(proof, { fingerprint: fingerprintOf(romeo).slice(2) }),
  "no signature": message(""),
  "what is not base64": message(`${proof}!`),
  "unpadded base64": message("AAA"),
  "child elements": child,
  "more than 8192 digits": message(proof + " ".repeat(8193 - proof.length)),
  "bytes that are no packet": message(encodeBase64(new Uint8Array(64))),
  "a key instead of a signature": message(encodeBase64(romeo.toPublic().write())),
  "two signatures": message(encodeBase64(twice(await forge(romeo, statementOf(claimAt("initiator"), "initiator"))))),
})) {
  test(`takes for a violation: ${what}`, async () => {
    assert.is((await ends(parrot(said), asJuliet()))[1], "method-violation");
  });
}

function twice(bytes: Uint8Array): Uint8Array {
  const both = new Uint8Array(2 * bytes.length);
  both.set(bytes);
  both.set(bytes, bytes.length);
  return both;
}

test("accepts as many digits as it says, white space included", async () => {
  const wide = message(proof + " ".repeat(8192 - proof.length));
  assert.is((await ends(parrot(wide), asJuliet()))[1], "verified");
});

const REFUSALS = ["method-violation", "not-authorized", "key-refused"];

test("believes no altered signature and never fails otherwise than it should", async () => {
  const honest = await forge(romeo, statementOf(claimAt("initiator"), "initiator"));
  // Not the first byte: a packet may begin with an old header as well as with a new one.
  const alteration = fc.record({
    at: fc.integer({ min: 1, max: honest.length - 1 }),
    bits: fc.integer({ min: 1, max: 255 }),
    cut: fc.nat(honest.length),
  });
  await fc.assert(
    fc.asyncProperty(alteration, fc.boolean(), async ({ at, bits, cut }, isCut) => {
      const bytes = isCut ? honest.slice(0, cut) : honest.slice();
      if (!isCut) bytes[at]! ^= bits;
      const [, told] = await ends(parrot(message(encodeBase64(bytes))), asJuliet());
      return isCut && cut === honest.length ? told === "verified" : REFUSALS.includes(told);
    }),
    { numRuns: 200 },
  );
});

test("survives any bytes", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 512 }), fc.boolean(), async (bytes, isPacket) => {
      const framed = isPacket
        ? new Uint8Array([0xc2, 0xff, 0, 0, bytes.length >> 8, bytes.length & 0xff, 4, 0, 22, 10, ...bytes])
        : bytes;
      const [, told] = await ends(parrot(message(encodeBase64(framed))), asJuliet());
      return REFUSALS.includes(told);
    }),
    { numRuns: 200 },
  );
});

test.run();
