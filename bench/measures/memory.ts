/**
 * Bytes that one end of an idle tunnel keeps, in a fresh process: many pairs are opened, left
 * alone and collected; what the process has grown by is divided by the number of ends.
 *
 * The figure is resident memory (RSS), the only one that means the same for every subject:
 * OpenSSL's allocations appear in no other count. It includes JavaScript objects and a share
 * of slack; so it is an estimate, and the exact counts go along: `heap` (the module's allocator),
 * `claimed` (growth of the WebAssembly memory), `javascript` and `external` (V8).
 */
import { setTimeout as pause } from "node:timers/promises";
import { apart, collect } from "../apart.ts";
import type { Measure, Sample, Stage } from "../measure.ts";
import type { Credentials, Loaded, Pair, Subject } from "../subject.ts";

export const memory: Measure = {
  bench: "memory-per-tunnel",
  title: "resident memory, idle end",
  unit: "bytes",
  better: "less",
  rounds: 3,
  warm: false,
  prepare: async ({ subject, credentials }: Stage) => ({
    sample: () => apart("memory-per-tunnel", subject.name, credentials),
  }),
};

const PAIRS = 128;
const WARM_UP = 16;

/** Runs in the child. */
export async function memoryPerTunnel(subject: Subject, credentials: Credentials): Promise<Sample> {
  const loaded = await subject.load(credentials);
  // Kept open: if they were disposed of, the ends that count would move into their room.
  const warmUp = await open(loaded, WARM_UP);
  const before = await settled(loaded);
  const pairs = await open(loaded, PAIRS);
  const after = await settled(loaded);
  for (const pair of [...warmUp, ...pairs]) pair[Symbol.dispose]();
  const perEnd = (name: keyof Footprint) => Math.round((after[name] - before[name]) / (2 * PAIRS));
  const { heap, claimed, javascript, external } = {
    heap: perEnd("heap"),
    claimed: perEnd("claimed"),
    javascript: perEnd("javascript"),
    external: perEnd("external"),
  };
  const module = loaded.heap === undefined ? {} : { heap, claimed };
  return { value: perEnd("resident"), details: { ...module, javascript, external } };
}

async function open(loaded: Loaded, count: number): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (let made = 0; made < count; made++) {
    const pair = loaded.pair({ suite: "TLS_CHACHA20_POLY1305_SHA256" });
    await pair.handshake();
    pairs.push(pair);
  }
  return pairs;
}

interface Footprint {
  readonly resident: number;
  readonly heap: number;
  readonly claimed: number;
  readonly javascript: number;
  readonly external: number;
}

/** After garbage, finalizers and their garbage are gone. */
async function settled(loaded: Loaded): Promise<Footprint> {
  for (let pass = 0; pass < 4; pass++) {
    collect();
    await pause(20);
  }
  const { rss: resident, heapUsed: javascript, external } = process.memoryUsage();
  const { used, claimed } = loaded.heap?.() ?? { used: 0, claimed: 0 };
  return { resident, heap: used, claimed, javascript, external };
}
