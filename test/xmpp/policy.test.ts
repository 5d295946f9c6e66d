/**
 * Policies: peers who must use a tunnel, and peers who cannot have one.
 */

import xml, { type Element } from "@xmpp/xml";

import { type Router, startRouter } from "../../scripts/servers/router.ts";
import { assert, suite } from "../suite.ts";
import { type Actor, bodies, clearStage, enter, message, once, rejection, until } from "./stage.ts";

const NS = "urn:example:soliloquy";
const test = suite("xmpp: policy");
let router: Router;

test.before(async () => {
  router = await startRouter();
});
test.after.each(() => clearStage());
test.after(() => router.stop());

/** Juliet talks to Romeo through tunnels only. */
async function cast(): Promise<{ romeo: Actor; juliet: Actor; passed: Element[] }> {
  const passed: Element[] = [];
  const romeo = await enter(router, "romeo");
  const juliet = await enter(router, "juliet", {
    policy: (jid) => (jid.startsWith("romeo@") ? "required" : "opportunistic"),
  });
  juliet.xmpp.middleware.use((context, next) => {
    passed.push(context.stanza);
    return next();
  });
  juliet.xmpp.iqCallee.get(NS, "query", () => xml("query", NS));
  return { romeo, juliet, passed };
}

function firstError({ xmpp }: Actor): Promise<Element> {
  return once((done) => xmpp.on("stanza", (stanza: Element) => stanza.attrs.type === "error" && done(stanza)));
}

const isSecurityRequired = (stanza: Element): boolean =>
  /<error type="cancel"><not-acceptable [^>]*><security-required xmlns="urn:xmpp:tmp:xtls:errors"\/><\/error>/.test(String(stanza));

test("refuses a clear message with security-required, and the application's middleware never sees it", async () => {
  const { romeo, juliet, passed } = await cast();
  const answer = firstError(romeo);
  await romeo.xmpp.send(xml("message", { to: juliet.address, id: "m1" }, xml("body", {}, "in clear")));
  const { attrs } = await answer;
  assert.equal([attrs.type, attrs.id, attrs.from], ["error", "m1", juliet.address]);
  assert.ok(isSecurityRequired(await answer));
  assert.equal(passed.filter((stanza) => stanza.is("message")), []);
});

test("refuses a clear IQ request with security-required", async () => {
  const { romeo, juliet } = await cast();
  const answer = firstError(romeo);
  await romeo.xmpp.send(xml("iq", { to: juliet.address, id: "q1", type: "get" }, xml("query", NS)));
  assert.ok(isSecurityRequired(await answer), String(await answer));
});

test("lets the same peer ask for features, open a tunnel and speak and ask inside", async () => {
  const { romeo, juliet, passed } = await cast();
  assert.ok(await romeo.tunnels.supports(juliet.address));
  const tunnel = await romeo.tunnels.open(juliet.address);
  await tunnel.send(message("inside"));
  assert.ok((await tunnel.request(xml("iq", { type: "get" }, xml("query", NS)))).getChild("query", NS));
  assert.ok(bodies(passed).includes("inside"));
});

test("lets everybody else speak in clear", async () => {
  const { juliet, passed } = await cast();
  const nurse = await enter(router, "nurse");
  await nurse.xmpp.send(xml("message", { to: juliet.address }, xml("body", {}, "madam!")));
  await until(() => bodies(passed).includes("madam!"));
});

test("answers no error with an error", async () => {
  const { romeo, juliet, passed } = await cast();
  await romeo.xmpp.send(xml("message", { to: juliet.address, type: "error" }));
  await until(() => passed.some((stanza) => stanza.attrs.type === "error"));
});

test("sends nothing in clear to a peer who must use a tunnel", async () => {
  const { romeo, juliet } = await cast();
  const heard: Element[] = [];
  romeo.xmpp.on("stanza", (stanza: Element) => heard.push(stanza));
  const say = xml("message", { to: romeo.address }, xml("body", {}, "in clear"));
  const ask = xml("iq", { to: romeo.address, id: "q2", type: "get" }, xml("query", NS));
  for (const stanza of [say, ask]) {
    assert.is((await rejection(juliet.xmpp.send(stanza))).code, "security-required");
    assert.is((await rejection(juliet.xmpp.sendMany([stanza]))).code, "security-required");
  }
  const tunnel = await juliet.tunnels.open(romeo.address);
  await tunnel.send(message("inside"));
  await until(() => bodies(heard).includes("inside"));
  assert.equal(bodies(heard.filter((stanza) => stanza.is("message"))), ["inside"]);
});

test("never falls back to clear text when the tunnel has gone", async () => {
  const { romeo, juliet } = await cast();
  const tunnel = await juliet.tunnels.open(romeo.address);
  await tunnel.close();
  assert.is((await rejection(tunnel.send(message("too late")))).code, "closed");
  const clear = xml("message", { to: romeo.address }, xml("body", {}, "too late"));
  assert.is((await rejection(juliet.xmpp.send(clear))).code, "security-required");
});

test("lets IQs for the peer's server pass, and everything for anybody else", async () => {
  const { juliet } = await cast();
  await juliet.xmpp.send(xml("iq", { to: "romeo@" + String(juliet.xmpp.jid).split("@")[1]!.split("/")[0], id: "v", type: "get" }, xml("vCard", "vcard-temp")));
  await juliet.xmpp.send(xml("message", { to: "nurse@example.org" }, xml("body", {}, "hark")));
});

test("off: opens no tunnel, and answers starts and probes as if there were no XTLS", async () => {
  const romeo = await enter(router, "romeo");
  const juliet = await enter(router, "juliet", { policy: "off" });
  assert.is((await rejection(juliet.tunnels.open(romeo.address))).code, "switched-off");
  assert.is((await rejection(romeo.tunnels.open(juliet.address))).code, "unsupported");
  assert.is((await rejection(romeo.tunnels.probe(juliet.address))).code, "unsupported");
});

test.run();
