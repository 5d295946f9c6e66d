/**
 * Milliseconds from nothing to the first open pair, in a fresh process for each sample: read
 * and compile the module (or make the contexts), parse both identities, one full handshake.
 *
 * JavaScript is loaded before the clock starts, for here it is translated from TypeScript on
 * the way; so is whatever Node does at its own start, OpenSSL's initialisation included.
 */
import { preferred, type Measure, type Sample, type Stage } from "../measure.ts";

export const cold: Measure = {
  bench: "cold-start",
  title: "load and first handshake, fresh process",
  unit: "ms",
  better: "less",
  warm: false,
  isFresh: true,
  prepare: async (stage: Stage) => ({ sample: () => coldStart(stage) }),
};

async function coldStart({ subject, loaded }: Stage): Promise<Sample> {
  const begin = performance.now();
  const library = await loaded();
  const ready = performance.now();
  using pair = library.pair({ suite: preferred(subject) });
  await pair.handshake();
  const open = performance.now();
  return { value: open - begin, details: { load: ready - begin, handshake: open - ready } };
}
