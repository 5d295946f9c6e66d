/**
 * Policies: peers who must use a tunnel, and peers who cannot have one.
 */

import { client } from "@xmpp/client";
import xml, { type Element } from "@xmpp/xml";

import { xtls, type XtlsOptions } from "../../bindings/xmpp/index.ts";
import { type Router, startRouter } from "../../scripts/servers/router.ts";
import { assert, suite } from "../suite.ts";
import { type Actor, bodies, clearStage, enter, everybodyKnown, identityOf, leave, message, once, rejection, until } from "./stage.ts";

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
  // Also while there is a tunnel, past it; and the error says where it is.
  assert.match((await rejection(juliet.xmpp.send(say))).message, "by `tunnel.send` of an open tunnel");
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

const SECRET = "what light through yonder window breaks";
const body = () => xml("body", {}, SECRET);
const NS_STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas";

test("sends no IQ with anything in it in clear, whatever its type, and no text of an error", async () => {
  const { romeo, juliet } = await cast();
  const [to, id] = [romeo.address, "q3"];
  const seen: string[] = [];
  const ignore = router.watch((stanza) => stanza.attrs.from === juliet.address && seen.push(String(stanza)));
  for (const type of ["get", "set", "result", "nonsense", undefined]) {
    const iq = xml("iq", { to, id, ...(type && { type }) }, xml("query", NS, SECRET));
    assert.is((await rejection(juliet.xmpp.send(iq))).code, "security-required", String(type));
    assert.is((await rejection(juliet.xmpp.iqCaller.request(iq))).code, "security-required", String(type));
    assert.is((await rejection(juliet.xmpp.write(String(iq)))).code, "security-required", String(type));
  }
  const text = xml("text", { xmlns: NS_STANZAS }, SECRET);
  const error = xml("error", { type: "cancel" }, xml("gone", { xmlns: NS_STANZAS }), text);
  await juliet.xmpp.send(xml("iq", { to, id, type: "error" }, xml("query", NS, SECRET), error));
  await until(() => seen.some((stanza) => stanza.includes("<gone")));
  ignore();
  assert.not.match(seen.join(""), SECRET);
});

test("answers an iq of an unknown type without repeating it", async () => {
  const { romeo, juliet, passed } = await cast();
  const answer = firstError(romeo);
  await romeo.xmpp.send(xml("iq", { to: juliet.address, id: "q4", type: "nonsense" }, xml("query", NS, SECRET)));
  assert.match(String(await answer), "<bad-request");
  assert.not.match(String(await answer), SECRET);
  assert.equal(passed.filter((stanza) => stanza.attrs.id === "q4"), []);
  assert.equal(juliet.errors, []);
});

test("keeps from the application what anybody passes on as the peer's words", async () => {
  const { romeo, juliet, passed } = await cast();
  const bare = juliet.address.split("/")[0] as string;
  const spoken = (from: string) => xml("forwarded", "urn:xmpp:forward:0", xml("message", { xmlns: "jabber:client", from, to: bare }, body()));
  const carbon = (from: string, version: number) => xml("received", `urn:xmpp:carbons:${version}`, spoken(from));
  const copies = [carbon(romeo.address, 2), carbon(romeo.address, 1), xml("result", "urn:xmpp:mam:0", spoken(romeo.address))];
  for (const copy of copies) router.inject(xml("message", { to: juliet.address, from: bare }, copy));
  router.inject(xml("message", { to: juliet.address }, copies[0] as Element));
  router.inject(xml("message", { to: juliet.address, from: "nurse@verona.example/x" }, spoken(romeo.address)));
  router.inject(xml("message", { to: juliet.address, from: bare, id: "last" }, carbon("nurse@verona.example/x", 2)));
  await until(() => passed.some(({ attrs }) => attrs.id === "last"));
  assert.equal(passed.filter((stanza) => stanza.is("message")).map(({ attrs }) => attrs.id), ["last"]);
});

test("lets errors come with their condition, and nothing that they bring along", async () => {
  const { romeo, juliet, passed } = await cast();
  const error = xml("error", { type: "cancel" }, xml("gone", { xmlns: NS_STANZAS }), xml("text", { xmlns: NS_STANZAS }, SECRET));
  router.inject(xml("message", { from: romeo.address, to: juliet.address, type: "error", id: "e1" }, body(), error));
  await until(() => passed.some(({ attrs }) => attrs.id === "e1"));
  assert.not.match(passed.join(""), SECRET);
  assert.match(passed.join(""), "<gone");
});

test("where a tunnel is required with everybody, messages without from and of the own account do not come", async () => {
  const juliet = await enter(router, "juliet", { policy: "required" });
  const passed: Element[] = [];
  juliet.xmpp.middleware.use((context, next) => (passed.push(context.stanza), next()));
  const bare = juliet.address.split("/")[0] as string;
  for (const from of [undefined, bare, juliet.address, "verona.example"]) {
    router.inject(xml("message", { to: juliet.address, ...(from && { from }) }, body()));
  }
  router.inject(xml("iq", { to: juliet.address, from: bare, type: "set", id: "push" }, xml("query", "jabber:iq:roster")));
  await until(() => passed.some(({ attrs }) => attrs.id === "push"));
  assert.not.match(passed.join(""), SECRET);
});

