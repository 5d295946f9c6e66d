/** What came from inside a tunnel goes back inside, or nowhere: never in clear, whoever sends it and however late. */

import xml, { type Element } from "@xmpp/xml";
import clone from "ltx/lib/clone.js";

import type { Entity } from "../../bindings/xmpp/entity.ts";
import { gateOf } from "../../bindings/xmpp/firewall/gate.ts";
import { type Router, startRouter } from "../../scripts/servers/router.ts";
import { assert, suite } from "../suite.ts";
import { type Actor, clearStage, message, once, pair, rejection, until } from "./stage.ts";

const NS = "urn:example:soliloquy";
const NS_XTLS = "urn:xmpp:tmp:xtls";
const SECRET = "what light through yonder window breaks";
const test = suite("xmpp: leaks");
let router: Router;

test.before(async () => {
  router = await startRouter();
});
test.after.each(() => clearStage());
test.after(() => router.stop());

const ask = (attributes: Record<string, string> = {}) => xml("iq", { type: "get", id: "q1", ...attributes }, xml("query", NS, SECRET));

/** What the server sees from now on that is not the protocol's own, and what the clients count as sent. */
function watch(...actors: Actor[]): () => string[] {
  const leaks: string[] = [];
  const isXtls = (stanza: Element) => stanza.is("iq") && stanza.getChildElements().every((child) => child.getNS() === NS_XTLS);
  const note = (stanza: Element) => void (isXtls(stanza) || leaks.push(String(stanza)));
  const ignore = router.watch(note);
  for (const { xmpp } of actors) xmpp.on("send" as "element", note);
  return () => {
    ignore();
    return leaks;
  };
}

/** Everything under way has arrived: the server answers in order. */
async function settled({ xmpp }: Actor): Promise<void> {
  const answer = once((done) => xmpp.on("stanza", (stanza: Element) => stanza.attrs.id === "settled" && done(stanza)));
  await new Promise((resolve) => setTimeout(resolve, 20));
  await xmpp.send(xml("iq", { type: "set", id: "settled" }, xml("data", { xmlns: NS_XTLS }, "AAAA")));
  await answer;
}

/** The next request that comes through the tunnel, as the application is shown it. */
function shown({ xmpp, tunnels }: Actor): Promise<Element> {
  return once((done) => xmpp.on("stanza", (stanza: Element) => stanza.is("iq") && tunnels.tunnel(stanza) && done(stanza)));
}

test("an answer that is ready only after the plug-in was closed goes nowhere", async () => {
  const { juliet, tunnel } = await pair(router);
  let answer = (_: Element) => {};
  const asked = once<void>((done) => {
    juliet.xmpp.iqCallee.get(NS, "query", () => new Promise((resolve) => ((answer = resolve), done())));
  });
  const lost = rejection(tunnel.request(ask()));
  await asked;
  const leaks = watch(juliet);
  await juliet.tunnels.close();
  await lost;
  answer(xml("query", NS, SECRET));
  await settled(juliet);
  assert.equal(leaks(), []);
  assert.equal(juliet.errors, []);
});

test("a message that middleware returns in answer to one from inside goes inside", async () => {
  const { juliet, romeo, tunnel } = await pair(router);
  juliet.xmpp.middleware.use(({ stanza }, next) => {
    const said = stanza.is("message") && stanza.getChildText("body");
    return said ? Promise.resolve(xml("message", { to: stanza.attrs.from, type: "chat" }, xml("body", {}, `echo: ${said}`))) : next();
  });
  const leaks = watch(juliet, romeo);
  const echo = once<Element>((done) => tunnel.on("stanza", done));
  await tunnel.send(message(SECRET));
  assert.is((await echo).getChildText("body"), `echo: ${SECRET}`);
  await settled(juliet);
  assert.equal(leaks(), []);
  assert.equal(juliet.errors, []);
});

