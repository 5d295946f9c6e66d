/** What goes wrong in the application's code, or with its answers, is told and ends no process. */

import { EventEmitter } from "node:events";

import xml, { type Element } from "@xmpp/xml";

import type { XtlsError } from "../../bindings/errors.ts";
import { Reporter } from "../../bindings/xmpp/reporter.ts";
import { type Router, startRouter } from "../../scripts/servers/router.ts";
import { assert, suite } from "../suite.ts";
import { bodies, clearStage, message, pair, until } from "./stage.ts";

const NS = "urn:example:soliloquy";
const test = suite("xmpp: reports");
let router: Router;

test.before(async () => {
  router = await startRouter();
});
test.after.each(async () => {
  router.tamper(undefined);
  await clearStage();
});
test.after(() => router.stop());

/** What would have ended the process, and what was written to the console, while something was done. */
async function deaths(act: () => Promise<void> | void): Promise<{ deaths: unknown[]; warnings: unknown[][] }> {
  const [found, warnings]: [unknown[], unknown[][]] = [[], []];
  const { warn } = console;
  const note = (error: unknown) => found.push(error);
  process.on("uncaughtException", note);
  process.on("unhandledRejection", note);
  console.warn = (...words: unknown[]) => warnings.push(words);
  try {
    await act();
    await new Promise((resolve) => setTimeout(resolve, 20));
  } finally {
    process.off("uncaughtException", note);
    process.off("unhandledRejection", note);
    console.warn = warn;
  }
  return { deaths: found, warnings };
}

test("a peer that floods and acknowledges nothing ends no process that listens to no error", async () => {
  const { romeo, juliet, tunnel } = await pair(router, { juliet: { limits: { queue: 6000 } } });
  juliet.xmpp.iqCallee.get(NS, "query", () => xml("query", NS, "x".repeat(1000)));
  juliet.xmpp.removeAllListeners("error");
  const isAnswer = ({ attrs }: Element) => attrs.from === romeo.address && (attrs.type === "result" || attrs.type === "error");
  router.tamper((stanza) => (isAnswer(stanza) ? [] : [stanza]));
  const { deaths: found, warnings } = await deaths(async () => {
    const asked = Array.from({ length: 50 }, (_, at) => tunnel.send(xml("iq", { type: "get", id: `q${at}` }, xml("query", NS))));
    await Promise.all(asked);
  });
  assert.equal(found, []);
  assert.is(warnings.length, 1, "told once, however often it happened");
  assert.is((warnings[0]?.at(-1) as XtlsError).code, "limit-exceeded");
});

test("a listener that is an async function and rejects is told of, and the stanzas go on", async () => {
  const { juliet, tunnel, answering, heard } = await pair(router);
  const told: string[] = [];
  juliet.tunnels.on("error", (error) => told.push((error as Error).message));
  juliet.tunnels.on("stanza", async () => Promise.reject(new Error("of all tunnels")));
  answering.on("stanza", async () => {
    await Promise.resolve();
    throw new Error("of this one");
  });
  answering.on("close", async () => Promise.reject(new Error("of the end")));
  const { deaths: found } = await deaths(async () => {
    await tunnel.send(message("one"));
    await tunnel.send(message("two"));
    await tunnel.close();
    await until(() => told.length === 5);
  });
  assert.equal(found, []);
  assert.equal(bodies(heard), ["one", "two"]);
  assert.equal(told.sort(), ["of all tunnels", "of all tunnels", "of the end", "of this one", "of this one"]);
  assert.equal(juliet.errors, [], "told once: who listens to the plug-in's own event hears it there");
});

test("the plug-in's own event comes first, then the entity's, then the console, once", async () => {
  const order: string[] = [];
  const entity = new EventEmitter();
  let isHeard = true;
  const reporter = new Reporter(entity, (error) => isHeard && order.push(`own ${error}`) > 0);
  const { deaths: found, warnings } = await deaths(() => {
    reporter.tell("one");
    isHeard = false;
    reporter.tell("two");
    reporter.tell("three");
    entity.on("error", (error) => order.push(`entity ${error}`));
    reporter.tell("four");
    isHeard = true;
    reporter.tellAll("five");
  });
  assert.equal(order, ["own one", "entity four", "own five", "entity five"]);
  assert.equal(warnings.map((words) => words.at(-1)), ["two"]);
  assert.equal(found, []);
});

test("a listener for errors that throws itself comes to no harm and does none", async () => {
  const entity = new EventEmitter();
  entity.on("error", () => {
    throw new Error("again");
  });
  const reporter = new Reporter(entity, () => false);
  const { deaths: found, warnings } = await deaths(() => reporter.report("one"));
  assert.equal(found, []);
  assert.is((warnings[0]?.at(-1) as Error).message, "again");
});

test("an output that cannot be obeyed costs none of the others", async () => {
  const { juliet, tunnel, answering, heard } = await pair(router);
  const told: unknown[] = [];
  juliet.tunnels.on("error", (error) => told.push(error));
  const { receive } = answering;
  let isBroken = true;
  answering.receive = (stanza) => {
    if (!isBroken) return receive.call(answering, stanza);
    isBroken = false;
    throw new RangeError("Maximum call stack size exceeded");
  };
  await Promise.all(["one", "two", "three"].map((line) => tunnel.send(message(line))));
  assert.equal(bodies(heard), ["two", "three"]);
  assert.match(String(told[0]), "RangeError");
  await tunnel.close();
});

test.run();
