/**
 * Service discovery: advertised next to whatever the application answers, asked before opening.
 */

import xml, { type Element } from "@xmpp/xml";

import { type Router, startRouter } from "../../scripts/servers/router.ts";
import { assert, suite } from "../suite.ts";
import { type Actor, clearStage, enter, pair, rejection } from "./stage.ts";

const NS_INFO = "http://jabber.org/protocol/disco#info";
const test = suite("xmpp: disco");
let router: Router;

test.before(async () => {
  router = await startRouter();
});
test.after.each(async () => {
  router.tamper(undefined);
  await clearStage();
});
test.after(() => router.stop());

const question = (attrs = {}) => xml("query", { xmlns: NS_INFO, ...attrs });

async function featuresOf(asker: Actor, address: string): Promise<string[]> {
  const info = await asker.xmpp.iqCaller.get(question(), address);
  return info!.getChildren("feature").map((feature: Element) => feature.attrs.var);
}

test("a client without a disco handler answers for itself", async () => {
  const [romeo, juliet] = [await enter(router, "romeo"), await enter(router, "juliet")];
  assert.equal(await featuresOf(romeo, juliet.address), [NS_INFO, "urn:xmpp:tmp:xtls", "urn:xmpp:tmp:xtls:ext"]);
  assert.ok(await romeo.tunnels.supports(juliet.address));
});

test("an application's own handler keeps its answer, and the feature is added", async () => {
  const [romeo, juliet] = [await enter(router, "romeo"), await enter(router, "juliet")];
  juliet.xmpp.iqCallee.get(NS_INFO, "query", () =>
    xml(
      "query",
      { xmlns: NS_INFO },
      xml("identity", { category: "client", type: "phone" }),
      xml("feature", { var: "urn:own" }),
    ),
  );
  assert.equal(await featuresOf(romeo, juliet.address), ["urn:own", "urn:xmpp:tmp:xtls", "urn:xmpp:tmp:xtls:ext"]);
});

test("whoever has no address is not asked, whatever the question", async () => {
  const romeo = await enter(router, "romeo");
  for (const wrong of ["juliet@@capulet.lit/balcony", "juliet@capulet.lit..", "\u200b@capulet.lit/x"]) {
    assert.is((await rejection(romeo.tunnels.supports(wrong))).code, "invalid-jid");
    assert.is((await rejection(romeo.tunnels.probe(wrong))).code, "invalid-jid");
  }
});

test("the feature is not added twice", async () => {
  const [romeo, juliet] = [await enter(router, "romeo"), await enter(router, "juliet")];
  juliet.xmpp.iqCallee.get(NS_INFO, "query", () =>
    xml("query", { xmlns: NS_INFO }, xml("feature", { var: "urn:xmpp:tmp:xtls" })),
  );
  assert.equal(await featuresOf(romeo, juliet.address), ["urn:xmpp:tmp:xtls", "urn:xmpp:tmp:xtls:ext"]);
});

test("nodes are the application's: without a handler they are not answered for", async () => {
  const [romeo, juliet] = [await enter(router, "romeo"), await enter(router, "juliet")];
  const error = await rejection(romeo.xmpp.iqCaller.get(question({ node: "a#b" }), juliet.address));
  assert.match(String(error), /service-unavailable/);
});

test("answers inside a tunnel, too", async () => {
  const { tunnel } = await pair(router);
  const result = await tunnel.request(xml("iq", { type: "get" }, question()));
  assert.match(String(result), /urn:xmpp:tmp:xtls/);
});

test("who is absent, or says nothing of XTLS, does not support it", async () => {
  const [romeo, juliet] = [await enter(router, "romeo"), await enter(router, "juliet")];
  assert.not(await romeo.tunnels.supports("paris@verona.example/tomb"));
  await juliet.tunnels.close();
  assert.not(await romeo.tunnels.supports(juliet.address));
});

test("an answer from somebody else is ignored", async () => {
  const [romeo, juliet, mallory] = [
    await enter(router, "romeo"),
    await enter(router, "juliet"),
    await enter(router, "mallory"),
  ];
  await juliet.tunnels.close();
  const forge = ({ attrs: { id, to } }: Element) =>
    xml(
      "iq",
      { from: mallory.address, to, id, type: "result" },
      xml("query", { xmlns: NS_INFO }, xml("feature", { var: "urn:xmpp:tmp:xtls" })),
    );
  router.tamper((stanza) => (stanza.attrs.from === juliet.address ? [forge(stanza), stanza] : [stanza]));
  assert.not(await romeo.tunnels.supports(juliet.address));
});

test.run();
