/** A stream that breaks and may come back (XEP-0198): on an entity of the test's own, whose stream is a word. */

import { EventEmitter } from "node:events";

import type { Element } from "@xmpp/xml";

import type { XtlsError } from "../../bindings/errors.ts";
import { xtls, type Xtls } from "../../bindings/xmpp/index.ts";
import { assert, suite } from "../suite.ts";
import { everybodyKnown, identityOf } from "./stage.ts";

const test = suite("xmpp: interrupted");
/** Milliseconds that a start waits for its answer. */
const TIMEOUT = 100;
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

class FakeEntity extends EventEmitter {
  readonly jid = "romeo@verona.example/orchard";
  readonly status = "online";
  readonly socket = null;
  readonly sent: Element[] = [];
  readonly streamManagement = Object.assign(new EventEmitter(), { id: "sm-1", inbound: 0 });
  send = async (stanza: Element) => void this.sent.push(stanza);
}

async function staged(): Promise<{ readonly entity: FakeEntity; readonly tunnels: Xtls }> {
  const entity = new FakeEntity();
  const identity = await identityOf("romeo@verona.example");
  const tunnels = xtls({ xmpp: entity as never, identity, trust: everybodyKnown, limits: { startTimeout: TIMEOUT } });
  return { entity, tunnels };
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

test.run();
