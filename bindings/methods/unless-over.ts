/** Waiting for what may never come, such as a person's answer, no longer than the tunnel lives. */

/** What a person, a store or a network is asked for. Rejects with the tunnel's error when that ends first. */
export function unlessOver<T>(signal: AbortSignal, asked: T | Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    Promise.resolve(asked).then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
