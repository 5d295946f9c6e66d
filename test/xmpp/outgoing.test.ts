/** Every way out of an entity, with a filter that keeps what is secret: no server, but the transports' own code. */

import { client } from "@xmpp/client";
import { component } from "@xmpp/component";
import xml, { type Element } from "@xmpp/xml";

import { XtlsError } from "../../bindings/errors.ts";
import type { Entity } from "../../bindings/xmpp/entity.ts";
import { Outgoing } from "../../bindings/xmpp/firewall/outgoing.ts";
import { assert, suite } from "../suite.ts";
import { rejection } from "./stage.ts";

const test = suite("xmpp: ways out");

interface Wire {
  write(text: string, done?: () => void): void;
}

interface Transport {
  readonly prototype: object;
}

/** An entity of xmpp.js with a socket of ours under it, and what was written to that. */
function wired(kind: "tcp" | "websocket" | "component"): { entity: Entity; written: () => string } {
  let bytes = "";
  const socket: Wire = { write: (text, done) => ((bytes += text), done?.()) };
  const service = kind === "websocket" ? "ws://127.0.0.1:1/" : "xmpp://127.0.0.1:1";
  const made = kind === "component" ? component({ service, domain: "c.example", password: "" }) : client({ service, domain: "a.example" });
  const entity = made as unknown as Entity & { Transport?: Transport; socket: Wire; transports?: Transport[]; _findTransport?(service: string): Transport };
  Object.assign(entity, { socket, jid: "own@a.example" });
  if (entity._findTransport) entity.Transport = entity._findTransport(service);
  return { entity, written: () => bytes };
}

const secret = (text = "secret") => xml("message", { type: "secret" }, xml("body", {}, text));
const open = (text = "open") => xml("message", {}, xml("body", {}, text));

function filtered(entity: Entity, isStrict = true): Outgoing {
  return new Outgoing(entity, {
    pass: (stanza) => {
      if (stanza.attrs.type === "inside") return Promise.resolve();
      if (stanza.attrs.type === "reduced") return xml("message", { type: "left" });
      if (stanza.attrs.type === "secret") throw new XtlsError("security-required");
      return stanza;
    },
    isSecret: (text) => text.includes("poison"),
    isStrict: () => isStrict,
  });
}

const raw = (entity: Entity, text: string) => rejection(entity.write!(text));

for (const kind of ["tcp", "websocket", "component"] as const) {
  test(`over ${kind} send and sendMany let out what may leave, and nothing else`, async () => {
    const { entity, written } = wired(kind);
    filtered(entity);
    await entity.send(open("one"));
    assert.is((await rejection(entity.send(secret()))).code, "security-required");
    await entity.send(xml("message", { type: "inside" }, xml("body", {}, "inside")));
    await entity.send(xml("message", { type: "reduced" }, xml("body", {}, "more")));
    if (entity.sendMany) {
      await entity.sendMany([open("two"), xml("message", { type: "inside" }, xml("body", {}, "inside"))]);
      assert.is((await rejection(entity.sendMany([secret(), open("three")]))).code, "security-required");
      assert.match(written(), /two.*three/);
    }
    assert.match(written(), "one");
    assert.match(written(), 'type="left"');
    assert.not.match(written(), /secret|inside|more/);
  });

  test(`over ${kind} nothing is written past send`, async () => {
    const { entity, written } = wired(kind);
    filtered(entity);
    assert.is((await raw(entity, String(secret()))).code, "security-required");
    assert.is((await raw(entity, `${open()}${secret()}`)).code, "security-required");
    assert.is((await raw(entity, `</root>${secret()}`)).code, "security-required");
    assert.is((await raw(entity, `<x:message xmlns:x="jabber:client" type="secret"/>`)).code, "security-required");
    assert.is((await raw(entity, `<stream:stream><body>secret</body>`)).code, "security-required");
    assert.is((await raw(entity, "secret")).code, "security-required");
    assert.is((await raw(entity, "<message><body>sec")).code, "security-required");
    assert.is((await raw(entity, "<!-- secret -->")).code, "security-required");
    assert.is(written(), "");
  });

  test(`over ${kind} the stream itself is written as ever, and elements that may leave`, async () => {
    const { entity, written } = wired(kind);
    filtered(entity);
    const framing = [
      `<?xml version='1.0'?><stream:stream version="1.0" xmlns="jabber:client" to="a.example" xmlns:stream="http://etherx.jabber.org/streams">`,
      "</stream:stream>",
      `<open version="1.0" xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="a.example"/>`,
      `<close xmlns="urn:ietf:params:xml:ns:xmpp-framing"/>`,
      " ",
      String(open()),
    ];
    for (const text of framing) await entity.write!(text);
    assert.is(written(), framing.join(""));
  });

  test(`over ${kind} no text leaves with what is poisoned in it`, async () => {
    const { entity, written } = wired(kind);
    filtered(entity);
    if (kind !== "websocket") assert.is((await rejection(entity.send(open("poison")))).code, "security-required");
    assert.is((await raw(entity, String(open("poison")))).code, "security-required");
    assert.is(written(), "");
  });

  test(`over ${kind} everything is put back`, async () => {
    const { entity, written } = wired(kind);
    const before = [entity.send, entity.sendMany, entity.write];
    const outgoing = filtered(entity);
    assert.is.not(entity.send, before[0]);
    outgoing.restore();
    assert.equal([entity.send, entity.sendMany, entity.write], before);
    assert.not(Object.hasOwn(entity, "send"));
    await entity.send(secret());
    assert.match(written(), "secret");
  });
}

