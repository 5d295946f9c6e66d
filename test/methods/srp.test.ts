/** One password at two ends: who is believed, what goes over the wire, and what somebody in between can make of it. */

import type { Element } from "@xmpp/xml";

import { XtlsError } from "../../bindings/errors.ts";
import { createVerifier, simulatedVerifier, type Verifier } from "../../bindings/methods/srp/verifier.ts";
import type { Conversation } from "../../bindings/methods/method.ts";
import { Dialogue } from "../../bindings/methods/dialogue.ts";
import { srp } from "../../bindings/methods/srp.ts";
import { srpClient } from "../../bindings/tls/srp.ts";
import { assert, suite } from "../suite.ts";
import { code } from "../xtls/code.ts";
import { altered, base64, both, bytesOf, end, JULIETS, knowing, made, proofOf, recorded, recorder, ROMEOS, utf8 } from "./srp-ends.ts";
import { claimAt, converse, core, told } from "./stage.ts";

const test = suite("srp");

const SECRET = new Uint8Array(32).fill(7);

/* --- the two ends ------------------------------------------------------------- */

test("two ends that know one password verify each other, and note why", async () => {
  const outcome = await converse(knowing("rose"), knowing("rose"));
  assert.equal(both(outcome), ["verified", "verified"]);
  for (const verdict of Object.values(outcome)) assert.is((verdict as { note?: string }).note, "both ends knew the password");
});

test("as shipped, with 600 000 rounds, from a password or a verifier", async () => {
  const verifier = await createVerifier(core, `${ROMEOS}/anywhere`, "rose");
  const verifiers = { secret: SECRET, verifier: (jid: string) => (jid === ROMEOS ? verifier : undefined) };
  const romeo = srp({ core, password: () => "rose" });
  assert.equal(both(await converse(romeo, srp({ core, verifiers }))), ["verified", "verified"]);
  assert.equal(both(await converse(romeo, srp({ core, password: () => "rose" }))), ["verified", "verified"]);
});

test("two passwords verify nobody, and the responder proves nothing then", async () => {
  const { wire, said } = recorder();
  assert.equal(both(await converse(knowing("rose"), knowing("nightingale"), { wire })), ["alert-received", "not-authorized"]);
  assert.equal([...said.keys()], ["srp-challenge", "srp-response"]);
});

test("asks for the password with the peer's bare JID and our part", async () => {
  const asked: unknown[] = [];
  const asking = end({ password: ({ jid, role }) => (asked.push([jid, role]), "rose") });
  await converse(asking, asking);
  assert.equal(asked.sort(), [[JULIETS, "initiator"], [ROMEOS, "responder"]]);
});

test("one password typed on two keyboards is one password", async () => {
  assert.equal(both(await converse(knowing("Zo\u00eb\u00a0rose"), knowing("Zoe\u0308 rose"))), ["verified", "verified"]);
});

test("an initiator without a password, or with an unfit one, says nothing", async () => {
  for (const password of [undefined, "", "bell\u0007", "r".repeat(1025)]) {
    const { wire, said } = recorder();
    const { initiator } = await converse(knowing(password), knowing("rose"), { wire });
    assert.is(told(initiator), "not-authorized");
    assert.not.ok(said.has("srp-response"));
  }
  assert.is(told((await converse(end({}), knowing("rose"))).initiator), "not-authorized");
});

test("both ends starting at once: both tunnels verify, by the same two methods", async () => {
  const [romeo, juliet] = [knowing("rose"), knowing("rose")];
  const outcomes = await Promise.all([converse(romeo, juliet), converse(juliet, romeo)]);
  assert.equal(outcomes.map(both).flat(), Array.from({ length: 4 }, () => "verified"));
});

test("leaves no secret behind in the core", async () => {
  await converse(knowing("rose"), knowing("rose"));
  const before = core.heapUsed;
  await converse(knowing("rose"), knowing("rose"));
  await converse(knowing("rose"), knowing("nightingale"));
  assert.is(core.heapUsed, before);
});

/* --- verifiers, and users that are not known --------------------------------------- */


function keeping(verifier: Verifier | undefined, secret = SECRET) {
  return end({ verifiers: { secret, verifier: async () => verifier } });
}

test("a verifier serves in the password's place, for its user and password alone", async () => {
  const verifier = await made("rose");
  assert.equal(both(await converse(knowing("rose"), keeping(verifier))), ["verified", "verified"]);
  assert.is(told((await converse(knowing("nightingale"), keeping(verifier))).responder), "not-authorized");
  assert.is(told((await converse(knowing("rose"), keeping(await made("rose", JULIETS)))).responder), "not-authorized");
});

