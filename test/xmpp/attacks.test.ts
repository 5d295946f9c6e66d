/**
 * What a dishonest server, or a third party, can do to a tunnel: end it, and nothing else.
 */

import xml, { type Element } from "@xmpp/xml";

import { ERRORS, type XtlsError } from "../../bindings/errors.ts";
import type { Tunnel } from "../../bindings/xmpp/index.ts";
import { type Router, startRouter, type Tamper } from "../../scripts/servers/router.ts";
import { assert, suite } from "../suite.ts";
import { bodies, clearStage, enter, message, once, type Pair, pair, rejection, until } from "./stage.ts";

const NS = "urn:xmpp:tmp:xtls";
const test = suite("xmpp: attacks");
let router: Router;

test.before(async () => {
  router = await startRouter();
});
test.after.each(async () => {
  router.tamper(undefined);
  await clearStage();
});
test.after(() => router.stop());

/** The base64 of a `<data/>`, if that is what a stanza carries. */
function dataOf(stanza: Element): Element | undefined {
  return stanza.is("iq") && stanza.attrs.type === "set" ? stanza.getChild("data", NS) : undefined;
}

/** The same stanza with one bit of its `<data/>` turned. */
function altered(stanza: Element): Element {
  const data = dataOf(stanza)!;
  const bytes = Buffer.from(data.getText(), "base64");
  bytes[bytes.length >> 1]! ^= 0x01;
  data.children = [bytes.toString("base64")];
  return stanza;
}

/** Sends a few lines while the server does that; tells how each end closed. */
async function sendUnder(tamper: Tamper, { tunnel, answering }: Pair): Promise<(XtlsError | undefined)[]> {
  const reasons = [tunnel, answering].map((end) => once<XtlsError | undefined>((done) => end.on("close", done)));
  router.tamper(tamper);
  const sent = ["one", "two", "three"].map((line) => tunnel.send(message(line)).catch(() => {}));
  const closed = await Promise.all(reasons);
  await Promise.all(sent);
  return closed;
}

/** Applies an attack to the first `<data/>` that it sees. */
function first(attack: Tamper): Tamper {
  let isDone = false;
  return (stanza) => {
    if (isDone || !dataOf(stanza)) return [stanza];
    isDone = true;
    return attack(stanza);
  };
}

function assertCaught(reasons: (XtlsError | undefined)[]): void {
  for (const reason of reasons) assert.ok(reason && reason.code in ERRORS);
}

test("an altered <data/> is caught at both ends and nothing of it is delivered", async () => {
  const stage = await pair(router);
  const reasons = await sendUnder(
    first((stanza) => [altered(stanza)]),
    stage,
  );
  assertCaught(reasons);
  assert.is(reasons[1]!.code, "bad-record");
  assert.equal(bodies(stage.heard), []);
});

test("a repeated <data/> is caught at both ends and delivered once", async () => {
  const stage = await pair(router);
  const again = (stanza: Element) => [stanza, xml("iq", stanza.attrs, ...stanza.children)];
  assertCaught(await sendUnder(first(again), stage));
  assert.equal(
    bodies(stage.heard).filter((body) => body === "one"),
    ["one"],
  );
});

test("a swallowed <data/> is caught by the next one", async () => {
  const stage = await pair(router, { romeo: { limits: { window: 4 } } });
  const reasons = await sendUnder(
    first(() => []),
    stage,
  );
  assertCaught(reasons);
  assert.equal(bodies(stage.heard), []);
});

test("an altered handshake never opens a tunnel", async () => {
  for (const at of [0, 1, 2]) {
    const romeo = await enter(router, "romeo");
    const juliet = await enter(router, "juliet");
    let seen = 0;
    router.tamper((stanza) => (dataOf(stanza) && seen++ === at ? [altered(stanza)] : [stanza]));
    const opened: Tunnel[] = [];
    juliet.tunnels.on("tunnel", (tunnel) => opened.push(tunnel));
    const outcome = await romeo.tunnels.open(juliet.address).then(
      (tunnel) => once<XtlsError | undefined>((done) => tunnel.on("close", done)),
      (error: XtlsError) => error,
    );
    assertCaught([outcome]);
    assert.is(opened.length, 0);
    router.tamper(undefined);
  }
});

