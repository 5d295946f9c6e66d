import type { Core, Engine, Identity } from "../../bindings/node.ts";
import { loadCore } from "../module.ts";
import { assert, suite } from "../suite.ts";
import { find, numberForms, secretsOf } from "./heap.ts";
import { ephemeralKeys, handshakeSecrets, recordKeys, recordRandomness } from "./key-schedule.ts";
import { bytesOf, couple, handshake, pair, settle, textOf, thrown, type Pair, type Wire } from "./pair.ts";

const test = suite("an open tunnel");

type Extras = Parameters<typeof pair>[1];

/** Two ends that have shaken hands, and all that the handshake was made of. */
interface Scene extends Pair {
  readonly core: Core;
  readonly randomness: readonly Uint8Array[];
  /** What went over the wire, all of it. */
  readonly wire: Buffer;
  readonly traffic: ReadonlyMap<string, Uint8Array>;
  readonly keys: readonly Uint8Array[];
}

function shakeHands(core: Core, both: Extras = {}, initiator: Extras = {}, responder: Extras = {}): Scene {
  const lines: string[] = [];
  const sent: Uint8Array[] = [];
  const tap: Wire = (bytes) => (sent.push(bytes), [bytes]);
  let ends: Pair | undefined;
  couple(core); // whose keys are none of a handshake's
  const randomness = recordRandomness(() => {
    ends = handshake(pair(core, { keyLog: (line) => void lines.push(line), ...both }, initiator, responder), tap);
  });
  const wire = Buffer.concat(sent);
  return { ...ends!, core, randomness, wire, traffic: secretsOf(lines), keys: ephemeralKeys(randomness, wire) };
}

const isFound = (core: Core, needle: Uint8Array): boolean => numberForms(needle).some((form) => find(core, form) >= 0);

const left = (core: Core, secrets: ReadonlyMap<string, Uint8Array>): string[] =>
  [...secrets].filter(([, secret]) => isFound(core, secret)).map(([name]) => name);

/** What both ends go on with: the same search must find it. */
function assertAtWork({ core, traffic }: Scene): void {
  for (const label of ["CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0", "EXPORTER_SECRET"])
    assert.ok(isFound(core, traffic.get(label)!), `${label} is at work`);
}

const SUITES = [
  ["TLS_CHACHA20_POLY1305_SHA256", "sha256"],
  ["TLS_AES_128_GCM_SHA256", "sha256"],
  ["TLS_AES_256_GCM_SHA384", "sha384"],
] as const;

for (const [name, hash] of SUITES) {
  test(`keeps no secret and no key of its handshake: ${name}`, async () => {
    const scene = shakeHands(await loadCore(), { ciphersuites: [name] });
    assert.is(scene.keys.length, 2);
    assertAtWork(scene);
    const [one, other] = scene.keys as [Uint8Array, Uint8Array];
    const secrets = handshakeSecrets(hash, [one, other], scene.traffic);
    assert.is(secrets.size, 16);
    assert.equal(left(scene.core, secrets), []);

    scene.initiator.write(bytesOf("still here"));
    settle(scene);
    assert.is(textOf(scene.responder.read()), "still here");
    assert.is(scene.initiator.exportKeyingMaterial("EXPORTER-x", undefined, 32).length, 32);
  });
}

test("keeps the record keys that it works with, which the same search finds", async () => {
  const { core, traffic } = shakeHands(await loadCore());
  const keys = recordKeys("sha256", traffic.get("CLIENT_TRAFFIC_SECRET_0")!);
  assert.ok(isFound(core, keys[0]![1]));
});

for (const group of ["X25519", "P-256", "P-384"] as const) {
  test(`keeps no randomness that was not sent in clear: ${group}`, async () => {
    const { core, randomness, wire, initiator, responder } = shakeHands(await loadCore(), { groups: [group] });
    const secret = randomness.filter((piece) => piece.length >= 16 && !wire.includes(Buffer.from(piece)));
    assert.ok(secret.length >= 2, "two ephemeral keys at least");
    // The ends of a private key may be masked: its middle tells.
    const middles = secret.map((piece) => piece.subarray(2, 14));
    assert.equal(middles.map((middle) => isFound(core, middle)).filter(Boolean), []);
    for (const end of [initiator, responder]) end[Symbol.dispose]();
  });
}

