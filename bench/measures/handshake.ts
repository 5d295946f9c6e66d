/**
 * Full handshakes a second, both ends in one process: two fresh ends, TLS 1.3, X25519, a P-256
 * certificate each way, compared by both, then disposal. Identities are parsed beforehand.
 * The subject's first suite protects it, which hardly matters; what a peer does otherwise, its
 * notes say.
 */
import { preferred, rate, type Measure, type Stage } from "../measure.ts";

export const handshake: Measure = {
  bench: "handshake",
  title: "full handshakes, both ends",
  unit: "1/s",
  better: "more",
  warm: true,
  async prepare({ subject, loaded }: Stage) {
    const [library, suite] = [await loaded(), preferred(subject)];
    const meet = async () => {
      using pair = library.pair({ suite });
      await pair.handshake();
    };
    return { sample: async (window) => ({ value: await rate(window, 1, meet) }) };
  },
};
