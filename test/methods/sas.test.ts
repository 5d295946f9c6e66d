/** Two people compare a code: what they see, what they answer, and what becomes of the tunnel. */

import { createHmac } from "node:crypto";

import type { Element } from "@xmpp/xml";
import fc from "fast-check";

import { XtlsError } from "../../bindings/errors.ts";
import { Dialogue } from "../../bindings/methods/dialogue.ts";
import { bindingOf, frame } from "../../bindings/methods/binding.ts";
import { sas } from "../../bindings/methods/sas.ts";
import { shortCode } from "../../bindings/verification/short-code.ts";
import type { Role } from "../../bindings/xtls/state.ts";
import { assert, suite } from "../suite.ts";
import { code } from "../xtls/code.ts";
import { Alarm, nobody, Person } from "./sas-people.ts";
import { claimAt, converse, told } from "./stage.ts";

const test = suite("sas");

const bytesOf = (message: Element): Uint8Array => new Uint8Array(Buffer.from(message.getText(), "base64"));

/** A run where both people look and say yes, with all that went over the wire. */
async function harmony(secret?: string) {
  const people = { initiator: new Person(), responder: new Person() };
  const heard = new Map<string, Element>();
  const outcome = await converse(people.initiator.method, people.responder.method, {
    initiator: claimAt("initiator", {}, secret),
    responder: claimAt("responder", {}, secret),
    wire: (message, from) => (heard.set(`${message.getName()} ${from}`, message), [message]),
  });
  return { people, heard, outcome };
}

test("two people who see the same code verify each other", async () => {
  const { people, outcome } = await harmony();
  assert.equal([told(outcome.initiator), told(outcome.responder)], ["verified", "verified"]);
  assert.equal(people.initiator.codes, people.responder.codes);
});

test("tells each person whom the other claims to be", async () => {
  const { people } = await harmony();
  assert.is(people.initiator.jid, "juliet@capulet.lit");
  assert.is(people.responder.jid, "romeo@montague.lit");
});

test("notes the code for who looks at the store later", async () => {
  const { people, outcome } = await harmony();
  const { note } = outcome.initiator as { note?: string };
  assert.is(note, `both people confirmed the code ${people.initiator.codes!.decimals}`);
});

test("says five messages, and the code is what the protocol makes of them", async () => {
  const { heard, people } = await harmony();
  assert.equal([...heard.keys()].slice(0, 3), ["commit initiator", "nonce responder", "reveal initiator"]);
  assert.equal([...heard.keys()].slice(3).sort(), ["confirmed initiator", "confirmed responder"]);
  const seal = (purpose: string, ...values: Uint8Array[]) =>
    new Uint8Array(
      createHmac("sha256", bindingOf(claimAt("initiator"), "EXPORTER-XTLS-sas"))
        .update(frame(new TextEncoder().encode(`xtls sas 1 ${purpose}`), ...values))
        .digest(),
    );
  const [commit, theirs, ours] = [...heard.values()].map(bytesOf) as [Uint8Array, Uint8Array, Uint8Array];
  assert.equal(commit, seal("commit", ours));
  assert.equal(people.responder.codes, await shortCode(seal("code", ours, theirs).subarray(0, 6)));
  assert.equal(bytesOf(heard.get("confirmed initiator")!), seal("confirmed by initiator", ours, theirs));
  assert.equal(bytesOf(heard.get("confirmed responder")!), seal("confirmed by responder", ours, theirs));
});

test("the other's confirmation may come before one's own person has answered, and is kept", async () => {
  for (const slow of ["initiator", "responder"] as const) {
    // It may come before that person is even asked.
    let hurry = (_: boolean) => {};
    const answer = new Promise<boolean>((resolve) => (hurry = resolve));
    const people = { initiator: new Person(), responder: new Person(), [slow]: new Person(() => answer) };
    const heard: string[] = [];
    const outcome = await converse(people.initiator.method, people.responder.method, {
      wire: (message, from) => {
        heard.push(`${message.getName()} ${from}`);
        if (message.getName() === "confirmed" && from !== slow) setImmediate(() => hurry(true));
        return [message];
      },
    });
    assert.is(heard.at(-1), `confirmed ${slow}`);
    assert.equal([told(outcome.initiator), told(outcome.responder)], ["verified", "verified"]);
  }
});

test("never shows the same code twice", async () => {
  const codes = await Promise.all(Array.from({ length: 20 }, async () => (await harmony()).people.initiator.codes!.decimals));
  assert.is(new Set(codes).size, codes.length);
});

test("both ends always see the same, and in another tunnel another", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string(), async (secret) => {
      const [one, other] = await Promise.all([harmony(secret), harmony(`${secret}.`)]);
      assert.equal(one.people.initiator.codes, one.people.responder.codes);
      assert.is.not(one.people.initiator.codes!.decimals, other.people.initiator.codes!.decimals);
    }),
    { numRuns: 25 },
  );
});

