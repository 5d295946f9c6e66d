/** A stream that breaks and may come back (XEP-0198): on an entity of the test's own, whose stream is a word. */

import { EventEmitter } from "node:events";

import xml, { type Element } from "@xmpp/xml";

import type { XtlsError } from "../../bindings/errors.ts";
import { xtls, type Xtls } from "../../bindings/xmpp/index.ts";
import { assert, suite } from "../suite.ts";
import { everybodyKnown, identityOf } from "./stage.ts";

const test = suite("xmpp: interrupted");
/** Milliseconds that a start waits for its answer. */
const TIMEOUT = 100;
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

class FakeEntity extends EventEmitter {
  readonly status = "online";
  readonly socket = null;
  readonly streamManagement = Object.assign(new EventEmitter(), { id: "sm-1", inbound: 0 });
  /** The other end of the stream, when there is one. */
  other: FakeEntity | undefined;

  constructor(readonly jid: string) {
    super();
  }

  send = async (stanza: Element) => {
    const { other } = this;
    queueMicrotask(() => other?.emit("element", stanza));
  };
}

interface Actor {
  readonly entity: FakeEntity;
  readonly tunnels: Xtls;
}

async function staged(jid = "romeo@verona.example/orchard"): Promise<Actor> {
  const entity = new FakeEntity(jid);
  const identity = await identityOf(jid.split("/")[0] as string);
  const limits = { startTimeout: TIMEOUT, dataTimeout: TIMEOUT };
  return { entity, tunnels: xtls({ xmpp: entity as never, identity, trust: everybodyKnown, limits }) };
}

/** What a promise has come to. */
function watch(promise: Promise<unknown>): { code: string | undefined } {
  const seen: { code: string | undefined } = { code: undefined };
  promise.then(
    () => (seen.code = "resolved"),
    (error: XtlsError) => (seen.code = error.code),
  );
  return seen;
}

test("no wait ends while the stream is broken, and all of them go on when it is back", async () => {
  const { entity, tunnels } = await staged();
  const opening = watch(tunnels.open("juliet@verona.example/balcony"));
  const asking = watch(tunnels.supports("juliet@verona.example/balcony"));
  await pause(10);
  entity.emit("disconnect");
  await pause(5 * TIMEOUT);
  assert.equal([opening.code, asking.code], [undefined, undefined]);
  entity.streamManagement.emit("resumed");
  while (opening.code === undefined) await pause(10);
  assert.equal([opening.code, asking.code], ["timeout", undefined]);
  entity.emit("offline");
  await pause(0);
});

test("nobody waits for an answer when the stream is gone for good", async () => {
  const { entity, tunnels } = await staged();
  const peer = "juliet@verona.example/balcony";
  const waiting = [tunnels.open(peer), tunnels.supports(peer), tunnels.probe(peer)].map(watch);
  await pause(10);
  entity.emit("disconnect");
  entity.emit("offline");
  await pause(0);
  assert.equal(waiting.map(({ code }) => code), ["stream-lost", "stream-lost", "stream-lost"]);
});

test("whoever leaves while the stream is broken waits no longer than for a silent peer", async () => {
  const [romeo, juliet] = [await staged(), await staged("juliet@verona.example/balcony")];
  [romeo.entity.other, juliet.entity.other] = [juliet.entity, romeo.entity];
  const tunnel = await romeo.tunnels.open(juliet.entity.jid);
  romeo.entity.other = undefined;
  romeo.entity.emit("disconnect");
  let isClosed = false;
  const closed = tunnel.close().then((result) => ((isClosed = true), result));
  await pause(5 * TIMEOUT);
  assert.not(isClosed);
  await romeo.tunnels.close();
  assert.equal([(await closed).reason?.code, tunnel.state], ["timeout", "closed"]);
  juliet.entity.emit("offline");
});

test("a server that asks on over a stream that it does not resume fills no memory: the stream counts as lost, until it is back", async () => {
  const { entity, tunnels } = await staged();
  let sent = 0;
  entity.other = { emit: () => sent++ } as never;
  const opening = watch(tunnels.open("juliet@verona.example/balcony"));
  await pause(0);
  entity.emit("disconnect");
  const ask = (id: number) => xml("iq", { type: "get", id: `q${id}`, from: "mercutio@verona.example/x", to: entity.jid }, xml("offer", "urn:xmpp:tmp:c2ctls"));
  for (let id = 0; id < 20_000; id++) entity.emit("element", ask(id));
  await pause(0);
  assert.equal([opening.code, tunnels.address], ["stream-lost", undefined]);
  sent = 0;
  entity.streamManagement.emit("resumed");
  entity.emit("element", ask(1));
  await pause(0);
  assert.equal([sent, tunnels.address], [1, entity.jid]);
  entity.emit("offline");
});

test.run();
