/** Who runs, who waits and who is turned away: counted, not timed. */

import fc from "fast-check";

import type { XtlsError } from "../../bindings/errors.ts";
import { FairQueue, type Places } from "../../bindings/methods/fair-queue.ts";
import type { Party } from "../../bindings/methods/party.ts";
import { assert, suite } from "../suite.ts";

const test = suite("methods: the queue");
const PLACES: Places = { running: 3, runningPerDomain: 2, reserved: 2, waiting: 8, waitingPerDomain: 4, waitingPerJid: 2 };

const stranger = (jid: string): Party => ({ jid, isOwnRequest: false });
const own = (jid: string): Party => ({ jid, isOwnRequest: true });
const settled = () => new Promise(setImmediate);

/** Somebody who wants something done, and does not say when it is done until told so. */
class Visitor {
  state = "waiting";
  finish = () => {};
  readonly #left = new AbortController();

  constructor(queue: FairQueue, readonly party: Party, log: Visitor[] = []) {
    const work = () => {
      this.state = "running";
      log.push(this);
      return new Promise<void>((resolve) => (this.finish = resolve));
    };
    queue.run(party, this.#left.signal, work).then(
      () => (this.state = "done"),
      (error: XtlsError | string) => (this.state = typeof error === "string" ? error : error.code),
    );
  }

  leave(): void {
    this.#left.abort("left");
  }
}

const visit = (queue: FairQueue, ...parties: readonly Party[]) => parties.map((party) => new Visitor(queue, party));
const states = (visitors: readonly Visitor[]) => visitors.map(({ state }) => state);

test("one at a time runs for each JID, and no more than a few in all and of each domain", async () => {
  const queue = new FairQueue(PLACES);
  const visitors = visit(queue, ...["a@one", "a@one", "b@one", "c@one", "a@two", "a@three"].map(stranger));
  await settled();
  assert.equal(states(visitors), ["running", "waiting", "running", "waiting", "running", "waiting"]);
});

test("whoever waits gets the place of one who is done or has failed, in order of arrival", async () => {
  const queue = new FairQueue(PLACES);
  const [a, again, b] = visit(queue, stranger("a@one"), stranger("a@one"), stranger("b@one")) as [Visitor, Visitor, Visitor];
  const failing = queue.run(stranger("c@two"), new AbortController().signal, () => Promise.reject(new Error("out of order"))).catch(String);
  const [late] = visit(queue, stranger("d@two")) as [Visitor];
  await settled();
  assert.equal([await failing, late.state], ["Error: out of order", "running"]);
  a.finish();
  await settled();
  assert.equal(states([a, again, b]), ["done", "running", "running"]);
});

test("whoever leaves while waiting is gone, and while running keeps the place until the work is done", async () => {
  const queue = new FairQueue(PLACES);
  const [first, second, third] = visit(queue, stranger("a@one"), stranger("a@one"), stranger("a@one")) as [Visitor, Visitor, Visitor];
  await settled();
  for (const visitor of [first, second]) visitor.leave();
  await settled();
  assert.equal(states([first, second, third]), ["running", "left", "waiting"]);
  first.finish();
  await settled();
  assert.is(third.state, "running");
  third.finish();
});

test("whoever has left before its turn comes costs nothing", async () => {
  const queue = new FairQueue(PLACES);
  const left = new AbortController();
  left.abort("left");
  assert.is(await queue.run(stranger("a@one"), left.signal, () => assert.unreachable()).catch((reason: unknown) => reason), "left");
  const leaving = new AbortController();
  const run = queue.run(stranger("a@one"), leaving.signal, () => assert.unreachable()).catch((reason: unknown) => reason);
  leaving.abort("left");
  assert.is(await run, "left");
  const [next] = visit(queue, stranger("a@one")) as [Visitor];
  await settled();
  assert.is(next.state, "running");
});

test("our own requests have places of their own, and come before strangers who wait", async () => {
  const queue = new FairQueue(PLACES);
  const strangers = visit(queue, ...["a@one", "a@two", "a@three", "a@four"].map(stranger));
  const owns = visit(queue, ...["b@one", "b@two", "b@three"].map(own));
  await settled();
  assert.equal([...states(strangers), ...states(owns)], ["running", "running", "running", "waiting", "running", "running", "waiting"]);
  strangers[0]!.finish();
  await settled();
  assert.equal([strangers[3]!.state, owns[2]!.state], ["waiting", "running"]);
});

