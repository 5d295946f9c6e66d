/**
 * Where a handshake's time goes, as a command: a flame graph of both ends, drawn from V8's
 * sampling profiler, and a table of functions on standard output.
 *
 * Writes bench/results/handshake.svg. Wants the module with its function names: `VARIANT=named scripts/wasm.sh`. What the compiler
 * has inlined counts for its caller.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { Session, type Profiler } from "node:inspector/promises";
import { collect } from "./apart.ts";
import { credentials } from "./credentials.ts";
import { flameGraph, type Frame } from "./flame-graph.ts";
import { rate } from "./measure.ts";
import { moduleSubject } from "./module.ts";

const [WARM_UP, WINDOW, INTERVAL] = [1500, 4000, 100];

async function main(): Promise<void> {
  const subject = moduleSubject("xtls", "../build/named.wasm", "VARIANT=named scripts/wasm.sh");
  const reason = subject.missing?.();
  if (reason !== undefined) throw new Error(reason);
  const loaded = await subject.load(await credentials());
  function meet(): void {
    using pair = loaded.pair({ suite: "TLS_CHACHA20_POLY1305_SHA256" });
    void pair.handshake();
  }
  await rate(WARM_UP, 1, meet);
  collect();
  // By its name the profile knows it, and an arrow function loses its own on the way through tsx.
  const root = framed(await profiled(() => rate(WINDOW, 1, meet)));
  console.log(shares(root));
  const directory = new URL("./results/", import.meta.url);
  await mkdir(directory, { recursive: true });
  await writeFile(new URL("handshake.svg", directory), flameGraph(root, "A full handshake, both ends"));
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

/** The tree below `meet`, each frame with the samples of all beneath it. */
function framed({ nodes }: Profiler.Profile): Frame {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const built = (node: Profiler.ProfileNode): Frame => {
    const children = (node.children ?? []).map((id) => built(byId.get(id)!));
    const self = node.hitCount ?? 0;
    const total = children.reduce((sum, child) => sum + child.total, self);
    const { functionName, url } = node.callFrame;
    const isOfModule = url.startsWith("wasm:");
    return { name: functionName || "(anonymous)", isOfModule, self, total, children: children.flatMap(unwrapped) };
  };
  const meeting = nodes.filter(({ callFrame }) => callFrame.functionName === "meet").map(built);
  return merged("meet", meeting);
}

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

await main();
