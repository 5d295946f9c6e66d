/**
 * IQ gets of our own to peers, outside any tunnel, and who may answer them.
 *
 * xmpp.js matches answers by id alone; here the sender must fit too. Knows nothing of what is asked.
 */

import xml, { type Element } from "@xmpp/xml";

import type { Clock } from "../base/clock.ts";
import { XtlsError } from "../errors.ts";
import { isSameJid, parseJid } from "../base/jid.ts";
import type { IncomingAnswer } from "../xtls/endpoint.ts";
import { randomId } from "./id.ts";

/** Milliseconds: as long as for a `<start/>`, which waits in the same queues. */
const TIMEOUT = 60_000;

interface Asked {
  readonly peer: string;
  answer(answer: IncomingAnswer): void;
  fail(error: XtlsError): void;
}

export class Questions {
  readonly #send: (stanza: Element) => void;
  readonly #clock: Clock;
  readonly #asked = new Map<string, Asked>();

  constructor(send: (stanza: Element) => void, clock: Clock) {
    this.#send = send;
    this.#clock = clock;
  }

  /** @throws XtlsError `invalid-jid`; `timeout` after 60 s, `stream-lost` */
  async ask(to: string, from: string, question: Element): Promise<IncomingAnswer> {
    // Sent as it was given: the server may not know the prepared form of a domain.
    parseJid(to);
    const id = randomId();
    let cancel: () => void;
    const answer = new Promise<IncomingAnswer>((resolve, reject) => {
      this.#asked.set(id, { peer: to, answer: resolve, fail: reject });
      cancel = this.#clock.after(TIMEOUT, () => reject(new XtlsError("timeout", `${to} said nothing about itself`)));
    });
    this.#send(xml("iq", { from, id, to, type: "get" }, question));
    return answer.finally(() => {
      cancel();
      this.#asked.delete(id);
    });
  }

  /** The stream is gone for good: nobody can answer any more. */
  abandon(): void {
    for (const { fail } of [...this.#asked.values()]) fail(new XtlsError("stream-lost"));
  }

  /** @returns false when it answers nothing that was asked here, or comes from somebody else */
  answer(answer: IncomingAnswer): boolean {
    const asked = this.#asked.get(answer.id);
    if (asked === undefined || answer.from === undefined || !isSameJid(answer.from, asked.peer)) return false;
    asked.answer(answer);
    return true;
  }
}
