import { assert, suite } from "../suite.ts";

const test = suite("the next turn");

/** The module as it is where there is, or is not, such a function as Node's. */
async function loaded(immediate: typeof setImmediate | undefined): Promise<(callback: () => void) => void> {
  const { setImmediate: kept } = globalThis;
  globalThis.setImmediate = immediate as typeof setImmediate;
  try {
    const path = `../../bindings/base/next-turn.ts?${immediate === undefined ? "web" : "node"}`;
    return ((await import(path)) as { nextTurn: (callback: () => void) => void }).nextTurn;
  } finally {
    globalThis.setImmediate = kept;
  }
}

for (const [where, immediate] of [["in Node", setImmediate], ["where there are only messages", undefined]] as const)
  test(`comes behind everything of this turn, once for each call, ${where}`, async () => {
    const nextTurn = await loaded(immediate);
    const order: string[] = [];
    const turns = [1, 2].map((turn) => new Promise<void>((done) => nextTurn(() => (order.push(`turn ${turn}`), done()))));
    void Promise.resolve().then(() => order.push("promise"));
    order.push("here");
    await Promise.all(turns);
    assert.equal(order, ["here", "promise", "turn 1", "turn 2"]);
  });

test.run();
