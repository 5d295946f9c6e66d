/**
 * IQ gets of our own to peers, outside any tunnel, and who may answer them.
 *
 * xmpp.js matches answers by id alone; here the sender must fit too. Knows nothing of what is asked.
 */

import xml, { type Element } from "@xmpp/xml";

import { XtlsError } from "../errors.ts";
import { isSameJid, prepareJid } from "../base/jid.ts";
import type { IncomingAnswer } from "../xtls/endpoint.ts";
import { randomId } from "./id.ts";

/** Milliseconds. */
const TIMEOUT = 30_000;

export class Questions {
  readonly #send: (stanza: Element) => void;
  readonly #asked = new Map<string, { peer: string; answer: (answer: IncomingAnswer) => void }>();

  constructor(send: (stanza: Element) => void) {
    this.#send = send;
  }

  /** @throws XtlsError `invalid-jid`; `timeout` after 30 s */
  async ask(address: string, from: string, question: Element): Promise<IncomingAnswer> {
    const to = prepareJid(address);
    const id = randomId();
    let timer: ReturnType<typeof setTimeout>;
    const answer = new Promise<IncomingAnswer>((resolve, reject) => {
      this.#asked.set(id, { peer: to, answer: resolve });
      timer = setTimeout(() => reject(new XtlsError("timeout", `${to} said nothing about itself`)), TIMEOUT);
    });
    this.#send(xml("iq", { from, id, to, type: "get" }, question));
    return answer.finally(() => {
      clearTimeout(timer);
      this.#asked.delete(id);
    });
  }

  /** @returns false when it answers nothing that was asked here, or comes from somebody else */
  answer(answer: IncomingAnswer): boolean {
    const asked = this.#asked.get(answer.id);
    if (asked === undefined || answer.from === undefined || !isSameJid(answer.from, asked.peer)) return false;
    asked.answer(answer);
    return true;
  }
}
