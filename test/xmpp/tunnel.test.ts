/**
 * The plug-in between two clients of a real stream: what users get.
 */

import xml, { type Element } from "@xmpp/xml";

import { type XtlsError } from "../../bindings/errors.ts";
import { type Tunnel, xtls } from "../../bindings/xmpp/index.ts";
import { connectClient } from "../../scripts/servers/connect.ts";
import { type Router, startRouter } from "../../scripts/servers/router.ts";
import { assert, suite } from "../suite.ts";
import { bodies, clearStage, enter, everybodyKnown, leave, message, once, pair, rejection, until } from "./stage.ts";

const test = suite("xmpp: tunnel");
let router: Router;

test.before(async () => {
  router = await startRouter();
});
test.after.each(async () => {
  router.tamper(undefined);
  await clearStage();
});
test.after(() => router.stop());

function endOf(tunnel: Tunnel): Promise<XtlsError | undefined> {
  return once((done) => tunnel.on("close", done));
}

test("carries messages, presence and IQs both ways", async () => {
  const { romeo, juliet, tunnel, answering, heard } = await pair(router);
  const back: Element[] = [];
  tunnel.on("stanza", (stanza) => back.push(stanza));
  await tunnel.send(message("I take thee at thy word"));
  await tunnel.send(xml("presence", {}, xml("show", {}, "chat")));
  await answering.send(message("What man art thou?"));
  assert.equal(
    heard.map(({ name }) => name),
    ["message", "presence"],
  );
  assert.is(heard[0]!.attrs.from, romeo.address);
  assert.is(heard[0]!.attrs.to, juliet.address);
  assert.equal(bodies(back), ["What man art thou?"]);
});

test("shows the server nothing but XTLS", async () => {
  const seen: Element[] = [];
  const ignore = router.watch((stanza) => seen.push(stanza));
  const { tunnel } = await pair(router);
  await tunnel.send(message("Henceforth I never will be Romeo"));
  await tunnel.close();
  ignore();
  const afterwards = seen.filter((stanza) => !stanza.is("presence"));
  assert.ok(afterwards.length > 6);
  assert.ok(afterwards.every((stanza) => stanza.is("iq")));
  assert.not.match(seen.join(""), /Romeo</);
  const names = afterwards.flatMap((iq) => iq.getChildElements()).map((child) => child.name);
  assert.equal([...new Set(names)].sort(), ["close", "closed", "data", "proceed", "start"]);
});

test("answers each request exactly once", async () => {
  const requests: string[] = [];
  const answers: string[] = [];
  const ignore = router.watch(({ attrs, name }) => {
    if (name === "iq") (attrs.type === "set" || attrs.type === "get" ? requests : answers).push(attrs.id);
  });
  const { tunnel } = await pair(router);
  await tunnel.send(message("once"));
  await tunnel.close();
  ignore();
  assert.equal(answers.sort(), requests.sort());
});

test("says how safely a stanza came, and says nothing of one in clear", async () => {
  const { romeo, juliet, tunnel } = await pair(router);
  const security: (Tunnel["security"] | undefined)[] = [];
  juliet.xmpp.middleware.use(({ stanza }, next) => {
    if (stanza.is("message")) security.push(juliet.tunnels.security(stanza));
    return next();
  });
  await tunnel.send(message("inside"));
  const outside = xml("message", { to: juliet.address }, xml("body", {}, "outside"));
  await romeo.xmpp.send(outside);
  await until(() => security.length === 2);
  assert.is(security[0]?.certificate.fingerprint, romeo.identity.fingerprint);
  assert.is(security[0]?.trust, "verified");
  assert.is(security[1], undefined);
});

test("shows decrypted stanzas to the client's own listeners", async () => {
  const { juliet, tunnel, answering } = await pair(router);
  const seen: Element[] = [];
  juliet.xmpp.on("stanza", (stanza) => seen.push(stanza));
  await tunnel.send(message("inside"));
  const [inner, ...others] = seen.filter((stanza) => stanza.is("message"));
  assert.is(others.length, 0);
  assert.is(juliet.tunnels.tunnel(inner!), answering);
});

for (const window of [1, 8]) {
  test(`keeps many stanzas in order, window ${window}`, async () => {
    const { tunnel, heard } = await pair(router, { romeo: { limits: { window } } });
    const sent = Array.from({ length: 300 }, (_, at) => `line ${at} ${"x".repeat((at * 37) % 900)}`);
    await Promise.all(sent.map((line) => tunnel.send(message(line))));
    assert.equal(bodies(heard), sent);
  });
}

