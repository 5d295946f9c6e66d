/** What somebody in the middle, or at the other end, can try against two people who compare a code. */

import { createHmac, randomBytes } from "node:crypto";

import { Element } from "@xmpp/xml";
import fc from "fast-check";

import { XtlsError } from "../../bindings/errors.ts";
import { bindingOf, frame } from "../../bindings/methods/binding.ts";
import { Dialogue } from "../../bindings/methods/dialogue.ts";
import type { Method } from "../../bindings/methods/method.ts";
import { sas } from "../../bindings/methods/sas.ts";
import { NS_XTLS_EXT } from "../../bindings/xtls/namespaces.ts";
import type { Role } from "../../bindings/xtls/state.ts";
import type { Claim } from "../../bindings/xtls/trust.ts";
import type { ShortCode } from "../../bindings/verification/short-code.ts";
import { assert, suite } from "../suite.ts";
import { Person, nobody } from "./sas-people.ts";
import { claimAt, converse, core, JULIET, ROMEO, told, type MessageWire } from "./stage.ts";

const test = suite("sas under attack");

const mallory = core.createIdentity({ jid: "mallory@capulet.lit" });
const MESSAGES = ["commit", "nonce", "reveal", "confirmed"] as const;
const NOT_TRUSTED = ["not-authorized", "method-violation", "alert-received"];

const element = (name: string, bytes: Uint8Array): Element => new Element(name, { xmlns: NS_XTLS_EXT }).t(Buffer.from(bytes).toString("base64"));
const bytesOf = (message: Element): Uint8Array => new Uint8Array(Buffer.from(message.getText(), "base64"));

/** The claims of one of Mallory's two tunnels: she shows her own certificate in the place of one end's. */
function tunnelOf(played: Role): Record<Role, Claim> {
  const honest = claimAt("initiator").ends;
  const ends = { ...honest, [played]: { ...honest[played], fingerprint: mallory.fingerprint } };
  const secret = `the tunnel where she plays the ${played}`;
  return { initiator: claimAt("initiator", { ends }, secret), responder: claimAt("responder", { ends }, secret) };
}

/** The method's own arithmetic, for attackers. */
function sealOf(claim: Claim, purpose: string, ...values: Uint8Array[]): Uint8Array {
  const input = frame(new TextEncoder().encode(`xtls sas 1 ${purpose}`), ...values);
  return new Uint8Array(createHmac("sha256", bindingOf(claim, "EXPORTER-XTLS-sas")).update(input).digest());
}

/** A method that speaks from a script. */
function scripted(script: (say: (name: string, bytes: Uint8Array) => void, hear: (name: string) => Promise<Uint8Array>) => Promise<void>): Method {
  return {
    name: "sas",
    run: async (conversation) => {
      const say = (name: string, bytes: Uint8Array) => conversation.say(element(name, bytes));
      await script(say, async (name) => bytesOf(await conversation.hear(name)));
      return { trusted: true, state: "verified" };
    },
  };
}

/** All that goes over the wire of an honest run. */
async function record(): Promise<Map<string, Element>> {
  const heard = new Map<string, Element>();
  await converse(new Person().method, new Person().method, { wire: (message, from) => (heard.set(`${message.getName()} ${from}`, message), [message]) });
  return heard;
}

test("a relay between two tunnels is found out before anybody sees a code", async () => {
  const people = { initiator: new Person(), responder: new Person() };
  const outcome = await converse(people.initiator.method, people.responder.method, {
    initiator: tunnelOf("responder").initiator,
    responder: tunnelOf("initiator").responder,
  });
  assert.is(told(outcome.responder), "not-authorized");
  assert.is(people.responder.codes, undefined);
  assert.is.not(told(outcome.initiator), "verified");
});

test("the same exporter with another certificate is another tunnel", async () => {
  const { ends } = tunnelOf("responder").initiator;
  const responder = new Person();
  const outcome = await converse(new Person().method, responder.method, { initiator: claimAt("initiator", { ends }) });
  assert.is(told(outcome.responder), "not-authorized");
  assert.is(responder.codes, undefined);
});

test("somebody in the middle who runs the method herself shows the two people different codes", async () => {
  const romeo: Person = new Person(async (codes) => isSame(codes, await juliet.asked));
  const juliet: Person = new Person(async (codes) => isSame(codes, await romeo.asked));
  const [west, east] = await Promise.all([
    converse(romeo.method, new Person().method, tunnelOf("responder")),
    converse(new Person().method, juliet.method, tunnelOf("initiator")),
  ]);
  assert.is.not(romeo.codes!.decimals, juliet.codes!.decimals);
  assert.is(told(west.initiator), "not-confirmed");
  assert.is(told(east.responder), "not-confirmed");
});

