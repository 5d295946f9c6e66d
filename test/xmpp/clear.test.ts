/** What may pass in clear where tunnels are required, by the rules alone: no server, no stream. */

import jid from "@xmpp/jid";
import xml, { type Element } from "@xmpp/xml";
import fc from "fast-check";

import type { XtlsError } from "../../bindings/errors.ts";
import { CLEAR, entering, leaving, refusal } from "../../bindings/xmpp/firewall/clear.ts";
import type { Policies } from "../../bindings/xmpp/policy.ts";
import { assert, suite } from "../suite.ts";

const test = suite("xmpp: clear text");
const ROMEO = "romeo@montague.example/orchard";
const ROMEO_BARE = "romeo@montague.example";
const NURSE = "nurse@capulet.example/hall";
const JULIET = "juliet@capulet.example/balcony";
const JULIET_BARE = "juliet@capulet.example";
const SERVER = "capulet.example";

const DISCO = "http://jabber.org/protocol/disco#info";
const STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas";
const XTLS = "urn:xmpp:tmp:xtls";
const C2CTLS = "urn:xmpp:tmp:c2ctls";

/** Tunnels are required with Romeo alone. */
const withRomeo: Policies = (bare) => (bare === ROMEO_BARE ? "required" : "opportunistic");

/** A text that no rule lets pass, wherever it stands. */
const SECRET = "meet me at the friar's cell";

const ground = (policies: Policies = withRomeo, own: string | undefined = JULIET) => ({ policies, own });
const copy = (stanza: Element): Element => xml(stanza.name, stanza.attrs, ...stanza.children.map((child) => (typeof child === "string" ? child : copy(child as Element))));

/** What leaves of a stanza; undefined: nothing. */
function left(stanza: Element, policies?: Policies, own?: string): Element | undefined {
  try {
    return leaving(copy(stanza), ground(policies, own));
  } catch (error) {
    assert.is((error as XtlsError).code, "security-required");
    return undefined;
  }
}

/** What the application sees of a stanza; undefined: nothing. */
function seen(stanza: Element, policies?: Policies, own?: string): Element | undefined {
  const shared = copy(stanza);
  return entering(shared, ground(policies, own)) ? shared : undefined;
}

const out = (name: string, attributes: Record<string, string> = {}, ...children: (Element | string)[]) =>
  xml(name, { to: ROMEO, ...attributes }, ...children);
const incoming = (name: string, attributes: Record<string, string> = {}, ...children: (Element | string)[]) =>
  xml(name, { from: ROMEO, to: JULIET, ...attributes }, ...children);

const body = () => xml("body", {}, SECRET);
const payload = () => xml("query", { xmlns: "urn:example:q" }, SECRET);
const question = (...children: (Element | string)[]) => xml("query", { xmlns: DISCO }, ...children);
const features = (...children: Element[]) => question(xml("identity", { category: "client", type: "pc" }), xml("feature", { var: DISCO }), ...children);
const error = (...children: Element[]) => xml("error", { type: "cancel" }, xml("gone", { xmlns: STANZAS }), ...children);
const text = () => xml("text", { xmlns: STANZAS }, SECRET);

/** Each with its direction's way of asking what is left. */
const WAYS = [
  ["leaves", out, left],
  ["comes", incoming, seen],
] as const;