test("a message that middleware returns when the tunnel has ended goes nowhere, whether the plug-in is there or not", async () => {
  for (const isClosed of [false, true]) {
    const { juliet, romeo, tunnel } = await pair(router);
    let release = () => {};
    const pause = new Promise<void>((resolve) => (release = resolve));
    juliet.xmpp.middleware.use(async ({ stanza }, next) => {
      if (!stanza.is("message")) return next();
      await pause;
      return xml("message", { to: stanza.attrs.from }, xml("body", {}, SECRET));
    });
    await tunnel.send(message(SECRET));
    const leaks = watch(juliet);
    await (isClosed ? juliet.tunnels.close() : tunnel.close());
    release();
    await settled(juliet);
    assert.equal(leaks(), []);
    assert.equal([...juliet.errors, ...romeo.errors], []);
  }
});

test("what middleware returns for somebody else is the application's own message", async () => {
  const { juliet, tunnel } = await pair(router);
  juliet.xmpp.middleware.use(async ({ stanza }, next) => {
    const isInner = juliet.tunnels.tunnel(stanza) !== undefined;
    return isInner ? xml("message", { to: "nurse@verona.example/x", type: "headline" }, xml("body", {}, "ring")) : next();
  });
  const leaks = watch();
  await tunnel.send(message(SECRET));
  await settled(juliet);
  assert.match(leaks().join(), "ring");
  assert.not.match(leaks().join(), SECRET);
});

test("a stanza that middleware returns and that may go nowhere is reported, and ends no process", async () => {
  const { juliet, romeo, tunnel } = await pair(router, { juliet: { policy: (jid) => (jid.startsWith("romeo@") ? "required" : "opportunistic") } });
  const deaths: unknown[] = [];
  const note = (error: unknown) => deaths.push(error);
  process.on("unhandledRejection", note);
  juliet.xmpp.removeAllListeners("error");
  const told: Error[] = [];
  juliet.tunnels.on("error", (error) => told.push(error as Error));
  // What it is given, sent to nobody in particular; and words in clear for whoever shows himself.
  juliet.xmpp.middleware.use(async ({ stanza }, next) => {
    if (stanza.is("message")) return stanza;
    return stanza.is("presence") ? xml("message", { to: stanza.attrs.from }, xml("body", {}, SECRET)) : next();
  });
  const leaks = watch(juliet);
  await tunnel.send(message(SECRET));
  await romeo.xmpp.send(xml("presence", { to: juliet.address }));
  await until(() => told.length === 2);
  await settled(juliet);
  process.off("unhandledRejection", note);
  assert.equal(told.map((error) => (error as { code?: string }).code), ["security-required", "security-required"]);
  assert.equal([leaks().filter((leak) => leak.includes(SECRET)), deaths], [[], []]);
});

test("an iq that is none would be answered inside, if it came so far", async () => {
  const { juliet, romeo, tunnel, answering } = await pair(router);
  const { inner } = gateOf(juliet.xmpp as unknown as Entity);
  const leaks = watch(juliet, romeo);
  const answers: Element[] = [];
  tunnel.on("stanza", (stanza) => answers.push(stanza));
  for (const stanza of [
    xml("iq", { id: "a" }, xml("query", NS, SECRET)),
    xml("iq", { id: "b", type: "nonsense" }, xml("query", NS, SECRET)),
    xml("iq", { id: "c", type: "get" }, xml("query", NS, SECRET), xml("query", NS, SECRET)),
    xml("iq", { id: "d", type: "set" }),
  ]) {
    Object.assign(stanza.attrs, { from: romeo.address, to: juliet.address });
    inner.remember(stanza, answering, (error) => juliet.errors.push(error as Error));
    inner.dispatch(stanza);
  }
  await until(() => answers.length === 4);
  assert.equal(answers.map(({ attrs }) => [attrs.type, attrs.id]), [["error", "a"], ["error", "b"], ["error", "c"], ["error", "d"]]);
  assert.match(String(answers[0]), SECRET);
  await settled(juliet);
  assert.equal(leaks(), []);
});

