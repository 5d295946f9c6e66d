/**
 * Consent to peers' starts, which may be a person's: of each account one question at a time, and few in all.
 *
 * Nobody is authenticated here, and a question that nobody wants answered any more is taken away. Whose key is known has
 * places of its own: the JID is the server's word, and so is the place. Knows neither the question nor the wire.
 */
import { bareJid } from "../base/jid.ts";
import { FairQueue } from "../methods/fair-queue.ts";
import { PROMPTS } from "../methods/prompts.ts";
import { unlessOver } from "../methods/unless-over.ts";
import { XtlsError } from "../errors.ts";
import type { Tunnel } from "../xtls/tunnel.ts";

export class Consents {
  readonly #queue = new FairQueue(PROMPTS);
  readonly #asked = new Map<Tunnel, AbortController>();

  /**
   * @param isKnown whether a key of this peer is known
   * @throws XtlsError `too-many-pending` when too many wait already; what ended the tunnel
   */
  async ask(tunnel: Tunnel, isKnown: boolean, question: (signal: AbortSignal) => Promise<boolean>): Promise<boolean> {
    const asked = new AbortController();
    this.#asked.set(tunnel, asked);
    const party = { jid: bareJid(tunnel.peer), isOwnRequest: isKnown };
    const answer = this.#queue.run(party, asked.signal, () => unlessOver(asked.signal, question(asked.signal)));
    return answer.finally(() => this.#asked.delete(tunnel));
  }

  /** The tunnel has ended. */
  end(tunnel: Tunnel, error = new XtlsError("closed")): void {
    this.#asked.get(tunnel)?.abort(error);
  }
}
