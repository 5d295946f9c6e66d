/**
 * Questions to a person: who asks, told in full, and how many at once.
 *
 * Whoever opens a tunnel can make a question appear. One at a time for each bare JID and few in all; those that our own
 * side caused are not held up by strangers'. Knows no method and no stream.
 */
import type { Claim, Prompt, Trust } from "../xtls/trust.ts";
import { FairQueue, type Places } from "./fair-queue.ts";
import type { Party } from "./party.ts";
import { unlessOver } from "./unless-over.ts";

/** A person can look at a few questions, and at one of each peer. */
export const PROMPTS: Places = { running: 3, runningPerDomain: 2, reserved: 16, waiting: 32, waitingPerDomain: 16, waitingPerJid: 16 };
const OTHER = { initiator: "responder", responder: "initiator" } as const;

export class Prompts {
  readonly #queue = new FairQueue(PROMPTS);
  readonly #trust: Pick<Trust, "isKeyChange">;

  constructor(trust: Pick<Trust, "isKeyChange"> = {}) {
    this.#trust = trust;
  }

  /**
   * Asks when it is this peer's turn, and waits no longer than the tunnel lives.
   * @throws XtlsError `too-many-pending`; the signal's reason; what the question throws
   */
  async ask<Answer>(claim: Claim, signal: AbortSignal, question: (prompt: Prompt) => Answer | Promise<Answer>): Promise<Answer> {
    return this.inTurn(claim, signal, async () => question(await this.#promptFor(claim, signal)));
  }

  /** The same where there is no claim yet: nobody has shown a certificate. */
  async inTurn<Answer>(party: Party, signal: AbortSignal, question: () => Answer | Promise<Answer>): Promise<Answer> {
    return this.#queue.run(party, signal, () => unlessOver(signal, question()));
  }

  async #promptFor(claim: Claim, signal: AbortSignal): Promise<Prompt> {
    const { jid, isOwnRequest, local, role, ends } = claim;
    const isKeyChange = (await this.#trust.isKeyChange?.(claim)) === true;
    signal.throwIfAborted();
    return { jid, isOwnRequest, peer: ends[OTHER[role]].jid, local, role, fingerprint: claim.peer.fingerprint, isKeyChange, signal };
  }
}