test("without the commitment she could grind: eight bits of the code take her a few hundred tries", async () => {
  const [claim, theirs] = [tunnelOf("initiator").responder, randomBytes(32)];
  const ours = grind(claim, theirs, 0x2a);
  assert.is(sealOf(claim, "code", ours, theirs)[0], 0x2a);
});

test("a nonce ground after the commitment is refused, and nobody is asked", async () => {
  const claims = tunnelOf("initiator");
  const grinding = scripted(async (say, hear) => {
    say("commit", sealOf(claims.initiator, "commit", randomBytes(32)));
    say("reveal", grind(claims.initiator, await hear("nonce"), 0x2a));
    await hear("confirmed");
  });
  const juliet = new Person();
  const { responder } = await converse(grinding, juliet.method, claims);
  assert.is(told(responder), "not-authorized");
  assert.is(juliet.codes, undefined);
});

test("tells its nonce only to who has already told another", async () => {
  const claims = tunnelOf("responder");
  const said: string[] = [];
  const romeo = new Person();
  const dialogue = new Dialogue(claims.initiator, (message) => said.push(message.getName()));
  const running = Promise.resolve(romeo.method.run(dialogue)).catch((error: XtlsError) => error.code);
  while (said.length === 0) await turn();
  for (let turns = 0; turns < 5; turns++) await turn();
  assert.equal(said, ["commit"]);
  assert.is(romeo.codes, undefined);
  dialogue.end(new XtlsError("timeout"));
  assert.is(await running, "timeout");
});

test("a commitment says nothing about the nonce but that it is the one", async () => {
  const { responder } = tunnelOf("initiator");
  const commitments = Array.from({ length: 50 }, () => Buffer.from(sealOf(responder, "commit", randomBytes(32))).toString("hex"));
  assert.is(new Set(commitments).size, commitments.length);
});

test("codes of tunnels that nobody steers are spread evenly", () => {
  const { initiator } = tunnelOf("responder");
  const ones = Array<number>(48).fill(0);
  for (let run = 0; run < 2000; run++) {
    const nonces = [0, 1].map((side) => Uint8Array.from({ length: 32 }, (_, at) => (at < 4 ? (run >> (8 * at)) & 0xff : side)));
    const code = sealOf(initiator, "code", ...nonces);
    for (let bit = 0; bit < 48; bit++) ones[bit]! += (code[bit >> 3]! >> (bit & 7)) & 1;
  }
  // Six standard deviations: the nonces above are fixed, so this either always holds or never.
  for (const count of ones) assert.ok(Math.abs(count - 1000) < 6 * Math.sqrt(500), String(ones));
});

test("a false confirmation is refused", async () => {
  for (const bytes of [randomBytes(32), new Uint8Array(32)]) {
    const wire: MessageWire = (message, from) => [from === "responder" && message.getName() === "confirmed" ? element("confirmed", bytes) : message];
    const { initiator } = await converse(new Person().method, new Person().method, { wire });
    assert.is(told(initiator), "not-authorized");
  }
});

test("one's own confirmation is none of the other's", async () => {
  let own: Element | undefined;
  const wire: MessageWire = (message, from) => {
    if (message.getName() !== "confirmed") return [message];
    if (from === "initiator") own = message;
    return from === "responder" ? [own ?? message] : [];
  };
  const responder = new Person(() => turn().then(() => true));
  const { initiator } = await converse(new Person().method, responder.method, { wire });
  assert.is(told(initiator), "not-authorized");
});

test("refuses its own messages when they come back", async () => {
  for (const role of ["initiator", "responder"] as const) {
    const person = new Person();
    let dialogue: Dialogue | undefined;
    const mirror = (message: Element) => queueMicrotask(() => dialogue!.deliver(message));
    dialogue = new Dialogue(claimAt(role), mirror);
    if (role === "responder") dialogue.deliver((await record()).get("commit initiator")!);
    const answer = await Promise.resolve(person.method.run(dialogue)).catch((error: XtlsError) => error.code);
    assert.is(answer, "method-violation", role);
    assert.is(person.codes, undefined);
  }
});

test("both ends starting is out of order", async () => {
  const outcome = await converse(new Person().method, new Person().method, {
    responder: claimAt("initiator", { local: JULIET, jid: ROMEO.split("/")[0]! }),
  });
  assert.ok([told(outcome.initiator), told(outcome.responder)].includes("method-violation"));
  assert.ok([told(outcome.initiator), told(outcome.responder)].every((word) => NOT_TRUSTED.includes(word)));
});

