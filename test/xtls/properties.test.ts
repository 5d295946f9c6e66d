/** What must hold whatever the network, the peer and the callers do. */
import xml, { type Element } from "@xmpp/xml";
import fc from "fast-check";
import { XtlsError } from "../../bindings/errors.ts";
import { decodeBase64, encodeBase64 } from "../../bindings/xtls/base64.ts";
import { assert, suite } from "../suite.ts";
import { pair, says } from "./ends.ts";
import { fakeIdentity } from "./fake-engine.ts";
import { JULIET, ROMEO, WirePair, type End, type Iq } from "./wire-pair.ts";

const test = suite("properties");
const NS = "urn:xmpp:tmp:xtls";
const bodies = (end: End) => end.stanzas.map((text) => /<body>(.*)<\/body>/.exec(text)?.[1]);
const isData = (iq: Iq) => iq.type === "set" && iq.payload?.is("data", NS) === true;

/** Everything a server can do to the bytes of one `<data/>`. */
function altered(iq: Iq, alter: (bytes: Uint8Array) => Uint8Array): Iq {
  const bytes = alter(decodeBase64((iq.payload as Element).getText()));
  return { ...iq, payload: xml("data", iq.payload?.attrs ?? {}, encodeBase64(bytes)) };
}

test("any interleaving, window and chunk size delivers everything once, in order, and closes in order", () => {
  const run = fc.record({
    order: fc.infiniteStream(fc.boolean()),
    window: fc.integer({ min: 1, max: 5 }),
    chunk: fc.integer({ min: 50, max: 3000 }),
    sizes: fc.array(fc.nat(3000), { minLength: 1, maxLength: 8 }),
    both: fc.boolean(),
  });
  fc.assert(
    fc.property(run, ({ order, window, chunk, sizes, both }) => {
      const limits = { window, chunk };
      const wire = pair({ limits }, { limits });
      wire.romeo.open(JULIET);
      if (both) wire.juliet.open(ROMEO);
      const turn = () => order.next().value as boolean;
      wire.settle(turn);
      sizes.forEach((size, at) => {
        wire.romeo.send(says(`${at}`.padEnd(size, ".")));
        wire.juliet.send(says(`${at}`.padEnd(size, ",")));
        if (turn()) wire.step(wire.romeo);
      });
      wire.romeo.close();
      if (both) wire.juliet.close();
      wire.settle(turn);
      assert.equal(
        bodies(wire.juliet),
        sizes.map((size, at) => `${at}`.padEnd(size, ".")),
      );
      assert.equal(
        bodies(wire.romeo),
        sizes.map((size, at) => `${at}`.padEnd(size, ",")),
      );
      assert.equal([wire.romeo.closes, wire.juliet.closes], [[undefined], [undefined]]);
      assert.equal([wire.romeo.lost, wire.juliet.lost], [[], []]);
    }),
    { numRuns: 60 },
  );
});

test("a byte flipped anywhere on the way ends in a typed error and alters no stanza", () => {
  const flip = fc.record({ which: fc.nat(6), at: fc.nat(2000), bit: fc.nat(7) });
  fc.assert(
    fc.property(flip, ({ which, at, bit }) => {
      const wire = pair();
      let [seen, isTolerated] = [0, false];
      wire.intercept = (iq) => {
        if (!isData(iq) || seen++ !== which) return [iq];
        const flipped = altered(iq, (bytes) => {
          const place = at % bytes.length;
          // legacy_record_version of a record in clear: TLS 1.3 ignores it and protects nothing by it (RFC 8446 §5.1).
          isTolerated = bytes[0] === 22 && (place === 1 || place === 2);
          bytes[place] = (bytes[place] as number) ^ (1 << bit);
          return bytes;
        });
        return [flipped];
      };
      exchange(wire);
      for (const end of [wire.romeo, wire.juliet])
        assert.ok(["one", undefined].includes(bodies(end)[0]) && end.stanzas.length <= 1);
      const errors = [...wire.romeo.closes, ...wire.juliet.closes];
      if (seen > which && !isTolerated)
        assert.ok(
          errors.some((error) => error instanceof XtlsError),
          JSON.stringify({ which, at, bit }),
        );
    }),
    { numRuns: 300 },
  );
});

