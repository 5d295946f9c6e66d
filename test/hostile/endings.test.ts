/** What happens too late, too early or never: answers to a tunnel that is gone, a mind that changes, callbacks that break. */

import xml from "@xmpp/xml";

import { XtlsError } from "../../bindings/errors.ts";
import { Dialogue } from "../../bindings/methods/dialogue.ts";
import { Examiner } from "../../bindings/methods/examiner.ts";
import type { Conversation, Method } from "../../bindings/methods/method.ts";
import { sas } from "../../bindings/methods/sas.ts";
import { NS_C2CTLS, NS_XTLS, NS_XTLS_EXT } from "../../bindings/xtls/namespaces.ts";
import type { Claim, Trust, Verdict } from "../../bindings/xtls/trust.ts";
import { assert, suite } from "../suite.ts";
import { calm, iq, JULIET, ROMEO, Stage } from "./stage.ts";

const test = suite("endings");
const yes: Verdict = { trusted: true, state: "verified" };
const everybody: Trust = { judge: () => yes };

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A question whose answer the test gives, when it likes. */
function question<Answer>(): { readonly ask: () => Promise<Answer>; readonly answer: (answer: Answer) => void } {
  let answer: (answer: Answer) => void = () => undefined;
  const answered = new Promise<Answer>((resolve) => (answer = resolve));
  return { ask: () => answered, answer };
}

test("a key that is distrusted while its tunnel is judged opens none, whatever the verdict was", async () => {
  const verdict = question<Verdict>();
  const stage = new Stage({ trust: () => ({ judge: verdict.ask }) }, { trust: () => everybody });
  const attempted = stage.romeo.attempt(JULIET);
  await calm();
  stage.romeo.session.distrust("juliet@capulet.lit", stage.juliet.identity.spkiFingerprint);
  verdict.answer(yes);
  assert.is((await attempted)?.code, "not-trusted");
  assert.equal(stage.romeo.opened, []);
});

test("whenever a key is distrusted, no tunnel with it stays open", async () => {
  for (let turns = 0; turns < 200; turns += 5) {
    const stage = new Stage({}, { trust: () => everybody });
    const { store, session } = stage.romeo;
    const { spkiFingerprint } = stage.juliet.identity;
    await stage.romeo.knows(stage.juliet.identity);
    store.on("change", (change) => change.to === "distrusted" && session.distrust(change.jid, change.spkiFingerprint));
    const attempted = stage.romeo.attempt(JULIET);
    for (let turn = 0; turn < turns; turn++) await undefined;
    await store.distrust("juliet@capulet.lit", spkiFingerprint);
    await attempted;
    await calm();
    assert.equal(stage.romeo.opened.filter(({ state }) => state !== "closed"), [], `after ${turns} turns`);
  }
});

test("a judgement that never comes is not waited for when the tunnel has ended", async () => {
  const { juliet } = new Stage();
  const never: Method = { name: "sas", run: () => new Promise<never>(() => undefined) };
  const dialogue = new Dialogue({ jid: "juliet@capulet.lit", peer: juliet.identity } as unknown as Claim, () => undefined);
  const examined = new Examiner(everybody, [never]).examine("sas", dialogue);
  dialogue.end(new XtlsError("peer-unavailable"));
  assert.is(((await examined) as XtlsError).code, "peer-unavailable");
});

test("the end of a session gives up what is being judged for a peer, and tells that peer", async () => {
  const never: Trust = { judge: () => new Promise<never>(() => undefined) };
  const stage = new Stage({ trust: () => everybody }, { trust: () => never });
  await stage.romeo.attempt(JULIET);
  await calm();
  await stage.juliet.session.close();
  stage.juliet.session.disconnect();
  await calm();
  assert.is(stage.romeo.opened[0]?.state, "closed");
});

test("what a method has left over ends the tunnel also while the proof is being remembered", async () => {
  const remembering = question<Verdict>();
  const late = (conversation: Conversation) => {
    conversation.say(xml("late", { xmlns: NS_XTLS_EXT }));
    return yes;
  };
  const chatty: Method = { name: "sas", run: (conversation) => pause(10).then(() => late(conversation)) };
  const quick: Method = { name: "sas", run: () => yes };
  const knows = () => false;
  const stage = new Stage(
    { methods: [chatty], trust: () => ({ ...everybody, knows }) },
    { methods: [quick], trust: () => ({ ...everybody, knows, learn: remembering.ask }) },
  );
  await stage.romeo.attempt(JULIET);
  await pause(40);
  remembering.answer(yes);
  await calm();
  assert.equal(stage.juliet.opened, []);
  assert.is(stage.juliet.refused[0]?.code, "method-violation");
});

test("a stream that has gone is sent nothing, though an answer comes late", async () => {
  const known = question<boolean>();
  const stage = new Stage({}, { trust: () => ({ judge: () => yes, knows: known.ask }), methods: [sas({ confirm: () => true })] });
  stage.juliet.deliver(iq("set", ROMEO, JULIET, "p1", xml("start", { xmlns: NS_XTLS })));
  await calm();
  stage.juliet.session.disconnect();
  known.answer(true);
  await calm();
  assert.equal(stage.log, []);
});

test("open settles when the stream goes away while the policy is asked", async () => {
  const known = question<boolean>();
  const stage = new Stage({ trust: () => ({ judge: () => yes, knows: known.ask }), methods: [sas({ confirm: () => true })] });
  const attempted = stage.romeo.attempt(JULIET);
  await calm();
  stage.romeo.session.disconnect();
  assert.is((await Promise.race([attempted, calm().then(() => new XtlsError("timeout"))]))?.code, "stream-lost");
  assert.equal(stage.log, []);
  known.answer(true);
  await calm();
  assert.equal(stage.log, []);
});

test("a policy that throws is a no, is reported, and leaves nobody waiting", async () => {
  const broken = (): never => {
    throw new Error("out of order");
  };
  const stage = new Stage({ trust: () => everybody }, { policy: broken, trust: () => everybody });
  assert.is((await stage.romeo.attempt(JULIET))?.code, "unsupported");
  stage.juliet.deliver(iq("get", ROMEO, JULIET, "p1", xml("offer", { xmlns: NS_C2CTLS })));
  await calm();
  assert.is(stage.log.at(-1)?.attrs.type, "error");
  assert.match(stage.juliet.reports.map(String).join(), "out of order");
});

test("a policy that throws about lost capabilities opens no tunnel", async () => {
  let calls = 0;
  const policy = () => {
    if (++calls > 1) throw new Error("out of order");
    return "opportunistic" as const;
  };
  const lost: Trust = { judge: () => ({ ...yes, hasLostCapabilities: true }) };
  const stage = new Stage({ policy, trust: () => lost }, { trust: () => everybody });
  assert.is((await stage.romeo.attempt(JULIET))?.code, "capability-lost");
  assert.equal(stage.romeo.opened, []);
});

test.run();
