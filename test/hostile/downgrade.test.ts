/** Less than what was asked for: a peer that plays the base wire, a session resumed. */

import { insecure } from "../../bindings/methods/insecure.ts";
import { sas } from "../../bindings/methods/sas.ts";
import { dangerouslyTrustOnFirstUse } from "../../bindings/trust/first-use.ts";
import { pinned } from "../../bindings/trust/pinned.ts";
import type { Identity } from "../../bindings/tls/identity.ts";
import type { Tickets } from "../../bindings/tls/tickets.ts";
import { assert, suite } from "../suite.ts";
import { buildError } from "../../bindings/xtls/condition.ts";
import { calm, copyOf, core, iq, JULIET, ROMEO, Stage, type VictimOptions } from "./stage.ts";

const test = suite("downgrades");
const yes = () => sas({ confirm: () => true });
const securities = (stage: Stage) => [stage.romeo, stage.juliet].flatMap(({ opened }) => opened.map(({ security }) => security));

test("whoever asks for one method gets no other, not even from a peer that plays the base wire", async () => {
  const leaping: VictimOptions = { methods: [yes()], trust: dangerouslyTrustOnFirstUse };
  const stage = new Stage(leaping, { hasExtensions: false, trust: dangerouslyTrustOnFirstUse });
  assert.is((await stage.romeo.attempt(JULIET, ["sas"]))?.code, "no-common-method");
  await calm();
  assert.equal(securities(stage), []);
});

test("… and not when its own start loses against that of such a peer", async () => {
  const stage = new Stage({ methods: [yes()], trust: dangerouslyTrustOnFirstUse }, { hasExtensions: false, trust: dangerouslyTrustOnFirstUse });
  const errors = await Promise.all([stage.romeo.attempt(JULIET, ["sas"]), stage.juliet.attempt(ROMEO)]);
  await calm();
  assert.equal(errors.map((error) => error?.code), ["no-common-method", "no-common-method"]);
  assert.equal(securities(stage), []);
});

test("who asks for x509 among others, or for nothing, still gets it from a base peer", async () => {
  for (const only of [undefined, ["sas", "x509"]]) {
    const stage = new Stage({ methods: [yes()] }, { hasExtensions: false });
    await stage.romeo.knows(stage.juliet.identity);
    await stage.juliet.knows(stage.romeo.identity);
    assert.is(await stage.romeo.attempt(JULIET, only), undefined);
  }
});

test("a base peer whose certificate is pinned works in both roles, whichever end has the extensions", async () => {
  const { romeo, juliet } = new Stage();
  const pins = { "romeo@montague.lit": romeo.identity.fingerprint, "juliet@capulet.lit": juliet.identity.spkiFingerprint };
  for (const [his, hers] of [[true, false], [false, true], [false, false]]) {
    for (const who of ["romeo", "juliet"] as const) {
      const trust = () => pinned(pins);
      const stage = new Stage({ trust, hasExtensions: his!, methods: [insecure()] }, { trust, hasExtensions: hers!, methods: [yes()] });
      assert.is(await stage[who].attempt(who === "romeo" ? JULIET : ROMEO), undefined);
      await calm();
      assert.equal(securities(stage).map((security) => [security?.method, security?.trust, security?.isBound, security?.alpn]), [
        ["x509", "verified", false, "xtls/1"],
        ["x509", "verified", false, "xtls/1"],
      ]);
    }
  }
});

/** A server that plays a peer which bears no offer. */
const refusesOffers: Stage["server"] = (stanza, stage) => {
  if (stanza.getChild("start")?.getChild("offer") === undefined) return stage.pass(stanza);
  const { from, to, id } = stanza.attrs as Record<string, string>;
  stage.pass(iq("error", to as string, from as string, id as string, buildError("malformed")));
};
const starts = (stage: Stage) => stage.log.filter((stanza) => stanza.getChild("start")).length;
const alarms = ({ romeo, juliet }: Stage) => [romeo, juliet].map(({ alarms }) => alarms.map(({ code }) => code));

test("a refusal of the offer that the peer never made is an alarm at both ends", async () => {
  const stage = new Stage({ methods: [yes()], trust: dangerouslyTrustOnFirstUse }, { methods: [yes()], trust: dangerouslyTrustOnFirstUse });
  stage.server = refusesOffers;
  assert.is((await stage.romeo.attempt(JULIET))?.code, "downgraded");
  await calm();
  assert.equal([starts(stage), alarms(stage), securities(stage)], [2, [["downgraded"], ["downgraded"]], []]);
});

test("a peer that really bears no offer is reached without an alarm, if its certificate is believed", async () => {
  const stage = new Stage({ methods: [yes()] }, { hasExtensions: false });
  stage.server = refusesOffers;
  await stage.romeo.knows(stage.juliet.identity);
  await stage.juliet.knows(stage.romeo.identity);
  assert.is(await stage.romeo.attempt(JULIET), undefined);
  await calm();
  assert.equal([starts(stage), alarms(stage), securities(stage).map((security) => security?.method)], [2, [[], []], ["x509", "x509"]]);
});

