/** How often somebody may guess: by a clock that is set by hand. */

import type { Element } from "@xmpp/xml";

import { XtlsError } from "../../bindings/errors.ts";
import { Dialogue } from "../../bindings/methods/dialogue.ts";
import type { Method } from "../../bindings/methods/method.ts";
import { srpOf } from "../../bindings/methods/srp.ts";
import type { Stretch } from "../../bindings/methods/srp/stretch.ts";
import { Tries } from "../../bindings/methods/srp/tries.ts";
import type { Role } from "../../bindings/xtls/state.ts";
import { assert, suite } from "../suite.ts";
import { code } from "../xtls/code.ts";
import { both, Clock, end, knowing, quick, recorder } from "./srp-ends.ts";
import { claimAt, converse, core, told, type MessageWire } from "./stage.ts";

const test = suite("srp's tries");

/** A run of `method` with somebody who knows another password, and then one with somebody who knows its own. */
const runs: Record<Role, { wrong(method: Method): Promise<string>; right(method: Method): Promise<string> }> = {
  initiator: {
    wrong: async (method) => told((await converse(method, knowing("nightingale"))).initiator),
    right: async (method) => told((await converse(method, knowing("rose"))).initiator),
  },
  responder: {
    wrong: async (method) => told((await converse(knowing("nightingale"), method)).responder),
    right: async (method) => told((await converse(knowing("rose"), method)).responder),
  },
};

/** Tunnels in which the initiator's peer is Romeo, too. */
const turned = { initiator: claimAt("initiator", { jid: "romeo@montague.lit" }), responder: claimAt("responder") };

for (const role of ["initiator", "responder"] as const) {
  const { wrong, right } = runs[role];

  test(`after three failures not even the right password helps the ${role}'s peer, for a minute`, async () => {
    const clock = new Clock();
    const method = knowing("rose", clock);
    for (let failure = 0; failure < 3; failure++) assert.is.not(await wrong(method), "verified");
    assert.is(await right(method), "too-many-tries");
    clock.pass(59);
    assert.is(await right(method), "too-many-tries");
    clock.pass(1);
    assert.is(await right(method), "verified");
  });

  test(`each further failure doubles the wait at the ${role}, and a success ends it`, async () => {
    const clock = new Clock();
    const method = knowing("rose", clock);
    for (let failure = 0; failure < 3; failure++) await wrong(method);
    clock.pass(60);
    assert.is.not(await wrong(method), "too-many-tries");
    clock.pass(119);
    assert.is(await right(method), "too-many-tries");
    clock.pass(1);
    assert.is(await right(method), "verified");
    assert.is.not(await wrong(method), "too-many-tries");
    assert.is(await right(method), "verified");
  });
}

test("too many tries are said before anything else: no message, no question", async () => {
  const clock = new Clock();
  let asked = 0;
  const method = end({ password: () => (asked++, "rose") }, clock);
  for (let failure = 0; failure < 3; failure++) await runs.responder.wrong(method);
  for (const [initiator, responder] of [[method, knowing("rose")], [knowing("rose"), method]] as const) {
    asked = 0;
    const said = new Map<string, Element>();
    const wire: MessageWire = (message, from) => (said.set(`${message.getName()} ${from}`, message), []);
    const outcome = await converse(initiator, responder, { ...turned, wire });
    assert.ok(both(outcome).includes("too-many-tries"));
    assert.is(asked, 0);
    assert.not.ok(said.has(method === initiator ? "srp-response initiator" : "srp-challenge responder"));
  }
});

test("says for how long", () => {
  const clock = new Clock();
  const tries = new Tries(() => clock.now);
  for (let failure = 0; failure < 3; failure++) tries.take("romeo@montague.lit");
  assert.throws(() => tries.check("romeo@montague.lit"), /romeo@montague\.lit.*in 60 seconds/);
  clock.pass(60);
  for (let wait = 120; wait < 600; clock.pass(wait), wait *= 2) tries.take("romeo@montague.lit");
  tries.take("romeo@montague.lit");
  assert.throws(() => tries.check("romeo@montague.lit"), /in 16 minutes/);
});

