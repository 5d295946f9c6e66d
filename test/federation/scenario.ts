/**
 * One scenario for every pair of servers: Romeo's is montague.example, Juliet's capulet.example, and what
 * goes wrong between two servers goes wrong here.
 */

import xml, { type Element } from "@xmpp/xml";

import { type XtlsError } from "../../bindings/errors.ts";
import { type Tunnel, xtls } from "../../bindings/xmpp/index.ts";
import { connectComponent, streamManaged } from "../../scripts/servers/connect.ts";
import { FederatedServers } from "../../scripts/servers/federation.ts";
import type { ServerName } from "../../scripts/servers/server.ts";
import { assert, suite } from "../suite.ts";
import { type Actor, type ActorOptions, bodies, clearStage, enter, everybodyKnown, identityOf, leave, message, once, rejection } from "../xmpp/stage.ts";

const NS = "urn:example:soliloquy";
/** Milliseconds one way: less than anybody waits, more than a turn of any loop. */
const DELAY = 30;

interface Pair {
  readonly romeo: Actor;
  readonly juliet: Actor;
  readonly tunnel: Tunnel;
  readonly answering: Tunnel;
  readonly heard: Element[];
}

export function federation(names: readonly [ServerName, ServerName], { encrypted }: { encrypted: boolean }): void {
  const test = suite(`federation: ${names.join(" and ")}, ${encrypted ? "STARTTLS" : "dialback alone"}`);
  let servers: FederatedServers;

  test.before(async () => {
    servers = await FederatedServers.start(names, { encrypted });
  });
  test.after.each(async () => {
    for (const { link } of servers.members) Object.assign(link, { state: "up", delay: 0 });
    await clearStage();
  });
  test.after(() => servers.stop());

  const enterBoth = async (options: ActorOptions = {}): Promise<[Actor, Actor]> => [
    await enter(servers.montague.server, "romeo", options),
    await enter(servers.capulet.server, "juliet", options),
  ];
  const pair = async (options: ActorOptions = {}): Promise<Pair> => {
    const [romeo, juliet] = await enterBoth(options);
    const incoming = once<Tunnel>((done) => juliet.tunnels.on("tunnel", done));
    const tunnel = await romeo.tunnels.open(juliet.address);
    const answering = await incoming;
    const heard: Element[] = [];
    answering.on("stanza", (stanza) => heard.push(stanza));
    return { romeo, juliet, tunnel, answering, heard };
  };

  test("carries the whole protocol from one domain to the other", async () => {
    const { juliet, tunnel, answering, heard } = await pair();
    juliet.xmpp.iqCallee.get(NS, "query", () => xml("query", NS, "it is the east"));
    await tunnel.send(message("I take thee at thy word"));
    await tunnel.send(xml("presence", {}, xml("show", {}, "chat")));
    const answer = await tunnel.request(xml("iq", { type: "get" }, xml("query", NS)));
    assert.is(answer.getChildText("query", NS), "it is the east");
    assert.equal(heard.map(({ name }) => name), ["message", "presence", "iq"]);
    assert.is(answering.security?.trust, "verified");
    const reason = reasonOf(answering);
    await tunnel.close();
    assert.is(await reason, undefined);
  });

  for (const [window, chunk] of [[1, 4096], [8, 65_536]] as const) {
    test(`brings bulk intact and in order: window ${window}, chunks of ${chunk}`, async () => {
      const { tunnel, heard } = await pair({ limits: { window, chunk, queue: 4_194_304 } });
      const lines = Array.from({ length: 100 }, (_, at) => `${at} ${"x".repeat(2000)}`);
      await Promise.all(lines.map((line) => tunnel.send(message(line))));
      assert.equal(bodies(heard), lines);
    });
  }

  test("opens one tunnel when both start at once", async () => {
    for (const { link } of servers.members) link.delay = DELAY;
    const [romeo, juliet] = await enterBoth();
    const opened = await Promise.allSettled([romeo.tunnels.open(juliet.address), juliet.tunnels.open(romeo.address)]);
    assert.equal(opened.map(({ status }) => status), ["fulfilled", "fulfilled"]);
    const [his, hers] = opened.map((outcome) => (outcome as PromiseFulfilledResult<Tunnel>).value);
    const heard = once<Element>((done) => hers!.on("stanza", done));
    await his!.send(message("both at once"));
    assert.is((await heard).getChildText("body"), "both at once");
  });

  test("carries it to and from a component of the other domain", async () => {
    const jid = `laurence@chorus.${servers.montague.server.domain}`;
    const xmpp = await connectComponent(servers.montague.server);
    const tunnels = xtls({ xmpp, identity: await identityOf(jid), trust: everybodyKnown, address: `${jid}/cell` });
    const juliet = await enter(servers.capulet.server, "juliet");
    const incoming = once<Tunnel>((done) => tunnels.on("tunnel", done));
    const hers = await juliet.tunnels.open(`${jid}/cell`);
    const his = await incoming;
    const heard = [once<Element>((done) => hers.on("stanza", done)), once<Element>((done) => his.on("stanza", done))];
    await Promise.all([hers.send(message("what shall I do")), his.send(message("go with me"))]);
    assert.equal(bodies(await Promise.all(heard)), ["go with me", "what shall I do"]);
    await hers.close();
    await leave(xmpp as never);
  });

  test("a link that breaks in bulk loses no stanza that was acknowledged, and the next tunnel opens", async () => {
    const { romeo, juliet, tunnel, answering, heard } = await pair({ limits: { window: 8, dataTimeout: 2000 } });
    const ended = Promise.all([reasonOf(tunnel), reasonOf(answering)]);
    const lines = Array.from({ length: 200 }, (_, at) => `${at} ${"x".repeat(1000)}`);
    const sent = lines.map((line) => tunnel.send(message(line)));
    const outcomes = Promise.allSettled(sent);
    await sent[20];
    for (const { link } of servers.members) link.cut();
    const acknowledged = (await outcomes).map(({ status }) => status === "fulfilled");
    // The servers may have brought it all, once they had made new connections.
    const isWhole = acknowledged.every(Boolean);
    if (!isWhole) await ended;
    const delivered = acknowledged.filter(Boolean).length;
    assert.ok(delivered >= 20 && acknowledged.slice(0, delivered).every(Boolean), "a prefix was acknowledged");
    assert.ok(heard.length >= delivered);
    assert.equal(bodies(heard), lines.slice(0, heard.length));
    const again = isWhole ? tunnel : await opens(romeo, juliet);
    await again.send(message("as if nothing had happened"));
  });

  test("a link that swallows everything ends the tunnel at both ends, in time", async () => {
    const { tunnel, answering } = await pair({ limits: { dataTimeout: 300 } });
    for (const { link } of servers.members) link.state = "swallowing";
    const ended = Promise.all([tunnel, answering].map(reasonOf));
    const lost = await Promise.all([tunnel, answering].map((end) => rejection(end.send(message("are you there?")))));
    assert.equal(lost.map(({ code }) => code), ["undelivered", "undelivered"]);
    assert.equal((await ended).map((reason) => reason?.code), ["timeout", "timeout"]);
    for (const { link } of servers.members) link.cut();
  });

  test("a proceed that is lost between the servers costs the handshake's time and no tunnel", async () => {
    const { link } = servers.montague;
    let starts = 0;
    const accept = (): boolean => {
      if (++starts > 1) return true;
      link.state = "swallowing";
      // What was swallowed is gone; the next stanza goes over a new connection.
      setTimeout(() => Object.assign(link, { state: "up" }).cut(), 500);
      return true;
    };
    const romeo = await enter(servers.montague.server, "romeo");
    const juliet = await enter(servers.capulet.server, "juliet", { accept, limits: { handshakeTimeout: 1500 } });
    const tunnel = await romeo.tunnels.open(juliet.address);
    await tunnel.send(message("at last"));
    assert.is(starts, 2);
  });

  test("a domain that does not exist is told at once from a resource that went offline", async () => {
    const romeo = await enter(servers.montague.server, "romeo");
    const error = (await rejection(romeo.tunnels.open("nobody@nowhere.example/x"))) as XtlsError;
    assert.is(error.code, "server-unreachable");
    assert.match(error.message, /remote-server-(not-found|timeout)/);
  });

  test("a server that cannot be reached is named, and one that comes back is found", async () => {
    const [romeo, juliet] = await enterBoth({ limits: { startTimeout: 2000 } });
    for (const { link } of servers.members) {
      link.state = "refusing";
      link.cut();
    }
    const refused = [await rejection(romeo.tunnels.open(juliet.address))];
    // The first may be lost without notice, in the connection that has just broken.
    if (refused[0]?.code === "timeout") refused.push(await rejection(romeo.tunnels.open(juliet.address)));
    assert.is(refused.at(-1)?.code, "server-unreachable");
    for (const { link } of servers.members) link.state = "up";
    await (await opens(romeo, juliet)).close();
  });

  test("a server that is killed in a tunnel ends it at both ends, and restarted carries the next", async () => {
    const { romeo, juliet, tunnel, answering } = await pair({ limits: { dataTimeout: 2000 } });
    const [his, hers] = [reasonOf(tunnel), reasonOf(answering)];
    const back = backOnline(juliet);
    await servers.capulet.server.kill();
    assert.is((await rejection(tunnel.send(message("are you there?")))).code, "undelivered");
    assert.ok((await his) !== undefined, "his end says why");
    await servers.capulet.server.restart();
    await back;
    // While her stream is broken no time passes for her; a server that was killed resumes none.
    assert.is((await hers)?.code, "stream-lost");
    const again = await opens(romeo, juliet);
    await again.send(message("as if nothing had happened"));
  });

  test.run();
}

/** Servers that have lost each other need a moment to try again. */
async function opens(romeo: Actor, juliet: Actor): Promise<Tunnel> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    try {
      return await romeo.tunnels.open(juliet.address);
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

function reasonOf(tunnel: Tunnel): Promise<XtlsError | undefined> {
  return once((done) => tunnel.on("close", done));
}

/** Resolves when somebody who lost the server has found it again. */
function backOnline({ xmpp }: Actor): Promise<unknown> {
  xmpp.reconnect.delay = 50;
  xmpp.on("error", () => xmpp.reconnect.scheduleReconnect());
  return once((done) => xmpp.once("online", done)).then(() => streamManaged(xmpp));
}