test("options that are none are refused when the method is made", () => {
  const verifiers = { secret: SECRET, verifier: () => undefined };
  for (const bad of [null, {}, { core: {} }, { core, password: "rose" }, { core, verifiers: null }, { core, verifiers: { ...verifiers, verifier: 7 } }])
    assert.throws(() => srp(bad as never), ({ code }: { code: string }) => code === "invalid-argument");
  srp({ core, verifiers });
  assert.throws(() => srp({ password: () => "rose" } as never), /core is missing/);
});

test("whoever has no password is not told that it was wrong", async () => {
  const { initiator } = await converse(knowing(undefined), knowing("rose"));
  assert.match(String(initiator), /There is no password for .*\. Nothing was proved: a password, key or code is missing or wrong/);
});

test("a verifier is not a password", async () => {
  const { verifier } = await made("rose");
  const outcome = await converse(knowing(base64(verifier)), keeping(await made("rose")));
  assert.is(told(outcome.responder), "not-authorized");
});

test("an unknown user and a wrong password look the same", async () => {
  const known = { password: knowing("rose"), verifier: keeping(await made("rose")) };
  const unknown = { password: knowing(undefined), verifier: keeping(undefined) };
  for (const kind of ["password", "verifier"] as const) {
    const runs = await Promise.all([known[kind], unknown[kind]].map(async (responder) => {
      const { wire, said } = recorder();
      const outcome = await converse(knowing("nightingale"), responder, { wire });
      const { message } = outcome.responder as XtlsError;
      const shapes = [...said.values()].map(({ name, attrs, children }) => [name, Object.entries(attrs).map(shape), shape(["", children[0]])]);
      return { outcome: both(outcome), message, shapes };
    }));
    assert.equal(runs[0], runs[1]);
  }
});

/** What is left of an attribute when its random bytes are forgotten. */
function shape([name, value]: [string, unknown]): string {
  return /^\d+$|^urn:/.test(String(value)) ? `${name}=${String(value)}` : `${name}:${String(value).length}`;
}

test("an unknown user has one salt for good, as a known one has", async () => {
  const saltShown = async (responder: ReturnType<typeof keeping>) => {
    const { wire, said } = recorder();
    await converse(knowing("nightingale"), responder, { wire });
    return (said.get("srp-challenge")!.attrs as { salt: string }).salt;
  };
  const verifier = await made("rose");
  assert.is(await saltShown(keeping(verifier)), await saltShown(keeping(verifier)));
  assert.is(await saltShown(keeping(undefined)), await saltShown(keeping(undefined)));
  assert.is.not(await saltShown(keeping(undefined)), await saltShown(keeping(undefined, new Uint8Array(32))));
});

/** What a stranger sees of a run with this verifier, but for random bytes, and how it ends for our own side. */
async function shownFor(verifier: Verifier | undefined, rounds?: number): Promise<{ outside: unknown; inside: XtlsError }> {
  const { wire, said } = recorder();
  const verifiers = { secret: SECRET, verifier: () => verifier, ...(rounds !== undefined && { rounds }) };
  const { initiator, responder } = await converse(knowing("nightingale"), end({ verifiers }), { wire });
  const outside = [...said.values()].map(({ name, attrs, children }) => [name, Object.entries(attrs).map(shape), shape(["", children[0]])]);
  return { outside: [outside, told(initiator)], inside: responder as XtlsError };
}

test("what is no verifier, or has other rounds than the rest, is this end's own fault: others see what they see of an unknown user", async () => {
  const good = await made("rose");
  const [unknown, known] = [await shownFor(undefined), await shownFor(good)];
  assert.equal(known.outside, unknown.outside);
  for (const bad of [
    ...["rose", 7, {}, { ...good, salt: undefined }, { ...good, salt: good.salt.slice(1) }, { ...good, salt: "0123456789abcdef" }],
    ...[0, 700_000, 1e12, Number.NaN, "600000"].map((rounds) => ({ ...good, rounds })),
    ...[good.verifier.slice(1), [...good.verifier], new Uint8Array(384)].map((verifier) => ({ ...good, verifier })),
  ]) {
    const what = JSON.stringify(bad).slice(0, 99);
    const { outside, inside } = await shownFor(bad as never);
    assert.equal(outside, unknown.outside, what);
    assert.equal([inside.code, (inside.cause as XtlsError).code], ["not-authorized", "invalid-argument"], what);
    assert.match(inside.message, `The verifier that is kept for ${ROMEOS} cannot be used`);
    assert.equal(both(await converse(knowing("rose"), keeping(bad as never))), ["alert-received", "not-authorized"], what);
  }
  const { outside, inside } = await shownFor(null as never);
  assert.equal([outside, inside.code, inside.cause], [unknown.outside, "not-authorized", undefined], "a database's null is none");
});

