/**
 * IQs inside a tunnel: answered by the client's own handlers, inside, and only there.
 */

import xml, { type Element } from "@xmpp/xml";

import { type XtlsError } from "../../bindings/errors.ts";
import { type Router, startRouter } from "../../scripts/servers/router.ts";
import { assert, suite } from "../suite.ts";
import { clearStage, message, pair, rejection, until } from "./stage.ts";

const NS = "urn:example:soliloquy";
const NS_PING = "urn:xmpp:ping";
const test = suite("xmpp: inner IQs");
let router: Router;

test.before(async () => {
  router = await startRouter();
});
test.after.each(() => clearStage());
test.after(() => router.stop());

const ask = (attrs = {}) => xml("iq", { type: "get", ...attrs }, xml("query", NS));

/** The stanzas between two moments that are not the protocol's own. */
function watchForLeaks(): () => string[] {
  const leaks: string[] = [];
  const ignore = router.watch((stanza) => {
    const isXtls = stanza.is("iq") && stanza.getChildElements().every((child) => child.getNS() === "urn:xmpp:tmp:xtls");
    if (!isXtls) leaks.push(String(stanza));
  });
  return () => {
    ignore();
    return leaks;
  };
}

test("are answered by iqCallee inside, never outside", async () => {
  const { juliet, tunnel } = await pair(router);
  let origin: unknown;
  juliet.xmpp.iqCallee.get(NS, "query", ({ stanza }: { stanza: Element }) => {
    origin = juliet.tunnels.tunnel(stanza);
    return xml("query", NS, "it is the east");
  });
  const leaks = watchForLeaks();
  const result = await tunnel.request(ask());
  assert.is(result.getChildText("query", NS), "it is the east");
  assert.is(result.attrs.from, juliet.address);
  assert.ok(origin);
  assert.equal(leaks(), []);
});

test("are answered inside by handlers that were there before the plug-in", async () => {
  const { tunnel } = await pair(router);
  const leaks = watchForLeaks();
  const result = await tunnel.request(xml("iq", { type: "get" }, xml("ping", NS_PING)));
  assert.is(result.attrs.type, "result");
  assert.equal(leaks(), []);
});

test("are answered inside when an application answers by hand", async () => {
  const { juliet, tunnel } = await pair(router);
  juliet.xmpp.on("stanza", (stanza: Element) => {
    const { from, id } = stanza.attrs;
    if (juliet.tunnels.tunnel(stanza))
      void juliet.xmpp.sendMany([xml("iq", { type: "result", to: from, id }, xml("done", NS))]);
  });
  const leaks = watchForLeaks();
  const result = await tunnel.request(xml("iq", { type: "set" }, xml("query", NS)));
  assert.ok(result.getChild("done", NS));
  assert.equal(leaks(), []);
});

test("reject with the peer's stanza error, and the tunnel stays", async () => {
  const { tunnel } = await pair(router);
  const leaks = watchForLeaks();
  const error = await rejection(tunnel.request(ask()));
  assert.is(error.code, "stanza-error");
  assert.match(error.message, /service-unavailable/);
  assert.ok((error.cause as Element).is("error"));
  assert.is(tunnel.state, "open");
  assert.equal(leaks(), []);
});

test("reject when a handler throws, which is reported at the other end", async () => {
  const { juliet, tunnel } = await pair(router);
  juliet.xmpp.iqCallee.get(NS, "query", () => {
    throw new Error("forgot the line");
  });
  const error = await rejection(tunnel.request(ask()));
  assert.match(error.message, /internal-server-error/);
  assert.equal(
    juliet.errors.map(({ message }) => message),
    ["forgot the line"],
  );
});

test("keep their ids to themselves: the peer's id never shows at the other end, and comes back", async () => {
  const { juliet, tunnel } = await pair(router);
  const ids: string[] = [];
  juliet.xmpp.iqCallee.get(NS, "query", ({ stanza }: { stanza: Element }) => {
    ids.push(stanza.attrs.id);
    return xml("query", NS);
  });
  const answers: Element[] = [];
  tunnel.on("stanza", (stanza) => answers.push(stanza));
  await tunnel.send(ask({ id: "my:own:id" }));
  await until(() => answers.length === 1);
  assert.is(answers[0]!.attrs.id, "my:own:id");
  assert.not.equal(ids, ["my:own:id"]);
});

test("never leave in clear, even when the tunnel ended before the answer", async () => {
  const { juliet, tunnel } = await pair(router);
  let answer = (_: Element) => {};
  juliet.xmpp.iqCallee.get(NS, "query", () => new Promise((resolve) => (answer = resolve)));
  const leaks = watchForLeaks();
  const lost = rejection(tunnel.request(ask()));
  await until(() => answer.length === 1 && tunnel.statistics.iqsOut > 0);
  await tunnel.close();
  assert.is((await lost).code, "closed");
  answer(xml("query", NS, "the secret"));
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(leaks(), []);
  assert.equal(juliet.errors, []);
});

test("report an answer that does not fit, which the tunnel survives", async () => {
  const { juliet, tunnel } = await pair(router, { juliet: { limits: { stanza: 4096 } } });
  juliet.xmpp.iqCallee.get(NS, "query", () => xml("query", NS, "x".repeat(5000)));
  const leaks = watchForLeaks();
  assert.is((await rejection(tunnel.request(ask(), 200))).code, "timeout");
  assert.equal(
    juliet.errors.map((error) => (error as XtlsError).code),
    ["stanza-too-large"],
  );
  assert.is(tunnel.state, "open");
  assert.equal(leaks(), []);
});

test("reject after a time without answer, and the tunnel stays", async () => {
  const { juliet, tunnel } = await pair(router);
  juliet.xmpp.iqCallee.get(NS, "query", () => new Promise(() => {}));
  const error = await rejection(tunnel.request(ask(), 20));
  assert.is(error.code, "timeout");
  await tunnel.send(message("still here"));
});

test("answers from inside answer nothing that was asked outside", async () => {
  const { romeo, juliet, answering, tunnel } = await pair(router);
  router.tamper((stanza) => (stanza.is("iq") && stanza.attrs.id === "outside" ? [] : [stanza]));
  let isAnswered = false;
  const asked = juliet.xmpp.iqCaller.request(ask({ id: "outside", to: "verona.example" }), 200).then(
    () => (isAnswered = true),
    () => {},
  );
  const heard: Element[] = [];
  answering.on("stanza", (stanza) => heard.push(stanza));
  await tunnel.send(xml("iq", { type: "result", id: "outside" }, xml("query", NS, "forged")));
  await asked;
  router.tamper(undefined);
  assert.is(heard.length, 1);
  assert.not(isAnswered);
  assert.equal(romeo.errors, []);
});

test("cannot start a tunnel within the tunnel", async () => {
  const { tunnel, juliet } = await pair(router);
  const error = await rejection(tunnel.request(xml("iq", { type: "set" }, xml("start", "urn:xmpp:tmp:xtls"))));
  assert.is(error.code, "unfit-stanza");
  assert.is(tunnel.state, "open");
  assert.equal(juliet.errors, []);
});

test("that are no requests are the caller's error", async () => {
  const { tunnel } = await pair(router);
  assert.is(((await rejection(tunnel.request(message("hm")))) as XtlsError).code, "unfit-stanza");
});

test.run();
