import { dangerouslyTrustOnFirstUse } from "../../bindings/trust/first-use.ts";
import { memoryStorage } from "../../bindings/trust/storage.ts";
import { insecure } from "../../bindings/methods/insecure.ts";
import type { Claim, Trust } from "../../bindings/xtls/trust.ts";
import { converse, told as toldBy } from "../methods/stage.ts";
import { assert, suite } from "../suite.ts";
import { claim, codeOf, JID, laptop, LAPTOP, open, PHONE, phone, told } from "./keys.ts";

const test = suite("first use");

const judge = async (trust: Trust, asked: Claim = claim()): Promise<string> => told(await trust.judge(asked));

test("trusts the first key, then that key alone", async () => {
  const policy = dangerouslyTrustOnFirstUse(open().store);
  assert.is(await judge(policy), "first-use");
  assert.is(await judge(policy), "first-use");
  assert.is(await judge(policy, claim(laptop)), "key-changed");
  assert.is(await judge(policy, claim(laptop)), "key-changed");
});

test("two first meetings at once are not both the first", async () => {
  const policy = dangerouslyTrustOnFirstUse(open().store);
  assert.equal(await Promise.all([judge(policy), judge(policy, claim(laptop))]), ["first-use", "key-changed"]);
});

test("nor are two in two programs that share a store", async () => {
  const storage = memoryStorage();
  const policies = [open(storage), open(storage)].map(({ store }) => dangerouslyTrustOnFirstUse(store));
  const verdicts = await Promise.all([judge(policies[0]!), judge(policies[1]!, claim(laptop))]);
  assert.equal(verdicts.sort(), ["first-use", "key-changed"]);
});

test("a key that the user verified or distrusted stays what it is", async () => {
  const { store } = open();
  const policy = dangerouslyTrustOnFirstUse(store);
  await store.verify(JID, PHONE);
  assert.is(await judge(policy), "verified");
  await store.distrust(JID, PHONE);
  assert.is(await judge(policy), "not-trusted");
  assert.is(await judge(policy, claim(laptop)), "key-changed", "a distrusted key is a known key");
});

test("tells of a key that the user distrusts, so that its open tunnels end", async () => {
  const { store } = open();
  const policy = dangerouslyTrustOnFirstUse(store);
  const told: string[] = [];
  policy.onDistrust?.((...key) => told.push(key.join(" ")));
  await judge(policy);
  await store.distrust(JID, PHONE);
  await Promise.resolve();
  assert.equal(told, [`${JID} ${PHONE}`]);
});

test("asking whether a key is another one is no leap of faith", async () => {
  const { store } = open();
  const policy = dangerouslyTrustOnFirstUse(store);
  assert.is(await policy.isKeyChange?.(claim()), false);
  assert.equal(await store.list(), []);
  assert.is(await judge(policy), "first-use");
  assert.is(await policy.isKeyChange?.(claim(laptop)), true);
});

test("a second device is added by the user", async () => {
  const { store } = open();
  const policy = dangerouslyTrustOnFirstUse(store);
  await judge(policy);
  await store.verify(JID, LAPTOP);
  assert.equal([await judge(policy), await judge(policy, claim(laptop))], ["first-use", "verified"]);
});

test("a method that proves something adds a device and raises the first; another leap does neither", async () => {
  const { store } = open();
  const policy = dangerouslyTrustOnFirstUse(store);
  await judge(policy);
  assert.is(told(await policy.learn!(claim(laptop), { method: "insecure", state: "first-use" })), "key-changed");
  assert.is(told(await policy.learn!(claim(laptop), { method: "sas", state: "verified" })), "verified");
  assert.is(told(await policy.learn!(claim(), { method: "srp", state: "verified" })), "verified");
});

test("leaves strangers to other methods, if there are any", async () => {
  const policy = dangerouslyTrustOnFirstUse(open().store);
  assert.is(await policy.knows!(JID, [phone.sha1]), false);
  await judge(policy);
  assert.equal([await policy.knows!(JID, [phone.sha1]), await policy.knows!(JID, [laptop.sha1])], [true, false]);
});

test("a store that fails refuses, and goes on when it works again", async () => {
  const storage = memoryStorage();
  let isBroken = true;
  const broken = { ...storage, read: () => (isBroken ? Promise.reject(new Error("disk")) : storage.read()) };
  const policy = dangerouslyTrustOnFirstUse(open(broken).store);
  assert.is(await codeOf(judge(policy)), "Error: disk");
  isBroken = false;
  assert.is(await judge(policy), "first-use");
});

test("the method insecure leaps without a word, at both ends", async () => {
  const words: string[] = [];
  const wire = (message: { getName(): string }) => (words.push(message.getName()), []);
  const outcome = await converse(insecure(), insecure(), { wire });
  assert.equal([toldBy(outcome.initiator), toldBy(outcome.responder), words], ["first-use", "first-use", []]);
  assert.is(insecure().name, "insecure");
});

test.run();
