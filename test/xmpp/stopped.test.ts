/** A process that is stopped, or busy, for longer than it would wait: its tunnels live on, and what came meanwhile is read. */

import { type ChildProcess, fork } from "node:child_process";

import { type Router, startRouter } from "../../scripts/servers/router.ts";
import { assert, suite } from "../suite.ts";
import type { Order, Report } from "./stopped-child.ts";
import { bodies, clearStage, enter, once, until } from "./stage.ts";

const test = suite("xmpp: stopped");
/** Milliseconds, of the child: long enough for a slow machine to answer in; what holds the child up lasts twice as long. */
const DATA_TIMEOUT = 1500;
const trust = { judge: () => ({ trusted: true, state: "verified" }) as const };
let router: Router;
let child: ChildProcess;
const reports: Report[] = [];
const heard: (string | null)[] = [];

/** One child for the file, with a tunnel to Juliet: what is tested is that it stays open. */
test.before(async () => {
  router = await startRouter();
  const juliet = await enter(router, "juliet", { trust });
  juliet.tunnels.on("tunnel", (tunnel) => tunnel.on("stanza", (stanza) => heard.push(...bodies([stanza]))));
  child = fork(new URL("stopped-child.ts", import.meta.url), { execArgv: ["--import", "tsx"] });
  child.on("message", (report: Report) => reports.push(report));
  const { username, password } = await router.register("romeo");
  tell({ kind: "open", service: router.service, domain: router.domain, username, password, peer: juliet.address, dataTimeout: DATA_TIMEOUT });
  await until(() => reports.length > 0);
  assert.equal(reports.splice(0), [{ kind: "open" }]);
});
test.after.each(() => {
  router.tamper(undefined);
  reports.length = heard.length = 0;
});
test.after(async () => {
  child.kill("SIGKILL");
  await clearStage();
  await router.stop();
});

const tell = (order: Order) => void child.send(order);
const delivered = { kind: "delivered" };
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

test("a process that is busy for longer than its wait finds the answer in its socket", async () => {
  tell({ kind: "send", body: "one", blockFor: 2 * DATA_TIMEOUT });
  await until(() => reports.length > 0);
  assert.equal([reports, heard], [[delivered], ["one"]]);
});

test("a process that is stopped for longer than its wait goes on where it was", async () => {
  const stopped = once<void>((done) => {
    const ignore = router.watch(({ attrs: { from, type } }) => {
      if (!from.endsWith("/stopped") || type !== "set") return;
      ignore();
      child.kill("SIGSTOP");
      done();
    });
  });
  // It is at work when it is stopped, and looks at its timers before its sockets when it goes on.
  tell({ kind: "send", body: "one", blockFor: DATA_TIMEOUT });
  await stopped;
  await pause(2 * DATA_TIMEOUT);
  assert.equal([reports, heard], [[], ["one"]]);
  child.kill("SIGCONT");
  await until(() => reports.length > 0);
  tell({ kind: "send", body: "two" });
  await until(() => reports.length > 1);
  assert.equal([reports, heard], [[delivered, delivered], ["one", "two"]]);
});

test("a peer that is silent while we listen is late all the same", async () => {
  router.tamper(() => []);
  tell({ kind: "send", body: "one", blockFor: 2 * DATA_TIMEOUT });
  await until(() => reports.length > 1);
  assert.equal(reports, [{ kind: "closed", code: "timeout" }, { kind: "lost", code: "undelivered" }]);
});

test.run();