test("an installation may have more rounds, and then shows as many for users that it does not know", async () => {
  const kept = { ...(await made("rose")), rounds: 700_000 };
  const [unknown, known] = [await shownFor(undefined, 700_000), await shownFor(kept, 700_000)];
  assert.equal(known.outside, unknown.outside);
  assert.match(JSON.stringify(unknown.outside), "rounds=700000");
  const verifiers = { secret: SECRET, rounds: 700_000, verifier: () => kept };
  assert.equal(both(await converse(knowing("rose"), end({ verifiers }))), ["verified", "verified"]);
  for (const rounds of [599_999, 2_000_001, 600_000.5, NaN, "600000" as unknown as number]) {
    assert.is(code(() => end({ verifiers: { ...verifiers, rounds } })), "invalid-argument", String(rounds));
    assert.is(((await createVerifier(core, ROMEOS, "rose", rounds).catch((error: unknown) => error)) as XtlsError).code, "invalid-argument");
  }
  assert.is((await createVerifier(core, ROMEOS, "rose", 600_001)).rounds, 600_001);
});

const responseTemplate = (await recorded()).get("srp-response")!;

test("whoever has the secret of made-up verifiers still does not pass for an unknown user", async () => {
  const label = utf8.encode("xtls srp 1 simulated password");
  const framed = new Uint8Array([0, 0, 0, label.length, ...label, 0, 0, 0, ROMEOS.length, ...utf8.encode(ROMEOS)]);
  const password = core.hmac(SECRET, framed);
  const thief = { name: "srp", run: async (c: Conversation) => {
    const challenge = await c.hear("srp-challenge");
    const salt = bytesOf((challenge.attrs as { salt: string }).salt);
    const client = srpClient(core, { user: utf8.encode(ROMEOS), password, salt });
    const server = bytesOf(challenge.getText());
    client.agree(server);
    c.say(altered(responseTemplate, { proof: base64(proofOf(client, "initiator", salt, client.own, server)) }, base64(client.own)));
    await c.hear("srp-proof");
    return { trusted: true, state: "verified" } as const;
  } };
  assert.is(told((await converse(thief, keeping(undefined))).responder), "not-authorized");
  assert.is(told((await converse(thief, keeping(simulatedVerifier(core, { secret: SECRET }, ROMEOS)))).responder), "verified");
});

test("wants a secret worth the name, and passwords that are some", async () => {
  assert.is(code(() => keeping(undefined, new Uint8Array(31))), "invalid-argument");
  for (const password of ["", "\u0000", "\ufdd0"])
    assert.is(((await createVerifier(core, ROMEOS, password).catch((error: unknown) => error)) as XtlsError).code, "invalid-argument");
});

/* --- the tunnel's end ----------------------------------------------------------------------- */

test("a tunnel that ends while a person is asked ends the run, and the answer finds nobody", async () => {
  for (const role of ["initiator", "responder"] as const) {
    const said: Element[] = [];
    let isTold = false;
    let answer = (_: string) => {};
    let begin = () => {};
    const isAsked = new Promise<void>((resolve) => (begin = resolve));
    const asking = end({ password: ({ signal }) => new Promise((resolve) => {
      signal.addEventListener("abort", () => (isTold = true));
      answer = resolve;
      begin();
    }) });
    const dialogue = new Dialogue(claimAt(role), (message) => said.push(message));
    const run = Promise.resolve(asking.run(dialogue)).catch((error: unknown) => error as XtlsError);
    await isAsked;
    dialogue.end(new XtlsError("timeout"));
    assert.is(((await run) as XtlsError).code, "timeout");
    answer("rose");
    await new Promise(setImmediate);
    assert.ok(isTold);
    assert.equal(said, []);
  }
});

test("a message that never comes is waited for until the tunnel ends", async () => {
  for (const role of ["initiator", "responder"] as const) {
    const dialogue = new Dialogue(claimAt(role), () => {});
    const run = Promise.resolve(knowing("rose").run(dialogue)).catch((error: unknown) => error as XtlsError);
    await new Promise((resolve) => setTimeout(resolve, 50));
    dialogue.end(new XtlsError("stream-lost"));
    assert.is(((await run) as XtlsError).code, "stream-lost");
  }
});

test.run();