for (const [verb, make, rest] of WAYS) {
  test(`of messages nothing ${verb}, whatever their type`, () => {
    for (const type of ["chat", "normal", "headline", "groupchat", "", "nonsense"]) assert.is(rest(make("message", { type }, body())), undefined, type);
    assert.is(rest(make("message", {}, body())), undefined);
    assert.is(rest(make("message")), undefined);
    assert.is(rest(make("x:message", { "xmlns:x": "jabber:client" }, body())), undefined);
  });

  test(`of errors only the condition ${verb}, not what was asked or said, and no text`, () => {
    for (const name of verb === "leaves" ? ["iq"] : ["iq", "message", "presence"]) {
      const shown = String(rest(make(name, { type: "error", id: "1", secret: SECRET }, payload(), SECRET, error(text(), payload()))));
      assert.match(shown, `<error type="cancel"><gone xmlns="${STANZAS}"/></error></${name}>`, name);
      assert.not.match(shown, SECRET);
      assert.not.match(shown, "secret=");
    }
    const forged = xml("error", { type: SECRET }, xml("trust-me", { xmlns: STANZAS }), xml("gone", { xmlns: STANZAS }, SECRET), xml("declined", { xmlns: `${XTLS}:errors` }));
    assert.match(String(rest(make("iq", { type: "error" }, forged))), `<error type="cancel"><gone xmlns="${STANZAS}"/><declined xmlns="${XTLS}:errors"/></error>`);
  });

  test(`a question about features ${verb} only when it asks and says nothing else`, () => {
    assert.ok(rest(make("iq", { type: "get" }, question())));
    for (const stanza of [
      make("iq", { type: "get" }, question(), body()),
      make("iq", { type: "get" }, body(), question()),
      make("iq", { type: "get" }, question(SECRET)),
      make("iq", { type: "get" }, question(payload())),
      make("iq", { type: "get" }, question(), SECRET),
      make("iq", { type: "get", note: SECRET }, question()),
      make("iq", { type: "get" }, xml("query", { xmlns: DISCO, node: SECRET })),
      make("iq", { type: "set" }, question()),
    ])
      assert.is(rest(stanza), undefined, String(stanza));
  });

  test(`of an answer with features only features ${verb}`, () => {
    const form = () => xml("x", { xmlns: "jabber:x:data", type: "result" });
    const shown = (...children: (Element | string)[]) => rest(make("iq", { type: "result" }, ...children))?.children.join("");
    assert.is(shown(features(form())), String(features(form())));
    assert.is(shown(features(payload(), body())), String(features()));
    assert.is(shown(question(SECRET, xml("feature", { var: "x" }, SECRET))), String(question()));
    assert.is(shown(xml("query", { xmlns: DISCO, note: SECRET })), String(question()));
    assert.is(shown(features(), body()), undefined);
    assert.is(shown(xml("query", { xmlns: DISCO, node: SECRET })), undefined);
  });

  test(`no other IQ ${verb}, also of a type that does not exist`, () => {
    for (const type of ["get", "set", "result", "query", "message", "", "constructor", "__proto__", "toString", "hasOwnProperty"]) assert.is(rest(make("iq", { type, id: "1" }, payload())), undefined, type);
    assert.is(rest(make("iq", { id: "1" }, payload())), undefined);
    assert.is(rest(make("iq", { id: "1" })), undefined);
    assert.is(rest(make("iq", { id: "1", type: "result" }, SECRET)), undefined);
  });

  test(`XTLS ${verb} as it stands on the wire, and nothing beside it`, () => {
    const allowed: readonly (readonly [string, Element | undefined])[] = [
      ["set", xml("start", { xmlns: XTLS })],
      ["set", xml("start", { xmlns: XTLS }, xml("offer", { xmlns: C2CTLS }, xml("unknown")))],
      ["set", xml("data", { xmlns: XTLS }, "AAAA")],
      ["set", xml("close", { xmlns: XTLS })],
      ["get", xml("offer", { xmlns: C2CTLS })],
      ["result", xml("proceed", { xmlns: XTLS }, xml("offer", { xmlns: C2CTLS }))],
      ["result", xml("closed", { xmlns: XTLS })],
      ["result", xml("offer", { xmlns: C2CTLS })],
      ["result", undefined],
    ];
    for (const [type, child] of allowed) {
      const children = child ? [child] : [];
      assert.ok(rest(make("iq", { type, id: "1" }, ...children)), String(child));
      assert.is(rest(make("iq", { type, id: "1" }, ...children, body())), undefined, String(child));
      if (child && child.name !== "offer") assert.is(rest(make("iq", { type, id: "1" }, xml(child.name, child.attrs, body()))), undefined, String(child));
    }
    assert.is(rest(make("iq", { type: "set", id: "1" }, xml("message", { xmlns: XTLS }))), undefined);
    assert.is(rest(make("message", {}, xml("data", { xmlns: XTLS }, "AAAA"))), undefined);
  });

  test(`presence ${verb}, with what all contacts know`, () => {
    const plain = () => [
      xml("show", {}, "away"),
      xml("status", {}, "at the masque"),
      xml("priority", {}, "1"),
      xml("c", { xmlns: "http://jabber.org/protocol/caps", ver: "x" }),
      xml("x", { xmlns: "vcard-temp:x:update" }, xml("photo", {}, "00")),
    ];
    for (const type of [undefined, "unavailable", "subscribe", "subscribed", "unsubscribe", "unsubscribed", "probe"]) {
      const stanza = make("presence", type === undefined ? {} : { type }, ...plain());
      assert.is(rest(stanza)?.children.length, 5, type);
    }
    assert.is(rest(make("presence", { type: "nonsense" })), undefined);
  });

  test(`what claims to be the peer's words is worth no more for standing in somebody else's stanza that ${verb}`, () => {
    const forwarded = (inner: Element, namespace = "urn:xmpp:forward:0") => xml("forwarded", { xmlns: namespace }, inner);
    const spoken = (attributes: Record<string, string>) => xml("message", { xmlns: "jabber:client", ...attributes }, body());
    for (const namespace of ["urn:xmpp:carbons:2", "urn:xmpp:carbons:1", "urn:xmpp:mam:2", "urn:xmpp:mam:0", "urn:example:next:1"]) {
      for (const name of ["received", "sent", "result", "whatever"]) {
        for (const attributes of [{ from: ROMEO, to: JULIET }, { from: ROMEO_BARE }, { from: JULIET, to: ROMEO_BARE }]) {
          const carried = xml(name, { xmlns: namespace }, forwarded(spoken(attributes)));
          for (const address of [NURSE, JULIET_BARE, SERVER]) {
            const stanza = make("message", { from: address, to: address }, carried);
            assert.is(rest(stanza), undefined, String(stanza));
          }
        }
      }
    }
    const bare = xml("message", { to: NURSE, from: NURSE }, forwarded(xml("message", { from: ROMEO }, body()), ""));
    assert.is(rest(bare), undefined);
    const deep = Array.from({ length: 20_000 }).reduce<Element>((inner) => xml("a", {}, inner), spoken({ from: ROMEO }));
    assert.is(verb === "leaves" ? safely(() => leaving(xml("message", { to: NURSE }, deep), ground())) : entering(xml("message", { from: NURSE }, deep), ground()), false);
    assert.ok(rest(make("message", { from: NURSE, to: NURSE }, forwarded(spoken({ from: "paris@verona.example/x" })))));
  });
}

