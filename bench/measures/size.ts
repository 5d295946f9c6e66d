/**
 * Bytes a page downloads for the module: gzip at its best level, the raw size beside it. The
 * bindings' JavaScript is not in it. A subject that the platform brings has no line.
 */
import { readFile } from "node:fs/promises";
import { constants, gzipSync } from "node:zlib";
import type { Measure, Stage } from "../measure.ts";

export const size: Measure = {
  bench: "size-gzip",
  title: "module, gzip",
  unit: "bytes",
  better: "less",
  every: Infinity,
  warm: false,
  async prepare({ subject: { artifact } }: Stage) {
    if (artifact === undefined) return undefined;
    const module = await readFile(artifact);
    const packed = gzipSync(module, { level: constants.Z_BEST_COMPRESSION });
    return { sample: async () => ({ value: packed.length, details: { raw: module.length } }) };
  },
};
