import type { Identity, Tickets, XtlsError } from "../../bindings/node.ts";
import { loadCore } from "../module.ts";
import { assert, suite } from "../suite.ts";
import { CIPHERSUITES } from "../../bindings/tls/names.ts";
import { HANDSHAKE, messageBytes, Middle } from "./middle.ts";
import {
  bytesOf,
  codeThrownBy,
  couple,
  dispose,
  handshake,
  openPair,
  pair,
  pattern,
  settle,
  textOf,
  type Pair,
} from "./pair.ts";

const test = suite("resumption");
const core = await loadCore();

/** The ticket of a fresh full handshake. */
function session(tickets: Tickets): Uint8Array {
  const { initiator } = openPair(core, {}, {}, { tickets });
  return initiator.session as Uint8Array;
}

const resume = (ticket: Uint8Array, tickets?: Tickets): Pair =>
  openPair(core, {}, { session: ticket }, tickets ? { tickets } : {});

test("gives each ticket once", () => {
  const { initiator, responder } = openPair(core, {}, {}, { tickets: core.tickets() });
  assert.ok(initiator.session instanceof Uint8Array);
  while (initiator.session !== undefined);
  assert.is(initiator.session, undefined);
  assert.is(responder.session, undefined);
});

test("issues none unless told to", () => {
  assert.is(openPair(core).initiator.session, undefined);
});

test("resumes, and both ends still know whom they speak with", () => {
  const { juliet, romeo } = couple(core);
  const tickets = core.tickets();
  const ends = resume(session(tickets), tickets);
  assert.is(ends.initiator.negotiated?.resumed, true);
  assert.is(ends.responder.negotiated?.resumed, true);
  assert.is(ends.initiator.peer?.fingerprint, romeo.fingerprint);
  assert.is(ends.responder.peer?.fingerprint, juliet.fingerprint);

  ends.initiator.write(bytesOf("again"));
  settle(ends);
  assert.is(textOf(ends.responder.read()), "again");
});

test("resumes with new keys (psk_dhe_ke)", () => {
  const tickets = core.tickets();
  const first = openPair(core, {}, {}, { tickets });
  const second = resume(first.initiator.session as Uint8Array, tickets);
  const keyOf = ({ initiator }: Pair) => initiator.exportKeyingMaterial("EXPORTER-x", undefined, 32).join();
  assert.is.not(keyOf(first), keyOf(second));
  assert.is(second.initiator.negotiated?.group, "X25519");
});

test("takes a ticket only once: the second time is a full handshake", () => {
  const tickets = core.tickets();
  const ticket = session(tickets);
  assert.is(resume(ticket, tickets).initiator.negotiated?.resumed, true);
  assert.is(resume(ticket, tickets).initiator.negotiated?.resumed, false);
});

test("shakes hands in full with another table, or with none", () => {
  const ticket = session(core.tickets());
  assert.is(resume(ticket, core.tickets()).initiator.negotiated?.resumed, false);
  assert.is(resume(ticket).initiator.negotiated?.resumed, false);
});

/** The same person's next identity. */
const renewed = (identity: Identity) => core.createIdentity({ jid: identity.jid });

test("is passed over by an initiator whose certificate is another than at the time", () => {
  const { juliet } = couple(core);
  const tickets = core.tickets();
  const ticket = session(tickets);
  const identity = renewed(juliet);
  const ends = openPair(core, {}, { session: ticket, identity }, { tickets });
  assert.is(ends.initiator.negotiated?.resumed, false);
  assert.is(ends.responder.peer?.fingerprint, identity.fingerprint);
  assert.is(resume(ticket, tickets).initiator.negotiated?.resumed, true, "it was not even offered");
});

test("is passed over by a responder whose certificate is another than at the time, though the table is the same", () => {
  const { romeo } = couple(core);
  const tickets = core.tickets();
  const identity = renewed(romeo);
  const ends = openPair(core, {}, { session: session(tickets) }, { tickets, identity });
  assert.is(ends.initiator.negotiated?.resumed, false);
  assert.is(ends.initiator.peer?.fingerprint, identity.fingerprint);
  const next = openPair(core, {}, { session: ends.initiator.session as Uint8Array }, { tickets, identity });
  assert.is(next.initiator.negotiated?.resumed, true, "the new certificate's own ticket is good");
  assert.is(next.initiator.peer?.fingerprint, identity.fingerprint);
});

test("belongs to a certificate, wherever that was read again", () => {
  const { juliet, romeo } = couple(core);
  const tickets = core.tickets();
  const [ours, theirs] = [juliet, romeo].map((identity) => core.identityFromPEM(identity.toPEM())) as [
    Identity,
    Identity,
  ];
  const ends = openPair(core, {}, { session: session(tickets), identity: ours }, { tickets, identity: theirs });
  assert.is(ends.initiator.negotiated?.resumed, true);
});

