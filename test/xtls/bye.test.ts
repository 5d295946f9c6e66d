/** `<bye/>`: the word inside of a peer whose TLS cannot send the alert that it means. */
import xml from "@xmpp/xml";
import { XtlsError } from "../../bindings/errors.ts";
import { NS_XTLS_EXT } from "../../bindings/xtls/namespaces.ts";
import { buildOffer } from "../../bindings/xtls/offer.ts";
import { assert, suite } from "../suite.ts";
import { BarePeer } from "./bare-peer.ts";
import { pair } from "./ends.ts";
import { written, type End } from "./wire-pair.ts";

const test = suite("bye");
const NS = "urn:xmpp:tmp:xtls";
const never = { judge: () => new Promise<never>(() => undefined) };
const bye = (code?: string) => xml("bye", { xmlns: NS_XTLS_EXT, ...(code !== undefined && { code }) });
const MEANINGS = [
  ["not-authorized", "not-authorized"],
  ["too-many-tries", "not-authorized"],
  ["downgraded", "downgraded"],
  ["not-confirmed", "handshake-canceled"],
  ["not-trusted", "alert-received"],
  ["key-changed", "alert-received"],
  ["made-up", "alert-received"],
  ["no-common-method", "alert-received"],
  ["wrong-address", "alert-received"],
  ["truncated", "alert-received"],
] as const;

/** How an end ended, and what it said of it. */
function ending({ closes: [error] }: End): XtlsError {
  if (error === undefined) throw new Error("It did not end, or in order");
  return error;
}

test("says what the alert says that stands for it, before the verdict", () => {
  for (const [said, heard] of MEANINGS) {
    const peer = new BarePeer({}, undefined, undefined, never);
    assert.is(peer.juliet.claims.length, 1);
    peer.heard.length = 0;
    peer.engine.write(new TextEncoder().encode(bye(said).toString()));
    peer.engine.close();
    peer.exchange();
    assert.is(ending(peer.juliet).code, heard, said);
    assert.match(heard === "alert-received" ? ending(peer.juliet).message : ending(peer.juliet).cause?.toString() ?? "", `"${said}"`);
    // Its data arrived well, and nothing more is said to whoever has left.
    assert.equal(peer.heard.map(({ type }) => type), ["result"]);
  }
});

test("… and where the bind is due, without an alarm but for what it says itself", () => {
  for (const [said, heard] of MEANINGS) {
    const peer = new BarePeer({}, undefined, undefined, never, buildOffer({ bind: true }));
    assert.is(peer.juliet.claims.length, 0);
    peer.write(bye(said).toString());
    assert.is(ending(peer.juliet).code, heard, said);
  }
});

test("what comes behind it finds no tunnel, close_notify and close too", () => {
  const peer = new BarePeer({}, undefined, undefined, never);
  peer.write(bye("not-trusted").toString());
  peer.heard.length = 0;
  peer.engine.close();
  peer.exchange();
  peer.request(xml("close", { xmlns: NS }));
  peer.exchange();
  assert.is(peer.heard.length, 2);
  for (const iq of peer.heard) assert.match(written(iq), "<item-not-found");
  assert.is(peer.juliet.closes.length, 1);
});

test("ends an open tunnel: an initiator is open before the responder has judged", () => {
  for (const said of ["not-trusted", "not-authorized", "downgraded", "not-confirmed"]) {
    const wire = pair({}, { trust: never }).open();
    assert.is(wire.romeo.tunnel.state, "open");
    wire.juliet.say(bye(said));
    wire.settle();
    assert.is(ending(wire.romeo).code, "alert-received");
    assert.match(ending(wire.romeo).message, `"${said}"`);
    assert.equal(wire.romeo.stanzas, []);
  }
});

test("proves nothing and prints nothing of the peer's choice", () => {
  for (const code of [undefined, "", "Trusted", "x".repeat(65), "a\nb", "__proto__", "constructor", "<a/>"]) {
    const peer = new BarePeer({}, undefined, undefined, never);
    peer.write(bye(code).toString());
    assert.is(ending(peer.juliet).code, "alert-received");
    if (code !== "constructor") assert.match(ending(peer.juliet).message, '"no reason"');
    assert.equal(peer.juliet.opened, []);
  }
});

test("is nothing that can be said outside: a condition in an answer ends a tunnel, and means nothing else", () => {
  const wire = pair({ trust: never }, { trust: never, hasExtensions: false }).open();
  const errors = "urn:ietf:params:xml:ns:xmpp-stanzas";
  wire.romeo.say(xml("nonce", { xmlns: NS_XTLS_EXT }));
  const { id } = wire.romeo.sent.at(-1)!;
  const payload = xml("error", { type: "cancel" }, xml("bad-request", { xmlns: errors }), xml("downgraded", { xmlns: `${NS}:errors` }));
  wire.romeo.receive({ type: "error", id, from: wire.juliet.address, to: wire.romeo.address, payload });
  assert.is(ending(wire.romeo).code, "malformed");
  assert.match(ending(wire.romeo).message, "bad-request (downgraded)");
  assert.match(written(wire.romeo.sent.at(-1)!), "<close");
});

test.run();
