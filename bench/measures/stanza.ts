/**
 * Turns at 1 KiB, in µs: from writing a stanza at one end to having read it at the other, or
 * there and back. The ends take turns, each answering only after it has read, so nothing can
 * be gathered or overlapped. Without a network; base64, IQs and XML are not in it.
 */
import { noise, rate, speaks, type Measure, type Stage } from "../measure.ts";
import type { Suite } from "../subject.ts";
import { NAMES } from "./names.ts";

/** One way: half of a round trip. */
export const stanza = (bench: string, suite: Suite): Measure => ({
  ...turns(bench, suite, 2 * ROUND_TRIPS),
  title: `1 KiB one way, ${NAMES[suite]}`,
});

/** There and back. */
export const pingPong = (bench: string, suite: Suite): Measure => ({
  ...turns(bench, suite, ROUND_TRIPS),
  title: `1 KiB there and back, ${NAMES[suite]}`,
  isThorough: true,
});

const ROUND_TRIPS = 64;

const turns = (bench: string, suite: Suite, steps: number): Omit<Measure, "title"> => ({
  bench,
  unit: "µs",
  better: "less",
  warm: true,
  async prepare({ subject, loaded }: Stage) {
    if (!speaks(subject, suite)) return undefined;
    const pair = (await loaded()).pair({ suite });
    await pair.handshake();
    const message = noise(1024);
    const exchange = () => pair.exchange(message, ROUND_TRIPS);
    return {
      sample: async (window) => ({ value: 1e6 / (await rate(window, steps, exchange)) }),
      [Symbol.dispose]: () => pair[Symbol.dispose](),
    };
  },
});
