/**
 * The script of the module worker: carries out what the page passes on.
 */

import { perform } from "./actions.ts";

addEventListener("message", ({ data: wish }) => {
  // What goes wrong becomes the worker's error event: an event listener's rejection would not.
  perform(wish).then(
    (result) => postMessage(result),
    (error) => setTimeout(() => reportError(error)),
  );
});
