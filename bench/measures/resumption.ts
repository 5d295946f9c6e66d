/**
 * Resumed handshakes a second, both ends in one process: PSK with X25519, each with the ticket
 * that the one before yielded, so issuing and keeping the next ticket is part of the figure
 * (a subject that reuses its ticket says so in its own file).
 */
import { preferred, rate, type Measure, type Stage } from "../measure.ts";

export const resumption: Measure = {
  bench: "handshake-resumed",
  title: "resumed handshakes, both ends",
  unit: "1/s",
  better: "more",
  warm: true,
  async prepare({ subject, loaded }: Stage) {
    if (subject.resumes === false) return undefined;
    const [library, suite] = [await loaded(), preferred(subject)];
    let ticket: Uint8Array | undefined;
    const meet = async () => {
      using pair = library.pair({ suite, tickets: true, ticket });
      await pair.handshake();
      ticket = await pair.ticket();
    };
    await meet();
    return { sample: async (window) => ({ value: await rate(window, 1, meet) }) };
  },
};
