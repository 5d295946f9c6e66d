/**
 * A component owns many addresses; the plug-in speaks for the one that it is given.
 */

import xml, { type Element } from "@xmpp/xml";

import { sas } from "../../bindings/methods/sas.ts";
import { remembered } from "../../bindings/trust/remembered.ts";
import { memoryStorage } from "../../bindings/trust/storage.ts";
import { TrustStore } from "../../bindings/trust/store.ts";
import { type Tunnel, xtls } from "../../bindings/xmpp/index.ts";
import { connectComponent } from "../../scripts/servers/connect.ts";
import { type Router, startRouter } from "../../scripts/servers/router.ts";
import { assert, suite } from "../suite.ts";
import { bodies, clearStage, enter, everybodyKnown, identityOf, leave, message, once, rejection, until } from "./stage.ts";

const test = suite("xmpp: component");
let router: Router;

test.before(async () => {
  router = await startRouter();
});
test.after.each(() => clearStage());
test.after(() => router.stop());

async function friar(jid: string, address?: string) {
  const xmpp = await connectComponent(router);
  const tunnels = xtls({
    xmpp,
    identity: await identityOf(jid),
    trust: everybodyKnown,
    ...(address ? { address } : {}),
  });
  return { xmpp, tunnels };
}

test("speaks for its domain unless told otherwise", async () => {
  const { xmpp, tunnels } = await friar("chorus.verona.example");
  assert.is(tunnels.address, "chorus.verona.example/xtls");
  const romeo = await enter(router, "romeo");
  const incoming = once<Tunnel>((done) => tunnels.on("tunnel", done));
  const tunnel = await romeo.tunnels.open("chorus.verona.example/xtls");
  const answering = await incoming;
  const heard = once<Element>((done) => tunnel.on("stanza", done));
  await answering.send(message("Two households, both alike in dignity"));
  assert.is((await heard).attrs.from, "chorus.verona.example/xtls");
  assert.ok(await romeo.tunnels.supports("chorus.verona.example/xtls"));
  await leave(xmpp as never);
});

test("opens tunnels, and answers inner IQs inside", async () => {
  const address = "laurence@chorus.verona.example/cell";
  const { xmpp, tunnels } = await friar("laurence@chorus.verona.example", address);
  xmpp.iqCallee.get("urn:example:potion", "query", () => xml("query", "urn:example:potion", "forty-two hours"));
  const juliet = await enter(router, "juliet");
  const incoming = once<Tunnel>((done) => juliet.tunnels.on("tunnel", done));
  const tunnel = await tunnels.open(juliet.address);
  const hers = await incoming;
  assert.is(hers.peer, address);
  const answer = await hers.request(xml("iq", { type: "get" }, xml("query", "urn:example:potion")));
  assert.is(answer.getChildText("query"), "forty-two hours");
  await tunnel.close();
  await leave(xmpp as never);
});

test("two addresses of one component have a plug-in each", async () => {
  const { xmpp, tunnels: laurence } = await friar(
    "laurence@chorus.verona.example",
    "laurence@chorus.verona.example/cell",
  );
  const john = xtls({
    xmpp,
    identity: await identityOf("john@chorus.verona.example"),
    trust: everybodyKnown,
    address: "john@chorus.verona.example/road",
  });
  const romeo = await enter(router, "romeo");
  const heard: string[] = [];
  for (const [name, tunnels] of Object.entries({ laurence, john })) {
    tunnels.on("tunnel", (tunnel) => tunnel.on("stanza", (stanza) => heard.push(`${name}: ${bodies([stanza])}`)));
  }
  await (await romeo.tunnels.open("john@chorus.verona.example/road")).send(message("to John"));
  await (await romeo.tunnels.open("laurence@chorus.verona.example/cell")).send(message("to Laurence"));
  assert.equal(heard, ["john: to John", "laurence: to Laurence"]);
  assert.is((await rejection(romeo.tunnels.open("balthasar@chorus.verona.example/horse"))).code, "unsupported");
  await leave(xmpp as never);
});