for (const role of ["initiator", "responder"] as const) {
  const other = role === "initiator" ? "responder" : "initiator";

  test(`a no of the ${role}'s person ends it for both`, async () => {
    const people = { [role]: new Person(() => false), [other]: new Person() } as Record<Role, Person>;
    const outcome = await converse(people.initiator.method, people.responder.method);
    assert.is(told(outcome[role]), "not-confirmed");
    assert.is(told(outcome[other]), "alert-received");
  });

  test(`a no at one end takes the question back from the ${role}'s person`, async () => {
    const undecided = new Person(() => nobody);
    const people = { [role]: undecided, [other]: new Person(() => undecided.asked.then(() => false)) } as Record<Role, Person>;
    const outcome = await converse(people.initiator.method, people.responder.method);
    assert.is(told(outcome[role]), "alert-received");
    assert.ok(undecided.signal?.aborted);
  });

  test(`the peer's confirmation is not worth the answer of the ${role}'s person`, async () => {
    let hasConfirmed = () => {};
    const confirmed = new Promise<void>((resolve) => (hasConfirmed = resolve));
    const people = { [role]: new Person(() => confirmed.then(() => false)), [other]: new Person() } as Record<Role, Person>;
    const outcome = await converse(people.initiator.method, people.responder.method, {
      wire: (message, from) => {
        if (from === other && message.getName() === "confirmed") setTimeout(hasConfirmed, 0);
        return [message];
      },
    });
    assert.is(told(outcome[role]), "not-confirmed");
  });

  test(`the ${role} waits for the other person too`, async () => {
    const alarms = [new Alarm(), new Alarm()] as const;
    const people = { [role]: new Person(() => true, alarms[0]), [other]: new Person(() => nobody, alarms[1]) } as Record<Role, Person>;
    const outcome = await converse(people.initiator.method, people.responder.method, {
      wire: (message) => {
        if (message.getName() === "confirmed") setTimeout(() => alarms.forEach((alarm) => alarm.ring()), 10);
        return [message];
      },
    });
    assert.is(told(outcome[role]), "not-confirmed");
  });
}

test("takes nothing but true for a yes", async () => {
  for (const answer of [false, undefined, null, 0, 1, "yes", "no", {}]) {
    const { initiator } = await converse(new Person(() => answer as boolean).method, new Person().method);
    assert.is(told(initiator), "not-confirmed", JSON.stringify(answer));
  }
});

test("a question that fails is a no", async () => {
  const failure = new Error("the window was closed");
  const failures = [() => Promise.reject(failure), () => { throw failure; }];
  for (const fail of failures) {
    const { initiator } = await converse(new Person(fail).method, new Person().method);
    assert.is(told(initiator), "not-confirmed");
    assert.is((initiator as XtlsError).cause, failure);
  }
});

test("time that is up takes the question back, distrusts nobody and ends the tunnel", async () => {
  const alarm = new Alarm();
  const slow = new Person(() => nobody, alarm);
  const running = converse(slow.method, new Person().method);
  await slow.asked;
  assert.is(alarm.milliseconds, 120_000);
  alarm.ring();
  const outcome = await running;
  assert.is(told(outcome.initiator), "not-confirmed");
  assert.is(told(outcome.responder), "alert-received");
  assert.ok(slow.signal?.aborted);
});

test("stops its clock when it is done, however it ends", async () => {
  for (const answer of [true, false]) {
    const alarm = new Alarm();
    await converse(new Person(() => answer, alarm).method, new Person().method);
    assert.ok(alarm.isOff);
  }
});

test("has a clock of its own when none is given", async () => {
  const slow = new Person(() => nobody);
  const method = sas({ confirm: slow.confirm, timeout: 1 });
  const { initiator } = await converse(method, new Person().method);
  assert.is(told(initiator), "not-confirmed");
});

test("refuses a time that no clock can measure", () => {
  for (const timeout of [0, -1, NaN, Infinity, 2 ** 31]) assert.is(code(() => sas({ confirm: () => true, timeout })), "invalid-argument");
});

for (const end of ["the tunnel's end", "the end of the time"] as const) {
  test(`a yes after ${end} is not told to anybody`, async () => {
    const said: string[] = [];
    const alarm = new Alarm();
    let answer = (_: boolean) => {};
    const late = new Person(() => new Promise<boolean>((resolve) => (answer = resolve)), alarm);
    const dialogue = new Dialogue(claimAt("initiator"), (message) => said.push(message.getName()));
    const running = Promise.resolve(late.method.run(dialogue)).catch((error: XtlsError) => error.code);
    dialogue.deliver(await nonceOfAnother());
    await late.asked;
    if (end === "the tunnel's end") dialogue.end(new XtlsError("peer-unavailable"));
    else alarm.ring();
    assert.is(await running, end === "the tunnel's end" ? "peer-unavailable" : "not-confirmed");
    assert.ok(late.signal!.aborted);
    answer(true);
    await new Promise((resolve) => setTimeout(resolve, 0));
    assert.equal(said, ["commit", "reveal"]);
  });
}

test("asks nobody when the tunnel has ended before", async () => {
  const person = new Person();
  const dialogue = new Dialogue(claimAt("initiator"), () => assert.unreachable("said something"));
  dialogue.end(new XtlsError("stream-lost"));
  assert.is(await Promise.resolve(person.method.run(dialogue)).catch((error: XtlsError) => error.code), "stream-lost");
  assert.is(person.codes, undefined);
});

async function nonceOfAnother(): Promise<Element> {
  const { heard } = await harmony();
  return heard.get("nonce responder")!;
}

test.run();