test("data that is dropped, repeated, swapped or cut ends in a typed error and alters no stanza", () => {
  const harm = fc.record({ which: fc.nat(6), how: fc.constantFrom("drop", "repeat", "swap", "cut", "append") });
  fc.assert(
    fc.property(harm, ({ which, how }) => {
      const wire = pair({ limits: { window: 2 } }, { limits: { window: 2 } });
      let seen = 0;
      let held: Iq[] = [];
      wire.intercept = (iq) => {
        if (!isData(iq)) return [iq];
        if (seen++ !== which) return [iq, ...held.splice(0)];
        if (how === "drop") return [];
        if (how === "repeat") return [iq, iq];
        if (how === "cut") return [altered(iq, (bytes) => bytes.slice(0, -1))];
        if (how === "append") return [altered(iq, (bytes) => new Uint8Array([...bytes, 0]))];
        held = [iq];
        return [];
      };
      exchange(wire);
      for (const end of [wire.romeo, wire.juliet])
        assert.ok(["one", undefined].includes(bodies(end)[0]) && end.stanzas.length <= 1);
      const errors = [...wire.romeo.closes, ...wire.juliet.closes];
      const isIntact = wire.romeo.stanzas.length + wire.juliet.stanzas.length === 2;
      assert.ok(isIntact || seen <= which || errors.some((error) => error instanceof XtlsError), `${how} ${which}`);
    }),
    { numRuns: 60 },
  );
});

/** A whole life: open, one stanza each way, close, and time for whatever hangs. */
function exchange(wire: WirePair): void {
  wire.open();
  for (const end of [wire.romeo, wire.juliet]) {
    if (end.opened[0]?.state === "open") end.send(says("one"));
  }
  wire.settle();
  for (const end of [wire.romeo, wire.juliet]) if (end.opened[0]?.state === "open") end.close();
  wire.settle();
  for (let wait = 0; wait < 3; wait++) wire.pass(60000);
}

// --- the state machine under fire -----------------------------------------------------

const payloads: fc.Arbitrary<() => Element> = fc.constantFrom(
  () => xml("start", { xmlns: NS }),
  () => xml("start", { xmlns: NS }, xml("offer", { xmlns: "urn:xmpp:tmp:c2ctls" })),
  () => xml("proceed", { xmlns: NS }),
  () => xml("data", { xmlns: NS }, "FgAScm9tZW9AbW9udGFndWUubGl03Q=="),
  () => xml("data", { xmlns: NS, method: "x509" }, "FgAScm9tZW9AbW9udGFndWUubGl03Q=="),
  () => xml("data", { xmlns: NS }, "FQABAPI="),
  () => xml("data", { xmlns: NS }, "!"),
  () => xml("close", { xmlns: NS }),
  () => xml("closed", { xmlns: NS }),
  () => xml("offer", { xmlns: "urn:xmpp:tmp:c2ctls" }),
  () => xml("error", { type: "cancel" }, xml("item-not-found", { xmlns: "urn:ietf:params:xml:ns:xmpp-stanzas" })),
);
const iqs = fc.record({
  type: fc.constantFrom("get", "set", "result", "error"),
  id: fc.constantFrom("romeo-1", "romeo-2", "juliet-1", "juliet-2", "juliet-3", "x"),
  from: fc.constantFrom(ROMEO, JULIET, "romeo@montague.lit", "mallory@evil.lit/x", "", undefined),
  payload: payloads,
});
const act = fc.oneof(
  fc.record({ kind: fc.constant("forge" as const), iq: iqs }),
  fc.record({
    kind: fc.constantFrom(
      "open",
      "accept",
      "refuse",
      "judge",
      "send",
      "close",
      "step",
      "step",
      "step",
      "settle",
      "drop",
      "wake",
      "gone",
      "disconnect",
    ),
  }),
);

/** How far a tunnel has come, in the ordinary way, before anything goes. */
const stages = ["nothing", "start", "consent", "judging", "open", "closing"] as const;