test("where everything may go to everybody, what cannot be looked at leaves, but for what is poisoned", async () => {
  const { entity, written } = wired("tcp");
  filtered(entity, false);
  for (const text of ["<message><body>half", "</body></message>", "<!-- note -->"]) await entity.write!(text);
  assert.is(written(), "<message><body>half</body></message><!-- note -->");
  assert.is((await raw(entity, "<message><body>poison")).code, "security-required");
  assert.is((await raw(entity, String(secret()))).code, "security-required");
});

test("what has left before and may not leave again is left out of what is sent once more, and costs the rest nothing", async () => {
  const { entity, written } = wired("tcp");
  let isOpen = true;
  new Outgoing(entity, {
    pass: (stanza) => {
      if (!isOpen && stanza.attrs.id === "closed") throw new XtlsError("security-required");
      return stanza.attrs.id === "reduced" ? xml("message", { id: "closed", type: "error" }) : stanza;
    },
    isSecret: () => false,
    isStrict: () => true,
  });
  const queue: Element[] = [];
  entity.on("send" as "element", (stanza) => queue.push(stanza));
  for (const id of ["closed", "reduced", "open"]) await entity.send(xml("message", { id }));
  isOpen = false;
  await entity.sendMany!(queue.splice(0));
  assert.equal(queue.map(({ attrs }) => attrs.id), ["open"]);
  assert.equal([...written().matchAll(/id="(\w+)"/g)].map(([, id]) => id), ["closed", "closed", "open", "open"]);
  assert.is((await rejection(entity.sendMany!([xml("message", { id: "closed" })]))).code, "security-required");
});

test("a transport that waits before it writes is asked again, and lets out the same", async () => {
  const { entity, written } = wired("tcp");
  const { send } = entity;
  entity.send = async (stanza: Element) => {
    await Promise.resolve();
    return send.call(entity, stanza);
  };
  filtered(entity);
  await entity.send(open("slow"));
  assert.is((await rejection(entity.send(secret()))).code, "security-required");
  assert.match(written(), "slow");
  assert.not.match(written(), "secret");
});

test("what was put in our place meanwhile stays there", async () => {
  const { entity } = wired("tcp");
  const outgoing = filtered(entity);
  const others = async () => {};
  entity.send = others;
  outgoing.restore();
  assert.is(entity.send, others);
});

test("what is no element is refused by name", async () => {
  const { entity } = wired("tcp");
  filtered(entity);
  for (const nothing of [undefined, null, 5, "<message/>"]) {
    const error = await rejection(entity.send(nothing as unknown as Element));
    assert.ok(error instanceof XtlsError && error.code === "invalid-argument", String(nothing));
  }
});

test.run();
