/**
 * Calls back in another turn of the loop, when others have had theirs: as soon as that is, whatever timers are made to wait for.
 *
 * A page in the background has its timers once a second or a minute, and its messages at once.
 */

/** What has arrived at the process meanwhile comes first. */
export const nextTurn: (callback: () => void) => void = globalThis.setImmediate ?? byMessage;

function byMessage(callback: () => void): void {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    callback();
  };
  port2.postMessage(undefined);
}