function bring(wire: WirePair, stage: (typeof stages)[number]): void {
  const steps = [
    () => void wire.romeo.open(JULIET),
    () => void wire.settle(),
    () => (
      wire.juliet.after(() => wire.juliet.endpoint.accept(wire.juliet.consents[0] as never, wire.now)),
      void wire.settle()
    ),
    () => [wire.romeo, wire.juliet].forEach((end) => end.judged({ trusted: true, state: "verified" })),
    () => wire.romeo.close(),
  ];
  for (const step of steps.slice(0, stages.indexOf(stage))) step();
}

test("no sequence of stanzas, calls and waits crashes an endpoint or wakes a tunnel that has ended", () => {
  const reached = { opened: 0, stanzas: 0, ordered: 0, failed: 0 };
  fc.assert(
    fc.property(fc.constantFrom(...stages), fc.array(fc.tuple(act, fc.boolean()), { maxLength: 40 }), (stage, acts) => {
      const never = { judge: () => new Promise<never>(() => undefined) };
      const wire = new WirePair(
        { identity: fakeIdentity("romeo@montague.lit"), accepts: undefined, trust: never },
        { identity: fakeIdentity("juliet@capulet.lit"), accepts: undefined, trust: never },
      );
      bring(wire, stage);
      for (const [action, isRomeo] of acts) {
        const end = isRomeo ? wire.romeo : wire.juliet;
        perform(wire, end, action);
        for (const { opened, consents, claims } of [wire.romeo, wire.juliet])
          isSound(
            opened,
            consents,
            claims.map(({ tunnel }) => tunnel),
          );
      }
      for (let wait = 0; wait < 6; wait++) wire.settle().pass(300000);
      if (wire.romeo.opened[0]?.state !== "open") assert.is(wire.romeo.endpoint.deadline, undefined);
      for (const { opened, stanzas, closes } of [wire.romeo, wire.juliet]) {
        if (opened.length > 0) reached.opened++;
        if (stanzas.length > 0) reached.stanzas++;
        if (closes.includes(undefined)) reached.ordered++;
        if (closes.some((error) => error !== undefined)) reached.failed++;
      }
    }),
    { numRuns: 1500 },
  );
  // Had the runs never come so far, they would have shown nothing.
  for (const [what, count] of Object.entries(reached)) assert.ok(count > 9, `${what} ${count}`);
});

function isSound(opened: End["opened"], consents: End["consents"], judged: End["consents"]): void {
  for (const tunnel of opened)
    assert.ok(
      ["open", "closing", "closed"].includes(tunnel.state) && tunnel.security !== undefined && judged.includes(tunnel),
    );
  for (const tunnel of consents) assert.ok(tunnel.state === "starting" || tunnel.role === "responder");
}

/** Callers' errors are typed and change nothing; anything else is a defect and surfaces. */
function perform(
  wire: WirePair,
  end: End,
  action: { kind: string; iq?: { type: string; id: string; from: string | undefined; payload: () => Element } },
): void {
  const peer = end === wire.romeo ? JULIET : ROMEO;
  const tunnel = [...end.opened, ...end.consents, ...end.claims.map(({ tunnel }) => tunnel)].at(-1);
  try {
    switch (action.kind) {
      case "forge": {
        const { type, id, from, payload } = action.iq as NonNullable<typeof action.iq>;
        if ((type === "get" || type === "set") && from === undefined) return;
        end.receive({ type: type as Iq["type"], id, from, to: end.address, payload: payload() });
        return;
      }
      case "open":
        return void end.open(peer);
      case "accept":
        return end.consents.forEach((asked) => end.after(() => end.endpoint.accept(asked, wire.now)));
      case "refuse":
        return end.consents.forEach((asked) => end.after(() => end.endpoint.refuse(asked, "declined", wire.now)));
      case "judge":
        return end.claims.forEach((asked) => end.judged({ trusted: true, state: "verified" }, asked.tunnel));
      case "send":
        return void (tunnel && end.send(says("x"), tunnel));
      case "close":
        return void (tunnel && end.close(tunnel));
      case "step":
        return void wire.step(end);
      case "settle":
        return void wire.settle();
      case "drop":
        return void end.sent.shift();
      case "wake":
        return void ((wire.now += 20000), end.wake());
      case "gone":
        return end.after(() => end.endpoint.unavailable(peer, wire.now));
      case "disconnect":
        return end.after(() => end.endpoint.disconnect(wire.now));
    }
  } catch (error) {
    if (!(error instanceof XtlsError) || error.code === "internal-error") throw error;
  }
}

