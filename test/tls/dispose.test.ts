import { createPrivateKey } from "node:crypto";

import type { Core, Engine, Identity } from "../../bindings/node.ts";
import { loadCore } from "../module.ts";
import { assert, suite } from "../suite.ts";
import { find, fromHex, numberForms, secretsOf } from "./heap.ts";
import { bytesOf, couple, handshake, pair, pattern, transfer } from "./pair.ts";

const test = suite("dispose");

const MARKER = "Henceforth I never will be Romeo";

/** A core in which two engines spoke, and everything secret that they had. */
interface Scene {
  readonly core: Core;
  readonly engines: readonly Engine[];
  readonly identities: readonly Identity[];
  readonly scalars: readonly Uint8Array[];
  readonly secrets: ReadonlyMap<string, Uint8Array>;
  readonly exported: Uint8Array;
}

async function scene(): Promise<Scene> {
  const core = await loadCore();
  const identities = ["juliet@capulet.example", "romeo@montague.example"].map((jid) => core.createIdentity({ jid }));
  const lines: string[] = [];
  const keyLog = (line: string) => void lines.push(line);
  const [juliet, romeo] = identities as [Identity, Identity];
  const ends = handshake(pair(core, { keyLog }, { identity: juliet }, { identity: romeo }));
  ends.initiator.write(bytesOf(MARKER));
  transfer(ends.initiator, ends.responder);
  const exported = ends.initiator.exportKeyingMaterial("EXPORTER-x", undefined, 32);
  return {
    core,
    engines: [ends.initiator, ends.responder],
    identities,
    scalars: identities.map(scalarOf),
    secrets: secretsOf(lines),
    exported,
  };
}

function scalarOf(identity: Identity): Uint8Array {
  const { d } = createPrivateKey(identity.toPEM()).export({ format: "jwk" });
  return new Uint8Array(Buffer.from(d as string, "base64url"));
}

const isFound = (core: Core, needle: Uint8Array): boolean => find(core, needle) >= 0;

test("leaves no secret of a tunnel in the module's memory", async () => {
  const { core, engines, identities, scalars, secrets, exported } = await scene();
  const lasting = ["CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"];

  // The same search must find them while they are in use, or it proves nothing.
  for (const label of lasting) assert.ok(isFound(core, secrets.get(label)!), `${label} is there before`);
  for (const scalar of scalars)
    assert.ok(
      numberForms(scalar).some((form) => isFound(core, form)),
      "the key is there before",
    );
  assert.ok(isFound(core, bytesOf(MARKER)), "unread plaintext is there before");

  for (const engine of engines) engine[Symbol.dispose]();
  for (const identity of identities) identity[Symbol.dispose]();

  for (const [label, secret] of secrets) assert.not(isFound(core, secret), `${label} is gone`);
  for (const form of scalars.flatMap(numberForms)) assert.not(isFound(core, form), "the key is gone");
  assert.not(isFound(core, bytesOf(MARKER)), "plaintext is gone");
  assert.not(isFound(core, exported), "exported keys are gone");
});

test("keeps an identity's key as long as an engine needs it, and no longer", async () => {
  const { core, engines, identities, scalars } = await scene();
  for (const identity of identities) identity[Symbol.dispose]();
  for (const scalar of scalars) assert.ok(numberForms(scalar).some((form) => isFound(core, form)));
  for (const engine of engines) engine[Symbol.dispose]();
  for (const form of scalars.flatMap(numberForms)) assert.not(isFound(core, form));
});

test("leaves neither plaintext nor exported keys where bytes cross over", async () => {
  const {
    core,
    engines: [initiator, responder],
    exported,
  } = await scene();
  responder!.read();
  assert.not(isFound(core, exported));
  assert.not(isFound(core, bytesOf(MARKER)), "after reading");

  initiator!.write(bytesOf(MARKER));
  assert.not(isFound(core, bytesOf(MARKER)), "after writing");

  transfer(initiator!, responder!);
  const output = new Uint8Array(100);
  assert.equal(output.subarray(0, responder!.readInto(output)), bytesOf(MARKER));
  assert.not(isFound(core, bytesOf(MARKER)), "after reading into the caller's memory");

  const long = pattern(200_000);
  initiator!.write(long);
  transfer(initiator!, responder!);
  responder!.read();
  assert.not(isFound(core, long.subarray(5000, 5032)), "after more than the window holds");
});

test("leaves no PEM behind", async () => {
  const core = await loadCore();
  const identity = core.createIdentity({ jid: "juliet@capulet.example" });
  const pem = identity.toPEM();
  const base64 = pem.split("\n")[2]!;
  const scalar = scalarOf(identity);
  identity[Symbol.dispose]();
  const again = core.identityFromPEM(pem);
  assert.not(isFound(core, bytesOf(base64)));
  again[Symbol.dispose]();
  assert.not(isFound(core, bytesOf(base64)));
  for (const form of numberForms(scalar)) assert.not(isFound(core, form));
});

test("leaves nothing of a session that could be resumed", async () => {
  const core = await loadCore();
  const identity = core.createIdentity({ jid: "juliet@capulet.example" });
  const tickets = core.tickets();
  const ends = handshake(pair(core, { identity }, {}, { tickets }));
  const session = ends.initiator.session!;
  const again = core.engine({ role: "initiator", identity, session });
  const windows = Array.from({ length: session.length - 31 }, (_, at) => session.subarray(at, at + 32));
  const isTelling = (window: Uint8Array): boolean => new Set(window).size > 12;
  assert.ok(
    windows.filter(isTelling).some((window) => isFound(core, window)),
    "it is there before",
  );

  for (const owned of [again, ends.initiator, ends.responder, tickets, identity]) owned[Symbol.dispose]();
  for (const unused of Object.values(couple(core))) unused[Symbol.dispose]();
  assert.equal(
    windows.filter(isTelling).filter((window) => isFound(core, window)),
    [],
  );
});

test("finds what lies in a block, and no more when it is freed", async () => {
  const core = await loadCore();
  const { module } = core;
  const needle = fromHex("00112233445566778899aabbccddeeff");
  const block = module.xtls_alloc(16);
  new Uint8Array(module.memory.buffer).set(needle, block);
  assert.is(find(core, needle), block);
  module.xtls_free(block);
  assert.is(find(core, needle), -1);
});

test.run();