test("has no more <data/> in flight than the window", async () => {
  const { romeo, tunnel } = await pair(router, { romeo: { limits: { window: 3 }, hasExtensions: false } });
  await tunnel.send(message("the handshake is acknowledged, too"));
  let inFlight = 0;
  let most = 0;
  const ignore = router.watch(({ attrs: { from, to, type } }) => {
    if (from === romeo.address && type === "set") most = Math.max(most, ++inFlight);
    if (to === romeo.address && type === "result") inFlight--;
  });
  await Promise.all(Array.from({ length: 60 }, () => tunnel.send(message("x".repeat(3000)))));
  ignore();
  assert.is(most, 3);
});

test("resolves send only when the peer has acknowledged", async () => {
  const { juliet, tunnel } = await pair(router);
  let release = () => {};
  const pause = new Promise<void>((resolve) => (release = resolve));
  router.tamper((stanza) => (stanza.attrs.from === juliet.address ? pause.then(() => [stanza]) : [stanza]));
  let isResolved = false;
  const sent = tunnel.send(message("anybody there?")).then(() => (isResolved = true));
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.not(isResolved);
  release();
  await sent;
});

test("refuses stanzas that name somebody else, and stays open", async () => {
  const { tunnel, heard } = await pair(router);
  const stray = xml("message", { to: "nurse@verona.example" }, xml("body", {}, "psst"));
  assert.is((await rejection(tunnel.send(stray))).code, "foreign-address");
  await tunnel.send(message("for you"));
  assert.equal(bodies(heard), ["for you"]);
});

test("is refused without consent", async () => {
  const romeo = await enter(router, "romeo");
  const starts: string[] = [];
  const juliet = await enter(router, "juliet", {
    accept: ({ from }) => {
      starts.push(from);
      return false;
    },
  });
  const refused = once<string>((done) => juliet.tunnels.on("refused", done));
  assert.is((await rejection(romeo.tunnels.open(juliet.address))).code, "declined");
  assert.equal(starts, [romeo.address]);
  assert.is(await refused, romeo.address);
});

test("consents to nothing but true: an answer in words is a no, as is an object", async () => {
  for (const answer of ["no", 1, {}, Promise.resolve("yes")]) {
    const romeo = await enter(router, "romeo");
    const juliet = await enter(router, "juliet", { accept: () => answer as unknown as boolean });
    assert.is((await rejection(romeo.tunnels.open(juliet.address))).code, "declined");
  }
});

test("takes a failing consent hook for a no, and reports it", async () => {
  const romeo = await enter(router, "romeo");
  const juliet = await enter(router, "juliet", { accept: () => Promise.reject(new Error("no answer")) });
  assert.is((await rejection(romeo.tunnels.open(juliet.address))).code, "declined");
  assert.equal(
    juliet.errors.map(({ message }) => message),
    ["no answer"],
  );
});

test("does not open when the trust policy refuses, at either end", async () => {
  const refusal = { trusted: false, code: "not-trusted" } as const;
  const romeo = await enter(router, "romeo", { trust: { judge: () => refusal } });
  const juliet = await enter(router, "juliet");
  // She has judged him before he judges her.
  const hers = once<Tunnel>((done) => juliet.tunnels.on("tunnel", done)).then(endOf);
  assert.is((await rejection(romeo.tunnels.open(juliet.address))).code, "not-trusted");
  assert.is((await hers)?.code, "alert-received");

  const his = once<XtlsError>((done) => romeo.tunnels.on("refused", (_, error) => done(error)));
  const opened = await juliet.tunnels.open(romeo.address).then(endOf, (error: XtlsError) => error);
  assert.is((await his).code, "not-trusted");
  assert.is(opened?.code, "alert-received");
});

test("takes a failing trust policy for a refusal, and reports it", async () => {
  const romeo = await enter(router, "romeo", { trust: { judge: () => Promise.reject(new Error("store is gone")) } });
  const juliet = await enter(router, "juliet");
  assert.is((await rejection(romeo.tunnels.open(juliet.address))).code, "not-trusted");
  assert.equal(
    romeo.errors.map(({ message }) => message),
    ["store is gone"],
  );
});

test("says so when nobody is there, or nobody speaks XTLS", async () => {
  const romeo = await enter(router, "romeo");
  assert.is((await rejection(romeo.tunnels.open("paris@verona.example/tomb"))).code, "unsupported");
  const juliet = await enter(router, "juliet");
  await juliet.tunnels.close();
  assert.is((await rejection(romeo.tunnels.open(juliet.address))).code, "unsupported");
});

test("refuses bare addresses, second tunnels and work while offline", async () => {
  const { romeo, juliet } = await pair(router);
  assert.is((await rejection(romeo.tunnels.open("juliet@verona.example"))).code, "invalid-jid");
  assert.is((await rejection(romeo.tunnels.open(juliet.address))).code, "already-open");
  await leave(romeo.xmpp);
  assert.is((await rejection(romeo.tunnels.open(juliet.address))).code, "invalid-state");
});