test("whoever comes back under the same address opens a tunnel, whatever was under way when it lost its stream", () => {
  const run = fc.record({
    hasExtensions: fc.boolean(),
    isRomeo: fc.boolean(),
    before: fc.nat(14),
    sends: fc.array(fc.boolean(), { maxLength: 6 }),
    carried: fc.nat(6),
    // Which of the IQs on their way arrive after all, at the new stream.
    arrive: fc.array(fc.boolean(), { maxLength: 20 }),
    away: fc.nat(20_000),
    order: fc.infiniteStream(fc.boolean()),
  });
  const reached = { waited: 0, atOnce: 0 };
  fc.assert(
    fc.property(run, ({ hasExtensions, isRomeo, before, sends, carried, arrive, away, order }) => {
      const wire = new WirePair(
        { identity: fakeIdentity("romeo@montague.lit"), hasExtensions },
        { identity: fakeIdentity("juliet@capulet.lit"), hasExtensions },
      );
      const [back, other] = isRomeo ? [wire.romeo, wire.juliet] : [wire.juliet, wire.romeo];
      wire.romeo.open(JULIET);
      for (let step = 0; step < before; step++) void (wire.step(wire.romeo) || wire.step(wire.juliet));
      for (const isHis of sends) {
        const end = isHis ? wire.romeo : wire.juliet;
        if (end.opened[0]?.state === "open") end.send(says("x".repeat(3000)));
      }
      for (let step = 0; step < carried; step++) void (wire.step(wire.juliet) || wire.step(wire.romeo));
      back.after(() => back.endpoint.disconnect(wire.now));
      back.sent.length = 0;
      other.sent.splice(0, other.sent.length, ...other.sent.filter((_, at) => arrive[at]));
      wire.now += away;
      other.wake();
      const opened = back.opened.length;
      const tunnel = back.open(other.address);
      wire.settle(() => order.next().value as boolean);
      reached[tunnel.state === "open" ? "atOnce" : "waited"]++;
      for (let second = 0; second < 65 && tunnel.state !== "open"; second++) wire.pass(1000);
      assert.is(tunnel.state, "open");
      assert.is(back.opened.length, opened + 1);
      back.send(says("here"), tunnel);
      other.send(says("there"));
      wire.settle();
      assert.ok(back.stanzas.at(-1)?.includes("there") && other.stanzas.at(-1)?.includes("here"));
    }),
    { numRuns: 600 },
  );
  for (const [what, count] of Object.entries(reached)) assert.ok(count > 9, `${what} ${count}`);
});

test("every tunnel that ended said so once, and every request from outside is answered once", () => {
  fc.assert(
    fc.property(fc.array(iqs, { maxLength: 30 }), (forged) => {
      const wire = new WirePair(
        { identity: fakeIdentity("romeo@montague.lit") },
        { identity: fakeIdentity("juliet@capulet.lit") },
      );
      let requests = 0;
      forged.forEach(({ type, from, payload }, at) => {
        if (type !== "get" && type !== "set") return;
        requests++;
        wire.juliet.receive({ type, id: `f${at}`, from: from ?? "x@y/z", to: JULIET, payload: payload() });
      });
      wire.juliet.after(() => wire.juliet.endpoint.disconnect(wire.now));
      const answers = wire.juliet.sent
        .filter(({ type, id }) => (type === "result" || type === "error") && id.startsWith("f"))
        .map(({ id }) => id);
      assert.is(answers.length, requests);
      assert.is(new Set(answers).size, requests);
      assert.is(wire.juliet.closes.length, wire.juliet.consents.length);
    }),
    { numRuns: 500 },
  );
});

test.run();