for (const name of MESSAGES) {
  test(`<${name}/> of an earlier run is worth nothing`, async () => {
    const earlier = await record();
    const people = { initiator: new Person(), responder: new Person() };
    const outcome = await converse(people.initiator.method, people.responder.method, {
      wire: (message, from) => [message.getName() === name ? earlier.get(`${name} ${from}`)! : message],
    });
    const words = [told(outcome.initiator), told(outcome.responder)];
    assert.ok(words.includes("not-authorized") && !words.includes("verified"), words.join(", "));
  });

  test(`<${name}/> in the place of another message is out of order`, async () => {
    for (const place of MESSAGES.filter((other) => other !== name)) {
      const outcome = await converse(new Person().method, new Person().method, {
        wire: (message) => [message.getName() === place ? element(name, bytesOf(message)) : message],
      });
      const words = [told(outcome.initiator), told(outcome.responder)];
      assert.ok(words.includes("method-violation") && !words.includes("verified"), `${place}: ${words.join(", ")}`);
    }
  });

  test(`without <${name}/> nobody is believed`, async () => {
    const hurried = sas({ confirm: () => true, timeout: 20 });
    const outcome = await converse(hurried, hurried, { wire: (message) => (message.getName() === name ? [] : [message]) });
    const words = [told(outcome.initiator), told(outcome.responder)];
    assert.ok(words.every((word) => [...NOT_TRUSTED, "not-confirmed"].includes(word)), words.join(", "));
  });
}

for (const name of ["commit", "nonce", "reveal"] as const) {
  test(`<${name}/> said twice is out of order`, async () => {
    const outcome = await converse(new Person().method, new Person().method, {
      wire: (message) => (message.getName() === name ? [message, message] : [message]),
    });
    const listener = name === "nonce" ? "initiator" : "responder";
    assert.is(told(outcome[listener]), "method-violation");
  });

  test(`nobody is asked on the strength of a malformed <${name}/>`, async () => {
    for (const message of misshapen(name)) {
      const people = { initiator: new Person(() => nobody), responder: new Person(() => nobody) };
      const outcome = await converse(people.initiator.method, people.responder.method, {
        wire: (honest) => [honest.getName() === name ? message : honest],
      });
      const listener = name === "nonce" ? "initiator" : "responder";
      assert.is(told(outcome[listener]), "method-violation", message.toString().slice(0, 80));
      assert.is(people[listener].codes, undefined);
    }
  });
}

test("a malformed confirmation is none", async () => {
  for (const message of misshapen("confirmed")) {
    const { initiator } = await converse(new Person().method, new Person().method, {
      wire: (honest, from) => [from === "responder" && honest.getName() === "confirmed" ? message : honest],
    });
    assert.is(told(initiator), "method-violation", message.toString().slice(0, 80));
  }
});

test("whatever a message is changed to, its reader does not say verified", async () => {
  const change = fc.record({
    name: fc.constantFrom(...MESSAGES, "srp", "message"),
    xmlns: fc.constantFrom(NS_XTLS_EXT, "jabber:client", ""),
    text: fc.oneof(fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes).toString("base64")), fc.string({ maxLength: 200 })),
    attribute: fc.string(),
  });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...MESSAGES), fc.constantFrom<Role>("initiator", "responder"), change, async (target, from, { name, xmlns, text, attribute }) => {
      let isChanged = false;
      const outcome = await converse(new Person().method, new Person().method, {
        wire: (message, speaker) => {
          if (message.getName() !== target || speaker !== from) return [message];
          isChanged = true;
          return [new Element(name, { xmlns, hash: attribute }).t(text)];
        },
      });
      const reader = outcome[from === "initiator" ? "responder" : "initiator"];
      if (isChanged) assert.ok(NOT_TRUSTED.includes(told(reader)), told(reader));
    }),
    { numRuns: 200 },
  );
});

/** What a message may not be. */
function misshapen(name: string): readonly Element[] {
  const text = Buffer.alloc(32).toString("base64");
  const empty = () => new Element(name, { xmlns: NS_XTLS_EXT });
  return [
    empty(),
    empty().t(text.slice(0, 40)),
    empty().t(Buffer.alloc(31).toString("base64")),
    empty().t(Buffer.alloc(33).toString("base64")),
    empty().t(text.replace("A", "-")),
    empty().t(`${text.slice(0, 40)}    `),
    withChild(empty().t(text)),
    empty().t("A".repeat(65536)),
    new Element(name, { xmlns: "jabber:client" }).t(text),
  ];
}

function withChild(message: Element): Element {
  message.append(new Element("more"));
  return message;
}

/** A nonce that makes the first byte of the code what it shall be. */
function grind(claim: Claim, theirs: Uint8Array, wanted: number): Uint8Array {
  for (;;) {
    const ours = randomBytes(32);
    if (sealOf(claim, "code", ours, theirs)[0] === wanted) return ours;
  }
}

function isSame(one: ShortCode, other: ShortCode): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

test.run();