/** False when it is refused. */
function safely(leave: () => unknown): unknown {
  try {
    return leave();
  } catch (error) {
    assert.is((error as XtlsError).code, "security-required");
    return false;
  }
}

test("a presence of which more would leave is refused; what comes with more in it loses it", () => {
  const more = (make: typeof out) => make("presence", {}, xml("show", {}, "away"), body(), xml("x", { xmlns: "http://jabber.org/protocol/muc#user" }, SECRET), SECRET);
  assert.is(left(more(out)), undefined);
  assert.is(seen(more(incoming))?.children.join(""), "<show>away</show>");
  assert.is(left(out("presence", {}, xml("c", { xmlns: "http://jabber.org/protocol/caps" }, payload()))), undefined);
});

test("an error in answer to a message leaves alone, or not at all", () => {
  assert.match(String(left(out("message", { type: "error" }, error(text())))), /<gone [^>]*\/><\/error><\/message>$/);
  // Stream management adds this to what it sends once more.
  const again = xml("delay", { xmlns: "urn:xmpp:delay", from: JULIET, stamp: "2008-12-11T00:00:00Z" }, SECRET);
  assert.is(String(left(out("message", { type: "error" }, error(), again))), String(left(out("message", { type: "error" }, error()))));
  assert.is(left(out("message", { type: "error" }, body(), error())), undefined);
  assert.is(left(out("message", { type: "error" }, body())), undefined);
  assert.is(left(out("message", { type: "error" }, SECRET)), undefined);
  assert.is(seen(incoming("message", { type: "error" }, body()))?.children.length, 0);
});

test("an invitation, and what else is said in the peer's name, does not come by way of a room", () => {
  const x = (invite: Element) => xml("x", { xmlns: "http://jabber.org/protocol/muc#user" }, invite);
  const invite = (from: string) => x(xml("invite", { from }, xml("reason", {}, SECRET)));
  const room = { from: "hall@rooms.example" };
  assert.is(seen(incoming("message", room, invite(ROMEO))), undefined);
  assert.ok(seen(incoming("message", room, invite(NURSE))));
  const delay = xml("delay", { xmlns: "urn:xmpp:delay", from: ROMEO_BARE });
  assert.ok(seen(incoming("message", room, delay)));
});

test("what the peer has published somewhere else does not come from there in its name", () => {
  const EVENT = "http://jabber.org/protocol/pubsub#event";
  const event = (publisher: string) =>
    xml("message", { from: "pubsub.verona.example", to: JULIET }, xml("event", { xmlns: EVENT }, xml("items", { node: "urn:xmpp:microblog:0" }, xml("item", { publisher }, xml("entry", {}, SECRET)))));
  for (const publisher of [ROMEO, ROMEO_BARE, ROMEO.toUpperCase()]) assert.is(seen(event(publisher)), undefined, publisher);
  assert.ok(seen(event(NURSE)));
});

