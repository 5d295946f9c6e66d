/** When a request's time begins and what its end says: a tunnel whose deliveries and time are the test's. */

import xml, { type Element } from "@xmpp/xml";

import { XtlsError } from "../../bindings/errors.ts";
import { Tunnel } from "../../bindings/xmpp/tunnel.ts";
import type { Tunnel as Association } from "../../bindings/xtls/tunnel.ts";
import { assert, suite } from "../suite.ts";
import { rejection } from "./stage.ts";

const test = suite("xmpp: request");
const turn = () => new Promise((resolve) => setImmediate(resolve));

interface Sent {
  readonly stanza: Element;
  deliver(): void;
  lose(error: XtlsError): void;
}

/** A tunnel, what it sent, and the waits that it began. */
function staged() {
  const sent: Sent[] = [];
  const waits: { readonly milliseconds: number; readonly callback: () => void; isOff: boolean }[] = [];
  const tunnel = new Tunnel({} as Association, {
    send: (_, stanza) => new Promise((deliver, lose) => sent.push({ stanza, deliver, lose })),
    close: () => undefined,
    after: (milliseconds, callback) => {
      const wait = { milliseconds, callback, isOff: false };
      waits.push(wait);
      return () => void (wait.isOff = true);
    },
    report: () => undefined,
  });
  const answer = (type = "result") => tunnel.receive(xml("iq", { type, id: sent[0]?.stanza.attrs.id as string }));
  return { tunnel, sent, waits, answer };
}

const version = (...children: Element[]) => xml("iq", { type: "get", id: "v1" }, ...children);
const query = () => xml("query", { xmlns: "jabber:iq:version" }, xml("secret", {}, "the password"));

test("its time begins when it has been delivered, and not while it is being sent", async () => {
  const { tunnel, sent, waits, answer } = staged();
  const asked = tunnel.request(version(query()));
  await turn();
  assert.equal(waits, []);
  sent[0]?.deliver();
  await turn();
  assert.equal(waits.map(({ milliseconds, isOff }) => [milliseconds, isOff]), [[30_000, false]]);
  answer();
  assert.is((await asked).attrs.type, "result");
  assert.ok(waits[0]?.isOff);
});

test("an answer that comes before the delivery is known is an answer, and begins no wait", async () => {
  const { tunnel, sent, waits, answer } = staged();
  const asked = tunnel.request(version(query()));
  answer();
  await asked;
  sent[0]?.deliver();
  await turn();
  assert.equal(waits, []);
});

test("its time-out names the request and its payload, and nothing of what is in it", async () => {
  for (const [children, expected] of [[[query()], /<query xmlns="jabber:iq:version"\/>/], [[], /nothing in it/]] as const) {
    const { tunnel, sent, waits } = staged();
    const asked = rejection(tunnel.request(version(...children), 1234));
    sent[0]?.deliver();
    await turn();
    waits[0]?.callback();
    const { code, message } = await asked;
    assert.is(code, "timeout");
    assert.match(message, sent[0]?.stanza.attrs.id as string);
    assert.match(message, expected);
    assert.match(message, "1234 ms");
    assert.not.match(message, "password");
  }
});

test("an error that answers it is named by its condition, and by nothing else that the peer writes", async () => {
  const error = (name: string, namespace: string) => xml("error", { type: "cancel" }, xml("x".repeat(100_000)), xml(name, { xmlns: namespace }));
  for (const [name, namespace, named] of [
    ["item-not-found", "urn:ietf:params:xml:ns:xmpp-stanzas", "item-not-found"],
    ["n".repeat(100_000), "urn:ietf:params:xml:ns:xmpp-stanzas", "undefined-condition"],
    ["verified", "urn:example:q", "undefined-condition"],
  ] as const) {
    const { tunnel, sent } = staged();
    const failed = rejection(tunnel.request(version()));
    tunnel.receive(xml("iq", { type: "error", id: sent[0]?.stanza.attrs.id as string }, error(name, namespace)));
    const { code, message, cause } = (await failed) as XtlsError;
    assert.is(code, "stanza-error");
    assert.match(message, named);
    assert.ok(message.length < 300, String(message.length));
    assert.is((cause as Element).children.length, 2, "all of it is there for whoever looks");
  }
});

test("what is not delivered is no time-out, and is not answered later", async () => {
  const { tunnel, sent, answer } = staged();
  const asked = rejection(tunnel.request(version(query())));
  sent[0]?.lose(new XtlsError("undelivered"));
  assert.is((await asked).code, "undelivered");
  assert.not(answer());
});

test("the tunnel's end ends it, also when it was in order", async () => {
  for (const [reason, code] of [[undefined, "closed"], [new XtlsError("stream-lost"), "stream-lost"]] as const) {
    const { tunnel, sent, waits } = staged();
    const asked = rejection(tunnel.request(version(query())));
    sent[0]?.deliver();
    await turn();
    tunnel.end(reason);
    assert.is((await asked).code, code);
    assert.ok(waits[0]?.isOff);
  }
});

test.run();