test("a man in the middle with a key of his own is not believed", async () => {
  const romeo = await enter(router, "romeo");
  const juliet = await enter(router, "juliet");
  const mallory = await enter(router, "mallory", { trust: { judge: () => ({ trusted: true, state: "first-use" }) } });
  // The server hands what is for Juliet to Mallory, and his answers back as hers.
  router.tamper((stanza) => {
    if (stanza.attrs.from === romeo.address && stanza.attrs.to === juliet.address) stanza.attrs.to = mallory.address;
    else if (stanza.attrs.from === mallory.address) stanza.attrs.from = juliet.address;
    return [stanza];
  });
  assert.is((await rejection(romeo.tunnels.open(juliet.address))).code, "wrong-address");
});

test("an answer from a third party is ignored", async () => {
  const romeo = await enter(router, "romeo");
  const juliet = await enter(router, "juliet");
  const mallory = await enter(router, "mallory");
  let forge = (_: string) => {};
  const forged = new Promise<string>((resolve) => (forge = resolve));
  // Mallory sees each id, answers first, and Juliet's own answer follows.
  router.tamper((stanza) => {
    const { from, id, to, type } = stanza.attrs;
    if (from !== juliet.address || type !== "result") return [stanza];
    forge(id);
    const refusal = xml("error", { type: "cancel" }, xml("service-unavailable", "urn:ietf:params:xml:ns:xmpp-stanzas"));
    return [
      xml("iq", { from: mallory.address, to, id, type: "result" }, xml("proceed", NS)),
      xml("iq", { from: mallory.address, to, id, type: "error" }, refusal),
      stanza,
    ];
  });
  const incoming = once<Tunnel>((done) => juliet.tunnels.on("tunnel", done));
  const tunnel = await romeo.tunnels.open(juliet.address);
  const heard: Element[] = [];
  (await incoming).on("stanza", (stanza) => heard.push(stanza));
  await tunnel.send(message("undisturbed"));
  assert.ok(await forged);
  assert.equal(bodies(heard), ["undisturbed"]);
});

test("<data/> and <close/> from a third party do nothing", async () => {
  const { juliet, tunnel, heard } = await pair(router);
  const mallory = await enter(router, "mallory");
  for (const child of [xml("data", NS, "AAAA"), xml("close", NS)]) {
    const error = await rejection(mallory.xmpp.iqCaller.request(xml("iq", { type: "set", to: juliet.address }, child)));
    assert.match(String(error), /item-not-found/);
  }
  await tunnel.send(message("undisturbed"));
  assert.equal(bodies(heard), ["undisturbed"]);
});

test("a <close/> without close_notify is reported as truncated", async () => {
  const { romeo, juliet, answering } = await pair(router);
  const reason = once<XtlsError | undefined>((done) => answering.on("close", done));
  router.inject(xml("iq", { from: romeo.address, to: juliet.address, id: "cut", type: "set" }, xml("close", NS)));
  assert.is((await reason)?.code, "truncated");
});

test("a clear message under the peer's name is not taken for one from the tunnel", async () => {
  const { romeo, juliet, heard } = await pair(router);
  const clear: Element[] = [];
  juliet.xmpp.on("stanza", (stanza) => clear.push(stanza));
  router.inject(xml("message", { from: romeo.address, to: juliet.address }, xml("body", {}, "trust me")));
  await until(() => clear.some((stanza) => stanza.is("message")));
  assert.is(juliet.tunnels.security(clear.find((stanza) => stanza.is("message"))!), undefined);
  assert.equal(heard, []);
});

test("an unavailable presence under the peer's name ends the tunnel, which is all it can do", async () => {
  const { romeo, juliet, answering } = await pair(router);
  const reason = once<XtlsError | undefined>((done) => answering.on("close", done));
  router.inject(xml("presence", { from: romeo.address, to: juliet.address, type: "unavailable" }));
  assert.is((await reason)?.code, "peer-unavailable");
});

test.run();
