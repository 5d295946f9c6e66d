/** What a stranger can make us do and keep before anybody knows who that is. */

import xml, { type Element } from "@xmpp/xml";
import fc from "fast-check";

import { encodeBase64 } from "../../bindings/xtls/base64.ts";
import { NS_C2CTLS, NS_XTLS, NS_XTLS_EXT } from "../../bindings/xtls/namespaces.ts";
import { buildOffer } from "../../bindings/xtls/offer.ts";
import { assert, suite } from "../suite.ts";
import { calm, core, iq, JULIET, ROMEO, Stage } from "./stage.ts";

const test = suite("floods");

function started(offer: Element): string {
  const { juliet, log } = new Stage();
  juliet.deliver(iq("set", ROMEO, JULIET, "s1", xml("start", { xmlns: NS_XTLS }, offer)));
  juliet.session.disconnect();
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

test("a friend comes in, and we come out, while strangers of hundreds of sites start and say nothing", async () => {
  const stage = new Stage();
  await stage.romeo.knows(stage.juliet.identity);
  await stage.juliet.knows(stage.romeo.identity);
  await calm();
  let count = 0;
  const flood = (times: number) => {
    for (let time = 0; time < times; time++)
      stage.juliet.deliver(iq("set", `mallory@evil${++count}.lit/cave`, JULIET, `m${count}`, xml("start", { xmlns: NS_XTLS })));
  };
  flood(700);
  await calm();
  stage.server = (stanza) => {
    if (/evil/.test(stanza.attrs.to as string)) return;
    flood(40);
    stage.pass(stanza);
  };
  assert.is(await stage.romeo.attempt(JULIET), undefined, "she knows his key");
  await stage.romeo.session.close();
  await calm();
  assert.is(await stage.juliet.attempt(ROMEO), undefined, "she opens it herself");
  assert.ok(count > 1000);
  for (const { session } of [stage.romeo, stage.juliet]) session.disconnect();
});

test("whatever a stranger sends, Juliet answers each IQ once, and sends few of her own", async () => {
  const hello = () => {
    const engine = core.engine({ role: "initiator", identity: core.createIdentity({ jid: "mallory@evil.lit" }) });
    return encodeBase64(engine.drain());
  };
  const data = (text: string) => () => xml("data", { xmlns: NS_XTLS }, text);
  const offer = (...children: Element[]) => xml("offer", { xmlns: NS_C2CTLS }, ...children);
  const narrow = () => xml("tunnel", { xmlns: NS_XTLS_EXT, sid: "s", window: "64", "max-bytes": "1024" });
  const flight = hello();
  const payloads: readonly (() => Element)[] = [
    ...Array.from({ length: 4 }, () => () => xml("start", { xmlns: NS_XTLS })),
    ...Array.from({ length: 4 }, () => () => xml("start", { xmlns: NS_XTLS }, offer(narrow()))),
    () => xml("start", { xmlns: NS_XTLS }, offer(), offer()),
    () => xml("start", { xmlns: NS_XTLS }, offer(xml("method", { xmlns: NS_XTLS_EXT, name: "sas" }))),
    ...Array.from({ length: 8 }, () => data(flight)),
    data(flight.slice(0, 40)),
    data("FQMDAAICKA=="),
    data("AAAA"),
    data("!"),
    data(""),
    () => xml("data", { xmlns: NS_XTLS }, xml("a")),
    () => xml("close", { xmlns: NS_XTLS }),
    () => xml("begin", { xmlns: NS_XTLS }),
    () => xml("proceed", { xmlns: NS_XTLS }),
  ];
  let alerts = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.nat(payloads.length - 1), fc.nat(1)), { minLength: 10, maxLength: 40 }), async (acts) => {
      const { juliet, log } = new Stage();
      for (const [at, [which, who]] of acts.entries()) {
        juliet.deliver(iq("set", `mallory@evil.lit/${who}`, JULIET, `m${at}`, (payloads[which] as () => Element)()));
        await new Promise((resolve) => setImmediate(resolve));
      }
      juliet.session.disconnect();
      const answers = log.filter(({ attrs: { type } }) => type !== "set").length;
      alerts += log.filter((stanza) => stanza.getChild("data", NS_XTLS)).length;
      assert.ok(answers <= acts.length, `${answers} answers to ${acts.length}`);
      assert.ok(log.length <= 3 * acts.length, `${log.length} IQs for ${acts.length}`);
    }),
    { numRuns: 60 },
  );
  assert.ok(alerts > 30, `${alerts}: some came as far as TLS`);
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
  for (const { session } of [stage.romeo, stage.juliet]) session.disconnect();
});

test.run();
