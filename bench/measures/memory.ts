/**
 * Bytes that one end of an idle tunnel keeps, in a fresh process: many pairs are opened, left
 * alone and collected; what the process has grown by is divided by the number of ends.
 *
 * For a module that is counted exactly: live blocks of its heap and objects of V8's. OpenSSL's
 * allocations appear in no count, so for node:tls it is the growth of resident memory, slack
 * included: an estimate. `basis` says which; `resident` is there for both, for who wants like
 * with like, beside `heap`, `claimed` (growth of the WebAssembly memory), `javascript`, `external`.
 */
import { setTimeout as pause } from "node:timers/promises";
import { collect } from "../apart.ts";
import { preferred, type Measure, type Sample, type Stage } from "../measure.ts";
import type { Loaded, Pair, Suite } from "../subject.ts";

export const memory: Measure = {
  bench: "memory-per-tunnel",
  title: "memory of one idle end",
  unit: "bytes",
  better: "less",
  every: 3,
  warm: false,
  isFresh: true,
  prepare: async (stage: Stage) => ({ sample: () => memoryPerTunnel(stage) }),
};

const PAIRS = 96;
const WARM_UP = 32;

async function memoryPerTunnel({ subject, loaded: load }: Stage): Promise<Sample> {
  const [loaded, suite] = [await load(), preferred(subject)];
  await warmUp(loaded, suite);
  const before = await settled(loaded);
  const pairs = await open(loaded, suite, PAIRS);
  const after = await settled(loaded);
  close(pairs);
  const perEnd = (name: keyof Footprint) => Math.round((after[name] - before[name]) / (2 * PAIRS));
  const [resident, javascript, external] = [perEnd("resident"), perEnd("javascript"), perEnd("external")];
  if (loaded.heap === undefined)
    return { value: resident, details: { basis: "resident", resident, javascript, external } };
  const [heap, claimed] = [perEnd("heap"), perEnd("claimed")];
  const details = { basis: "counted", heap, claimed, resident, javascript, external };
  return { value: heap + javascript, details };
}

/** Compiles code and fills pools, and leaves hardly any room that the ends which count could move into. */
async function warmUp(loaded: Loaded, suite: Suite): Promise<void> {
  for (let made = 0; made < WARM_UP; made++) {
    close(await open(loaded, suite, 1));
    await pause(0);
    collect();
  }
}

async function open(loaded: Loaded, suite: Suite, count: number): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (let made = 0; made < count; made++) {
    const pair = loaded.pair({ suite });
    await pair.handshake();
    pairs.push(pair);
  }
  return pairs;
}

function close(pairs: readonly Pair[]): void {
  for (const pair of pairs) pair[Symbol.dispose]();
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
