/** bench/flame-graph.ts: frames as wide as their share, in the colour of what they are. */
import { flameGraph, type Frame } from "../../bench/flame-graph.ts";
import { assert, suite } from "../suite.ts";

const test = suite("flame-graph");
const [CRYPTOGRAPHY, MODULE, JAVASCRIPT] = ["#f0875b", "#f3cd6b", "#9cc3ef"];

const frame = (name: string, isOfModule: boolean, total: number, ...children: Frame[]): Frame => ({
  ...{ name, isOfModule, total, children },
  self: children.reduce((left, child) => left - child.total, total),
});

/** What is drawn, by tooltip. */
function drawn(root: Frame): Map<string, { width: number; fill: string }> {
  const shapes = flameGraph(root, "").matchAll(/<title>([^<]*)<\/title><rect[^>]* width="([\d.]+)"[^>]* fill="([^"]*)"/g);
  return new Map([...shapes].map(([, title, width, fill]) => [title!, { width: Number(width), fill: fill! }]));
}

test("draws a frame as wide as its share of the samples", () => {
  const shapes = drawn(frame("all", false, 80, frame("part", true, 20)));
  const [all, part] = [shapes.get("all, 100.0 %")!, shapes.get("part, 25.0 %")!];
  assert.ok(Math.abs(all.width / part.width - 4) < 0.02);
});

test("colours all beneath a primitive as cryptography, and JavaScript never, whatever its name", () => {
  const primitive = frame("xtls_ghash_update", true, 10, frame("whole_products", true, 5));
  const shapes = drawn(frame("stanza-1k-chacha", false, 10, frame("feed", true, 10, primitive)));
  const fills = [...shapes.values()].map(({ fill }) => fill);
  assert.equal(fills, [JAVASCRIPT, MODULE, CRYPTOGRAPHY, CRYPTOGRAPHY]);
});

test.run();
