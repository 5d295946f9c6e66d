/**
 * Milliseconds from nothing to the first open pair, in a fresh process for each sample: read
 * and compile the module (or make the contexts), parse both identities, one full handshake.
 *
 * JavaScript is loaded before the clock starts, for here it is translated from TypeScript on
 * the way; so is whatever Node does at its own start, OpenSSL's initialisation included.
 */
import { apart } from "../apart.ts";
import type { Measure, Sample, Stage } from "../measure.ts";
import type { Credentials, Subject } from "../subject.ts";

export const cold: Measure = {
  bench: "cold-start",
  title: "load and first handshake, fresh process",
  unit: "ms",
  better: "less",
  warm: false,
  prepare: async ({ subject, credentials }: Stage) => ({
    sample: () => apart("cold-start", subject.name, credentials),
  }),
};

/** Runs in the child. */
export async function coldStart(subject: Subject, credentials: Credentials): Promise<Sample> {
  const begin = performance.now();
  const loaded = await subject.load(credentials);
  const ready = performance.now();
  using pair = loaded.pair({ suite: "TLS_CHACHA20_POLY1305_SHA256" });
  await pair.handshake();
  const open = performance.now();
  return { value: open - begin, details: { load: ready - begin, handshake: open - ready } };
}
