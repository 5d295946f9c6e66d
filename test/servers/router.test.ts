/**
 * The embedded router, as far as other tests and the demo lean on it.
 */

import { client } from "@xmpp/client";
import xml, { type Element } from "@xmpp/xml";

import { connectClient } from "../../scripts/servers/connect.ts";
import { type Router, startRouter } from "../../scripts/servers/router.ts";
import { startServer } from "../../scripts/servers/start.ts";
import { assert, suite } from "../suite.ts";
import { leave, once, rejection, until } from "../xmpp/stage.ts";

const test = suite("servers: router");
let router: Router;

test.before(async () => {
  router = await startRouter();
});
test.after.each(() => router.tamper(undefined));
test.after(() => router.stop());

const chat = (to: string, body: string) => xml("message", { to }, xml("body", {}, body));

test("lets nobody in with a wrong password", async () => {
  const { service, domain } = router;
  await router.register("tybalt");
  const xmpp = client({ service, domain, username: "tybalt", password: "guess" });
  xmpp.on("error", () => {});
  assert.match(String(await rejection(xmpp.start())), /not-authorized/);
  await leave(xmpp);
});

test("routes between TCP and WebSocket, and stamps who sent it", async () => {
  const romeo = await connectClient(router, "romeo", { resource: "a" });
  const juliet = await connectClient(router, "juliet", { resource: "b", transport: "websocket" });
  for (const [from, to] of [
    [romeo, juliet],
    [juliet, romeo],
  ] as const) {
    const arrived = once<Element>((done) => to.on("stanza", (stanza) => stanza.is("message") && done(stanza)));
    await from.send(xml("message", { to: String(to.jid), from: "pope@vatican.example" }, xml("body", {}, "<hello/>")));
    assert.is((await arrived).attrs.from, String(from.jid));
    assert.is((await arrived).getChildText("body"), "<hello/>");
  }
  await Promise.all([romeo, juliet].map(leave));
});

test("answers for the absent, and tells everybody who leaves", async () => {
  const romeo = await connectClient(router, "romeo", { resource: "a" });
  const juliet = await connectClient(router, "juliet", { resource: "b" });
  const gone = once<Element>((done) =>
    romeo.on("stanza", (stanza) => stanza.attrs.type === "unavailable" && done(stanza)),
  );
  router.cut(String(juliet.jid));
  assert.is((await gone).attrs.from, String(juliet.jid));
  const bounced = once<Element>((done) =>
    romeo.on("stanza", (stanza) => stanza.attrs.type === "error" && done(stanza)),
  );
  await romeo.send(chat(String(juliet.jid), "wait"));
  assert.match(String(await bounced), /service-unavailable/);
  await Promise.all([romeo, juliet].map(leave));
});

test("drops, duplicates and delays as told", async () => {
  const romeo = await connectClient(router, "romeo", { resource: "a" });
  const juliet = await connectClient(router, "juliet", { resource: "b" });
  const heard: (string | null)[] = [];
  juliet.on("stanza", (stanza) => stanza.is("message") && heard.push(stanza.getChildText("body")));
  let release = () => {};
  const pause = new Promise<void>((resolve) => (release = resolve));
  router.tamper((stanza) => {
    const body = stanza.getChildText("body");
    if (body === "twice") return [stanza, chat(stanza.attrs.to, "twice")];
    if (body === "late") return pause.then(() => [stanza]);
    return body === "never" ? [] : [stanza];
  });
  for (const body of ["late", "never", "twice", "last"]) await romeo.send(chat(String(juliet.jid), body));
  await until(() => heard.length === 3);
  release();
  await until(() => heard.length === 4);
  assert.equal(heard, ["twice", "twice", "last", "late"]);
  await Promise.all([romeo, juliet].map(leave));
});

test("comes back where it was after being killed", async () => {
  const { service, websocket } = router;
  await router.kill();
  await router.restart();
  assert.equal([router.service, router.websocket], [service, websocket]);
  await leave(await connectClient(router, "romeo", { resource: "a" }));
});

test("is started by name, as the others; an unknown name is refused", async () => {
  const server = await startServer("router");
  assert.is(server.name, "router");
  await server.stop();
  assert.match(String(await rejection(startServer("openfire"))), /choose router, prosody, ejabberd/);
});

test.run();
