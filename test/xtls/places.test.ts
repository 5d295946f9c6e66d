/** Whatever strangers do, whoever matters has a place. */
import xml from "@xmpp/xml";
import fc from "fast-check";
import { XtlsError } from "../../bindings/errors.ts";
import { decodeBase64, encodeBase64 } from "../../bindings/xtls/base64.ts";
import { Endpoint, type EndpointOptions } from "../../bindings/xtls/endpoint.ts";
import type { Output } from "../../bindings/xtls/output.ts";
import type { BelievedState } from "../../bindings/xtls/trust.ts";
import type { Tunnel } from "../../bindings/xtls/tunnel.ts";
import { assert, suite } from "../suite.ts";
import { code } from "./code.ts";
import { FakeEngine, fakeIdentity } from "./fake-engine.ts";
import { JULIET } from "./wire-pair.ts";

const test = suite("places");
const NS = "urn:xmpp:tmp:xtls";
const FRIEND = "romeo@montague.lit/orchard";

/** Juliet's endpoint, and peers with fake engines who come as far as a test wants. */
class Stage {
  readonly endpoint: Endpoint;
  readonly sent = new Map<string, Output[]>();
  readonly closes = new Map<string, XtlsError | undefined>();
  readonly tunnels = new Map<string, Tunnel>();
  /** IQs that Juliet got and sent. */
  readonly iqs = { in: 0, out: 0 };
  accepts = true;
  /** What Juliet's policy says of whoever finishes a handshake; undefined: nothing yet. */
  trusts: BelievedState | undefined;
  #ids = 0;

  constructor(limits: EndpointOptions["limits"] = {}) {
    this.endpoint = new Endpoint({ address: JULIET, identity: fakeIdentity("juliet@capulet.lit"), hasExtensions: false, limits: limits ?? {}, id: () => `juliet-${++this.#ids}` });
  }

  /** @returns whether there is a tunnel, or will be when Juliet consents */
  start(from: string, knownAs?: BelievedState): boolean {
    this.#receive(from, xml("start", { xmlns: NS }), knownAs);
    return this.state(from) !== undefined;
  }

  /** Starts, and does the handshake as far as a peer can alone. */
  shake(from: string, knownAs?: BelievedState): boolean {
    if (!this.start(from, knownAs)) return false;
    const engine = new FakeEngine({ role: "initiator", identity: fakeIdentity(from.split("/")[0] as string) });
    for (let flight = 0; flight < 3; flight++) {
      while (engine.pending > 0) this.#receive(from, xml("data", { xmlns: NS }, encodeBase64(engine.drain())));
      for (const output of this.sent.get(from)?.splice(0) ?? []) {
        if (output.kind !== "request" || !output.payload.is("data")) continue;
        feed(engine, decodeBase64(output.payload.getText()));
        this.#after(() => this.endpoint.answer({ id: output.id, from, type: "result" }, 0));
      }
    }
    return this.state(from) !== undefined;
  }

  open(peer: string): Tunnel {
    return this.#after(() => this.endpoint.open(peer, 0));
  }

  close(from: string): void {
    const tunnel = this.tunnels.get(from);
    if (tunnel !== undefined) this.#after(() => this.endpoint.abort(tunnel, new XtlsError("closed"), 0));
  }

  state(peer: string): string | undefined {
    const state = this.tunnels.get(peer)?.state;
    return state === "closed" ? undefined : state;
  }

  count(isCounted: (tunnel: Tunnel) => boolean): number {
    return [...this.tunnels.values()].filter((tunnel) => tunnel.state !== "closed" && isCounted(tunnel)).length;
  }