test("of those who may take a place, our own come first", async () => {
  const queue = new FairQueue({ ...PLACES, running: 1, reserved: 0 });
  const [running, theirs, ours] = visit(queue, stranger("a@one"), stranger("a@two"), own("a@three")) as [Visitor, Visitor, Visitor];
  await settled();
  running.finish();
  await settled();
  assert.equal(states([theirs, ours]), ["waiting", "running"]);
  ours.finish();
});

test("of our own requests any number waits, and all are done", async () => {
  const queue = new FairQueue(PLACES);
  const owns = visit(queue, ...Array.from({ length: 300 }, (_, index) => own(`a${index}@one`)));
  await settled();
  assert.equal(new Set(states(owns)), new Set(["running", "waiting"]));
  for (let running = owns; running.length > 0; running = owns.filter(({ state }) => state === "running")) {
    for (const visitor of running) visitor.finish();
    await settled();
  }
  assert.equal(new Set(states(owns)), new Set(["done"]));
});

test("nobody waits behind too many of its own JID or domain: those are turned away", async () => {
  const queue = new FairQueue(PLACES);
  const same = visit(queue, ...Array<Party>(5).fill(stranger("a@one")));
  await settled();
  assert.equal(states(same), ["running", "waiting", "waiting", "too-many-pending", "too-many-pending"]);
  const neighbours = visit(queue, ...["b@one", "c@one", "d@one", "e@one"].map(stranger));
  await settled();
  assert.equal(states(neighbours), ["running", "waiting", "waiting", "too-many-pending"]);
});

test("when too many wait, the last of the domain with most makes room, and not whoever comes from elsewhere", async () => {
  const queue = new FairQueue({ ...PLACES, waiting: 4 });
  const running = visit(queue, ...["a@x", "a@y", "a@z"].map(stranger));
  const crowd = visit(queue, ...["a@one", "b@one", "c@one", "a@two"].map(stranger));
  const [friend] = visit(queue, stranger("friend@three")) as [Visitor];
  await settled();
  assert.equal(states(crowd), ["waiting", "waiting", "too-many-pending", "waiting"]);
  assert.is(friend.state, "waiting");
  for (const visitor of running) visitor.finish();
  await settled();
  assert.is(friend.state, "waiting", "in its turn");
  crowd[0]!.finish();
  await settled();
  assert.is(friend.state, "running");
});

test("whatever comes and goes, nothing is exceeded, nobody is forgotten, and our own are served", async () => {
  const party = fc.record({ jid: fc.tuple(fc.constantFrom("a", "b", "c", "d"), fc.constantFrom("one", "two", "three", "four", "five")).map((parts) => parts.join("@")), isOwnRequest: fc.boolean() });
  const step = fc.oneof({ weight: 3, arbitrary: fc.record({ party }) }, fc.record({ finish: fc.nat() }), fc.record({ leave: fc.nat() }));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const queue = new FairQueue(PLACES);
      const visitors: Visitor[] = [];
      const log: Visitor[] = [];
      const among = (state: string, isOwn?: boolean) => visitors.filter((visitor) => visitor.state === state && (isOwn ?? visitor.party.isOwnRequest) === visitor.party.isOwnRequest);
      for (const step of steps) {
        if ("party" in step) visitors.push(new Visitor(queue, step.party, log));
        else if ("finish" in step) among("running")[step.finish % (among("running").length || 1)]?.finish();
        else among("waiting")[step.leave % (among("waiting").length || 1)]?.leave();
        await settled();
        const running = among("running");
        assert.is(new Set(running.map(({ party }) => party.jid)).size, running.length);
        assert.ok(running.length <= 5 && among("waiting", false).length <= 8);
        assert.ok(among("running", false).length <= 3);
      }
      for (let running = among("running"); running.length > 0; running = among("running")) {
        for (const visitor of running) visitor.finish();
        await settled();
      }
      assert.equal(among("waiting"), []);
      assert.is(new Set(log).size, log.length);
    }),
    { numRuns: 200 },
  );
});

test.run();
