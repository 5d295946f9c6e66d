/** What an application hands over wrongly it is told of by name, and at once. */

import { EventEmitter } from "node:events";

import { client } from "@xmpp/client";
import { component } from "@xmpp/component";
import jid from "@xmpp/jid";
import xml from "@xmpp/xml";

import { XtlsError } from "../../bindings/errors.ts";
import { type Entity, xtls, type Xtls, type XtlsOptions } from "../../bindings/xmpp/index.ts";
import { type Router, startRouter } from "../../scripts/servers/router.ts";
import { assert, suite } from "../suite.ts";
import { clearStage, enter, everybodyKnown, identityOf, leave, message, pair, rejection } from "./stage.ts";

const test = suite("xmpp: arguments");
const identity = await identityOf("romeo@verona.example");
const other = await identityOf("juliet@verona.example");
let router: Router;

test.before(async () => {
  router = await startRouter();
});
test.after.each(() => clearStage());
test.after(() => router.stop());

const romeo = () => client({ service: "xmpp://127.0.0.1:1", domain: "verona.example", username: "romeo", password: "" }) as unknown as Entity;
const chorus = () => component({ service: "xmpp://127.0.0.1:1", domain: "chorus.verona.example", password: "" }) as unknown as Entity;

/** The error that a call throws. */
function thrown(call: () => unknown): XtlsError {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof XtlsError, `${error}`);
    return error;
  }
  throw new Error("it threw nothing");
}

/** What is said of options with these changes. */
function complaint(changes: Record<string, unknown>): XtlsError {
  return thrown(() => xtls({ xmpp: romeo(), identity, trust: everybodyKnown, ...changes } as XtlsOptions));
}

test("options that are missing or of the wrong kind are named at once", () => {
  for (const nothing of [undefined, null, 5, "xmpp"]) {
    assert.is(thrown(() => xtls(nothing as unknown as XtlsOptions)).code, "invalid-argument");
    for (const name of ["xmpp", "identity", "trust"]) {
      const error = complaint({ [name]: nothing });
      assert.is(error.code, "invalid-argument");
      assert.match(error.message, new RegExp(`^${name} is`), error.message);
    }
  }
  const wrong: readonly (readonly [string, unknown])[] = [
    ["xmpp", new EventEmitter()],
    ["trust", () => true],
    ["methods", "srp"],
    ["methods", ["srp"]],
    ["methods", [{ name: "x" }]],
    ["accept", true],
    ["hasExtensions", "no"],
    ["directedPresence", "no"],
    ["engine", 5],
  ];
  for (const [name, value] of wrong) assert.match(complaint({ [name]: value }).message, name, String(value));
  for (const policy of ["Required", "", 5, null]) assert.match(complaint({ policy }).message, "A policy is one of");
  for (const address of [5, "romeo@verona.example/x"]) assert.match(complaint({ address }).message, "address is for components");
  for (const address of ["chorus.verona.example", "a@b@c/d"])
    assert.is(thrown(() => xtls({ xmpp: chorus(), identity, trust: everybodyKnown, address })).code, "invalid-jid", address);
});

test("limits and engine options that cannot be kept are refused before there is a stream", () => {
  for (const limits of [{ window: 0 }, { window: -1 }, { window: 1.5 }, { windows: 1 }, { window: "8" }, { queue: 1e12 }, null, 5]) {
    const error = complaint({ limits });
    assert.is(error.code, "invalid-argument", JSON.stringify(limits));
  }
  for (const engine of [{ tickets: {} }, { session: new Uint8Array(3) }, { ciphersuites: ["TLS_NULL"] }, { groups: ["x"] }, { alpn: [""] }, { limit: 0 }]) assert.is(complaint({ engine }).code, "invalid-argument", JSON.stringify(engine));
});

test("an end may have tickets: it responds as well as it initiates", async () => {
  const tickets = identity.core.tickets();
  const tunnels = xtls({ xmpp: romeo(), identity, trust: everybodyKnown, engine: { tickets } });
  await tunnels.close();
  tickets[Symbol.dispose]();
});

test("an identity that names another account is refused, and so is one that was disposed of", async () => {
  const error = complaint({ identity: other });
  assert.is(error.code, "invalid-argument");
  assert.match(error.message, /juliet@verona\.example.*romeo@verona\.example/);
  assert.is(thrown(() => xtls({ xmpp: chorus(), identity, trust: everybodyKnown, address: "john@chorus.verona.example/road" })).code, "invalid-argument");
  const gone = identity.core.createIdentity({ jid: "romeo@verona.example" });
  gone[Symbol.dispose]();
  assert.is(complaint({ identity: gone }).code, "disposed");
});

test("an identity that turns out to name another account than the server's ends the stream, and start rejects with the reason", async () => {
  const { username, password } = await router.register("romeo");
  const xmpp = client({ service: router.service, domain: router.domain, resource: "x", credentials: (authenticate) => authenticate({ username, password }, "PLAIN", xml("user-agent")) });
  const tunnels = xtls({ xmpp, identity: other, trust: everybodyKnown });
  const error = await rejection(xmpp.start());
  assert.is(error.code, "invalid-argument");
  assert.match(error.message, /juliet@verona\.example.*romeo@verona\.example/);
  assert.is((await rejection(tunnels.open("juliet@verona.example/x"))).code, "invalid-state");
  await leave(xmpp);
});