  #receive(from: string, payload: ReturnType<typeof xml>, knownAs?: BelievedState): void {
    this.iqs.in++;
    this.#after(() => this.endpoint.receive({ id: `s${++this.#ids}`, from, type: "set", payload, knownAs }, 0));
  }

  #after<T>(action: () => T): T {
    const result = action();
    for (let outputs = this.endpoint.take(); outputs.length > 0; outputs = this.endpoint.take()) for (const output of outputs) this.#obey(output);
    return result;
  }

  #obey(output: Output): void {
    if ("to" in output) {
      this.iqs.out++;
      this.sent.set(output.to, [...(this.sent.get(output.to) ?? []), output]);
    }
    if (output.kind === "consent") {
      this.tunnels.set(output.tunnel.peer, output.tunnel);
      if (this.accepts) this.endpoint.accept(output.tunnel, 0);
    }
    if (output.kind === "judge" && this.trusts) this.endpoint.judged(output.tunnel, { trusted: true, state: this.trusts }, 0);
    if (output.kind === "close") this.closes.set(output.tunnel.peer, output.error);
  }
}

function feed(engine: FakeEngine, bytes: Uint8Array): void {
  try {
    engine.feed(bytes);
  } catch {
    // Juliet's alert.
  }
}

const stranger = (at: number, site = at) => `mallory${at}@chat.evil${site}.lit/cave`;

test("sixteen resources of one account keep no friend out, asked about or not", () => {
  for (const accepts of [false, true])
    for (const knownAs of [undefined, "first-use", "verified"] as const) {
      const stage = new Stage();
      stage.accepts = accepts;
      for (let resource = 0; resource < 300; resource++) stage.start(`mallory@evil.lit/${resource}`);
      assert.ok(stage.start(FRIEND, knownAs));
      assert.ok(stage.start("nurse@capulet.lit/kitchen"), "nor another stranger");
    }
});

test("hundreds of silent accepted handshakes, from one site or from hundreds, keep nothing of our own from opening", () => {
  for (const site of [() => 0, (at: number) => at]) {
    const stage = new Stage();
    for (let at = 0; at < 700; at++) stage.start(stranger(at, site(at)));
    assert.is(stage.count(({ role }) => role === "responder"), 64);
    for (let at = 0; at < 128; at++) stage.open(`friend${at}@montague.lit/x`);
    assert.ok(stage.start("nurse@capulet.lit/kitchen", "first-use"));
    assert.ok(stage.start("benvolio@montague.lit/street", "verified"));
  }
});

test("strangers who were authenticated at first use keep neither our own nor the known out", () => {
  const stage = new Stage();
  stage.trusts = "first-use";
  for (let at = 0; at < 400; at++) stage.shake(stranger(at));
  assert.is(stage.count(({ state }) => state === "open"), 128);
  assert.not(stage.start("nurse@capulet.lit/kitchen"), "half of the places is all that there is for them");
  for (let at = 0; at < 64; at++) stage.open(`friend${at}@montague.lit/x`);
  for (let at = 0; at < 32; at++) assert.ok(stage.start(`met${at}@montague.lit/x`, "first-use"));
  for (let at = 0; at < 32; at++) assert.ok(stage.start(`known${at}@montague.lit/x`, "verified"));
});

test("strangers of one site who were authenticated at first use leave half of the strangers' places to others", () => {
  const stage = new Stage();
  stage.trusts = "first-use";
  for (let at = 0; at < 400; at++) stage.shake(`mallory${at % 25}@s${at % 40}.evil.lit/${at}`);
  assert.is(stage.count(({ state }) => state === "open"), 64);
  assert.ok(stage.shake("nurse@capulet.lit/kitchen"));
  assert.is(stage.state("nurse@capulet.lit/kitchen"), "open");
  assert.not(stage.start("another@evil.lit/cave"));
});

test("accounts of one site that were taken at first use leave room for verified friends", () => {
  const stage = new Stage();
  stage.trusts = "first-use";
  for (let at = 0; at < 192; at++) stage.shake(`mallory${at % 12}@s${at % 5}.evil.lit/${at}`, "first-use");
  stage.trusts = "verified";
  for (let at = 0; at < 32; at++) {
    const friend = `known${at}@montague.lit/x`;
    stage.shake(friend, "verified");
    assert.is(stage.state(friend), "open", friend);
  }
});

