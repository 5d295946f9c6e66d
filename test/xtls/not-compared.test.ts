/**
 * A tunnel that is ended between its handshake and the comparison of offers. Every honest end says a TLS alert before it
 * leaves; where that is missing, a server may hide what the comparison would have shown.
 */
import xml from "@xmpp/xml";
import { buildError } from "../../bindings/xtls/condition.ts";
import { decodeBase64, encodeBase64 } from "../../bindings/xtls/base64.ts";
import type { Tunnel } from "../../bindings/xtls/tunnel.ts";
import { assert, suite } from "../suite.ts";
import { mallory, pair } from "./ends.ts";
import { JULIET, type End, type EndOptions, type Iq, type WirePair } from "./wire-pair.ts";

const test = suite("not compared");
const NS = "urn:xmpp:tmp:xtls";
const ROLES = ["initiator", "responder"] as const;
const close = () => xml("close", { xmlns: NS });
const isData = (iq: Iq) => iq.type === "set" && iq.payload?.is("data", NS) === true;

interface Halt {
  readonly wire: WirePair;
  /** The end that waits for the other's bind, and its tunnel. */
  readonly end: End;
  readonly tunnel: Tunnel;
  readonly other: End;
  /** The other's chunks that the server keeps; the first has the bind. */
  readonly held: Iq[];
}

/** One end has its handshake behind it, and the server keeps the other's bind. */
function halted(role: (typeof ROLES)[number], options: Partial<EndOptions> = {}): Halt {
  // Small chunks, so that the bind does not share one with the end of the handshake.
  const limits = { chunk: 64, window: 64 };
  const wire = pair({ limits, ...options }, { limits, ...options });
  const opening = wire.romeo.open(JULIET);
  const [end, other] = role === "initiator" ? [wire.romeo, wire.juliet] : [wire.juliet, wire.romeo];
  const tunnel = () => (role === "initiator" ? opening : wire.juliet.consents[0]);
  const held: Iq[] = [];
  wire.intercept = (iq) => {
    if (!isData(iq) || iq.from !== other.address || tunnel()?.state !== "judging") return [iq];
    held.push(iq);
    return [];
  };
  wire.settle();
  assert.equal([tunnel()?.state, end.opened, other.opened.length], ["judging", [], 1]);
  assert.ok(held.length > 0);
  return { wire, end, tunnel: tunnel() as Tunnel, other, held };
}

/** The server says `<close/>` in the other's name. */
const forgeClose = ({ end, other }: Halt) => end.receive({ type: "set", id: "c1", from: other.address, to: end.address, payload: close() });

for (const role of ROLES) {
  test(`a close without an alert before the peer's bind is not-compared, at the ${role}`, () => {
    const halt = halted(role);
    forgeClose(halt);
    assert.equal([halt.end.closes[0]?.code, halt.tunnel.state, halt.end.endpoint.deadline], ["not-compared", "closed", undefined]);
    assert.is(halt.end.sent.at(-1)?.payload?.name, "closed");
    // The other end is told by an alert.
    halt.wire.intercept = (iq) => [iq];
    halt.wire.settle();
    assert.is(halt.other.closes[0]?.code, "alert-received");
  });

  test(`… and so is an error that says that bytes were refused, which an alert goes before, at the ${role}`, () => {
    for (const code of ["bad-record", "invalid-base64", "malformed"] as const) {
      const { wire, end, other } = halted(role);
      wire.intercept = () => [];
      end.after(() => end.endpoint.receive({ type: "set", id: "s1", from: other.address, payload: xml("start", { xmlns: NS }) }, wire.now));
      const { id } = end.sent.find((iq) => isData(iq)) as Iq;
      end.receive({ type: "error", id, from: other.address, to: end.address, payload: buildError(code) });
      assert.is(end.closes[0]?.code, "not-compared", code);
    }
  });

  test(`an alert in the bind's place says why; without it nothing was compared, at the ${role}`, () => {
    for (const isSwallowed of [false, true]) {
      // Who refuses the other's certificate says so instead of the bind.
      const wire = role === "initiator" ? pair({ identity: mallory }) : pair({}, { identity: mallory });
      const [end, other] = role === "initiator" ? [wire.romeo, wire.juliet] : [wire.juliet, wire.romeo];
      const tunnel = wire.romeo.open(JULIET);
      wire.intercept = (iq) => {
        const isAlert = isData(iq) && iq.from === other.address && other.closes.length > 0;
        return isAlert && isSwallowed ? [] : [iq];
      };
      wire.settle();
      assert.is(other.closes[0]?.code, "wrong-address");
      // The responder's handshake is not over then: the initiator's Finished was swallowed with the alert.
      const unexplained = role === "initiator" ? "not-compared" : "handshake-canceled";
      assert.is(end.closes[0]?.code, isSwallowed ? unexplained : "alert-received");
      assert.is(tunnel.state, "closed");
    }
  });

  test(`silence, a lost stream and a spoiled byte are errors and no more, at the ${role}`, () => {
    const ends: [string, (halt: Halt) => void, RegExp][] = [
      ["silence", ({ wire }) => void wire.pass(300_000), /^timeout$/],
      ["our stream", ({ wire, end }) => end.after(() => end.endpoint.disconnect(wire.now)), /^stream-lost$/],
      ["the peer's", ({ wire, end, other }) => end.after(() => end.endpoint.unavailable(other.address, wire.now)), /^peer-unavailable$/],
      ["a byte", ({ end, held }) => [spoiled(held[0] as Iq), ...held.slice(1)].forEach((iq) => end.receive(iq)), /^bad-record$/],
      ["a peer that has forgotten", (halt) => refuseProbe(halt), /^unknown-tunnel$/],
    ];
    for (const [what, happen, expected] of ends) {
      const halt = halted(role);
      happen(halt);
      assert.match(halt.end.closes[0]?.code ?? "nothing", expected, what);
    }
  });

  test(`once the binds are compared, and with a base peer, a close is only a close, at the ${role}`, () => {
    const never = { judge: () => new Promise<never>(() => undefined) };
    for (const hasExtensions of [true, false]) {
      const wire = pair({ hasExtensions, trust: never }, { hasExtensions, trust: never }).open();
      const [end, other] = role === "initiator" ? [wire.romeo, wire.juliet] : [wire.juliet, wire.romeo];
      assert.is(end.claims.length, 1);
      end.receive({ type: "set", id: "c1", from: other.address, to: end.address, payload: close() });
      assert.is(end.closes[0]?.code, "handshake-canceled");
    }
  });
}

/** With its last bit changed. */
function spoiled(iq: Iq): Iq {
  const bytes = decodeBase64(iq.payload?.getText() ?? "");
  bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
  return { ...iq, payload: xml("data", iq.payload?.attrs ?? {}, encodeBase64(bytes)) };
}

/** The peer came back without the tunnel, and says so when it is probed. */
function refuseProbe({ wire, end, other }: Halt): void {
  wire.intercept = () => [];
  end.receive({ type: "set", id: "s1", from: other.address, to: end.address, payload: xml("start", { xmlns: NS }) });
  const { id } = end.sent.find((iq) => isData(iq)) as Iq;
  end.receive({ type: "error", id, from: other.address, to: end.address, payload: buildError("unknown-tunnel") });
}

test.run();
