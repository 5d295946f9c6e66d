/** A server that does whatever a server can: what neither end may believe of it. Time is the test's own. */

import xml, { type Element } from "@xmpp/xml";

import { Clock, type Platform } from "../../bindings/base/clock.ts";
import { XtlsError } from "../../bindings/errors.ts";
import { sas } from "../../bindings/methods/sas.ts";
import type { Tunnel } from "../../bindings/xmpp/tunnel.ts";
import { NS_XTLS } from "../../bindings/xtls/namespaces.ts";
import { assert, suite } from "../suite.ts";
import { calm, copyOf, iq, JULIET, ROMEO, Stage, type Victim } from "./stage.ts";

const test = suite("server");
const GARDEN = "juliet@capulet.lit/garden";
const SEEDS = 24;

/** Hours that pass when the test says so. */
class Hours implements Platform {
  #now = 0;
  readonly #timers = new Map<object, { readonly at: number; readonly callback: () => void }>();

  now(): number {
    return this.#now;
  }

  sleep(milliseconds: number, callback: () => void): () => void {
    const key = {};
    this.#timers.set(key, { at: this.#now + milliseconds, callback });
    return () => void this.#timers.delete(key);
  }

  afterInput(callback: () => void): void {
    callback();
  }

  pass(milliseconds: number): void {
    this.#now += milliseconds;
    for (const [key, { at, callback }] of [...this.#timers]) if (at <= this.#now && this.#timers.delete(key)) callback();
  }
}

/** Every stanza so far is delivered, and what follows from it. */
async function delivered(): Promise<void> {
  for (let turn = 0; turn < 12; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** The same numbers each time (mulberry32). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const NS_STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas";
const CONDITIONS = ["bad-request", "conflict", "item-not-found", "not-acceptable", "resource-constraint", "service-unavailable", "gone"];
const NAMES = ["start", "proceed", "data", "close", "closed"];

/** One deed of the server's, instead of passing a stanza on. */
function harm(stage: Stage, stanza: Element, below: (limit: number) => number): void {
  const { from, to, id, type } = stanza.attrs as Record<string, string>;
  const pass = (...stanzas: Element[]) => stanzas.forEach((each) => stage.pass(each));
  const element = () => xml(NAMES[below(NAMES.length)] as string, { xmlns: NS_XTLS }, ["", "AAAA", "FQMDAAIBAA=="][below(3)] as string);
  const payload = stanza.getChildElements()[0];
  switch (below(10)) {
    case 0: return;
    case 1: return pass(stanza, copyOf(stanza));
    case 2: return void setImmediate(() => pass(stanza));
    case 3: return pass(iq("result", to as string, from as string, id as string, below(2) ? element() : undefined), ...(below(2) ? [stanza] : []));
    case 4: return pass(iq("error", to as string, from as string, id as string, xml("error", { type: "cancel" }, xml(CONDITIONS[below(7)] as string, NS_STANZAS))), ...(below(2) ? [stanza] : []));
    case 5: return pass(stanza, iq("set", from as string, to as string, `forged-${below(1e9)}`, element()));
    case 6: stanza.attrs.type = ["get", "set", "result", "error"][below(4)]; return pass(stanza);
    case 7: if (payload) payload.children = payload.children.filter(() => below(2) === 0); return pass(stanza);
    case 8: if (payload && type === "set") payload.children = [flipped(payload.getText(), below)]; return pass(stanza);
    default: stanza.attrs.from = [GARDEN, "capulet.lit", from?.split("/")[0]][below(3)]; return pass(stanza);
  }
}

function flipped(text: string, below: (limit: number) => number): string {
  const at = below(text.length || 1);
  return text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
}

/** Both open, talk and close while the server does its worst; then it is honest, and time passes until nothing waits any more. */
async function storm(seed: number): Promise<void> {
  const below = numbers(seed);
  const [hours, often] = [new Hours(), [60, 30, 15, 6][below(4)] as number];
  const stage = new Stage({ clock: new Clock(hours) }, { clock: new Clock(hours) });
  await stage.romeo.knows(stage.juliet.identity);
  await stage.juliet.knows(stage.romeo.identity);
  stage.server = (stanza) => (below(often) === 0 ? harm(stage, stanza, below) : stage.pass(stanza));
  /** What was said through which tunnel: most of it longer than a chunk. */
  const said = new Map<Tunnel, string[]>();
  const untyped: unknown[] = [];
  let waiting = 0;
  const expect = async (promise: Promise<unknown>) => {
    waiting++;
    await promise.catch((error) => error instanceof XtlsError || untyped.push(error));
    waiting--;
  };
  const talk = (tunnel: Tunnel) => {
    const bodies = said.get(tunnel) ?? [];
    said.set(tunnel, bodies);
    const body = `${said.size}-${bodies.length} ${"o".repeat(below(9_000))}`;
    bodies.push(body);
    void expect(tunnel.send(xml("message", {}, xml("body", {}, body))));
  };
  for (let round = 0; round < 5; round++) {
    const [one, other] = below(2) ? [stage.romeo, JULIET] : [stage.juliet, ROMEO];
    void expect(one.attempt(other));
    await delivered();
    for (const tunnel of [...stage.romeo.opened, ...stage.juliet.opened]) {
      for (let times = 0; times < 3 && tunnel.state === "open"; times++) talk(tunnel);
      if (below(3) === 0) void expect(tunnel.close());
    }
    await delivered();
  }
  stage.server = (stanza) => stage.pass(stanza);
  for (let second = 0; second < 700; second++) {
    hours.pass(1_000);
    if (second % 10 === 0) await delivered();
  }
  assert.equal([waiting, untyped], [0, []], `seed ${seed}`);
  for (const victim of [stage.romeo, stage.juliet]) await requireTruth(victim, [...said.values()], seed);
  // Whatever there was, it is over: a friend is not kept out by it.
  for (const { opened } of [stage.romeo, stage.juliet]) for (const tunnel of opened) if (tunnel.state === "open") void tunnel.close();
  await delivered();
  assert.is(await stage.romeo.attempt(JULIET), undefined, `seed ${seed}`);
}

/** What came is the beginning of what one tunnel's other end said, and all of it where the end was in order. */
async function requireTruth({ arrivals, reports }: Victim, said: readonly (readonly string[])[], seed: number): Promise<void> {
  assert.equal(reports, [], `seed ${seed}`);
  for (const tunnel of new Set(arrivals.map((arrival) => arrival.tunnel))) {
    const heard = arrivals.filter((arrival) => arrival.tunnel === tunnel).map(({ stanza }) => stanza.getChildText("body") as string);
    const source = said.find((bodies) => bodies.includes(heard[0] as string)) ?? [];
    assert.equal(heard, source.slice(0, heard.length), `seed ${seed}`);
    if (tunnel.state === "closed" && (await tunnel.close()).inOrder) assert.is(heard.length, source.length, `seed ${seed}`);
  }
}

test("whatever a server drops, repeats, delays, alters or says in another's name: what is read was said, in its order, and all of it where the end was in order; nothing waits for ever, and then a friend comes in", async () => {
  for (let seed = 1; seed <= SEEDS; seed++) await storm(seed);
});

test("a server that gives an end another resource, both ways, opens no tunnel, and both ends say so", async () => {
  for (const methods of [[], [sas({ confirm: () => true })]]) {
    const stage = new Stage({ methods }, { methods });
    await stage.romeo.knows(stage.juliet.identity);
    await stage.juliet.knows(stage.romeo.identity);
    stage.server = (stanza) => {
      const { from, to } = stanza.attrs;
      stage.pass(copyWithEnds(stanza, from === JULIET ? GARDEN : from, to === GARDEN ? JULIET : to));
    };
    assert.is((await stage.romeo.attempt(GARDEN))?.code, "downgraded");
    await calm();
    assert.equal([stage.romeo, stage.juliet].map(({ alarms, opened }) => [alarms.map(({ code }) => code), opened.length]), [[["downgraded"], 0], [["downgraded"], 0]]);
  }
});

function copyWithEnds(stanza: Element, from: string, to: string): Element {
  const copy = copyOf(stanza);
  Object.assign(copy.attrs, { from, to });
  return copy;
}

test.run();
