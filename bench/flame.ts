/**
 * Where a measure's time goes, as a command: a flame graph of both ends, drawn from V8's
 * sampling profiler, and a table of functions on standard output.
 *
 *     tsx bench/flame.ts [MEASURE]        (`handshake`, if none is named)
 *
 * Writes bench/results/MEASURE.svg. Wants the module with its function names: `VARIANT=named scripts/wasm.sh`. What the compiler
 * has inlined counts for its caller.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { Session, type Profiler } from "node:inspector/promises";
import { collect } from "./apart.ts";
import { credentials } from "./credentials.ts";
import { flameGraph, type Frame } from "./flame-graph.ts";
import type { Measure, Sampler } from "./measure.ts";
import { MEASURES, measureNamed } from "./measures/all.ts";
import { moduleSubject } from "./module.ts";

const [WARM_UP, WINDOW, INTERVAL] = [1500, 4000, 100];

async function main(bench: string): Promise<void> {
  const measure = warmMeasure(bench);
  const sampler = await prepared(measure);
  await sampler.sample(WARM_UP);
  collect();
  const root = framed(await profiled(() => sampler.sample(WINDOW)), bench);
  console.log(shares(root));
  const directory = new URL("./results/", import.meta.url);
  await mkdir(directory, { recursive: true });
  await writeFile(new URL(`${bench}.svg`, directory), flameGraph(root, measure.title));
}

/** One that repeats itself; of a single event no samples could be had. */
function warmMeasure(bench: string): Measure {
  const measure = measureNamed(bench);
  if (measure?.warm) return measure;
  const warm = MEASURES.filter((each) => each.warm).map((each) => each.bench);
  throw new TypeError(`no ${bench}; there are ${warm.join(", ")}`);
}

async function prepared(measure: Measure): Promise<Sampler> {
  const subject = moduleSubject("xtls", "../build/named.wasm", "VARIANT=named scripts/wasm.sh");
  const reason = subject.missing?.();
  if (reason !== undefined) throw new Error(reason);
  const shared = await credentials();
  const loaded = await subject.load(shared);
  const sampler = await measure.prepare({ subject, credentials: shared, loaded: async () => loaded });
  if (sampler === undefined) throw new Error(`${measure.bench} does not apply to ${subject.name}`);
  return sampler;
}

async function profiled(work: () => Promise<unknown>): Promise<Profiler.Profile> {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval: INTERVAL });
  await session.post("Profiler.start");
  await work();
  const { profile } = await session.post("Profiler.stop");
  session.disconnect();
  return profile;
}

/** The tree from the subject's own code downwards, each frame with the samples of all beneath it. */
function framed({ nodes }: Profiler.Profile, name: string): Frame {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const below = (node: Profiler.ProfileNode) => (node.children ?? []).map((id) => byId.get(id)!);
  const built = (node: Profiler.ProfileNode): Frame => {
    const children = below(node).map(built);
    const self = node.hitCount ?? 0;
    const total = children.reduce((sum, child) => sum + child.total, self);
    const { functionName, url } = node.callFrame;
    const isOfModule = url.startsWith("wasm:");
    return { name: functionName || "(anonymous)", isOfModule, self, total, children: children.flatMap(unwrapped) };
  };
  // Above it is the measure, which awaits: its continuations are on other stacks than its beginning.
  const entered = (node: Profiler.ProfileNode): Frame[] => (isOfSubject(node) ? [built(node)] : below(node).flatMap(entered));
  const children = entered(nodes[0]!);
  const total = children.reduce((sum, child) => sum + child.total, 0);
  return merged(name, [{ name, isOfModule: false, self: 0, total, children }]);
}

const isOfSubject = ({ callFrame: { url, functionName } }: Profiler.ProfileNode): boolean =>
  url === new URL("./module.ts", import.meta.url).href || functionName === "(garbage collector)";

/** V8's own steps into the module are no functions of anybody's. */
const unwrapped = (frame: Frame): readonly Frame[] =>
  frame.name.startsWith("js-to-wasm") ? frame.children : [frame];

/** Frames of one name as one, throughout. */
function merged(name: string, frames: readonly Frame[]): Frame {
  const byName = new Map<string, Frame[]>();
  for (const child of frames.flatMap(({ children }) => children))
    byName.set(child.name, [...(byName.get(child.name) ?? []), child]);
  const children = [...byName].map(([child, same]) => merged(child, same));
  children.sort((a, b) => b.total - a.total);
  const sum = (key: "self" | "total") => frames.reduce((all, frame) => all + frame[key], 0);
  const isOfModule = frames.some((frame) => frame.isOfModule);
  return { name, isOfModule, self: sum("self"), total: sum("total"), children };
}

/** The functions that take most, by themselves, in percent. */
function shares(root: Frame): string {
  const own = new Map<string, number>();
  const visit = (frame: Frame): void => {
    own.set(frame.name, (own.get(frame.name) ?? 0) + frame.self);
    frame.children.forEach(visit);
  };
  visit(root);
  return [...own]
    .sort(([, a], [, b]) => b - a)
    .slice(0, 24)
    .map(([name, samples]) => `${((100 * samples) / root.total).toFixed(1).padStart(5)} %  ${name}`)
    .join("\n");
}

await main(process.argv[2] ?? "handshake");
