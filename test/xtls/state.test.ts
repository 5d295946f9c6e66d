import { ADMISSION, EVENTS, next, STATES, TRANSITIONS, type Event } from "../../bindings/xtls/state.ts";
import { assert, suite } from "../suite.ts";
import { code } from "./code.ts";

const test = suite("state");
const events = Object.keys(EVENTS) as Event[];

test("follows the table and nothing else", () => {
  for (const state of STATES) {
    for (const event of events) {
      const following = (TRANSITIONS[state] as Partial<Record<Event, string>>)[event];
      if (following === undefined)
        assert.is(
          code(() => next(state, event)),
          "internal-error",
          `${state} ${event}`,
        );
      else assert.is(next(state, event), following);
    }
  }
});

test("can end from everywhere, and an end is for good", () => {
  for (const state of STATES.filter((name) => name !== "closed")) assert.is(next(state, "end"), "closed");
  assert.equal(TRANSITIONS.closed, {});
});

test("opens only after consent, TLS and trust, in this order", () => {
  assert.is(next(next(next("starting", "proceed"), "secure"), "trust"), "open");
  const opening = STATES.filter((state) => Object.values(TRANSITIONS[state]).includes("open" as never));
  assert.equal(opening, ["judging"]);
});

test("admits no data before consent and none after the end", () => {
  assert.is(ADMISSION.starting.data, "out-of-order");
  assert.is(ADMISSION.closed.data, "unknown-tunnel");
});

test.run();
