/** The one set of listeners: what goes wrong in one of them is reported, and harms nobody else. */

import { Listeners } from "../../bindings/base/listeners.ts";
import { assert, suite } from "../suite.ts";

const test = suite("base: listeners");

interface Words {
  word: [string];
}

function scene() {
  const reports: string[] = [];
  const heard: string[] = [];
  const listeners = new Listeners<Words>((error) => reports.push((error as Error).message));
  return { reports, heard, listeners };
}

/** Lets every promise that is settled already be looked after. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

test("a listener that throws keeps none of the others from hearing", () => {
  const { reports, heard, listeners } = scene();
  listeners.on("word", () => {
    throw new Error("deaf");
  });
  const remove = listeners.on("word", (word) => heard.push(word));
  listeners.emit("word", "one");
  remove();
  listeners.emit("word", "two");
  assert.equal(heard, ["one"]);
  assert.equal(reports, ["deaf", "deaf"]);
});

test("a listener that is an async function and rejects is reported, and does not end the process", async () => {
  const { reports, heard, listeners } = scene();
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  process.on("unhandledRejection", note);
  listeners.on("word", async (word) => {
    await settled();
    throw new Error(`not ${word}`);
  });
  listeners.on("word", async () => Promise.reject(new Error("never")));
  listeners.on("word", (word) => heard.push(word));
  listeners.emit("word", "one");
  assert.equal([heard, reports], [["one"], []]);
  await settled();
  await settled();
  process.off("unhandledRejection", note);
  assert.equal(reports.sort(), ["never", "not one"]);
  assert.equal(unhandled, []);
});

test("a thenable that rejects, or throws, is reported like a promise", async () => {
  const { reports, listeners } = scene();
  listeners.on("word", () => ({ then: (_: unknown, reject: (error: Error) => void) => reject(new Error("rejected")) }));
  listeners.on("word", () => ({
    then: () => {
      throw new Error("thrown");
    },
  }));
  listeners.on("word", () =>
    Object.defineProperty({}, "then", {
      get: () => {
        throw new Error("read");
      },
    }),
  );
  listeners.emit("word", "one");
  await settled();
  assert.equal(reports.sort(), ["read", "rejected", "thrown"]);
});

test("listeners that are added or removed while an event is told count from the next one on", () => {
  const { heard, listeners } = scene();
  const remove = listeners.on("word", (word) => {
    heard.push(`first ${word}`);
    remove();
    listeners.on("word", (next) => heard.push(`second ${next}`));
  });
  assert.ok(listeners.emit("word", "one"));
  assert.ok(listeners.emit("word", "two"));
  assert.equal(heard, ["first one", "second two"]);
  assert.not(new Listeners<Words>(() => {}).emit("word", "unheard"));
});

test.run();
