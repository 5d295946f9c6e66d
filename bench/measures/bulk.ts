/**
 * 16 KiB messages one way, MiB of plaintext a second through both ends: write, carry over, read.
 * A full record each (16 KiB is TLS's largest plaintext). An engine carries every record over
 * at once; a socket may gather the 32 messages of a batch as it likes.
 */
import { noise, rate, type Measure, type Stage } from "../measure.ts";
import type { Suite } from "../subject.ts";

export const bulk = (bench: string, suite: Suite): Measure => ({
  bench,
  title: `16 KiB one way, ${bench.endsWith("chacha") ? "ChaCha20-Poly1305" : "AES-128-GCM"}`,
  unit: "MiB/s",
  better: "more",
  warm: true,
  async prepare({ loaded }: Stage) {
    const pair = loaded.pair({ suite });
    await pair.handshake();
    const message = noise(16_384);
    return {
      sample: async (window) => ({
        value: (await rate(window, BATCH, () => pair.transfer(message, BATCH))) / MESSAGES_PER_MIB,
      }),
      [Symbol.dispose]: () => pair[Symbol.dispose](),
    };
  },
});

const BATCH = 32;
const MESSAGES_PER_MIB = 64;
