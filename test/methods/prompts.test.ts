/** What a person is told who is asked, and how many questions there are at once. */

import type { Element } from "@xmpp/xml";
import * as pgp from "openpgp";

import { XtlsError } from "../../bindings/errors.ts";
import { Dialogue } from "../../bindings/methods/dialogue.ts";
import { Examiner } from "../../bindings/methods/examiner.ts";
import type { Method } from "../../bindings/methods/method.ts";
import { openpgp } from "../../bindings/methods/openpgp.ts";
import { Prompts } from "../../bindings/methods/prompts.ts";
import { sasOf } from "../../bindings/methods/sas.ts";
import { remembered } from "../../bindings/trust/remembered.ts";
import { memoryStorage } from "../../bindings/trust/storage.ts";
import { TrustStore } from "../../bindings/trust/store.ts";
import type { Claim, Prompt, Trust } from "../../bindings/xtls/trust.ts";
import type { Role } from "../../bindings/xtls/state.ts";
import { assert, suite } from "../suite.ts";
import { makeKey, publicBlock } from "./openpgp-forge.ts";
import { Clock, end, knowing } from "./srp-ends.ts";
import { Alarm } from "./sas-people.ts";
import { claimAt, converse, JULIET, juliet, ROMEO, romeo, told } from "./stage.ts";

const test = suite("methods: questions to people");
const settled = () => new Promise(setImmediate);

/** A claim of somebody else, on a tunnel that nobody here has asked for unless told so. */
const claimOf = (jid: string, changes: Partial<Claim> = {}): Claim => claimAt("responder", { jid, ...changes });

/** Questions that are answered when the test says so. */
class Desk {
  readonly asked: Prompt[] = [];
  readonly dialogues: Dialogue[] = [];
  readonly outcomes: string[] = [];
  readonly #prompts = new Prompts();
  readonly #answers: (() => void)[] = [];

