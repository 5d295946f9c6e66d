/**
 * The script of every page: carries out what the test asks, here or in a worker.
 */

import { perform, type Wish } from "./actions.ts";

/** In a module worker that lives for this one wish. */
async function performInWorker(wish: Wish): Promise<unknown> {
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(`The worker failed: ${message}`));
      worker.postMessage(wish);
    });
  } finally {
    worker.terminate();
  }
}

Object.assign(globalThis, { perform, performInWorker });
