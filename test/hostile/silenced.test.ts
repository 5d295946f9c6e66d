/** A peer with another key than the known one, and a server, that end the tunnel before anybody could judge the key: its owner is warned all the same. */

import xml from "@xmpp/xml";

import { XtlsError } from "../../bindings/errors.ts";
import type { Method } from "../../bindings/methods/method.ts";
import type { Engine } from "../../bindings/tls/engine.ts";
import type { Identity } from "../../bindings/tls/identity.ts";
import { remembered } from "../../bindings/trust/remembered.ts";
import type { TrustStore } from "../../bindings/trust/store.ts";
import { decodeBase64, encodeBase64 } from "../../bindings/xtls/base64.ts";
import { buildError } from "../../bindings/xtls/condition.ts";
import { ALPN, NS_XTLS } from "../../bindings/xtls/namespaces.ts";
import type { Trust } from "../../bindings/xtls/trust.ts";
import { assert, suite } from "../suite.ts";
import { calm, core, iq, JULIET, ROMEO, Stage } from "./stage.ts";

const test = suite("silenced");
const friend = core.createIdentity({ jid: "juliet@capulet.lit" });
const stranger = core.createIdentity({ jid: "juliet@capulet.lit" });
const foreign = core.createIdentity({ jid: "mallory@capulet.lit" });
const refuses: Trust = { judge: () => ({ trusted: false, code: "not-trusted" }) };
const never = () => new Promise<never>(() => undefined);
const sas: Method = { name: "sas", run: never };
const pending = (store: TrustStore): Trust => ({ ...remembered(store), judge: never });
const codes = (errors: readonly XtlsError[]) => errors.map(({ code }) => code);
const isData = (type: string | undefined, child = "data") => (stanza: { attrs: Record<string, unknown>; getChild(name: string, xmlns: string): unknown }) =>
  stanza.attrs.type === type && stanza.getChild(child, NS_XTLS) !== undefined;

const opens = {
  initiator: (stage: Stage, only?: readonly string[]) => stage.romeo.attempt(JULIET, only),
  responder: (stage: Stage, only?: readonly string[]) => stage.juliet.attempt(ROMEO, only),
} as const;
const ROLES = ["initiator", "responder"] as const;

/** What ends a tunnel that Romeo is still judging. */
const ENDINGS: readonly (readonly [what: string, end: (stage: Stage) => unknown])[] = [
  ["the peer's alert", ({ juliet }) => juliet.session.close()],
  ["a <close/>", (stage) => stage.pass(iq("set", JULIET, ROMEO, "c1", xml("close", { xmlns: NS_XTLS })))],
  ["an error", (stage) => stage.pass(iq("error", JULIET, ROMEO, lastDataOf(stage), buildError("invalid-base64")))],
  ["the peer's absence", ({ romeo }) => romeo.session.unavailable(JULIET)],
  ["the stream's end", ({ romeo }) => romeo.session.disconnect()],
  ["our own leave", ({ romeo }) => romeo.session.close()],
];

function lastDataOf({ log }: Stage): string {
  return log.filter((stanza) => stanza.attrs.from === ROMEO && isData("set")(stanza)).at(-1)?.attrs.id as string;
}

/** Romeo has verified the friend's key, and judges for ever whoever shows `identity`. */
async function judging(role: (typeof ROLES)[number], method: string, identity: Identity): Promise<Stage> {
  const stage = new Stage({ trust: pending, methods: [sas] }, { identity, trust: () => ({ judge: never }), methods: [sas] });
  // Nothing that he says of TLS is answered, so that an error may come for it.
  stage.server = (stanza) => {
    const isAnswer = stanza.attrs.type === "result" && stanza.attrs.from === JULIET && stanza.children.length === 0;
    if (!isAnswer) stage.pass(stanza);
  };
  await stage.romeo.knows(friend);
  void opens[role](stage, [method]);
  await calm();
  return stage;
}

