/** What a stranger can make us do and keep before anybody knows who that is. */

import xml, { type Element } from "@xmpp/xml";

import { NS_C2CTLS, NS_XTLS } from "../../bindings/xtls/namespaces.ts";
import { buildOffer } from "../../bindings/xtls/offer.ts";
import { assert, suite } from "../suite.ts";
import { iq, JULIET, ROMEO, Stage } from "./stage.ts";

const test = suite("floods");

function started(offer: Element): string {
  const { juliet, log } = new Stage();
  juliet.deliver(iq("set", ROMEO, JULIET, "s1", xml("start", { xmlns: NS_XTLS }, offer)));
  return String(log[0] ?? "");
}

/** Unknown elements in each other. */
function nested(levels: number): Element {
  const offer = xml("offer", { xmlns: NS_C2CTLS });
  let innermost = offer;
  for (let level = 1; level < levels; level++) innermost = innermost.c("a") as Element;
  return offer;
}

test("an offer is no deeper and has no more in it than anybody needs", () => {
  const many = (count: number) => xml("offer", { xmlns: NS_C2CTLS }, ...Array.from({ length: count }, () => xml("a")));
  const long = (length: number) => xml("offer", { xmlns: NS_C2CTLS }, xml("a", {}, "x".repeat(length)));
  const named = (length: number) => xml("offer", { xmlns: NS_C2CTLS }, xml("a", { b: "x".repeat(length) }));
  for (const offer of [nested(8), many(200), long(16_000), named(16_000)]) assert.not.match(started(offer), "<bad-request");
  for (const offer of [nested(9), nested(30_000), many(256), many(60_000), long(20_000), named(20_000)]) assert.match(started(offer), "<bad-request");
});

test("the largest offer that has nothing but what is known is taken", () => {
  const [hex, methods] = ["0123456789", Array.from({ length: 16 }, (_, at) => `m${at}`.padEnd(64, "x"))];
  const keys = Array.from({ length: 32 }, () => hex.repeat(4));
  const fingerprints = Array.from({ length: 32 }, () => Array(32).fill("AB").join(":"));
  const tunnel = { sid: "x".repeat(64), window: 64, maxBytes: 184_320 };
  const flags = { srp: true, insecure: true, x509: true, openpgp: true, bind: true };
  assert.not.match(started(buildOffer({ keys, fingerprints, methods, tunnel, ...flags })), "<bad-request");
});

test("thousands of stanzas at once leave the loop to others: some are handed on in each of its turns", async () => {
  const stage = new Stage({}, {});
  await stage.romeo.knows(stage.juliet.identity);
  await stage.juliet.knows(stage.romeo.identity);
  assert.is(await stage.romeo.attempt(JULIET), undefined);
  const [tunnel] = stage.romeo.opened;
  const sent = Array.from({ length: 5000 }, () => tunnel?.send(xml("presence")));
  let [most, seen] = [0, 0];
  while (seen < sent.length) {
    await new Promise((resolve) => setImmediate(resolve));
    const received = new Set(stage.juliet.received).size;
    most = Math.max(most, received - seen);
    seen = received;
  }
  await Promise.all(sent);
  assert.ok(most <= 2 * 64, `${most} in one turn`);
});

test.run();
