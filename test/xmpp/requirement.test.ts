/**
 * Peers who must use a tunnel: their clear stanzas are refused, their tunnels are not.
 */

import xml, { type Element } from "@xmpp/xml";

import { type Router, startRouter } from "../../scripts/servers/router.ts";
import { assert, suite } from "../suite.ts";
import { type Actor, bodies, clearStage, enter, message, once, until } from "./stage.ts";

const NS = "urn:example:soliloquy";
const test = suite("xmpp: requirement");
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
  const juliet = await enter(router, "juliet", { requires: (jid) => jid.startsWith("romeo@") });
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

test.run();
