/**
 * Addresses between the plug-in and its entity: what xmpp.js makes of ours is not always what the server bound.
 */

import jid from "@xmpp/jid";
import xml, { type Element } from "@xmpp/xml";

import type { XtlsError } from "../../bindings/errors.ts";
import { type Entity, xtls } from "../../bindings/xmpp/index.ts";
import { OwnAddress } from "../../bindings/xmpp/own-address.ts";
import { connectClient } from "../../scripts/servers/connect.ts";
import { type Router, startRouter } from "../../scripts/servers/router.ts";
import { assert, suite } from "../suite.ts";
import { clearStage, enter, everybodyKnown, identityOf, leave, message, once, rejection } from "./stage.ts";

const test = suite("xmpp: addresses");
let router: Router;

test.before(async () => {
  router = await startRouter();
});
test.after.each(() => clearStage());
test.after(() => router.stop());

const bound = (jid: string, attrs = {}) =>
  xml("iq", { type: "result", id: "b", ...attrs }, xml("bind", "urn:ietf:params:xml:ns:xmpp-bind", xml("jid", {}, jid)));

function entity(jid: string, status = "open"): Entity & { status: string; jid: string } {
  return { jid, status } as never;
}

function textAfter(jid: string, ...elements: readonly Element[]): string {
  const mine = entity(jid);
  const own = new OwnAddress(mine);
  for (const element of elements) own.watch(element);
  mine.status = "online";
  return own.text;
}

for (const name of ["ro\\meo", "ro\\20meo", "ro\\20me\\o", "ro\\5cmeo", "\\", "d\\27artagnan\\"]) {
  test(`an account by the name of ${name} is itself: it opens tunnels and is found`, async () => {
    const romeo = await enter(router, name, { isEarly: true, resource: `or\\5cchard "\\20' ${name}` });
    const juliet = await enter(router, "juliet", { isEarly: true });
    assert.is(romeo.address, `${name}@${router.domain}/or\\5cchard "\\20' ${name}`);
    const stamped = once<string>((done) => juliet.xmpp.on("stanza", (stanza) => stanza.is("iq") && done(stanza.attrs.from)));
    const tunnel = await romeo.tunnels.open(juliet.address);
    assert.is(tunnel.local, await stamped);
    assert.ok(tunnel.security?.isBound);
    const back = await juliet.tunnels.open(tunnel.local).catch((error) => error.code);
    assert.is(back, "already-open");
    await tunnel.send(message("call me but love"));
    await tunnel.close();
    await (await juliet.tunnels.open(romeo.address)).close();
  });
}

test("a plug-in that comes after such a name was bound says so, at once", async () => {
  const xmpp = await connectClient(router, "ro\\meo", { resource: "late" });
  const identity = await identityOf(`ro\\meo@${router.domain}`);
  assert.throws(
    () => xtls({ xmpp, identity, trust: everybodyKnown }),
    (error: XtlsError) => error.code === "invalid-state" && error.message.includes("before the stream is online"),
  );
  await leave(xmpp);
  await enter(router, "ro\\20meo");
});

test("a peer's address in an object that may have escaped it is not taken: the text is", async () => {
  const [romeo, juliet] = [await enter(router, "romeo"), await enter(router, "jul\\iet", { isEarly: true })];
  for (const ask of ["open", "supports", "probe"] as const) {
    const error = await rejection(romeo.tunnels[ask](jid(juliet.address)));
    assert.is(error.code, "invalid-argument", ask);
    assert.match(error.message, "as a string");
  }
  assert.is((await romeo.tunnels.open(juliet.address)).peer, juliet.address);
  const [plain] = [await enter(router, "jul\\20iet", { resource: "a\\5cb" })];
  assert.is((await romeo.tunnels.open(jid(plain.address))).peer, plain.address);
});

test("the text of the binding counts, where xmpp.js has made another address of it", () => {
  assert.is(textAfter("ro\\5cmeo@m.lit/x", bound("ro\\meo@m.lit/x")), "ro\\meo@m.lit/x");
  assert.is(textAfter("ro\\5cmeo@m.lit/x", bound("ro\\5cmeo@m.lit/x")), "ro\\5cmeo@m.lit/x");
  assert.is(textAfter("romeo@m.lit/x", bound("romeo@M.lit/x")), "romeo@M.lit/x");
  assert.is(textAfter("romeo@m.lit/a\\5cb", bound("romeo@m.lit/a\\5cb")), "romeo@m.lit/a\\5cb");
});

test("the server names us by SASL 2 as well, and the last word counts", () => {
  const success = (jid: string) => xml("success", "urn:xmpp:sasl:2", xml("authorization-identifier", {}, jid));
  assert.is(textAfter("ro\\5cmeo@m.lit/x", success("ro\\meo@m.lit/x")), "ro\\meo@m.lit/x");
  assert.is(textAfter("ro\\5cmeo@m.lit/x", success("ro\\meo@m.lit"), bound("ro\\meo@m.lit/x")), "ro\\meo@m.lit/x");
});

test("nobody else renames us: another address, or one that comes when we are online, means nothing", () => {
  assert.is(textAfter("romeo@m.lit/x", bound("mallory@m.lit/x")), "romeo@m.lit/x");
  for (const from of [undefined, "m.lit"])
    assert.is(textAfter("ro\\5cmeo@m.lit/x", bound("ro\\meo@m.lit/x", from && { from })), "ro\\meo@m.lit/x");
  for (const from of ["mallory@m.lit/x", "mallory@m.lit", "mallory.lit", "ro\\5cmeo@m.lit", "ro\\5cmeo@m.lit/x"])
    assert.is(textAfter("ro\\5cmeo@m.lit/x", bound("ro\\meo@m.lit/x"), bound("ro\\5cmeo@m.lit/x", { from })), "ro\\meo@m.lit/x");
  assert.is(
    textAfter("romeo@m.lit/x", bound("romeo@m.lit/x"), bound("mallory@m.lit/x", { from: "mallory@m.lit/x" })),
    "romeo@m.lit/x",
  );
  const online = entity("ro\\5cmeo@m.lit/x");
  const own = new OwnAddress(online);
  own.watch(bound("ro\\5cmeo@m.lit/x"));
  online.status = "online";
  own.watch(bound("ro\\meo@m.lit/x", { from: "mallory@m.lit/x" }));
  assert.is(own.text, "ro\\5cmeo@m.lit/x");
});

test("not bound yet, there is no address, and with an escape that nobody saw made none that is known", () => {
  assert.is(new OwnAddress({ jid: null, status: "offline" } as never).known, undefined);
  assert.is(new OwnAddress(entity("ro\\5cmeo@m.lit/x", "online")).known, undefined);
  assert.is(new OwnAddress(entity("romeo@m.lit/x", "online")).known, "romeo@m.lit/x");
});

test("a component is its domain", () => {
  assert.is(textAfter("chorus.verona.example"), "chorus.verona.example");
});

test.run();
