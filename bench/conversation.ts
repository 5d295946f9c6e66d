/**
 * Messages between two ends that answer by events: what Pair promises, for libraries that are
 * driven by sockets or promises. Engines that answer at once need none of this.
 */
import { Receipt } from "./receipt.ts";

/** One end, open or about to be. */
export interface End {
  write(message: Uint8Array): unknown;
  /** Called with each piece of plaintext; belongs to the conversation. */
  take: (piece: Uint8Array) => void;
}

export class Conversation {
  #reject: (reason: unknown) => void = () => {};
  #failure: unknown;

  constructor(
    readonly initiator: End,
    readonly responder: End,
  ) {}

  /** Whoever waits learns that an end has failed. */
  readonly fail = (reason: unknown): void => {
    this.#failure ??= reason;
    this.#reject(reason);
  };

  /** @throws as soon as an end fails */
  until<Value>(start: (done: (value: Value) => void) => void): Promise<Value> {
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      if (this.#failure !== undefined) reject(this.#failure);
      else start(resolve);
    });
  }

  transfer(message: Uint8Array, count: number): Promise<void> {
    const { initiator, responder } = this;
    return this.until((done) => {
      const receipt = new Receipt(message);
      responder.take = (piece) => {
        if (receipt.take(piece) && receipt.messages === count) done();
      };
      for (let sent = 0; sent < count; sent++) this.#write(initiator, message);
    });
  }

  exchange(message: Uint8Array, count: number): Promise<void> {
    const { initiator, responder } = this;
    return this.until((done) => {
      const [there, back] = [new Receipt(message), new Receipt(message)];
      responder.take = (piece) => {
        if (there.take(piece)) this.#write(responder, message);
      };
      initiator.take = (piece) => {
        if (!back.take(piece)) return;
        if (back.messages === count) done();
        else this.#write(initiator, message);
      };
      this.#write(initiator, message);
    });
  }

  #write(end: End, message: Uint8Array): void {
    const pending = end.write(message);
    if (pending instanceof Promise) pending.catch(this.fail);
  }
}
