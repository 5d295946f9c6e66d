/** `srp` with somebody in between, or at the other end, who does not know the password. */

import { getDiffieHellman } from "node:crypto";

import type { Element } from "@xmpp/xml";
import fc from "fast-check";

import { XtlsError } from "../../bindings/errors.ts";
import type { Conversation } from "../../bindings/methods/method.ts";
import { srpServer } from "../../bindings/tls/srp.ts";
import { assert, suite } from "../suite.ts";
import { altered, base64, both, JULIETS, knowing, made, recorded, twoTunnels } from "./srp-ends.ts";
import { claimAt, converse, core, told, type MessageWire } from "./stage.ts";

const test = suite("srp under attack");

const [challengeTemplate, , proofTemplate] = [...(await recorded()).values()] as [Element, Element, Element];

/* --- somebody in between -------------------------------------------------------------- */

test("relaying between two tunnels is caught, whichever of them differs in what", async () => {
  assert.equal(both(await converse(knowing("rose"), knowing("rose"), twoTunnels())), ["alert-received", "not-authorized"]);
  const { ends } = claimAt("responder");
  for (const role of ["initiator", "responder"] as const)
    for (const change of [{ fingerprint: "AA:BB" }, { jid: `${JULIETS}/elsewhere` }]) {
      const responder = claimAt("responder", { ends: { ...ends, [role]: { ...ends[role], ...change } } });
      assert.is(told((await converse(knowing("rose"), knowing("rose"), { responder })).responder), "not-authorized");
    }
});

test("Mallory, who runs the method herself with a guess, convinces neither end", async () => {
  const scene = twoTunnels();
  const romeo = await converse(knowing("rose"), knowing("nightingale"), { initiator: scene.initiator, responder: claimAt("responder", {}, "with Romeo") });
  const juliet = await converse(knowing("nightingale"), knowing("rose"), { responder: scene.responder, initiator: claimAt("initiator", {}, "with Juliet") });
  assert.is.not(told(romeo.initiator), "verified");
  assert.is(told(juliet.responder), "not-authorized");
});

test("messages of an earlier run prove nothing in another", async () => {
  const said = await recorded();
  for (const [name, victim] of [["srp-challenge", "initiator"], ["srp-response", "responder"], ["srp-proof", "initiator"]] as const) {
    const wire: MessageWire = (message) => [message.getName() === name ? said.get(name)! : message];
    const outcome = await converse(knowing("rose"), knowing("rose"), { wire });
    assert.ok(both(outcome).every((verdict) => verdict !== "verified") || name === "srp-proof", name);
    assert.is.not(told(outcome[victim]), "verified", name);
  }
});

test("its own proof, reflected, convinces no initiator", async () => {
  let proof = "";
  const wire: MessageWire = (message, from) => {
    if (from === "initiator") ({ proof } = message.attrs as { proof: string });
    return [message.getName() === "srp-proof" ? altered(message, {}, proof) : message];
  };
  assert.is(told((await converse(knowing("rose"), knowing("rose"), { wire })).initiator), "not-authorized");
});

test("a message out of its turn is a violation: repeated, reflected, or another", async () => {
  const twice: MessageWire = (message) => [message, message];
  assert.is(told((await converse(knowing("rose"), knowing("rose"), { wire: twice })).initiator), "method-violation");
  const { "srp-proof": proof } = Object.fromEntries(await recorded());
  for (const early of ["srp-challenge", "srp-response"]) {
    const wire: MessageWire = (message) => [message.getName() === early ? proof! : message];
    assert.ok(both(await converse(knowing("rose"), knowing("rose"), { wire })).includes("method-violation"), early);
  }
});

test("whatever single message is altered, anywhere, somebody notices", async () => {
  const flip = (text: string) => (text.startsWith("A") ? `B${text.slice(1)}` : `A${text.slice(1)}`);
  const changes: Record<string, (message: Element) => Element> = {
    "the salt": (message) => altered(message, { salt: flip((message.attrs as { salt: string }).salt) }),
    "the rounds": (message) => altered(message, { rounds: "600001" }),
    "B": (message) => altered(message, {}, flip(message.getText())),
    "A": (message) => altered(message, {}, flip(message.getText())),
    "M1": (message) => altered(message, { proof: flip((message.attrs as { proof: string }).proof) }),
    "M2": (message) => altered(message, {}, flip(message.getText())),
  };
  const at: Record<string, string> = { "the salt": "srp-challenge", "the rounds": "srp-challenge", B: "srp-challenge", A: "srp-response", M1: "srp-response", M2: "srp-proof" };
  for (const [what, change] of Object.entries(changes)) {
    const wire: MessageWire = (message) => [message.getName() === at[what] ? change(message) : message];
    const outcome = await converse(knowing("rose"), knowing("rose"), { wire });
    assert.is.not(told(outcome.initiator), "verified", what);
    if (what !== "M2") assert.is.not(told(outcome.responder), "verified", what);
  }
});