/** A client with a policy that is there before its stream, and what its application is shown. */
async function early(policy: XtlsOptions["policy"], resource: string) {
  const { username, password } = await router.register("juliet");
  const xmpp = client({ service: router.service, domain: router.domain, resource, username, password });
  const errors: Error[] = [];
  const tunnels = xtls({ xmpp, identity: await identityOf(`juliet@${router.domain}`), trust: everybodyKnown, ...(policy && { policy }) });
  tunnels.on("error", (error) => errors.push(error as Error));
  const passed: Element[] = [];
  xmpp.middleware.use((context, next) => (passed.push(context.stanza), next()));
  return { xmpp, tunnels, errors, passed };
}

for (const policy of ["required", (jid: string) => (jid.startsWith("romeo@") ? "required" : "opportunistic")] as const) {
  test(`keeps what comes between authentication and binding, when the policy is ${typeof policy === "string" ? "for all" : "by JID"}`, async () => {
    const { xmpp, tunnels, passed } = await early(policy, "early");
    router.greet((to) => [
      xml("message", { from: "romeo@verona.example/orchard", to, id: "m1" }, body()),
      xml("iq", { from: "romeo@verona.example/orchard", to, id: "q1", type: "set" }, xml("query", NS, SECRET)),
      xml("message", { from: "romeo@verona.example", id: "m2" }, body()),
    ]);
    let refused: Error | undefined;
    xmpp.on("connect", () => {
      xmpp.send(xml("message", { to: "romeo@verona.example/orchard" }, body())).catch((error: Error) => (refused = error));
    });
    await xmpp.start();
    router.greet(() => []);
    assert.equal(passed.filter((stanza) => String(stanza).includes(SECRET)).map(String), []);
    assert.is((refused as { code?: string } | undefined)?.code, "security-required");
    await tunnels.close();
    await leave(xmpp);
  });
}

test("a resource that cannot have tunnels ends the stream, for good and by name, and nothing passes meanwhile", async () => {
  const { xmpp, tunnels, errors, passed } = await early((jid) => (jid.startsWith("romeo@") ? "required" : "opportunistic"), "bal\u0085cony");
  const offline = once((done) => xmpp.on("offline", done as () => void));
  const closed: string[] = [];
  xmpp.on("online", () => {
    router.inject(xml("message", { from: "romeo@verona.example/orchard", to: String(xmpp.jid) }, body()));
    xmpp.send(xml("message", { to: "romeo@verona.example/orchard" }, body())).catch(({ code }: { code: string }) => closed.push(code));
  });
  assert.is((await rejection(xmpp.start())).code, "invalid-jid");
  await offline;
  assert.equal(errors.map((error) => (error as { code?: string }).code), ["invalid-jid"]);
  assert.equal(closed, ["security-required"]);
  assert.not.match(passed.join(""), SECRET);
  assert.is((await rejection(tunnels.open("romeo@verona.example/orchard"))).code, "invalid-state");
  xmpp.reconnect.delay = 1;
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.is(xmpp.status, "offline");
});

test("a server that binds a peer's address makes nothing of the peer's pass for the own account's", async () => {
  const { username, password } = await router.register("romeo");
  const xmpp = client({ service: router.service, domain: router.domain, resource: "balcony", credentials: (authenticate) => authenticate({ username, password }, "PLAIN", xml("user-agent")) });
  const identity = await identityOf("juliet@verona.example");
  xtls({ xmpp, identity, trust: everybodyKnown, policy: (jid) => (jid.startsWith("romeo@") ? "required" : "opportunistic") });
  const passed: Element[] = [];
  xmpp.middleware.use(({ stanza }, next) => (passed.push(stanza), next()));
  let refused: Error | undefined;
  xmpp.on("online", () => {
    for (const from of ["romeo@verona.example", "romeo@verona.example/balcony"]) router.inject(xml("iq", { from, to: "romeo@verona.example/balcony", id: "q1", type: "set" }, xml("query", NS, SECRET)));
    xmpp.send(xml("iq", { to: "romeo@verona.example/balcony", id: "q2", type: "set" }, xml("query", NS, SECRET))).catch((error: Error) => (refused = error));
  });
  const offline = once((done) => xmpp.on("offline", done as () => void));
  assert.is((await rejection(xmpp.start())).code, "invalid-argument");
  await offline;
  assert.not.match(passed.join(""), SECRET);
  assert.is((refused as { code?: string } | undefined)?.code, "security-required");
  await leave(xmpp);
});

test("off: opens no tunnel, and answers starts and probes as if there were no XTLS", async () => {
  const romeo = await enter(router, "romeo");
  const juliet = await enter(router, "juliet", { policy: "off" });
  assert.is((await rejection(juliet.tunnels.open(romeo.address))).code, "switched-off");
  assert.is((await rejection(romeo.tunnels.open(juliet.address))).code, "unsupported");
  assert.is((await rejection(romeo.tunnels.probe(juliet.address))).code, "unsupported");
});

test.run();