test("an offer is not given up where a method was asked for, or where every key that is believed has compared offers", async () => {
  const named = new Stage({ methods: [yes()] }, { hasExtensions: false });
  named.server = refusesOffers;
  assert.is((await named.romeo.attempt(JULIET, ["sas", "x509"]))?.code, "malformed");
  assert.equal([starts(named), alarms(named)], [1, [[], []]]);

  const known = new Stage();
  await known.romeo.knows(known.juliet.identity);
  await known.juliet.knows(known.romeo.identity);
  assert.is(await known.romeo.attempt(JULIET), undefined);
  await known.romeo.opened[0]?.close();
  known.server = refusesOffers;
  assert.is((await known.romeo.attempt(JULIET))?.code, "capability-lost");
  assert.equal([starts(known), alarms(known)], [2, [["capability-lost"], []]]);
  // Another device of hers, of which that is not known.
  await known.romeo.store.verify("juliet@capulet.lit", core.createIdentity({ jid: "juliet@capulet.lit" }).spkiFingerprint);
  assert.is((await known.romeo.attempt(JULIET))?.code, "downgraded");
  assert.is(starts(known), 4);
});

test("a session resumed is judged anew, and bound anew: a ticket raises no trust", async () => {
  for (const isTampered of [false, true]) {
    const { romeo, juliet } = new Stage();
    const tickets = core.tickets();
    const session = ticketOf(romeo.identity, juliet.identity, tickets);
    const stage = new Stage({ methods: [yes(), insecure()], engine: { session } }, { methods: [yes(), insecure()], engine: { tickets } });
    if (isTampered) stage.server = (stanza) => stage.pass(withoutMethod(stanza, "sas"));
    assert.is((await stage.romeo.attempt(JULIET))?.code, isTampered ? "downgraded" : undefined);
    await calm();
    const facts = { resumed: true, method: "sas", trust: "verified", isBound: true };
    const seen = securities(stage).map((security) => Object.fromEntries(Object.keys(facts).map((name) => [name, security?.[name as "method"]])));
    assert.equal(seen, isTampered ? [] : [facts, facts]);
    tickets[Symbol.dispose]();
  }
});

test("a ticket from before either end renewed its key is passed over: no false alarm, and each is known by its new key", async () => {
  for (const renewed of ["romeo", "juliet"] as const)
    for (const hasExtensions of [true, false]) {
      const { romeo, juliet } = new Stage();
      const tickets = core.tickets();
      const before = { romeo: romeo.identity, juliet: juliet.identity, [renewed]: core.createIdentity({ jid: `${renewed}@${renewed === "romeo" ? "montague" : "capulet"}.lit` }) };
      const session = ticketOf(before.romeo, before.juliet, tickets);
      const stage = new Stage({ hasExtensions, engine: { session } }, { hasExtensions, engine: { tickets } });
      await stage.romeo.knows(juliet.identity);
      await stage.juliet.knows(romeo.identity);
      assert.is((await stage.romeo.attempt(JULIET))?.code, undefined, `${renewed}, ${hasExtensions}`);
      await calm();
      assert.equal(securities(stage).map((security) => [security?.resumed, security?.isBound, security?.certificate.fingerprint]), [
        [false, hasExtensions, juliet.identity.fingerprint],
        [false, hasExtensions, romeo.identity.fingerprint],
      ]);
      tickets[Symbol.dispose]();
    }
});

test("a key that is distrusted does not come back by a ticket from before", async () => {
  const { romeo, juliet } = new Stage();
  const tickets = core.tickets();
  const session = ticketOf(romeo.identity, juliet.identity, tickets);
  const stage = new Stage({ engine: { session } }, { engine: { tickets } });
  await stage.juliet.knows(stage.romeo.identity);
  await stage.romeo.store.distrust("juliet@capulet.lit", juliet.identity.spkiFingerprint);
  assert.is((await stage.romeo.attempt(JULIET))?.code, "not-trusted");
});

test.run();

/** From an earlier session of the same two keys. */
function ticketOf(initiator: Identity, responder: Identity, tickets: Tickets): Uint8Array {
  const [client, server] = [core.engine({ role: "initiator", identity: initiator, alpn: ["xtls/1"] }), core.engine({ role: "responder", identity: responder, alpn: ["xtls/1"], tickets })];
  for (let round = 0; round < 4; round++) {
    server.feed(client.drain());
    client.feed(server.drain());
  }
  return client.session as Uint8Array;
}

/** What a hostile server would do: leave only the method that it can live with. */
function withoutMethod(stanza: ReturnType<typeof copyOf>, name: string): ReturnType<typeof copyOf> {
  const copy = copyOf(stanza);
  const offer = (copy.getChild("start") ?? copy.getChild("proceed"))?.getChild("offer");
  if (offer !== undefined) offer.children = offer.getChildElements().filter((child) => child.attrs.name !== name);
  return copy;
}
