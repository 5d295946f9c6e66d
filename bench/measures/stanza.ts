/**
 * µs from writing a 1 KiB stanza at one end to having read it at the other. The ends take
 * turns, each answering only after it has read, so nothing can be gathered or overlapped:
 * half of a round trip, without a network. Base64, IQs and XML are not in it.
 */
import { noise, rate, type Measure, type Stage } from "../measure.ts";
import type { Suite } from "../subject.ts";

export const stanza = (bench: string, suite: Suite): Measure => ({
  bench,
  title: `1 KiB one way, ${bench.endsWith("chacha") ? "ChaCha20-Poly1305" : "AES-128-GCM"}`,
  unit: "µs",
  better: "less",
  warm: true,
  async prepare({ loaded }: Stage) {
    const pair = loaded.pair({ suite });
    await pair.handshake();
    const message = noise(1024);
    return {
      sample: async (window) => ({
        value: 1e6 / (await rate(window, 2 * ROUND_TRIPS, () => pair.exchange(message, ROUND_TRIPS))),
      }),
      [Symbol.dispose]: () => pair[Symbol.dispose](),
    };
  },
});

const ROUND_TRIPS = 64;