for (const role of ROLES) {
  test(`a changed key alarms once, whatever ends the tunnel while the verdict is pending, at the ${role}`, async () => {
    for (const method of ["x509", "sas"])
      for (const [what, end] of ENDINGS)
        for (const identity of [stranger, friend]) {
          const stage = await judging(role, method, identity);
          assert.equal(stage.romeo.alarms, []);
          void end(stage);
          await calm();
          assert.equal([codes(stage.romeo.alarms), stage.romeo.reports], [identity === friend ? [] : ["key-changed"], []], `${method}, ${what}`);
        }
  });

  test(`… and when the peer refuses before its own key is judged, or before it is asked about, at the ${role}`, async () => {
    for (const methods of [[], [sas]]) {
      const stage = new Stage({ methods }, { identity: stranger, trust: () => refuses, methods });
      await stage.romeo.knows(friend);
      await opens[role](stage);
      await calm();
      assert.equal(codes(stage.romeo.alarms), ["key-changed"]);
      const states = (await stage.romeo.store.keysOf("juliet@capulet.lit")).map(({ state }) => state);
      assert.equal([stage.romeo.opened, states], [[], ["verified", "unknown"]]);
    }
  });

  test(`… and when its certificate names somebody else, at the ${role}`, async () => {
    const stage = new Stage({}, { identity: foreign, trust: () => ({ judge: never }) });
    await stage.romeo.knows(friend);
    await opens[role](stage);
    await calm();
    assert.equal(codes(stage.romeo.alarms), ["key-changed"]);
  });

  test(`… and when the offers of both were changed, which is an alarm of its own, at the ${role}`, async () => {
    const stage = new Stage({}, { identity: stranger, trust: () => ({ judge: never }) });
    await stage.romeo.knows(friend);
    stage.server = (stanza) => {
      for (const name of ["start", "proceed"]) stanza.getChild(name, NS_XTLS)?.getChild("offer")?.append(xml("method", { name: "hope" }));
      stage.pass(stanza);
    };
    await opens[role](stage);
    await calm();
    assert.equal(codes(stage.romeo.alarms).sort(), ["downgraded", "key-changed"]);
  });
}

/** An impostor without a policy: at the end of the handshake, in the same chunk, it says an alert. */
async function alertWithHandshake(role: Engine["role"]): Promise<Stage> {
  const stage = new Stage();
  const engine = core.engine({ role, identity: stranger, alpn: [ALPN] });
  const say = (id: string) => stage.pass(iq("set", JULIET, ROMEO, id, xml("data", { xmlns: NS_XTLS }, encodeBase64(engine.drain()))));
  stage.server = (stanza) => {
    const { type, id } = stanza.attrs;
    if (isData("set", "start")(stanza)) return stage.pass(iq("result", JULIET, ROMEO, String(id), xml("proceed", { xmlns: NS_XTLS })));
    if (isData("result", "proceed")(stanza)) return say("d1");
    if (type === "set") stage.pass(iq("result", JULIET, ROMEO, String(id)));
    if (!isData("set")(stanza) || engine.state !== "handshaking") return;
    engine.feed(decodeBase64(stanza.getChild("data", NS_XTLS)?.getText() ?? ""));
    if (role === "initiator" && engine.negotiated === undefined) return;
    engine.abort(46, new XtlsError("not-trusted"));
    say("d2");
  };
  await stage.romeo.knows(friend);
  if (role === "responder") await stage.romeo.attempt(JULIET);
  else stage.pass(iq("set", JULIET, ROMEO, "s1", xml("start", { xmlns: NS_XTLS })));
  await calm();
  return stage;
}

for (const role of ["initiator", "responder"] as const) {
  test(`an alert in one chunk with the end of the handshake does not silence a changed key, of the ${role}`, async () => {
    const { romeo } = await alertWithHandshake(role);
    assert.equal(codes(romeo.alarms), ["key-changed"]);
    assert.equal(romeo.opened, []);
  });
}

test.run();