test("never waits longer than a day", () => {
  const clock = new Clock();
  const tries = new Tries(() => clock.now);
  for (let failure = 0; failure < 100; failure++, clock.pass(86_400)) tries.take("romeo@montague.lit");
  tries.take("romeo@montague.lit");
  clock.pass(86_399);
  assert.is(code(() => tries.check("romeo@montague.lit")), "too-many-tries");
  clock.pass(1);
  assert.is(code(() => tries.check("romeo@montague.lit")), undefined);
});

test("one peer's failures are no other's", async () => {
  const method = knowing("rose");
  for (let failure = 0; failure < 3; failure++) await runs.responder.wrong(method);
  const other = { initiator: claimAt("initiator"), responder: claimAt("responder", { jid: "tybalt@capulet.lit" }) };
  assert.is.not(told((await converse(knowing("nightingale"), method, other)).responder), "too-many-tries");
});

test("who guesses by answering as well as by asking has three tries together", async () => {
  const method = knowing("rose");
  await runs.responder.wrong(method);
  await runs.responder.wrong(method);
  await converse(method, knowing("nightingale"), turned);
  assert.is(await runs.responder.right(method), "too-many-tries");
});

test("of ten tunnels at once three are listened to", async () => {
  const method = knowing("rose");
  const told = await Promise.all(Array.from({ length: 10 }, () => runs.responder.wrong(method)));
  assert.is(told.filter((outcome) => outcome === "not-authorized").length, 3);
  assert.is(told.filter((outcome) => outcome === "too-many-tries").length, 7);
});

test("of ten tunnels at once an initiator answers three", async () => {
  const method = knowing("rose");
  const responses: Element[] = [];
  await Promise.all(
    Array.from({ length: 10 }, () => {
      const { wire } = recorder();
      return converse(method, knowing("nightingale"), {
        wire: (message, from) => (message.getName() === "srp-response" && responses.push(message), wire(message, from)),
      });
    }),
  );
  assert.is(responses.length, 3);
});

test("a tunnel that ends before the proof is no try", async () => {
  const method = knowing("rose");
  const silent: Method = { name: "srp", run: () => Promise.reject(new XtlsError("stream-lost")) };
  for (let run = 0; run < 5; run++) await converse(silent, method);
  assert.is(await runs.responder.right(method), "verified");
});

test("strangers by the thousand do not make a failure forgotten", () => {
  const tries = new Tries(() => 0);
  for (let failure = 0; failure < 3; failure++) tries.take("romeo@montague.lit");
  for (let stranger = 0; stranger < 20_000; stranger++) tries.take(`stranger${stranger % 10_000}@evil.example`);
  assert.is(code(() => tries.check("romeo@montague.lit")), "too-many-tries");
});

test("strangers in numbers keep one core busy: one password is stretched at a time, and none for those who left", async () => {
  let [running, most, stretched] = [0, 0, 0];
  const slow: Stretch = async (...given) => {
    [running, stretched] = [running + 1, stretched + 1];
    most = Math.max(most, running);
    await new Promise((resolve) => setTimeout(resolve, 5));
    running--;
    return quick(...given);
  };
  const method = srpOf({ core, password: () => "rose" }, { now: () => 0, stretch: slow });
  const strangers = Array.from({ length: 6 }, () => new Dialogue(claimAt("responder"), () => undefined));
  const runs = strangers.map((stranger) => Promise.resolve(method.run(stranger)).catch(() => "gone"));
  while (stretched === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  for (const stranger of strangers.slice(3)) stranger.end(new XtlsError("peer-unavailable"));
  await Promise.all(runs.slice(3));
  assert.equal([most, stretched], [1, 3]);
  for (const stranger of strangers) stranger.end(new XtlsError("peer-unavailable"));
  await Promise.all(runs);
});

test.run();