test("opens one tunnel when both ends start at once", async () => {
  const romeo = await enter(router, "romeo");
  const juliet = await enter(router, "juliet");
  const [his, hers] = await Promise.all([romeo.tunnels.open(juliet.address), juliet.tunnels.open(romeo.address)]);
  assert.equal([his.role, hers.role].sort(), ["initiator", "responder"]);
  const heard = once<Element>((done) => hers.on("stanza", done));
  await his.send(message("both at once"));
  assert.equal(bodies([await heard]), ["both at once"]);
});

test("closes in order: both ends hear of it, without a reason", async () => {
  const { tunnel, answering } = await pair(router);
  const reasons = Promise.all([tunnel, answering].map((end) => once((done) => end.on("close", done))));
  assert.equal(await tunnel.close(), { inOrder: true });
  assert.equal(await reasons, [undefined, undefined]);
  assert.is(tunnel.state, "closed");
  assert.is((await rejection(tunnel.send(message("too late")))).code, "closed");
});

test("a listener that throws breaks nothing and is reported", async () => {
  const { juliet, tunnel, answering, heard } = await pair(router);
  answering.on("stanza", () => {
    throw new Error("from a listener");
  });
  juliet.xmpp.on("stanza", (stanza) => {
    if (juliet.tunnels.tunnel(stanza)) throw new Error("from the client's listener");
  });
  await tunnel.send(message("one"));
  await tunnel.send(message("two"));
  assert.equal(bodies(heard), ["one", "two"]);
  const reports = juliet.errors.map(({ message }) => message);
  assert.is(reports.filter((report) => report === "from a listener").length, 2);
  assert.is(reports.filter((report) => report === "from the client's listener").length, 2);
});

test("a listener that was removed hears no more", async () => {
  const { tunnel, answering } = await pair(router);
  const heard: Element[] = [];
  const remove = answering.on("stanza", (stanza) => heard.push(stanza));
  await tunnel.send(message("one"));
  remove();
  await tunnel.send(message("two"));
  assert.equal(bodies(heard), ["one"]);
});

test("close says the reason when the tunnel does not end in order", async () => {
  const { romeo, tunnel } = await pair(router);
  router.tamper(() => []);
  const closed = tunnel.close();
  router.cut(romeo.address);
  const { inOrder, reason } = await closed;
  assert.equal([inOrder, reason?.code], [false, "stream-lost"]);
  assert.equal(await tunnel.close(), await closed);
});

test("ends when the peer goes offline", async () => {
  const { juliet, tunnel } = await pair(router);
  const reason = once<XtlsError | undefined>((done) => tunnel.on("close", done));
  router.cut(juliet.address);
  assert.is((await reason)?.code, "peer-unavailable");
});

test("ends when the own stream is lost without resumption, and says which stanzas may be lost", async () => {
  const { romeo, juliet, tunnel } = await pair(router);
  const reason = once<XtlsError | undefined>((done) => tunnel.on("close", done));
  router.tamper((stanza) => (stanza.attrs.to === juliet.address ? [] : [stanza]));
  const lost = rejection(tunnel.send(message("into the void")));
  router.cut(romeo.address);
  assert.is((await lost).code, "undelivered");
  assert.is((await reason)?.code, "stream-lost");
});

test("binds anew after a reconnect", async () => {
  const romeo = await enter(router, "romeo");
  const juliet = await enter(router, "juliet");
  romeo.xmpp.reconnect.delay = 10;
  const online = once((done) => romeo.xmpp.once("online", done));
  router.cut(romeo.address);
  await online;
  const tunnel = await romeo.tunnels.open(juliet.address);
  await tunnel.send(message("here again"));
});

test("opens at once after coming back under the same resource, of which the peer has heard nothing", async () => {
  const { romeo, juliet, answering } = await pair(router);
  const ended = once<XtlsError | undefined>((done) => answering.on("close", done));
  // The server puts the new stream in the old one's place: nobody is told that he was gone.
  const back = await connectClient(router, "romeo", { resource: romeo.address.split("/")[1] as string });
  const tunnels = xtls({ xmpp: back, identity: romeo.identity, trust: everybodyKnown });
  const tunnel = await tunnels.open(juliet.address);
  assert.is(tunnels.address, romeo.address);
  assert.is((await ended)?.code, "unknown-tunnel");
  await tunnel.send(message("here again"));
  await leave(back);
});

test("leaves the entity as it was", async () => {
  const { romeo, juliet, answering } = await pair(router);
  const reason = once((done) => answering.on("close", done));
  const { send } = Object.getPrototypeOf(romeo.xmpp);
  await romeo.tunnels.close();
  assert.is(await reason, undefined);
  assert.is(romeo.xmpp.send, send);
  assert.is((await rejection(romeo.tunnels.open(juliet.address))).code, "invalid-state");
});

test.run();