test("peers of any number of sites that were taken at first use, and strangers with them, leave an eighth to verified friends", () => {
  const stage = new Stage();
  stage.trusts = "first-use";
  for (let at = 0; at < 400; at++) stage.shake(stranger(at), at % 3 ? "first-use" : undefined);
  assert.is(stage.count(({ state }) => state === "open"), 160);
  assert.not(stage.start("nurse@capulet.lit/kitchen", "first-use"), "there is no more for them");
  for (let at = 0; at < 32; at++) assert.ok(stage.start(`known${at}@montague.lit/x`, "verified"));
});

test("of one site those taken at first use, and strangers with them, have half of what is for peers who are not verified", () => {
  const stage = new Stage();
  stage.trusts = "first-use";
  for (let at = 0; at < 400; at++) stage.shake(`mallory${at % 25}@evil.lit/${at}`, at % 3 ? "first-use" : undefined);
  assert.is(stage.count(({ state }) => state === "open"), 80);
  for (let at = 0; at < 80; at++) assert.ok(stage.shake(`met${at}@montague.lit/x`, "first-use"));
  assert.is(stage.count(({ state }) => state === "open"), 160);
});

test("one who was taken at first use and has been verified since leaves the place to others like that", () => {
  const stage = new Stage();
  stage.trusts = "first-use";
  for (let at = 0; at < 200; at++) stage.shake(stranger(at), "first-use");
  assert.not(stage.start(FRIEND, "first-use"));
  stage.endpoint.verified(stage.tunnels.get(stranger(0)) as Tunnel);
  assert.ok(stage.start(FRIEND, "first-use"));
});

test("whom a policy calls known by another word than those for a believed key is a stranger", () => {
  const stage = new Stage();
  stage.trusts = "first-use";
  for (let at = 0; at < 128; at++) stage.shake(stranger(at));
  for (const word of [true, "distrusted", "unknown"]) assert.not(stage.start(FRIEND, word as BelievedState), String(word));
  assert.ok(stage.start(FRIEND, "first-use"));
});

test("who has proved more than to be the first is no stranger, and leaves the place to others", () => {
  const stage = new Stage();
  stage.trusts = "verified";
  for (let at = 0; at < 192; at++) assert.ok(stage.shake(stranger(at)));
  assert.is(stage.count(({ state }) => state === "open"), 192);
  for (let at = 0; at < 64; at++) stage.open(`friend${at}@montague.lit/x`);
  assert.is(code(() => stage.open("friend@montague.lit/y")), "too-many-tunnels");
  assert.is(stage.count(({ state }) => state === "open"), 192, "an open tunnel gives way to nobody");
});

test("the oldest gives way, at the site and of the account with most, and is told by a close or an error", () => {
  const stage = new Stage({ unauthenticated: 4 });
  stage.shake("nurse@capulet.lit/kitchen");
  for (const from of ["a@one.evil.lit/1", "a@one.evil.lit/2", "b@two.evil.lit/1"]) stage.start(from);
  assert.ok(stage.start("benvolio@montague.lit/street"));
  assert.equal([...stage.closes].map(([peer, error]) => [peer, error?.code]), [["a@one.evil.lit/1", "evicted"]]);
  const told = stage.sent.get("a@one.evil.lit/1")?.at(-1);
  assert.ok(told?.kind === "request" && told.payload.is("close", NS));
  assert.ok(stage.state("nurse@capulet.lit/kitchen") && stage.state("b@two.evil.lit/1"));
  stage.accepts = false;
  assert.ok(stage.start("c@three.evil.lit/1"));
  assert.ok(stage.start("d@four.example/1"));
  for (let at = 0; at < 20; at++) stage.start(`e${at}@x${at}.evil.lit/1`);
  const refused = [...stage.sent.values()].flat().filter((output) => output.kind === "error");
  assert.ok(refused.length > 0 && refused.every((output) => output.kind === "error" && /resource-constraint/.test(String(output.error))));
});

