/**
 * The file store and kill -9: there is always the old or the new state, and whoever comes next can go on.
 */

import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { fileStorage } from "../../bindings/trust/file.ts";
import { TrustStore } from "../../bindings/trust/store.ts";
import { assert, suite } from "../suite.ts";
import { JID, PHONE } from "./keys.ts";
import { openWorkshop, type Writer } from "./writing.ts";

const test = suite("trust store and crashes");

/** Processes killed at random moments, two at a time. */
const KILLS = 210;
/** Milliseconds: starting to change the store, and several changes. */
const LONGEST_LIFE = 20;

const workshop = await openWorkshop();
test.after(() => workshop.close());

/** The number of a writer's last change; 0 before the first. */
async function numberOf(store: TrustStore, name: string): Promise<number> {
  const keys = await store.keysOf(JID);
  const key = keys.find(({ spkiFingerprint }) => spkiFingerprint.startsWith(`${name}:${name}`));
  return Number(key?.history.at(-1)?.note ?? 0);
}

test("killed before any step of a change, it leaves the old state or the new one, and no obstacle", async () => {
  const found: number[] = [];
  let isWhole = false;
  for (let step = 1; !isWhole; step++) {
    const file = workshop.place();
    const store = new TrustStore(fileStorage(file));
    await store.verify(JID, PHONE);
    const writer = workshop.start(file, "AA", 1, step);
    isWhole = (await writer.ended) === null;
    const number = await numberOf(store, "AA");
    if (writer.lines().length > 0) assert.is(number, 1, "what it said is stored");
    found.push(number);
    await store.verify(JID, PHONE, { note: "after the crash" });
    assert.is(await numberOf(store, "AA"), number);
    assert.equal(await readdir(dirname(file)), ["trust.json"], `step ${step}`);
  }
  console.log(`${found.length - 1} steps: ${found.join("")}`);
  assert.ok(found.length > 15);
  assert.match(found.join(""), /^0{10,}1{3,}$/);
});

test(`killed at ${KILLS} random moments, two writers lose nothing that they said was stored`, async () => {
  const file = workshop.place();
  const store = new TrustStore(fileStorage(file));
  const said: Record<string, number> = { AA: 0, BB: 0 };
  const started = performance.now();
  let kills = 0;
  let changes = 0;
  while (kills < KILLS) {
    const writers = Object.keys(said).map((name) => [name, workshop.start(file, name, 1e6)] as const);
    const signals = await Promise.all(writers.map(([, writer]) => killed(writer)));
    kills += signals.filter((signal) => signal === "SIGKILL").length;
    for (const [name, writer] of writers) {
      const last = Number(writer.lines().at(-1) ?? said[name]);
      const stored = await numberOf(store, name);
      assert.ok(stored === last || stored === last + 1, `${name} said ${last}, and ${stored} is stored`);
      changes += writer.lines().length;
      said[name] = stored;
    }
    await store.verify(JID, PHONE);
  }
  assert.equal(await readdir(dirname(file)), ["trust.json"]);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${kills} kills, ${changes} changes, ${seconds} s`);
});

/** Lets a writer store something, then kills it at a random moment. */
async function killed({ process, lines, ended }: Writer): Promise<NodeJS.Signals | null> {
  if (lines().length === 0) await once(process.stdout!, "data");
  await sleep(Math.random() * LONGEST_LIFE);
  process.kill("SIGKILL");
  return ended;
}

test.run();
