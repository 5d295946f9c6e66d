/** A server that keeps things to itself and answers in the peer's name: what is noticed, and what an answer is worth. */

import xml, { type Element } from "@xmpp/xml";

import { insecure } from "../../bindings/methods/insecure.ts";
import { sas } from "../../bindings/methods/sas.ts";
import type { Tunnel } from "../../bindings/xmpp/tunnel.ts";
import { NS_XTLS } from "../../bindings/xtls/namespaces.ts";
import { assert, suite } from "../suite.ts";
import { calm, copyOf, iq, JULIET, ROMEO, Stage } from "./stage.ts";

const test = suite("swallowed");
const yes = () => sas({ confirm: () => true });

const isRequest = (stanza: Element, name: string) => stanza.attrs.type === "set" && stanza.getChild(name, NS_XTLS) !== undefined;

const message = (body: string) => xml("message", { type: "chat" }, xml("body", {}, body));

/** Answers a request in the other's name. */
function forge(stage: Stage, { attrs: { from, to, id } }: Element, payload?: Element): void {
  stage.pass(iq("result", to, from, id, payload));
}

/** Both ends with an open tunnel. */
async function opened(): Promise<{ readonly stage: Stage; readonly his: Tunnel; readonly hers: Tunnel }> {
  const stage = new Stage({ methods: [yes()] }, { methods: [yes()] });
  assert.is(await stage.romeo.attempt(JULIET), undefined);
  await calm();
  return { stage, his: stage.romeo.opened[0] as Tunnel, hers: stage.juliet.opened[0] as Tunnel };
}

test("the alert that tells of changed offers is kept back: there is an alarm all the same", async () => {
  const stage = new Stage({ methods: [yes(), insecure()] }, { methods: [yes(), insecure()] });
  // All that Juliet says in TLS behind the handshake, her bind and her alert, is swallowed.
  let chunks = 0;
  stage.server = (stanza) => {
    const isSwallowed = isRequest(stanza, "data") && stanza.attrs.from === JULIET && ++chunks > 1;
    if (!isSwallowed) stage.pass(withoutMethod(stanza, "sas"));
  };
  assert.is((await stage.romeo.attempt(JULIET))?.code, "not-compared");
  await calm();
  assert.equal([stage.romeo, stage.juliet].map(({ alarms }) => alarms.map(({ code }) => code)), [["not-compared"], ["downgraded"]]);
});

test("answers are the server's word: what it keeps is delivered all the same, but the tunnel does not end in order", async () => {
  const { stage, his, hers } = await opened();
  stage.server = (stanza) => {
    if (isRequest(stanza, "data")) forge(stage, stanza);
    else if (isRequest(stanza, "close")) forge(stage, stanza, xml("closed", { xmlns: NS_XTLS }));
    else stage.pass(stanza);
  };
  await his.send(message("I take thee at thy word"));
  assert.equal(stage.juliet.received, []);
  const result = await his.close();
  assert.equal([result.inOrder, result.reason?.code], [false, "truncated"]);
  // Nobody told her: her end is that of her own patience.
  assert.is(hers.state, "open");
});

test("what is cut off one end sees, and it is the end that lost something", async () => {
  const { stage, his, hers } = await opened();
  const ends = [his, hers].map((tunnel) => new Promise<string | undefined>((done) => tunnel.on("close", (reason) => done(reason?.code))));
  stage.server = (stanza) => (isRequest(stanza, "data") && stanza.attrs.from === ROMEO ? forge(stage, stanza) : stage.pass(stanza));
  await his.send(message("Henceforth I never will be Romeo"));
  // She closes and says so inside; his close_notify in return is kept, and answered for her.
  const result = await hers.close();
  assert.equal(await Promise.all(ends), [undefined, "truncated"]);
  assert.equal([result.inOrder, result.reason?.code, stage.juliet.received], [false, "truncated", []]);
  assert.equal(await his.close(), { inOrder: true });
});

test("a request is answered from inside, or not at all", async () => {
  const { stage, his, hers } = await opened();
  hers.on("stanza", ({ attrs: { id } }) => void hers.send(xml("iq", { type: "result", id })));
  assert.is((await his.request(xml("iq", { type: "get" }, xml("query", { xmlns: "jabber:iq:version" })))).attrs.type, "result");
  stage.server = (stanza) => (isRequest(stanza, "data") ? forge(stage, stanza) : stage.pass(stanza));
  const asked = his.request(xml("iq", { type: "get" }, xml("query", { xmlns: "jabber:iq:version" })), 20);
  assert.is(await asked.then(() => "answered", ({ code }) => code), "timeout");
});

test("a close in order says so, at both ends and as often as it is asked", async () => {
  const { his, hers } = await opened();
  assert.equal([await his.close(), await his.close(), await hers.close()], [{ inOrder: true }, { inOrder: true }, { inOrder: true }]);
});

/** What a hostile server would do: leave only the method that it can live with. */
function withoutMethod(stanza: Element, name: string): Element {
  const copy = copyOf(stanza);
  const offer = (copy.getChild("start") ?? copy.getChild("proceed"))?.getChild("offer");
  if (offer !== undefined) offer.children = offer.getChildElements().filter((child) => child.attrs.name !== name);
  return copy;
}

test.run();