test("while a person may be asked the earlier ones stay, and whoever comes in numbers is told to come later", () => {
  const stage = new Stage();
  stage.accepts = false;
  stage.start("nurse@capulet.lit/kitchen");
  for (let at = 0; at < 200; at++) stage.start(`mallory${at}@a${at}.evil.lit/cave`);
  assert.is(stage.count(() => true), 16);
  assert.is(stage.state("nurse@capulet.lit/kitchen"), "starting");
  assert.is(stage.state("mallory0@a0.evil.lit/cave"), "starting");
  assert.ok(stage.start("benvolio@montague.lit/street"));
  assert.is(stage.state("mallory0@a0.evil.lit/cave"), "starting", "the latest of them makes room");
});

test("a server that lies about known accounts takes places of its own site alone", () => {
  for (const knownAs of ["first-use", "verified"] as const) {
    const stage = new Stage();
    for (let at = 0; at < 500; at++) stage.start(`known${at % 50}@evil.lit/${at}`, knownAs);
    assert.is(stage.count(() => true), 64);
    assert.ok(stage.shake(FRIEND, knownAs));
    for (let at = 0; at < 500; at++) stage.start(`known${at % 50}@evil.lit/again${at}`, knownAs);
    assert.is(stage.state(FRIEND), "judging");
  }
});

test("strangers of any number of accounts and sites, as far as they come: our own and the known have places, and they are few", () => {
  const act = fc.record({
    act: fc.constantFrom("start", "start", "start", "shake", "shake", "close"),
    who: fc.nat(400),
    site: fc.constantFrom("one", "few", "many"),
    consents: fc.boolean(),
    trusts: fc.constantFrom(undefined, undefined, undefined, "first-use" as const),
    times: fc.integer({ min: 1, max: 60 }),
  });
  const limits = { tunnels: 40, unauthenticated: 10, starts: 6 };
  fc.assert(
    fc.property(fc.array(act, { minLength: 1, maxLength: 25 }), (acts) => {
      const stage = new Stage(limits);
      let own = 0;
      const protectedPeers: string[] = [];
      for (const { act, who, site, consents, trusts, times } of acts) {
        stage.accepts = consents;
        stage.trusts = trusts;
        for (let time = 0; time < times; time++) {
          const from = stranger(who + time, { one: 0, few: (who + time) % 3, many: who + time }[site]);
          if (act === "start") stage.start(from);
          if (act === "shake") stage.shake(from);
          if (act === "close") stage.close(from);
        }
        stage.trusts = undefined;
        const pending = stage.count(({ security, peer }) => security === undefined && peer.includes("evil"));
        assert.ok(pending <= limits.unauthenticated, `${pending} strangers`);
        assert.ok(stage.count(({ peer }) => peer.includes("evil")) <= limits.tunnels / 2);
        if (own < 10) stage.tunnels.set(`mine${own}@capulet.lit/x`, stage.open(`mine${own++}@capulet.lit/x`));
        if (protectedPeers.length < 10) {
          const friend = `known${protectedPeers.length}@montague.lit/x`;
          assert.ok(stage.start(friend, protectedPeers.length % 2 ? "verified" : "first-use"));
          protectedPeers.push(friend);
        }
        for (const friend of protectedPeers) assert.ok(stage.state(friend), `${friend} was put out`);
        assert.is(stage.count(({ peer }) => peer.startsWith("mine")), own);
      }
    }),
    { numRuns: 60 },
  );
});

test("a start that is malformed puts nobody out", () => {
  const stage = new Stage({ unauthenticated: 1 });
  assert.ok(stage.start(FRIEND));
  const offer = xml("offer", { xmlns: "urn:xmpp:tmp:c2ctls" }, xml("tunnel", { xmlns: "urn:xmpp:tmp:xtls:ext" }));
  stage.endpoint.receive({ id: "x", from: stranger(1), type: "set", payload: xml("start", { xmlns: NS }, offer) }, 0);
  stage.endpoint.receive({ id: "y", from: "evil.lit", type: "set", payload: xml("start", { xmlns: NS }) }, 0);
  stage.endpoint.receive({ id: "z", from: JULIET, type: "set", payload: xml("start", { xmlns: NS }) }, 0);
  assert.equal(stage.endpoint.take().map(({ kind }) => kind), ["error", "error", "error"]);
  assert.is(stage.state(FRIEND), "handshaking");
});

test.run();
