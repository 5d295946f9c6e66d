/**
 * Full handshakes a second, both ends in one process: two fresh ends, TLS 1.3, X25519, a P-256
 * certificate each way, compared by both, then disposal. Identities are parsed beforehand.
 * ChaCha20-Poly1305 protects the handshake; the suite hardly matters here.
 */
import { rate, type Measure, type Stage } from "../measure.ts";

export const handshake: Measure = {
  bench: "handshake",
  title: "full handshakes, both ends",
  unit: "1/s",
  better: "more",
  warm: true,
  prepare: async ({ loaded }: Stage) => ({
    sample: async (window) => ({
      value: await rate(window, 1, async () => {
        using pair = loaded.pair({ suite: "TLS_CHACHA20_POLY1305_SHA256" });
        await pair.handshake();
      }),
    }),
  }),
};