/** Before the key: the core's header (core/session.c), and Mbed TLS's fields up to the key's length (mbedtls_ssl_session_save). */
const BEFORE_KEY = 35 + 5 + 1 + 1 + 2 + 4 + 1;

/** The key that a session resumes with. */
function pskOf(session: Uint8Array): Uint8Array {
  assert.is(session[BEFORE_KEY], 32, "the length of the key stands before it");
  return session.slice(BEFORE_KEY + 1, BEFORE_KEY + 33);
}

/** The secret that tickets are made of is the next session's key, once a nonce is mixed in. */
test("keeps no key of a ticket: not of the one it came from, nor of the one it gave or got", async () => {
  const core = await loadCore();
  const tickets = core.tickets();
  const [juliet, romeo] = ["juliet@capulet.example", "romeo@montague.example"].map((jid) =>
    core.createIdentity({ jid }),
  ) as [Identity, Identity];
  const first = shakeHands(core, {}, { identity: juliet }, { identity: romeo, tickets });
  const session = first.initiator.session!;
  const psk = pskOf(session);
  assert.ok(isFound(core, psk), "the responder's table has it");
  const again = shakeHands(core, {}, { identity: juliet, session }, { identity: romeo, tickets });
  assert.is(again.initiator.negotiated?.resumed, true);
  assertAtWork(again);
  const [one, other] = again.keys as [Uint8Array, Uint8Array];
  const secrets = handshakeSecrets("sha256", [one, other], again.traffic, psk);
  assert.equal(left(core, new Map([...secrets, ["the ticket's key", psk]])), []);

  const next = pskOf(again.initiator.session!);
  assert.ok(isFound(core, next), "the table has the next one");
  tickets[Symbol.dispose]();
  for (const end of [first.responder, again.responder]) assert.is(end.state, "open"); // each keeps the table
  for (const end of [first.responder, again.responder]) end[Symbol.dispose]();
  assert.not(isFound(core, next), "and nobody else");
});

test("keeps no key of a ticket that was passed over", async () => {
  const core = await loadCore();
  const [juliet, romeo] = ["juliet@capulet.example", "romeo@montague.example"].map((jid) =>
    core.createIdentity({ jid }),
  ) as [Identity, Identity];
  const tickets = core.tickets();
  const first = shakeHands(core, {}, { identity: juliet }, { identity: romeo, tickets });
  const session = first.initiator.session!;
  const psk = pskOf(session);
  for (const owned of [first.initiator, first.responder, tickets]) owned[Symbol.dispose]();
  assert.not(isFound(core, psk));
  const again = shakeHands(core, {}, { identity: juliet, session }, { identity: romeo, tickets: core.tickets() });
  assert.is(again.initiator.negotiated?.resumed, false);
  assert.not(isFound(core, psk));
});

test("that failed on the way keeps no secret of its handshake either", async () => {
  const core = await loadCore();
  for (const stopper of ["initiator", "responder"] as const) {
    const lines: string[] = [];
    const sent: Uint8Array[] = [];
    const ends: Engine[] = [];
    const randomness = recordRandomness(() => {
      const both = pair(core, { keyLog: (line) => void lines.push(line) });
      ends.push(both.initiator, both.responder);
      // Its certificates are altered on the way, or its Finished is.
      const alter: Wire = (bytes, from) => {
        sent.push(bytes);
        const altered = bytes.slice();
        if (from !== stopper && sent.length > 1) altered[altered.length - 20]! ^= 1;
        return [altered];
      };
      thrown(() => settle(both, alter));
    });
    const keys = ephemeralKeys(randomness, Buffer.concat(sent));
    const failed = ends[stopper === "initiator" ? 0 : 1]!;
    const other = ends[stopper === "initiator" ? 1 : 0]!;
    assert.is(failed.state, "failed");
    other[Symbol.dispose]();
    const secrets = handshakeSecrets("sha256", keys as [Uint8Array, Uint8Array], secretsOf(lines));
    assert.equal(left(core, new Map([...secrets, ...secretsOf(lines)])), [], "nor of what it would have opened with");
    assert.ok(failed.alerts.sent, "and its alert can still be drained");
    assert.ok(failed.drain().length > 0);
    failed[Symbol.dispose]();
  }
});

test.run();