test("forgets the oldest when the table is full", () => {
  const tickets = core.tickets({ capacity: 1 });
  const [older, newer] = [session(tickets), session(tickets)];
  assert.is(resume(older, tickets).initiator.negotiated?.resumed, false);
  void newer;
});

test("takes no ticket after its lifetime", () => {
  const tickets = core.tickets({ lifetime: 60 });
  const ticket = session(tickets);
  const { now } = Date;
  Date.now = () => now() + 61_000;
  try {
    assert.is(resume(ticket, tickets).initiator.negotiated?.resumed, false);
  } finally {
    Date.now = now;
  }
});

test("refuses what is no session, and an altered one without a crash", () => {
  const { juliet: identity } = couple(core);
  const ticket = session(core.tickets());
  for (const broken of [new Uint8Array(0), ticket.subarray(1), ticket.subarray(0, 20), new Uint8Array(500)]) {
    assert.is(
      codeThrownBy(() => core.engine({ role: "initiator", identity, session: broken })),
      "invalid-argument",
    );
  }
});

test("is for initiators, as tables are for responders", () => {
  const { juliet: identity } = couple(core);
  const tickets = core.tickets();
  assert.is(
    codeThrownBy(() => core.engine({ role: "responder", identity, session: session(tickets) })),
    "invalid-argument",
  );
  assert.is(
    codeThrownBy(() => core.engine({ role: "initiator", identity, tickets })),
    "invalid-argument",
  );
});

test("refuses a table of nonsense or disposed of", () => {
  for (const options of [
    { capacity: 0 },
    { capacity: 65_537 },
    { capacity: 1.5 },
    { lifetime: 0 },
    { lifetime: 604_801 },
  ]) {
    assert.is(
      codeThrownBy(() => core.tickets(options)),
      "invalid-argument",
    );
  }
  const tickets = core.tickets();
  tickets[Symbol.dispose]();
  assert.is(
    codeThrownBy(() => pair(core, {}, {}, { tickets })),
    "disposed",
  );
});

test("keeps the table alive for engines that use it", () => {
  const tickets = core.tickets();
  const ends = pair(core, {}, {}, { tickets });
  tickets[Symbol.dispose]();
  handshake(ends);
  assert.ok(ends.initiator.session);
});

test("fails typed when the binder does not verify", () => {
  const tickets = core.tickets();
  const ends = pair(core, {}, { session: session(tickets) }, { tickets });
  const hello = ends.initiator.drain();
  hello[hello.length - 1]! ^= 1;
  let error: XtlsError | undefined;
  try {
    ends.responder.feed(hello);
    settle(ends);
  } catch (reason) {
    error = reason as XtlsError;
  }
  assert.ok(error?.code === "protocol-violation" || ends.initiator.negotiated?.resumed === false);
});

const SUITES = Object.keys(CIPHERSUITES);

/** Every choice of suites, in order of preference. */
const CHOICES = SUITES.reduce<string[][]>(
  (choices, one) => [...choices, ...choices.map((some) => [...some, one])],
  [[]],
).slice(1);

/** The ticket of a handshake with this suite. */
const sessionOf = (suite: string, tickets: Tickets): Uint8Array =>
  openPair(core, { ciphersuites: [suite] }, {}, { tickets }).initiator.session as Uint8Array;

for (const isRetried of [false, true])
  test(`whatever suites are on offer at both ends, a ticket of another suite is gone on without${isRetried ? ", after a retry, too" : ""}`, () => {
    const groups = isRetried ? ({ groups: ["P-384"] } as const) : {};
    let count = 0;
    for (const suite of SUITES)
      for (const ours of CHOICES)
        for (const theirs of CHOICES) {
          if (!ours.some((one) => theirs.includes(one))) continue;
          const tickets = core.tickets();
          const options = { ciphersuites: ours, session: sessionOf(suite, tickets) };
          const ends = openPair(core, {}, options, { ciphersuites: theirs, tickets, ...groups });
          const isOnOffer = ours.includes(suite) && theirs.includes(suite);
          assert.is(ends.initiator.negotiated?.resumed, isOnOffer, `${suite}: ${ours} and ${theirs}`);
          dispose(ends);
          count++;
        }
    assert.is(count, 3 * 37);
  });

test("a ticket so long that no hello has room for it is not kept", () => {
  for (const [length, isKept] of [
    [8192, true],
    [8193, false],
    [16000, false],
  ] as const) {
    const middle = new Middle(core);
    handshake(middle);
    const handle = pattern(length);
    const body = Buffer.concat([
      Buffer.of(0, 0, 1, 0, 1, 2, 3, 4, 0, length >> 8, length & 0xff),
      handle,
      Buffer.of(0, 0),
    ]);
    middle.initiator.feed(middle.applicationFrom("responder").seal(HANDSHAKE, messageBytes({ type: 4, body })));
    const { session } = middle.initiator;
    assert.is(session !== undefined, isKept, `${length}`);
    if (session) assert.ok(pair(core, {}, { session }).initiator.drain().length > length);
    middle.dispose();
  }
});

test.run();