test("an initiator does not believe a responder that merely says yes", async () => {
  const wire: MessageWire = (message, from) =>
    from === "initiator" ? [altered(message, { proof: undefined }, base64(new Uint8Array(32)))] : [message];
  const yes = { name: "srp", run: async (c: Conversation) => {
    const { own } = srpServer(core, (await made("nightingale")).verifier);
    c.say(altered(challengeTemplate, { salt: base64(new Uint8Array(16)), rounds: "600000" }, base64(own)));
    const response = await c.hear("srp-response");
    c.say(altered(proofTemplate, {}, response.getText()));
    return { trusted: true, state: "verified" } as const;
  } };
  assert.is(told((await converse(knowing("rose"), yes, { wire })).initiator), "not-authorized");
});

/* --- malformed messages ------------------------------------------------------------------ */

/** RFC 5054's prime. */
const N = new Uint8Array(getDiffieHellman("modp15").getPrime());

/** What becomes of both when one message is replaced by another. */
async function replaced(name: string, by: (message: Element) => Element) {
  const wire: MessageWire = (message) => [message.getName() === name ? by(message) : message];
  return converse(knowing("rose"), knowing("rose"), { wire });
}

const zero = base64(new Uint8Array(384));
const foreign: Record<string, string> = { xmlns: "jabber:client" };

for (const [what, by] of Object.entries<(message: Element) => Element>({
  "few rounds": (m) => altered(m, { rounds: "599999" }),
  "very many rounds": (m) => altered(m, { rounds: "2000001" }),
  "rounds that are no number": (m) => altered(m, { rounds: "6e5" }),
  "rounds with zeros in front": (m) => altered(m, { rounds: "0600000" }),
  "no rounds": (m) => altered(m, { rounds: undefined }),
  "no salt": (m) => altered(m, { salt: undefined }),
  "a short salt": (m) => altered(m, { salt: base64(new Uint8Array(15)) }),
  "a long salt": (m) => altered(m, { salt: base64(new Uint8Array(400)) }),
  "B = 0": (m) => altered(m, {}, zero),
  "B = N": (m) => altered(m, {}, base64(N)),
  "a short B": (m) => altered(m, {}, base64(new Uint8Array(383).fill(1))),
  "a B of a megabyte": (m) => altered(m, {}, "A".repeat(1 << 20)),
  "no B": (m) => altered(m, {}, ""),
  "B that is not base64": (m) => altered(m, {}, "?".repeat(512)),
  "elements inside": (m) => altered(m, {}).cnode(altered(m, {})).up() as Element,
  "another namespace": (m) => altered(m, foreign),
}))
  test(`a challenge with ${what} is a violation, and unanswered`, async () => {
    assert.is(told((await replaced("srp-challenge", by)).initiator), "method-violation");
  });

for (const [what, by] of Object.entries<(message: Element) => Element>({
  "A = 0": (m) => altered(m, {}, zero),
  "A = N": (m) => altered(m, {}, base64(N)),
  "a long A": (m) => altered(m, {}, base64(new Uint8Array(385).fill(1))),
  "no proof": (m) => altered(m, { proof: undefined }),
  "a short proof": (m) => altered(m, { proof: base64(new Uint8Array(31)) }),
  "another namespace": (m) => altered(m, foreign),
}))
  test(`a response with ${what} is a violation`, async () => {
    assert.is(told((await replaced("srp-response", by)).responder), "method-violation");
  });

test("a malformed proof of the responder is a violation", async () => {
  for (const text of ["", "AAAA", zero, `${"A".repeat(43)}?`])
    assert.is(told((await replaced("srp-proof", (m) => altered(m, {}, text))).initiator), "method-violation");
});

test("any other message, whatever is in it, ends in a typed error and verifies nobody", async () => {
  const text = fc.oneof(fc.string(), fc.base64String(), fc.uint8Array({ minLength: 384, maxLength: 384 }).map(base64));
  const attributes = fc.dictionary(fc.constantFrom("salt", "rounds", "proof", "xmlns"), text);
  await fc.assert(
    fc.asyncProperty(fc.constantFrom("srp-challenge", "srp-response"), attributes, text, async (name, changes, body) => {
      const outcome = await replaced(name, (message) => altered(message, changes, body));
      for (const role of ["initiator", "responder"] as const) {
        assert.instance(outcome[role], XtlsError);
        assert.ok(["method-violation", "not-authorized", "alert-received", "closed"].includes(told(outcome[role])), told(outcome[role]));
      }
    }),
    { numRuns: 60 },
  );
});


test.run();