test("each address of a component has its own policy and its own methods", async () => {
  const xmpp = await connectComponent(router);
  const at = async (name: string, policy: "required" | "opportunistic") => {
    const [bare, store] = [`${name}@chorus.verona.example`, new TrustStore(memoryStorage())];
    const methods = [sas({ confirm: () => true })];
    return xtls({ xmpp, identity: await identityOf(bare), trust: remembered(store), methods, policy, address: `${bare}/stage` });
  };
  const [strict, easy] = [await at("tybalt", "required"), await at("benvolio", "opportunistic")];
  const romeo = await enter(router, "romeo", { trust: remembered(new TrustStore(memoryStorage())), methods: [sas({ confirm: () => true })] });

  for (const tunnels of [strict, easy]) {
    const incoming = once<Tunnel>((done) => tunnels.on("tunnel", done));
    const tunnel = await romeo.tunnels.open(tunnels.address as string);
    const security = [tunnel.security?.method, tunnel.security?.trust, tunnel.security?.isBound];
    assert.equal(security, ["sas", "verified", true]);
    assert.is((await incoming).local, tunnels.address);
  }

  const heard: Element[] = [];
  romeo.xmpp.on("stanza", (stanza: Element) => stanza.is("message") && heard.push(stanza));
  const say = (from: string, body: string) => xml("message", { from, to: romeo.address }, xml("body", {}, body));
  assert.is((await rejection(xmpp.send(say(strict.address as string, "no")))).code, "security-required");
  await xmpp.send(say(easy.address as string, "yes"));
  await until(() => heard.length > 0);
  assert.equal(bodies(heard), ["yes"]);
  await leave(xmpp as never);
});

test("where a tunnel is required it is for the whole account: the bare address, and resources that have no plug-in", async () => {
  const xmpp = await connectComponent(router);
  const bare = "tybalt@chorus.verona.example";
  const at = async (resource: string, policy: "required" | "opportunistic") =>
    xtls({ xmpp, identity: await identityOf(bare), trust: everybodyKnown, policy, address: `${bare}/${resource}` });
  const strict = await at("stage", "required");
  await at("tavern", "opportunistic");
  const passed: unknown[] = [];
  xmpp.middleware.use(({ stanza }, next) => (stanza.is("message") && passed.push(stanza.attrs.to), next()));
  const [free, kept] = [[`${bare}/tavern`, "benvolio@chorus.verona.example"], [`${bare}/stage`, bare, `${bare}/elsewhere`, "TYBALT@chorus.verona.example"]];
  const all = [...kept, ...free];
  for (const to of all) router.inject(xml("message", { from: "romeo@verona.example/orchard", to }, xml("body", {}, "in clear")));
  await until(() => passed.includes(free[1]));
  assert.equal(passed, free);

  const left: unknown[] = [];
  const unwatch = router.watch((stanza) => stanza.getChild("body") && left.push(stanza.attrs.from));
  const say = (from: string) => xmpp.send(xml("message", { from, to: "romeo@verona.example/orchard" }, xml("body", {}, "in clear")));
  const codes = await Promise.all(all.map((from) => say(from).then(() => "sent", ({ code }) => code)));
  assert.equal(codes, [...kept.map(() => "security-required"), "sent", "sent"]);
  await until(() => left.includes(free[1]));
  assert.equal(left, free);
  unwatch();

  // Tunnels are for the very address all the same, and only that says that it has any.
  const romeo = await enter(router, "romeo");
  assert.ok(await romeo.tunnels.supports(strict.address as string));
  assert.not(await romeo.tunnels.supports(`${bare}/elsewhere`));
  assert.is((await rejection(romeo.tunnels.open(`${bare}/elsewhere`))).code, "unsupported");
  await leave(xmpp as never);
});

test.run();