test("one entity has one plug-in for each address, until that is closed", async () => {
  const options = { xmpp: romeo(), identity, trust: everybodyKnown };
  const tunnels = xtls(options);
  assert.is(thrown(() => xtls(options)).code, "invalid-state");
  await tunnels.close();
  await xtls(options).close();

  const shared = { xmpp: chorus(), trust: everybodyKnown };
  const [john, laurence] = [await identityOf("john@chorus.verona.example"), await identityOf("laurence@chorus.verona.example")];
  const address = "john@chorus.verona.example/road";
  xtls({ ...shared, identity: john, address });
  xtls({ ...shared, identity: laurence, address: "laurence@chorus.verona.example/cell" });
  assert.is(thrown(() => xtls({ ...shared, identity: john, address: "JOHN@chorus.verona.example/road" })).code, "invalid-state");
});

test("what comes too early, once too often or without its method says what to do instead", async () => {
  const options = { xmpp: romeo(), identity, trust: everybodyKnown };
  const tunnels = xtls(options);
  const open = async (...methods: string[]) => (await rejection(tunnels.open("juliet@verona.example/x", methods.length > 0 ? { methods } : {}))).message;
  const [early, twice] = [await open(), thrown(() => xtls(options)).message];
  assert.match(early, "wait for `xmpp.start()`");
  assert.match(twice, "use what xtls() returned first");
  for (const message of [early, twice]) assert.not.match(message, "`state`");
  await tunnels.close();
  assert.match(await open(), "make others by xtls()");
  const { tunnels: online } = await enter(router, "romeo");
  const error = await rejection(online.open("juliet@verona.example/x", { methods: ["srp"] }));
  assert.match(error.message, /"srp" here: pass it to xtls\(\{ methods \}\)/);
});

test("a plug-in that could not be made leaves the entity as it was", async () => {
  const xmpp = romeo();
  const { send } = xmpp;
  const options = { xmpp, identity: other, trust: everybodyKnown };
  thrown(() => xtls(options));
  assert.is(xmpp.send, send);
  await xtls({ ...options, identity }).close();
  assert.is(xmpp.send, send);
});

test("addresses are taken as xmpp.js makes them, and nothing else that is no text", async () => {
  const [his, hers] = [await enter(router, "romeo"), await enter(router, "juliet")];
  const tunnel = await his.tunnels.open(jid(hers.address));
  assert.is(tunnel.peer, hers.address);
  assert.ok(await his.tunnels.supports(jid(hers.address)));
  assert.ok((await his.tunnels.probe(jid(hers.address))).bind);
  for (const ask of ["open", "supports", "probe"] as const) {
    const call = his.tunnels[ask].bind(his.tunnels) as (peer: unknown) => Promise<unknown>;
    for (const nothing of [undefined, null, 5, true, {}, Symbol("x"), () => hers.address])
      assert.is((await rejection(call(nothing))).code, "invalid-argument", `${ask} ${String(nothing)}`);
    for (const bad of ["", "juliet", "juliet@verona.example", "a@b@c/d", "@/x"]) assert.is((await rejection(call(bad))).code, "invalid-jid", `${ask} ${bad}`);
  }
  const open = his.tunnels.open.bind(his.tunnels) as (peer: string, options: unknown) => Promise<unknown>;
  for (const methods of ["x509", [5], {}, null]) assert.is((await rejection(open(hers.address, { methods }))).code, "invalid-argument", String(methods));
  assert.is((await rejection(open(hers.address, { methods: ["srp"] }))).code, "invalid-argument");
});

test("what the application's own functions throw comes out as one of ours, with theirs as the cause", async () => {
  const broken = (): never => {
    throw new Error("out of order");
  };
  const juliet = await enter(router, "juliet");
  const policy = await enter(router, "romeo", { policy: broken });
  assert.is((await rejection(policy.tunnels.open(juliet.address))).code, "switched-off");
  assert.match(policy.errors.map(String).join(), "out of order");
  const method = { name: "other", run: broken };
  const trust = await enter(router, "romeo", { trust: { judge: broken, knows: broken }, methods: [method] });
  const error = await rejection(trust.tunnels.open(juliet.address));
  assert.is(error.code, "not-trusted");
  assert.match(String((error as Error).cause), "out of order");
});

test("what a tunnel cannot send or ask is refused by name, and so is a listener that is none", async () => {
  const { tunnel, juliet } = await pair(router);
  const [send, request] = [tunnel.send.bind(tunnel), tunnel.request.bind(tunnel)] as unknown as ((stanza: unknown) => Promise<unknown>)[];
  for (const nothing of [undefined, null, 5, "<message/>", {}, { name: "message" }, []]) {
    assert.is((await rejection(send!(nothing))).code, "unfit-stanza", String(nothing));
    assert.is((await rejection(request!(nothing))).code, "unfit-stanza", String(nothing));
  }
  for (const listener of [undefined, null, "x"]) {
    assert.is(thrown(() => tunnel.on("stanza", listener as never)).code, "invalid-argument");
    assert.is(thrown(() => (juliet.tunnels as Xtls).on("tunnel", listener as never)).code, "invalid-argument");
  }
  for (const nothing of [undefined, null, 5]) assert.is(juliet.tunnels.security(nothing as never), undefined);
  await tunnel.send(message("all is well"));
  await tunnel.send(xml("presence"));
});

test.run();
