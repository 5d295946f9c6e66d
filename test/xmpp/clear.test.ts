/** What a policy lets through in clear, by its rules alone: no server, no stream. */

import jid from "@xmpp/jid";
import xml, { type Element } from "@xmpp/xml";

import { XtlsError } from "../../bindings/errors.ts";
import { refusal, refuseDeparture } from "../../bindings/xmpp/policy.ts";
import { assert, suite } from "../suite.ts";

const test = suite("xmpp: clear text");
const ROMEO = "romeo@montague.example/orchard";
const JULIET = "juliet@capulet.example/balcony";
const DISCO = "http://jabber.org/protocol/disco#info";

const comes = (name: string, attributes: Record<string, string>, ...children: Element[]): Element =>
  xml(name, { from: ROMEO, to: JULIET, ...attributes }, ...children);
const passesIn = (stanza: Element) => refusal(stanza, "required") === undefined;

function passesOut(stanza: Element): boolean {
  try {
    refuseDeparture(stanza, "required");
    return true;
  } catch (error) {
    assert.is((error as XtlsError).code, "security-required");
    return false;
  }
}

const body = () => xml("body", {}, "in clear");
const ask = () => xml("iq", { type: "get" }, xml("query", "urn:example:q"));
const question = () => xml("query", { xmlns: DISCO });

function addressed(stanza: Element, to: string): Element {
  stanza.attrs.to = jid(to);
  return stanza;
}

test("a question about features is one only when it asks nothing else", () => {
  assert.ok(passesIn(comes("iq", { type: "get" }, question())));
  assert.ok(passesOut(comes("iq", { type: "get", to: ROMEO }, question())));
  for (const stanza of [
    comes("iq", { type: "get", to: ROMEO }, question(), body()),
    comes("iq", { type: "get", to: ROMEO }, body(), question()),
    comes("iq", { type: "set", to: ROMEO }, question()),
  ])
    assert.equal([passesIn(stanza), passesOut(stanza)], [false, false], String(stanza));
});

test("an error in answer to a message passes, but nothing of what anybody said with it", () => {
  const error = () => xml("error", { type: "cancel" }, xml("gone", { xmlns: "urn:ietf:params:xml:ns:xmpp-stanzas" }));
  assert.ok(passesOut(comes("message", { type: "error", to: ROMEO }, error())));
  assert.not(passesOut(comes("message", { type: "error", to: ROMEO }, body(), error())));
  assert.not(passesOut(comes("message", { type: "error", to: ROMEO }, body())));
});

test("what is refused on its way in is refused without repeating it", () => {
  const answer = refusal(comes("message", { id: "m1" }, body()), "required") as Element;
  assert.ok(passesOut(answer));
  assert.is(answer.getChild("body"), undefined);
});

test("an address may be an object, as xmpp.js makes them", () => {
  for (const policies of ["required", (bare: string) => (bare.startsWith("romeo@") ? "required" : "opportunistic")] as const) {
    for (const stanza of [ask(), xml("message", {}, body())].map((each) => addressed(each, ROMEO))) {
      assert.throws(() => refuseDeparture(stanza, policies), (error: XtlsError) => error.code === "security-required");
    }
    refuseDeparture(addressed(ask(), "romeo@montague.example"), policies);
  }
  refuseDeparture(addressed(ask(), ROMEO), "opportunistic");
});

test.run();
