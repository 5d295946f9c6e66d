/** What the peer of an open tunnel is sent so that its server tells it when we go offline. */
import xml, { type Element } from "@xmpp/xml";

import { dangerouslyTrustOnFirstUse } from "../../bindings/trust/first-use.ts";
import { memoryStorage } from "../../bindings/trust/storage.ts";
import { TrustStore } from "../../bindings/trust/store.ts";
import { DirectedPresence } from "../../bindings/xmpp/directed-presence.ts";
import { type Router, startRouter } from "../../scripts/servers/router.ts";
import { assert, suite } from "../suite.ts";
import { clearStage, pair } from "./stage.ts";

const test = suite("xmpp: directed presence");
const PEER = "juliet@capulet.example/balcony";
let router: Router;

test.before(async () => {
  router = await startRouter();
});
test.after.each(() => clearStage());
test.after(() => router.stop());

/** What is sent after these were. */
function after(...stanzas: Element[]): string | undefined {
  const presence = new DirectedPresence(true);
  for (const stanza of stanzas) presence.watch(stanza);
  return presence.for(PEER)?.toString();
}

test("says what everybody was told last, and nothing that belongs to another occasion", () => {
  const away = xml("presence", { id: "p1" }, xml("show", {}, "away"), xml("status", {}, "in exile"), xml("priority", {}, "5"), xml("x", { xmlns: "urn:example" }));
  assert.is(after(xml("presence"), away), `<presence to="${PEER}"><show>away</show><status>in exile</status><priority>5</priority></presence>`);
  assert.is(after(away, xml("presence")), `<presence to="${PEER}"/>`);
});

test("says nothing of whoever told nobody, or only somebody", () => {
  assert.is(after(), undefined);
  assert.is(after(xml("presence", { to: "nurse@capulet.example" })), undefined);
  assert.is(after(xml("presence", { type: "probe" }), xml("message")), undefined);
  assert.is(after(xml("presence"), xml("presence", { type: "unavailable" })), undefined);
  assert.is(after(xml("presence"), xml("presence", { type: "unavailable", to: PEER })), `<presence to="${PEER}"/>`);
  const unwanted = new DirectedPresence(false);
  unwanted.watch(xml("presence"));
  assert.is(unwanted.for(PEER), undefined);
});

test("a new stream has told nobody anything, a resumed one what it had told", () => {
  const presence = new DirectedPresence(true);
  presence.watch(xml("presence"));
  presence.interrupt();
  assert.is(presence.for(PEER), undefined);
  presence.resume();
  assert.ok(presence.for(PEER));
  presence.interrupt();
  presence.watch(xml("presence", {}, xml("show", {}, "dnd")));
  assert.match(String(presence.for(PEER)), "dnd");
});

test("goes to each peer once, when its tunnel is open, also where tunnels are required", async () => {
  const seen: string[] = [];
  router.tamper((stanza) => {
    if (stanza.is("presence") && stanza.attrs.to !== undefined) seen.push(`${stanza.attrs.from} to ${stanza.attrs.to}`);
    return [stanza];
  });
  const options = { isEarly: true, policy: "required" } as const;
  const { romeo, juliet } = await pair(router, { romeo: options, juliet: options });
  await romeo.xmpp.iqCaller.request(xml("iq", { type: "get", to: router.domain }, xml("ping", "urn:xmpp:ping"))).catch(() => {});
  assert.equal(seen.sort(), [`${juliet.address} to ${romeo.address}`, `${romeo.address} to ${juliet.address}`]);
});

test("a stranger who opens a tunnel at first use is sent none, whom our own side asks is", async () => {
  const seen: string[] = [];
  router.tamper((stanza) => {
    if (stanza.is("presence") && stanza.attrs.to !== undefined) seen.push(`${stanza.attrs.from} to ${stanza.attrs.to}`);
    return [stanza];
  });
  const trusting = () => ({ isEarly: true, trust: dangerouslyTrustOnFirstUse(new TrustStore(memoryStorage())) });
  const { romeo, juliet, tunnel, answering } = await pair(router, { romeo: trusting(), juliet: trusting() });
  for (const { xmpp } of [romeo, juliet]) await xmpp.iqCaller.request(xml("iq", { type: "get", to: router.domain }, xml("ping", "urn:xmpp:ping"))).catch(() => {});
  assert.equal([tunnel.security?.trust, answering.security?.trust], ["first-use", "first-use"]);
  assert.equal(seen, [`${romeo.address} to ${juliet.address}`]);
});

test.run();
