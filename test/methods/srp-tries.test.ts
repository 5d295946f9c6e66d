/** How often somebody may guess: by a clock that is set by hand. */

import type { Element } from "@xmpp/xml";

import { XtlsError } from "../../bindings/errors.ts";
import { Dialogue } from "../../bindings/methods/dialogue.ts";
import type { Method } from "../../bindings/methods/method.ts";
import type { Party } from "../../bindings/methods/party.ts";
import { srpOf } from "../../bindings/methods/srp.ts";
import type { Stretch } from "../../bindings/methods/srp/stretch.ts";
import { PROOFS, Tries, WORK } from "../../bindings/methods/tries.ts";
import type { Role } from "../../bindings/xtls/state.ts";
import { assert, suite } from "../suite.ts";
import { code } from "../xtls/code.ts";
import { both, Clock, end, knowing, quick, recorder } from "./srp-ends.ts";
import { claimAt, converse, core, told, type MessageWire } from "./stage.ts";

const test = suite("srp's tries");
const romeo: Party = { jid: "romeo@montague.lit", isOwnRequest: false };

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
  for (let failure = 0; failure < 3; failure++) tries.take(romeo);
  assert.throws(() => tries.check(romeo), /romeo@montague\.lit.*in 60 seconds/);
  clock.pass(60);
  for (let wait = 120; wait < 600; clock.pass(wait), wait *= 2) tries.take(romeo);
  tries.take(romeo);
  assert.throws(() => tries.check(romeo), /in 16 minutes/);
});