test("nothing leaves by way of a server that passes stanzas on", () => {
  const address = xml("address", { type: "to", jid: ROMEO_BARE });
  const many = xml("addresses", { xmlns: "http://jabber.org/protocol/address" }, address);
  assert.is(left(out("message", { to: "multicast.example" }, many, body())), undefined);
  const privileged = xml("privilege", { xmlns: "urn:xmpp:privilege:2" }, xml("forwarded", {}, xml("message", { to: ROMEO }, body())));
  assert.is(left(out("message", { to: SERVER }, privileged)), undefined);
});

test("IQs for the servers pass, and their answers; requests of servers do not, but for the own one's", () => {
  for (const address of [ROMEO_BARE, "montague.example"]) {
    for (const type of ["get", "set"]) {
      assert.ok(left(out("iq", { type, to: address }, payload()), "required"), address);
      assert.is(seen(incoming("iq", { type, from: address }, payload()), "required"), undefined, address);
    }
    assert.ok(seen(incoming("iq", { type: "result", from: address }, payload()), "required"), address);
    assert.is(left(out("iq", { type: "result", to: address }, payload()), "required"), undefined, address);
  }
  for (const address of [JULIET_BARE, SERVER, undefined]) {
    for (const type of ["get", "set", "result"]) {
      const [to, from] = address === undefined ? [{}, {}] : [{ to: address }, { from: address }];
      assert.ok(left(xml("iq", { type, ...to }, payload()), "required"), String(address));
      assert.ok(seen(xml("iq", { type, ...from }, payload()), "required"), String(address));
    }
  }
});

test("where tunnels are required with everybody a message without from does not come, nor leaves one without to", () => {
  for (const own of [JULIET, JULIET_BARE, undefined]) {
    assert.is(seen(xml("message", {}, body()), "required", own), undefined);
    assert.is(seen(xml("message", { from: JULIET_BARE }, body()), "required", own), undefined);
    assert.is(left(xml("message", {}, body()), "required", own), undefined);
  }
  assert.is(seen(xml("message", {}, body()), (bare) => (bare === JULIET_BARE ? "required" : "off")), undefined);
  assert.ok(seen(xml("message", {}, body()), withRomeo));
});

test("where it cannot be told whether a tunnel is required, it is", () => {
  const broken = () => {
    throw new Error("no answer");
  };
  for (const policies of [broken, () => "Required", () => undefined] as unknown as Policies[]) {
    assert.is(seen(incoming("message", {}, body()), policies), undefined);
    assert.is(left(out("message", {}, body()), policies), undefined);
  }
  for (const address of ["", "@", "a b@c", `${ROMEO_BARE}@`]) {
    assert.is(seen(incoming("message", { from: address }, body())), undefined, address);
    assert.is(left(out("message", { to: address }, body())), undefined, address);
  }
  const unknown = () => ({ policies: withRomeo, own: undefined });
  assert.not(entering(xml("message", {}, body()), unknown()));
});

test("what is no stanza passes, as the stream needs it", () => {
  for (const stanza of [xml("a", { xmlns: "urn:xmpp:sm:3", h: "1" }), xml("auth", { xmlns: "urn:ietf:params:xml:ns:xmpp-sasl" }, "AGp1"), xml("stream:error")])
    assert.ok(left(stanza, "required", undefined) && seen(stanza, "required", undefined));
});

test("where tunnels are not required everything passes as it is", () => {
  for (const policies of ["off", "opportunistic", () => "opportunistic"] as Policies[]) {
    for (const stanza of [incoming("message", {}, body()), incoming("iq", { type: "x" }, payload()), incoming("message", { type: "error" }, body(), error(text()))]) {
      const [before, ruled] = [String(stanza), copy(stanza)];
      assert.is(leaving(ruled, ground(policies)), ruled);
      assert.ok(entering(ruled, ground(policies)));
      assert.is(String(ruled), before);
    }
  }
});

test("an address may be an object, as xmpp.js makes them", () => {
  const addressed = (stanza: Element, to: string) => Object.assign(stanza, { attrs: { ...stanza.attrs, to: jid(to) } });
  for (const policies of ["required", withRomeo] as const) {
    assert.is(left(addressed(out("message", {}, body()), ROMEO), policies), undefined);
    assert.is(left(addressed(out("iq", { type: "get" }, payload()), ROMEO), policies), undefined);
    assert.ok(left(addressed(out("iq", { type: "get" }, payload()), ROMEO_BARE), policies));
  }
});

