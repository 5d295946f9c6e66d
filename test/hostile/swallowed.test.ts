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

/** What a hostile server would do: leave only the method that it can live with. */
function withoutMethod(stanza: Element, name: string): Element {
  const copy = copyOf(stanza);
  const offer = (copy.getChild("start") ?? copy.getChild("proceed"))?.getChild("offer");
  if (offer !== undefined) offer.children = offer.getChildElements().filter((child) => child.attrs.name !== name);
  return copy;
}

test.run();