test("never waits longer than a day", () => {
  const clock = new Clock();
  const tries = new Tries(() => clock.now);
  for (let failure = 0; failure < 100; failure++, clock.pass(86_400)) tries.take(romeo);
  tries.take(romeo);
  clock.pass(86_399);
  assert.is(code(() => tries.check(romeo)), "too-many-tries");
  clock.pass(1);
  assert.is(code(() => tries.check(romeo)), undefined);
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

// --- Strangers in numbers -----------------------------------------------------------------

/** Somebody whom no one here has asked for a tunnel. */
const stranger = (jid: string): Party => ({ jid, isOwnRequest: false });

function fail(tries: Tries, party: Party, times: number): number {
  let failed = 0;
  while (failed < times && code(() => tries.take(party)) === undefined) failed++;
  return failed;
}

/** As many as there is room for, each of whom has used up its tries; no domain has. */
function fillWithLocked(tries: Tries): void {
  for (let index = 0; index < 4096; index++) assert.is(fail(tries, stranger(`stranger${index}@evil${index % 500}.example`), 3), 3);
}

for (const [who, others] of Object.entries<(index: number) => string>({
  "one domain": (index) => `romeo${index}@montague.lit`,
  "another domain": (index) => `stranger${index}@evil.example`,
  "as many domains": (index) => `stranger@evil${index}.example`,
})) {
  test(`no number of strangers of ${who} makes a failure forgotten, or takes more than its memory`, () => {
    const clock = new Clock();
    const tries = new Tries(() => clock.now);
    let guesses = fail(tries, romeo, 5);
    for (let round = 0; round < 3; round++) {
      for (let index = 0; index < 6000; index++) fail(tries, stranger(others(round % 2 ? index : 6000 - index)), 5);
      guesses += fail(tries, romeo, 5);
      clock.pass(3600);
      guesses += fail(tries, romeo, 1);
    }
    // Three at once, then after 1, 2, 4, … minutes at the earliest: here after each hour, until the wait is longer.
    assert.is(guesses, 3 + 3);
    assert.ok(tries.size <= 4096 + 1024 + 1024, String(tries.size));
  });
}

test("who has failed often is remembered for a day after the last failure, and strangers wait for room until then", () => {
  const clock = new Clock();
  const tries = new Tries(() => clock.now);
  fillWithLocked(tries);
  const late = stranger("juliet@capulet.lit");
  assert.throws(() => tries.take(late), /juliet@capulet\.lit.*in 1440 minutes/);
  clock.pass(86_399);
  assert.is(fail(tries, late, 1), 0);
  clock.pass(1);
  assert.is(fail(tries, late, 1), 1);
});

test("a domain has 32 failures in all, then waits that double to an hour; a success gives its try back", () => {
  const clock = new Clock();
  const tries = new Tries(() => clock.now);
  const each = (index: number) => stranger(`stranger${index}@evil.example`);
  for (let index = 0; index < 32; index++) assert.is(fail(tries, each(index), 1), 1);
  assert.throws(() => tries.check(each(99)), /evil\.example.*in 60 seconds/);
  for (const seconds of [60, 120, 240, 480, 960, 1920]) {
    clock.pass(seconds - 1);
    assert.is(fail(tries, each(100 + seconds), 1), 0);
    clock.pass(1);
    // Whoever of them proves himself costs his domain nothing.
    tries.take(each(7000 + seconds));
    tries.forgive(each(7000 + seconds));
    assert.is(fail(tries, each(8000 + seconds), 1), 1);
  }
  clock.pass(3599);
  assert.is(fail(tries, each(9000), 1), 0);
  clock.pass(1);
  assert.is(fail(tries, each(9000), 1), 1);
  clock.pass(2 * 86_400);
  assert.is(fail(tries, each(9001), 1) + fail(tries, each(9002), 1), 2, "a domain's failures are not counted for ever");
});

test("subdomains multiply neither a site's guesses nor its questions, and with them it keeps no newcomer of another site out", () => {
  for (const [allowance, free] of [[PROOFS, 128], [WORK, 1024]] as const) {
    const tries = new Tries(() => 0, allowance);
    let taken = 0;
    for (let index = 0; index < 20_000; index++) taken += fail(tries, stranger(`stranger${index % 10}@s${index % 2000}.evil.example`), 1);
    assert.is(taken, free);
    assert.throws(() => tries.check(stranger("another@new.evil.example")), /evil\.example.*in 60 seconds/);
    assert.is(fail(tries, stranger("juliet@capulet.lit"), 1), 1);
    assert.is(fail(tries, { jid: "asked@evil.example", isOwnRequest: true }, 1), 1);
  }
});

test("what others of its domain have done does not hold up whom our own side asked", () => {
  const tries = new Tries(() => 0);
  for (let index = 0; index < 40; index++) fail(tries, stranger(`stranger${index}@montague.lit`), 3);
  assert.is(fail(tries, stranger("romeo@montague.lit"), 3), 0);
  const asked = { jid: "romeo@montague.lit", isOwnRequest: true };
  assert.is(fail(tries, asked, 9), 3, "but its own failures do");
});

test("there is room for whom our own side asked, however many strangers have failed", () => {
  const tries = new Tries(() => 0);
  fillWithLocked(tries);
  assert.is(fail(tries, stranger("juliet@capulet.lit"), 1), 0);
  assert.is(fail(tries, { jid: "juliet@capulet.lit", isOwnRequest: true }, 9), 3);
});

test("who has failed once or twice gives way to newcomers, the one with fewest failures first", () => {
  const tries = new Tries(() => 0);
  fail(tries, romeo, 2);
  for (let index = 0; index < 6000; index++) fail(tries, stranger(`stranger${index}@evil${index}.example`), 1);
  assert.is(fail(tries, romeo, 3), 1);
});

test("of those who failed as often, whoever did so the longest ago gives way", () => {
  const tries = new Tries(() => 0);
  const each = (index: number) => stranger(`stranger${index}@evil${index % 500}.example`);
  for (let index = 0; index < 4096; index++) fail(tries, each(index), 2);
  fail(tries, romeo, 1);
  assert.equal([fail(tries, each(4095), 3), fail(tries, each(1), 3)], [1, 1]);
  assert.is(fail(tries, each(0), 3), 3);
});

test("a stranger who has eight passwords stretched and proves nothing has none stretched for a minute; whom we asked has", async () => {
  const clock = new Clock();
  let stretched = 0;
  const counting: Stretch = (...given) => (stretched++, quick(...given));
  const method = srpOf({ core, password: () => "rose" }, { now: () => clock.now, stretch: counting });
  const silent: Method = { name: "srp", run: (conversation) => conversation.hear("srp-challenge").then(() => Promise.reject(new XtlsError("stream-lost"))) };
  const leave = async (isOwnRequest: boolean) => told((await converse(silent, method, { responder: claimAt("responder", { isOwnRequest }) })).responder);
  for (let run = 0; run < 20; run++) await leave(false);
  assert.equal([await leave(false), stretched], ["too-many-tries", 8]);
  await leave(true);
  assert.is(stretched, 9);
  clock.pass(60);
  assert.is(await runs.responder.right(method), "verified");
  for (let run = 0; run < 8; run++) await leave(false);
  assert.is(stretched, 9 + 1 + 8, "who proves something begins anew");
});

test("of a domain that makes us work in vain 256 times, some six a minute are served from then on", () => {
  const clock = new Clock();
  const tries = new Tries(() => clock.now, WORK);
  const each = (index: number) => stranger(`stranger${index}@evil.example`);
  let served = 0;
  const press = () => { for (let index = 0; index < 300; index++) served += fail(tries, each(served), 1); };
  press();
  assert.is(served, 256);
  for (let minute = 0; minute < 60; minute++) clock.pass(60), press();
  assert.ok(served > 256 + 60 && served <= 256 + 6 * 60, String(served));
  clock.pass(3600);
  served = 0;
  press();
  assert.is(served, 256, "an hour later all is forgotten");
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
  while (stretched < 3 || running > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  for (const stranger of strangers) stranger.end(new XtlsError("peer-unavailable"));
  await Promise.all(runs);
  assert.equal([most, stretched], [1, 3]);
});

test.run();