  ask(claim: Claim): void {
    const dialogue = new Dialogue(claim, () => undefined, this.#prompts);
    const at = this.dialogues.push(dialogue) - 1;
    const question = (prompt: Prompt) => new Promise<void>((resolve) => (this.asked.push(prompt), this.#answers.push(resolve)));
    dialogue.ask(question).then(
      () => (this.outcomes[at] = "answered"),
      (error: XtlsError) => (this.outcomes[at] = error.code),
    );
  }

  answer(at: number): void {
    this.#answers[at]?.();
  }
}

test("sixteen strangers at once make three questions appear, and sixteen tunnels of one account make one", async () => {
  const many = new Desk();
  for (let index = 0; index < 16; index++) many.ask(claimOf(`stranger${index}@evil${index}.example`));
  const one = new Desk();
  for (let index = 0; index < 16; index++) one.ask(claimOf("mallory@evil.example"));
  const neighbours = new Desk();
  for (let index = 0; index < 16; index++) neighbours.ask(claimOf(`stranger${index}@evil.example`));
  await settled();
  assert.equal([many, one, neighbours].map(({ asked }) => asked.length), [3, 1, 2]);
  one.answer(0);
  await settled();
  assert.equal([one.asked.length, one.outcomes[0]], [2, "answered"]);
});

test("who comes when too many wait is told so, and waits for nothing", async () => {
  const desk = new Desk();
  for (let index = 0; index < 200; index++) desk.ask(claimOf(`stranger${index}@evil${index}.example`));
  await settled();
  assert.equal([desk.asked.length, desk.outcomes.filter((outcome) => outcome === "too-many-pending").length], [3, 200 - 3 - 32]);
});

test("what our own side asked for is asked about at once, however many strangers wait", async () => {
  const desk = new Desk();
  for (let index = 0; index < 100; index++) desk.ask(claimOf(`stranger${index}@evil.example`));
  desk.ask(claimOf("juliet@capulet.lit", { isOwnRequest: true }));
  await settled();
  assert.is(desk.asked.at(-1)?.jid, "juliet@capulet.lit");
});

test("a question whose tunnel has ended makes room, whether or not anybody answers it", async () => {
  const desk = new Desk();
  for (let index = 0; index < 2; index++) desk.ask(claimOf("mallory@evil.example"));
  await settled();
  desk.dialogues[0]!.end(new XtlsError("peer-unavailable"));
  await settled();
  assert.equal([desk.asked.length, desk.outcomes[0], desk.asked[0]!.signal.aborted], [2, "peer-unavailable", true]);
});

test("a question that nobody wants answered any more is never asked", async () => {
  const desk = new Desk();
  for (let index = 0; index < 3; index++) desk.ask(claimOf("mallory@evil.example"));
  await settled();
  desk.dialogues[1]!.end(new XtlsError("peer-unavailable"));
  desk.answer(0);
  await settled();
  assert.equal([desk.asked.length, desk.outcomes[1]], [2, "peer-unavailable"]);
});

test("a trust policy that asks a person asks in the same turn, also behind a store", async () => {
  for (const wrap of [(policy: Trust) => policy, (otherwise: Trust) => remembered(new TrustStore(memoryStorage()), { otherwise })]) {
    const asked: Prompt[] = [];
    const policy: Trust = {
      judge: (_, asker) => asker!.ask((prompt) => (asked.push(prompt), new Promise<never>(() => {}))),
    };
    const examiner = new Examiner(wrap(policy), []);
    const dialogues = Array.from({ length: 16 }, (_, index) => new Dialogue(claimOf(`stranger${index}@evil${index}.example`), () => undefined, examiner.prompts));
    const runs = dialogues.map((dialogue) => examiner.examine("x509", dialogue));
    for (let turn = 0; turn < 20; turn++) await settled();
    assert.is(asked.length, 3);
    for (const dialogue of dialogues) dialogue.end(new XtlsError("stream-lost"));
    await Promise.all(runs);
  }
});

// --- What is told ------------------------------------------------------------------------

const key = await makeKey("Juliet");
const locked = (await pgp.encryptKey({ privateKey: key, passphrase: "wherefore" })).armor();
const stranger = await makeKey("Romeo");
const quick = { key: stranger.armor(), known: () => publicBlock(key), vouches: () => true };

/** Both ends of each method: the one whose callback is looked at, and a partner. */
const CALLBACKS: Record<string, (told: (prompt: Prompt) => void) => [asked: Method, partner: Method]> = {
  "sas's confirm": (tell) => [
    sasOf({ confirm: (_, prompt) => (tell(prompt), true), schedule: new Alarm().schedule }, () => 0),
    sasOf({ confirm: () => true, schedule: new Alarm().schedule }, () => 0),
  ],
  "srp's password": (tell) => [end({ password: (prompt) => (tell(prompt), "rose") }), knowing("rose")],
  "openpgp's passphrase": (tell) => [
    openpgp({ key: locked, passphrase: (prompt) => (tell(prompt), "wherefore"), known: () => publicBlock(stranger), vouches: () => true }),
    openpgp(quick),
  ],
  "openpgp's vouches": (tell) => [
    openpgp({ key: key.armor(), known: () => publicBlock(stranger), vouches: (_jid, _fingerprint, prompt) => (tell(prompt), true) }),
    openpgp(quick),
  ],
};

for (const [callback, pairOf] of Object.entries(CALLBACKS)) {
  test(`${callback} is told which tunnel asks: both addresses, our part, the certificate, and who wanted it`, async () => {
    for (const role of ["initiator", "responder"] as const) {
      for (const isOwnRequest of [true, false]) {
        const prompts: Prompt[] = [];
        const [asked, partner] = pairOf((prompt) => prompts.push(prompt));
        const [first, second] = role === "initiator" ? [asked, partner] : [partner, asked];
        const outcome = await converse(first, second, { [role]: claimAt(role, { isOwnRequest }) });
        assert.is(told(outcome[role]), "verified");
        const [local, peer] = role === "initiator" ? [ROMEO, JULIET] : [JULIET, ROMEO];
        const { fingerprint } = role === "initiator" ? juliet : romeo;
        const [{ signal, ...prompt }] = prompts as [Prompt];
        assert.equal(prompt, { jid: peer.split("/")[0]!, peer, local, role, fingerprint, isOwnRequest, isKeyChange: false });
        assert.instance(signal, AbortSignal);
        assert.is(prompts.length, 1);
      }
    }
  });
}

test("says whether the peer's other keys are known, and asks nobody when the store cannot tell", async () => {
  const claim = claimOf("romeo@montague.lit");
  for (const isKeyChange of [true, false]) {
    const dialogue = new Dialogue(claim, () => undefined, new Prompts({ isKeyChange: async (asked) => asked === claim && isKeyChange }));
    assert.is(await dialogue.ask((prompt) => prompt.isKeyChange), isKeyChange);
  }
  const damaged = new Prompts({ isKeyChange: () => Promise.reject(new XtlsError("store-damaged")) });
  const run = new Dialogue(claim, () => undefined, damaged).ask(() => assert.unreachable());
  assert.is(await run.catch((error: XtlsError) => error.code), "store-damaged");
});

// --- Again and again ---------------------------------------------------------------------

test("a stranger whose questions came to nothing three times makes none appear for a minute, and says nothing", async () => {
  const clock = new Clock();
  let asked = 0;
  let answer = false;
  const patient = sasOf({ confirm: () => (asked++, answer), schedule: new Alarm().schedule }, () => clock.now);
  const said: Element[] = [];
  const attempt = async (claim: Partial<Claim> = {}) => {
    const other = sasOf({ confirm: () => true, schedule: new Alarm().schedule }, () => 0);
    const wire = (message: Element, from: Role) => (from === "responder" && said.push(message), [message]);
    return told((await converse(other, patient, { responder: claimAt("responder", claim), wire })).responder);
  };
  for (let time = 0; time < 3; time++) assert.is(await attempt(), "not-confirmed");
  said.length = 0;
  answer = true;
  assert.equal([await attempt(), asked, said.length], ["too-many-tries", 3, 0]);
  assert.is(await attempt({ jid: "mercutio@verona.lit" }), "verified");
  assert.is(await attempt({ isOwnRequest: true }), "verified", "what our own side asked for is asked about");
  clock.pass(60);
  assert.is(await attempt(), "verified");
  for (let time = 0; time < 6; time++) {
    answer = time % 3 === 2;
    assert.is(await attempt(), answer ? "verified" : "not-confirmed", "each yes begins anew");
  }
});

test.run();
