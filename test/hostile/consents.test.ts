/** Starts of strangers against somebody who asks a person first: how many questions appear, and who waits for them. */

import xml from "@xmpp/xml";

import { Examiner } from "../../bindings/methods/examiner.ts";
import { Session, type Start } from "../../bindings/xmpp/session.ts";
import { NS_XTLS } from "../../bindings/xtls/namespaces.ts";
import { assert, suite } from "../suite.ts";
import { calm, core, JULIET } from "./stage.ts";

const test = suite("consent against strangers");
const identity = core.createIdentity({ jid: "juliet@capulet.lit" });
const FRIEND = "romeo@montague.lit";

/** Juliet, whose person answers when the test says so; she knows a key of her friend's. */
class Juliet {
  readonly asked: Start[] = [];
  readonly answers: ((isWanted: boolean) => void)[] = [];
  readonly told: string[] = [];
  readonly reports: unknown[] = [];
  readonly session: Session;
  #ids = 0;

  constructor(starts = 1000) {
    const trust = { judge: () => ({ trusted: false, code: "not-trusted" }) as const, knows: (jid: string) => jid === FRIEND };
    const limits = { starts, unauthenticated: starts, tunnels: starts, tunnelsPerPeer: starts };
    const parts = { address: JULIET, identity, examiner: new Examiner(trust, []), policy: "opportunistic" as const, limits, hasExtensions: true, engine: {} };
    const nothing = () => undefined;
    this.session = new Session(parts, {
      send: ({ attrs, children }) => this.told.push(`${attrs.type} ${attrs.to} ${children.map(String).join().match(/too-many|resource-constraint|declined/)?.[0] ?? ""}`.trim()),
      accept: (start) => new Promise((resolve) => (this.asked.push(start), this.answers.push(resolve))),
      ...{ opened: nothing, refused: nothing, alarmed: nothing, received: nothing, ended: nothing, arrived: nothing },
      report: (error) => this.reports.push(error),
    });
  }

  start(from: string): void {
    this.session.receive({ id: `start-${++this.#ids}`, from, type: "set", payload: xml("start", { xmlns: NS_XTLS }) });
  }

  leave(from: string): void {
    this.session.unavailable(from);
  }
}

test("sixteen starts of one account make one question, and sixteen of one domain two", async () => {
  const [account, domain] = [new Juliet(), new Juliet()];
  for (let index = 0; index < 16; index++) {
    account.start(`mallory@evil.example/${index}`);
    domain.start(`mallory${index}@evil.example/cave`);
  }
  await calm();
  assert.equal([account.asked.length, domain.asked.length], [1, 2]);
  account.answers[0]?.(false);
  await calm();
  assert.equal([account.asked.length, account.told], [2, ["error mallory@evil.example/0 declined"]]);
  for (const { session } of [account, domain]) session.disconnect();
});

test("starts of a hundred domains make three questions; who finds no room to wait is told to try later", async () => {
  const juliet = new Juliet();
  for (let index = 0; index < 100; index++) juliet.start(`mallory@evil${index}.example/cave`);
  await calm();
  assert.is(juliet.asked.length, 3);
  assert.is(juliet.told.filter((answer) => answer.endsWith("resource-constraint")).length, 100 - 3 - 32);
  assert.equal(juliet.reports, [], "strangers in numbers are no error of the application's");
  juliet.session.disconnect();
});

test("a friend whose key is known is asked about at once, however many strangers wait", async () => {
  const juliet = new Juliet();
  for (let index = 0; index < 100; index++) juliet.start(`mallory@evil${index}.example/cave`);
  juliet.start(`${FRIEND}/orchard`);
  await calm();
  assert.is(juliet.asked.at(-1)?.from, `${FRIEND}/orchard`);
  juliet.session.disconnect();
});

test("a question is taken away when the peer leaves, or the stream is lost, and the next one is asked", async () => {
  const juliet = new Juliet();
  juliet.start("mallory@evil.example/1");
  juliet.start("mallory@evil.example/2");
  await calm();
  juliet.leave("mallory@evil.example/1");
  await calm();
  assert.equal([juliet.asked[0]?.signal.aborted, juliet.asked.length, juliet.asked[1]?.from], [true, 2, "mallory@evil.example/2"]);
  juliet.session.disconnect();
  await calm();
  assert.ok(juliet.asked[1]?.signal.aborted);
});

test.run();
