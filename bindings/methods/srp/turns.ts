/**
 * Turns: of all tunnels one stretches at a time, so that strangers who come in numbers keep one core busy and no more,
 * and leave the platform's other threads to those who read and write files.
 *
 * Whoever has left when its turn comes costs nothing. Knows nothing of what is done.
 */

export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Does it when all others are done. Rejects with the signal's reason if it is aborted by then. */
  take<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(() => {
      signal.throwIfAborted();
      return work();
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
