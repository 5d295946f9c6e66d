/**
 * Messages one way, MiB of plaintext a second through both ends: write, carry over, read. Each
 * fits a record (16 KiB is TLS's largest plaintext). Messages wait for each other as the subject
 * likes: an engine makes a record of each and carries 16 KiB over at a time, a socket may gather
 * a whole batch into few records.
 */
import { noise, rate, speaks, type Measure, type Stage } from "../measure.ts";
import type { Suite } from "../subject.ts";
import { NAMES } from "./names.ts";

/** @param size bytes of a message */
export const bulk = (
  bench: string,
  size: number,
  suite: Suite,
  traits: Pick<Measure, "isThorough"> = {},
): Measure => ({
  bench,
  title: `${size < 1024 ? `${size} B` : `${size / 1024} KiB`} one way, ${NAMES[suite]}`,
  unit: "MiB/s",
  better: "more",
  warm: true,
  ...traits,
  async prepare({ subject, loaded }: Stage) {
    if (!speaks(subject, suite)) return undefined;
    const pair = (await loaded()).pair({ suite });
    await pair.handshake();
    const message = noise(size);
    const transfer = () => pair.transfer(message, BATCH);
    return {
      sample: async (window) => ({ value: ((await rate(window, BATCH, transfer)) * size) / 2 ** 20 }),
      [Symbol.dispose]: () => pair[Symbol.dispose](),
    };
  },
});

const BATCH = 32;