test("an inner request that is sent on, copied or not, leaves for nobody", async () => {
  const { juliet, romeo, tunnel } = await pair(router);
  juliet.xmpp.iqCallee.get(NS, "query", () => new Promise(() => {}));
  const request = shown(juliet);
  tunnel.request(ask()).catch(() => {});
  const stanza = await request;
  const leaks = watch(juliet);
  for (const to of [romeo.address, "nurse@verona.example/x", "verona.example"]) {
    for (const copy of [Object.assign(stanza, {}), clone(stanza) as Element, xml("message", { id: stanza.attrs.id }, xml("body", {}, SECRET))]) {
      copy.attrs.to = to;
      delete copy.attrs.from;
      assert.is((await rejection(juliet.xmpp.send(copy))).code, "security-required", `${copy}`);
      assert.is((await rejection(juliet.xmpp.sendMany([copy]))).code, "security-required");
      assert.is((await rejection(juliet.xmpp.write(String(copy)))).code, "security-required");
    }
  }
  const named = xml("message", { to: "nurse@verona.example/x" }, xml("body", {}, stanza.attrs.id));
  assert.is((await rejection(juliet.xmpp.send(named))).code, "security-required");
  await settled(juliet);
  assert.equal(leaks(), []);
});

test("an answer by hand goes inside by whichever way, and once the tunnel has ended nowhere", async () => {
  const { juliet, tunnel } = await pair(router);
  const leaks = watch(juliet);
  const stanza = shown(juliet);
  juliet.xmpp.iqCallee.get(NS, "query", () => new Promise(() => {}));
  const asked = tunnel.request(ask());
  const answer = xml("iq", { type: "result", to: tunnel.local, id: (await stanza).attrs.id }, xml("query", NS, SECRET));
  await juliet.xmpp.send(answer);
  assert.is((await asked).getChildText("query"), SECRET);
  await tunnel.close();
  await juliet.xmpp.send(answer);
  await juliet.xmpp.sendMany([answer]);
  assert.is((await rejection(juliet.xmpp.write(String(answer)))).code, "security-required");
  await settled(juliet);
  assert.equal(leaks(), []);
});

test("a stanza from inside that is sent back as it is goes inside, and for nobody else", async () => {
  const { juliet, romeo, tunnel } = await pair(router);
  const received = once<Element>((done) => juliet.xmpp.on("stanza", (stanza: Element) => stanza.is("message") && done(stanza)));
  await tunnel.send(message(SECRET));
  const stanza = await received;
  const leaks = watch(juliet);
  const back = once<Element>((done) => tunnel.on("stanza", done));
  await juliet.xmpp.send(xml("message", { to: romeo.address.split("/")[0] as string }, ...stanza.getChildElements()));
  assert.is((await back).getChildText("body"), SECRET);
  stanza.attrs.to = "nurse@verona.example/x";
  assert.is((await rejection(juliet.xmpp.send(stanza))).code, "security-required");
  await settled(juliet);
  assert.equal(leaks(), []);
});

test("an inner request with more children than a call has room for is answered like any other", async () => {
  const limits = { stanza: 16_000_000, queue: 32_000_000, held: 32_000_000 };
  const { juliet, tunnel } = await pair(router, { romeo: { limits }, juliet: { limits } });
  juliet.xmpp.iqCallee.set(NS, "query", ({ stanza }: { stanza: Element }) => xml("count", NS, String(stanza.getChild("query")?.children.length)));
  const request = xml("iq", { type: "set" }, xml("query", NS));
  request.children = [...Array.from({ length: 240_000 }, () => " "), request.children[0] as Element];
  const stanza = xml("iq", { type: "set" });
  for (const child of request.children) stanza.append(child);
  assert.is((await tunnel.request(stanza)).getChildText("count"), "0");
});

test("tunnels.on(stanza) tells of stanzas from inside alone, of all tunnels, as the peer sent them", async () => {
  const { juliet, romeo, tunnel, answering } = await pair(router);
  const heard: [string, unknown][] = [];
  juliet.tunnels.on("stanza", (stanza, through) => {
    heard.push([`${stanza.name} ${stanza.attrs.id ?? ""}`, through]);
    assert.ok(juliet.tunnels.security(stanza));
  });
  await romeo.xmpp.send(xml("message", { to: juliet.address, id: "clear" }, xml("body", {}, "trust me")));
  router.inject(xml("message", { from: romeo.address, to: juliet.address, id: "forged" }, xml("body", {}, "trust me")));
  await tunnel.send(xml("message", { id: "m1" }, xml("body", {}, SECRET)));
  await tunnel.send(ask());
  assert.equal(heard, [["message m1", answering], ["iq q1", answering]]);
  assert.equal(juliet.errors, []);
});

test.run();
