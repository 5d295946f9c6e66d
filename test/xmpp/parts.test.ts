/**
 * The plug-in's small parts, each alone.
 */

import xml, { type Element } from "@xmpp/xml";

import { randomId } from "../../bindings/xmpp/id.ts";
import { Outbox } from "../../bindings/xmpp/outbox.ts";
import { Replay } from "../../bindings/xmpp/replay.ts";
import { disableNagle } from "../../bindings/xmpp/socket.ts";
import { answerIn, xtlsRequest } from "../../bindings/xmpp/stanza.ts";
import { assert, suite } from "../suite.ts";

const NS = "urn:xmpp:tmp:xtls";
const ROMEO = "romeo@verona.example/orchard";
const test = suite("xmpp: parts");

const iq = (type: string, ...children: Element[]) => xml("iq", { type, id: "1", from: ROMEO }, ...children);

test("only a lone XTLS child, or the question for an offer, makes a request ours", () => {
  assert.ok(xtlsRequest(iq("set", xml("start", NS))));
  assert.ok(xtlsRequest(iq("get", xml("offer", "urn:xmpp:tmp:c2ctls"))));
  assert.is(xtlsRequest(iq("set", xml("offer", "urn:xmpp:tmp:c2ctls"))), undefined);
  assert.is(xtlsRequest(iq("set", xml("start", NS), xml("start", NS))), undefined);
  assert.is(xtlsRequest(iq("set", xml("start", "urn:other"))), undefined);
  assert.is(xtlsRequest(iq("result", xml("proceed", NS))), undefined);
  assert.is(xtlsRequest(xml("iq", { type: "set", id: "1" }, xml("start", NS))), undefined);
  assert.is(xtlsRequest(xml("message", { from: ROMEO }, xml("start", NS))), undefined);
});

test("an answer carries the result's child, or the error", () => {
  assert.is(answerIn(iq("result", xml("proceed", NS)))?.payload?.name, "proceed");
  assert.is(answerIn(iq("error", xml("start", NS), xml("error")))?.payload?.name, "error");
  assert.is(answerIn(iq("result"))?.payload, undefined);
  assert.is(answerIn(iq("set", xml("start", NS))), undefined);
});

test("ids are 128 bits and differ", () => {
  const ids = Array.from({ length: 100 }, randomId);
  assert.is(new Set(ids).size, 100);
  assert.ok(ids.every((id) => /^[0-9a-f]{32}$/.test(id)));
});

test("what cannot be sent waits, and goes out in order when the stream is back", async () => {
  const sent: string[] = [];
  let isBroken = false;
  const outbox = new Outbox({
    send: async ({ attrs }) => {
      if (isBroken) throw new Error("no socket");
      sent.push(attrs.id);
    },
  });
  const send = (id: string) => outbox.send(xml("iq", { id }));
  send("1");
  isBroken = true;
  send("2");
  await Promise.resolve();
  outbox.hold();
  send("3");
  isBroken = false;
  outbox.release();
  send("4");
  assert.equal(sent, ["1", "2", "3", "4"]);
});

test("what waits for a lost stream is discarded with it", () => {
  const sent: string[] = [];
  const outbox = new Outbox({ send: async ({ attrs }) => void sent.push(attrs.id) });
  outbox.hold();
  outbox.send(xml("iq", { id: "1" }));
  outbox.discard();
  outbox.release();
  outbox.send(xml("iq", { id: "2" }));
  assert.equal(sent, ["2"]);
});

test("repeated requests are known right after a resumption only, up to the first new one", () => {
  const replay = new Replay();
  const request = (id: string, text = id) =>
    ({ id, from: ROMEO, type: "set", payload: xml("data", NS, text) }) as const;
  const resumed = xml("resumed", "urn:xmpp:sm:3");
  assert.equal([replay.repeats(request("1")), replay.repeats(request("2"))], [false, false]);
  assert.not(replay.repeats(request("2")));
  replay.watch(resumed);
  assert.ok(replay.repeats(request("2")));
  assert.not(replay.repeats(request("2", "same id, other bytes")));
  assert.not(replay.repeats(request("2")));
  replay.forget();
  replay.watch(resumed);
  assert.not(replay.repeats(request("1")));
});

test("of a repeated request as long as a stanza nothing is kept", () => {
  const long = "x".repeat(250_000);
  const usual = { id: "1", from: ROMEO, type: "set", payload: xml("data", NS, "AAAA") } as const;
  for (const odd of [{ id: long }, { from: `${ROMEO}${long}` }, { payload: xml(long, NS) }]) {
    const replay = new Replay();
    const request = { ...usual, ...odd };
    assert.not(replay.repeats(request));
    replay.watch(xml("resumed", "urn:xmpp:sm:3"));
    // What it had kept would be known.
    assert.not(replay.repeats(request), Object.keys(odd).join());
  }
});

test("Nagle is turned off on TCP and on what wraps it, and nothing else is touched", () => {
  const calls: boolean[] = [];
  const tcp = { setNoDelay: (isNoDelay: boolean) => calls.push(isNoDelay) };
  for (const socket of [tcp, { socket: tcp }, { socket: { url: "ws://" } }, {}, null]) disableNagle({ socket });
  assert.equal(calls, [true, true]);
});

test.run();