test("children of another copy of the XML library count like all others", () => {
  class Foreign {
    readonly attrs = {};
    readonly children = [SECRET];
    readonly parent = null;
    getName = () => "body";
    getNS = () => undefined;
    is = (name: string) => name === "body";
    write = (writer: (text: string) => void) => writer(`<body>${SECRET}</body>`);
  }
  for (const stanza of [out("iq", { type: "result" }), out("iq", { type: "get" }, question()), out("presence")]) {
    stanza.children.push(new Foreign() as unknown as Element);
    assert.match(String(stanza), SECRET);
    assert.throws(() => leaving(stanza, ground()), (refused: XtlsError) => refused.code === "security-required");
  }
});

test("what is refused on its way in is refused without repeating it, where an answer is due", () => {
  const answer = (stanza: Element) => refusal(stanza, ground());
  assert.match(String(answer(incoming("iq", { type: "get", id: "1" }, payload()))), /^<iq type="error" to="romeo[^>]*><error type="cancel"><not-acceptable [^>]*><security-required /);
  const message = answer(incoming("message", { id: "m1" }, body())) as Element;
  assert.equal([message.attrs.type, message.attrs.to, message.attrs.id], ["error", ROMEO, "m1"]);
  assert.is(String(left(message)), String(message));
  assert.is(message.getChild("body"), undefined);
  assert.is(answer(incoming("x:message", { "xmlns:x": "jabber:client" }, body()))?.name, "message");
  for (const type of ["error", "groupchat", "headline"]) assert.is(answer(incoming("message", { type }, body())), undefined, type);
  assert.is(answer(incoming("presence", { type: "nonsense" })), undefined);
  assert.is(answer(incoming("iq", { type: "result" }, payload())), undefined);
  // Who passes on what the peer is said to have said is told nothing.
  assert.is(answer(incoming("message", { from: NURSE }, body())), undefined);
});

/** Anything that an XMPP library could be made to send or be sent. */
const anything = fc.letrec<{ element: Element }>((tie) => ({
  element: fc
    .record({
      name: fc.constantFrom("message", "presence", "iq", "body", "query", "error", "show", "status", "c", "x", "start", "data", "offer", "gone", "text", "feature", "forwarded"),
      xmlns: fc.option(fc.constantFrom("jabber:client", DISCO, XTLS, C2CTLS, STANZAS, "urn:xmpp:carbons:2", "http://jabber.org/protocol/caps", "jabber:x:data")),
      type: fc.option(fc.constantFrom("get", "set", "result", "error", "chat", "unavailable", "cancel")),
      to: fc.option(fc.constantFrom(ROMEO, ROMEO_BARE, "montague.example")),
      child: fc.array(fc.option(tie("element"), { maxDepth: 4 }), { maxLength: 3 }),
      text: fc.option(fc.constant("SECRET"), { freq: 1 }),
    })
    .map(({ name, xmlns, type, to, child, text }) =>
      xml(name, { ...(xmlns && { xmlns }), ...(type && { type }), ...(to && { to, from: to }) }, ...child.flatMap((each) => each ?? []), ...(text ? [text] : [])),
    ),
})).element;

test("no message's body and no query's payload passes, whatever is wrapped around it", () => {
  const stanzas = fc.tuple(fc.constantFrom("message", "presence", "iq"), anything).map(([name, { attrs, children }]) => xml(name, { ...attrs, to: ROMEO, from: ROMEO }, ...children));
  const holds = (stanza: Element): boolean => /<body[^>]*>[^<]*SECRET|<query[^>]*>[^<]*SECRET/.test(String(stanza));
  fc.assert(
    fc.property(stanzas, (stanza) => {
      for (const rest of [left(stanza, "required"), seen(stanza, "required")]) if (rest !== undefined) assert.not(holds(rest), `${stanza} → ${rest}`);
    }),
    { numRuns: 3000 },
  );
});

test("a stranger's stanza of very many levels is looked at to its end, each level once", () => {
  const stanza = xml("message", { from: NURSE, to: JULIET });
  let cursor = stanza;
  let asked = 0;
  for (let level = 0; level < 20_000; level++) {
    cursor = cursor.c("delay") as Element;
    // Looking for an inherited namespace asks every level above.
    const { attrs } = cursor;
    Object.defineProperty(cursor, "attrs", { get: () => (asked++, attrs) });
  }
  assert.ok(entering(stanza, ground()));
  assert.ok(asked <= 3 * 20_000, `${asked}`);
  cursor.c("message", { from: ROMEO });
  assert.not(entering(stanza, ground()));
});

test("every rule says what passes and why", () => {
  assert.ok(CLEAR.length >= 6);
  for (const { what, why } of CLEAR) assert.ok(what && why, what);
});

test.run();
