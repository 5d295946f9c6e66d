/**
 * One scenario for every real server: the whole protocol, and what happens when something dies.
 */

import { createHash, randomBytes } from "node:crypto";

import xml, { type Element } from "@xmpp/xml";

import { type XtlsError } from "../../bindings/errors.ts";
import { type Tunnel, xtls } from "../../bindings/xmpp/index.ts";
import { connectComponent, streamManaged } from "../../scripts/servers/connect.ts";
import type { Server, ServerName } from "../../scripts/servers/server.ts";
import { startServer } from "../../scripts/servers/start.ts";
import { assert, suite } from "../suite.ts";
import { withStrangeOffers } from "../xtls/strange-offer.ts";
import {
  type Actor,
  bodies,
  clearStage,
  enter,
  everybodyKnown,
  identityOf,
  leave,
  message,
  once,
  pair,
  rejection,
} from "../xmpp/stage.ts";

const NS = "urn:example:soliloquy";
/** Short enough for a test, long enough for a slow machine. */
const SHORTLY = 50;

export function scenario(name: ServerName, transports: readonly ("tcp" | "websocket")[]): void {
  const test = suite(`servers: ${name}`);
  let server: Server;

  test.before(async () => {
    server = await startServer(name);
  });
  test.after.each(() => clearStage());
  test.after(() => server.stop());

  for (const transport of transports) {
    test(`carries the whole protocol over ${transport}`, async () => {
      const { juliet, tunnel, answering, heard } = await pair(server, { romeo: { transport }, juliet: { transport } });
      juliet.xmpp.iqCallee.get(NS, "query", () => xml("query", NS, "it is the east"));
      await tunnel.send(message("I take thee at thy word"));
      await tunnel.send(xml("presence", {}, xml("show", {}, "chat")));
      const answer = await tunnel.request(xml("iq", { type: "get" }, xml("query", NS)));
      assert.is(answer.getChildText("query", NS), "it is the east");
      assert.equal(
        heard.map(({ name }) => name),
        ["message", "presence", "iq"],
      );
      assert.is(answering.security?.trust, "verified");
      const reason = once((done) => answering.on("close", done));
      await tunnel.close();
      assert.is(await reason, undefined);
    });
  }

  for (const transport of transports) {
    test(`changes nothing in an offer that its canonical form does not bear, over ${transport}`, async () => {
      // Prosody chooses other prefixes; both write the white space of a reference as it is.
      await withStrangeOffers(!(name === "ejabberd" && transport === "websocket"), async () => {
        const { romeo, juliet, tunnel, answering } = await pair(server, { romeo: { transport }, juliet: { transport } });
        assert.ok(tunnel.security?.isBound && answering.security?.isBound);
        assert.equal([...romeo.errors, ...juliet.errors], []);
        await tunnel.close();
      });
    });
  }

  test("carries it to and from a component", async () => {
    const jid = "laurence@chorus.verona.example";
    const xmpp = await connectComponent(server);
    const tunnels = xtls({ xmpp, identity: await identityOf(jid), trust: everybodyKnown, address: `${jid}/cell` });
    xmpp.iqCallee.get(NS, "query", () => xml("query", NS, "come from that nest of death"));
    const juliet = await enter(server, "juliet");
    const hers = await juliet.tunnels.open(`${jid}/cell`);
    const answer = await hers.request(xml("iq", { type: "get" }, xml("query", NS)));
    assert.is(answer.getChildText("query", NS), "come from that nest of death");
    await hers.close();
    const incoming = once<Tunnel>((done) => juliet.tunnels.on("tunnel", done));
    const his = await tunnels.open(juliet.address);
    const heard = once<Element>((done) => void incoming.then((tunnel) => tunnel.on("stanza", done)));
    await his.send(message("go with me"));
    assert.equal(bodies([await heard]), ["go with me"]);
    await leave(xmpp as never);
  });

  // xmpp.js takes these for names that must be escaped (XEP-0106), and believes to be somebody else.
  for (const [initiator, responder] of [
    ["ro\\meo", "jul\\20iet"],
    ["d\\27artagnan\\", "o\\5cdonnell\\x"],
  ] as const) {
    test(`knows its own address with backslashes: ${initiator} opens a tunnel with ${responder}`, async () => {
      const [his, hers] = [`bal\\cony \\20"a"`, `'or\\5cchard' & \u2665`];
      const romeo = await enter(server, initiator, { isEarly: true, resource: his });
      const juliet = await enter(server, responder, { isEarly: true, resource: hers });
      assert.is(romeo.address, `${initiator}@${server.domain}/${his}`);
      const incoming = once<Tunnel>((done) => juliet.tunnels.on("tunnel", done));
      const tunnel = await romeo.tunnels.open(juliet.address);
      const answering = await incoming;
      assert.equal([tunnel.local, answering.peer], [romeo.address, romeo.address]);
      assert.ok(tunnel.security?.isBound && answering.security?.isBound);
      await tunnel.send(message("what's in a name?"));
      await tunnel.close();
      assert.equal([...romeo.errors, ...juliet.errors], []);
    });
  }

  test("finds out who supports it", async () => {
    const [romeo, juliet] = [await enter(server, "romeo"), await enter(server, "juliet")];
    assert.ok(await romeo.tunnels.supports(juliet.address));
    assert.not(await romeo.tunnels.supports(`paris@${server.domain}/tomb`));
  });

  for (const window of [1, 16]) {
    test(`brings 1 MiB of stanzas intact and in order, window ${window}`, async () => {
      const { tunnel, heard } = await pair(server, { romeo: { limits: { window, queue: 4_194_304 } } });
      const file = randomBytes(1_048_576);
      const pieces = Array.from({ length: 256 }, (_, at) => file.subarray(at * 4096, (at + 1) * 4096));
      await Promise.all(pieces.map((piece) => tunnel.send(message(piece.toString("base64")))));
      const arrived = Buffer.concat(bodies(heard).map((body) => Buffer.from(body!, "base64")));
      assert.is(digest(arrived), digest(file));
    });
  }

  test("keeps its tunnels when a stream breaks and is resumed", async () => {
    const { romeo, juliet, tunnel, answering, heard } = await pair(server, { romeo: { limits: { window: 64 } } });
    const back: Element[] = [];
    tunnel.on("stanza", (stanza) => back.push(stanza));
    // xmpp.js counts the first not at all and would count the second twice: the server must not notice.
    await romeo.xmpp.iqCaller.request(xml("iq", { type: "get", to: server.domain }, xml("ping", "urn:xmpp:ping")));
    await answering.send(message("counted once"));
    const resumed = breakStream(romeo);
    const lines = Array.from({ length: 20 }, (_, at) => `line ${at}`);
    const early = lines.slice(0, 10).map((line) => tunnel.send(message(line)));
    // There is a socket again, but nobody has logged in yet.
    await once((done) => romeo.xmpp.once("open", done));
    const late = lines.slice(10).map((line) => tunnel.send(message(line)));
    const returned = answering.send(message("meanwhile"));
    await resumed;
    await Promise.all([...early, ...late, returned]);
    assert.equal(bodies(heard), lines);
    assert.equal(bodies(back), ["counted once", "meanwhile"]);
    assert.is(tunnel.state, "open");
    assert.equal(juliet.errors, []);
  });

  test("ends tunnels when the peer is gone for good", async () => {
    const { juliet, tunnel } = await pair(server);
    const reason = once<XtlsError | undefined>((done) => tunnel.on("close", done));
    await leave(juliet.xmpp);
    assert.is((await rejection(tunnel.send(message("are you there?")))).code, "undelivered");
    assert.is((await reason)?.code, "peer-unavailable");
  });

  test("tells an open tunnel's peer, who is no contact, when we go offline, unless we are invisible or it is not wanted", async () => {
    for (const [options, isTold] of [[{ isEarly: true }, true], [{ isEarly: true, directedPresence: false }, false], [{ isEarly: false }, false]] as const) {
      const { romeo, juliet, tunnel } = await pair(server, { juliet: options });
      const reason = once<XtlsError | undefined>((done) => tunnel.on("close", done));
      await leave(juliet.xmpp);
      if (isTold) assert.is((await reason)?.code, "peer-unavailable");
      await romeo.xmpp.iqCaller.request(xml("iq", { type: "get", to: server.domain }, xml("ping", "urn:xmpp:ping")));
      assert.is(tunnel.state, isTold ? "closed" : "open", JSON.stringify(options));
      await clearStage();
    }
  });

  test("ends tunnels when the peer is killed and the server still waits for it", async () => {
    const { juliet, tunnel } = await pair(server, { romeo: { limits: { dataTimeout: 300 } } });
    const reason = once<XtlsError | undefined>((done) => tunnel.on("close", done));
    juliet.xmpp.reconnect.stop();
    cut(juliet);
    assert.is((await rejection(tunnel.send(message("are you there?")))).code, "undelivered");
    assert.is((await reason)?.code, "timeout");
  });

  test("loses the stream, not the process, over a stanza too big for the server", async () => {
    const { romeo, juliet, tunnel } = await pair(server, {
      // Without offers, which nobody can make so large.
      romeo: { limits: { chunk: 300_000 }, hasExtensions: false },
      juliet: { limits: { maxBytes: 300_000 } },
    });
    romeo.xmpp.reconnect.delay = SHORTLY;
    const reason = once<XtlsError | undefined>((done) => tunnel.on("close", done));
    const online = once((done) => romeo.xmpp.once("online", done));
    const lost = await rejection(tunnel.send(message("O".repeat(250_000))));
    assert.is(lost.code, "undelivered");
    assert.is((await reason)?.code, "stream-lost");
    await online;
    await juliet.tunnels.close();
    assert.ok(romeo.errors.some((error) => /policy-violation/.test(String(error))));
  });

  test("survives a server that is killed in the middle of a handshake", async () => {
    const juliet = await enter(server, "juliet");
    const romeo = await enter(server, "romeo", {
      trust: {
        judge: async (claim) => {
          await server.kill();
          return everybodyKnown.judge(claim);
        },
      },
    });
    const refused = once<XtlsError>((done) => juliet.tunnels.on("refused", (_, error) => done(error)));
    // She may have judged him by then, and opened the tunnel at her end.
    const incoming = once<Tunnel>((done) => juliet.tunnels.on("tunnel", done)).then(reasonOf);
    const hers = Promise.race([refused, incoming]);
    const outcome = romeo.tunnels.open(juliet.address).then(reasonOf, (error: XtlsError) => error);
    const back = Promise.all([romeo, juliet].map(backOnline));
    await once((done) => romeo.xmpp.once("disconnect", done));
    await server.restart();
    assert.is((await outcome)?.code, "stream-lost");
    assert.is((await hers)?.code, "stream-lost");
    await back;
  });

  test("survives a server that is killed in the middle of a stanza", async () => {
    const { romeo, juliet, tunnel, answering, heard } = await pair(server);
    const reasons = Promise.all([reasonOf(tunnel), reasonOf(answering)]);
    const back = Promise.all([romeo, juliet].map(backOnline));
    const lines = Array.from({ length: 40 }, (_, at) => `${at} ${"x".repeat(20_000)}`);
    const sent = lines.map((line) => tunnel.send(message(line)));
    const outcomes = Promise.allSettled(sent);
    await sent[1];
    await server.kill();
    await server.restart();
    const delivered = (await outcomes).filter(({ status }) => status === "fulfilled").length;
    assert.ok(delivered >= 2 && delivered < lines.length);
    assert.ok(heard.length >= delivered);
    assert.equal(bodies(heard), lines.slice(0, heard.length));
    assert.equal(
      (await reasons).map((reason) => reason?.code),
      ["stream-lost", "stream-lost"],
    );
    await back;
    const again = await romeo.tunnels.open(juliet.address);
    await again.send(message("as if nothing had happened"));
  });

  test.run();
}

function reasonOf(tunnel: Tunnel): Promise<XtlsError | undefined> {
  return once((done) => tunnel.on("close", done));
}

/** Cuts the connection as a lost network would. */
function cut({ xmpp }: Actor): void {
  (xmpp.socket as unknown as { destroy(): void }).destroy();
}

/** Resolves when the broken stream has been resumed. */
function breakStream(actor: Actor): Promise<void> {
  actor.xmpp.reconnect.delay = SHORTLY;
  const { streamManagement } = actor.xmpp as unknown as {
    streamManagement: { once(event: string, listener: () => void): void };
  };
  const resumed = once<void>((done) => streamManagement.once("resumed", () => done()));
  cut(actor);
  return resumed;
}

/** Resolves when somebody who lost the server has found it again. */
function backOnline({ xmpp }: Actor): Promise<unknown> {
  xmpp.reconnect.delay = SHORTLY;
  // xmpp.js tries once; the next try is ours.
  xmpp.on("error", () => xmpp.reconnect.scheduleReconnect());
  return once((done) => xmpp.once("online", done)).then(() => streamManaged(xmpp));
}

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
