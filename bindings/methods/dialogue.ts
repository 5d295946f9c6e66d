/**
 * One run of a method: messages that came wait here until the method asks for them.
 *
 * The peer is not yet known, so what waits is bounded. Knows neither endpoint nor stream: what is
 * said goes to `say`, what came is given to `deliver`, and the tunnel's end to `end`.
 */
import type { Element } from "@xmpp/xml";
import { XtlsError } from "../errors.ts";
import type { Claim, Prompt } from "../xtls/trust.ts";
import type { Conversation } from "./method.ts";
import { Prompts } from "./prompts.ts";

/** Methods take turns: more than this at once is no method's behaviour. */
const WAITING_AT_MOST = 8;

interface Ear {
  resolve(message: Element): void;
  reject(error: XtlsError): void;
}

export class Dialogue implements Conversation {
  readonly claim: Claim;
  readonly #say: (message: Element) => void;
  readonly #prompts: Prompts;
  readonly #ending = new AbortController();
  readonly #waiting: Element[] = [];
  #ear: Ear | undefined;

  /**
   * @param say sends a message to the peer
   * @param prompts shared with other runs, so that not all ask at once
   */
  constructor(claim: Claim, say: (message: Element) => void, prompts = new Prompts()) {
    this.claim = claim;
    this.#say = say;
    this.#prompts = prompts;
  }

  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /** True while the peer has said what nobody asked for. */
  get hasUnheard(): boolean {
    return this.#waiting.length > 0;
  }

  say(message: Element): void {
    if (this.signal.aborted) throw this.#end();
    this.#say(message);
  }

  async hear(name: string): Promise<Element> {
    const message = this.#waiting.shift() ?? (await this.#listen());
    if (message.getName() === name) return message;
    throw new XtlsError("method-violation", `The peer said <${message.getName().slice(0, 64)}/> where <${name}/> was due`);
  }

  async ask<Answer>(question: (prompt: Prompt) => Answer | Promise<Answer>, signal = this.signal): Promise<Answer> {
    return this.#prompts.ask(this.claim, signal, question);
  }

  /** The peer said something. @throws XtlsError `method-violation` when it says too much */
  deliver(message: Element): void {
    const ear = this.#ear;
    this.#ear = undefined;
    if (ear !== undefined) return ear.resolve(message);
    if (this.#waiting.length >= WAITING_AT_MOST) throw new XtlsError("method-violation", "The peer does not wait for its turn");
    this.#waiting.push(message);
  }

  /** The tunnel has ended: whoever listens learns why. */
  end(error: XtlsError): void {
    if (this.signal.aborted) return;
    this.#ending.abort(error);
    this.#ear?.reject(error);
    this.#ear = undefined;
  }

  async #listen(): Promise<Element> {
    if (this.signal.aborted) throw this.#end();
    return new Promise((resolve, reject) => (this.#ear = { resolve, reject }));
  }

  #end(): XtlsError {
    return new XtlsError("closed", undefined, { cause: this.signal.reason });
  }
}
