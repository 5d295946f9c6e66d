/**
 * How much may be read in one turn of the loop, so that a peer that sends much does not stop everything else.
 *
 * Counts, and knows no time: whoever gives a turn makes a budget, and what is left to do when it is spent waits for the next.
 */

import { MAX_WINDOW } from "./limits.ts";

/** What may wait of one tunnel: as many `<data/>` as a peer may have in flight, the answers to as many of ours, and both `<close/>`. */
export const MAX_WAITING = 2 * MAX_WINDOW + 2;
/** TLS bytes of them. */
export const MAX_WAITING_BYTES = 1_048_576;
/** A few milliseconds' work. */
const TURN_BYTES = 16_384;
const TURN_STANZAS = 64;

export class ReadBudget {
  /** Bytes of plaintext that may still be parsed. */
  bytes = TURN_BYTES;
  /** Stanzas that may still be handed on. */
  stanzas = TURN_STANZAS;

  get isSpent(): boolean {
    return this.bytes <= 0 || this.stanzas <= 0;
  }
}
