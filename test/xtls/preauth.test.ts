/** What is read, and what is kept, of a peer that is not authenticated yet. */
import xml from "@xmpp/xml";
import fc from "fast-check";
import { ByteQueue } from "../../bindings/base/byte-queue.ts";
import { PreauthReader } from "../../bindings/xtls/preauth-reader.ts";
import { ReadBudget } from "../../bindings/xtls/read-budget.ts";
import { elementsMadeBy } from "../elements.ts";
import { assert, suite } from "../suite.ts";
import { clearChannel, feed } from "./clear-engine.ts";
import { code } from "./code.ts";
import { pair } from "./ends.ts";
import { stanza } from "./stanzas.ts";

const test = suite("before authentication");
const EXT = "urn:xmpp:tmp:xtls:ext";
const never = { judge: () => new Promise<never>(() => undefined) };
const own = (text: string, name = "m") => `<${name} xmlns='${EXT}'>${text}</${name}>`;

/** All that a channel has to give, in as many turns as it takes. */
function everything(channel: ReturnType<typeof clearChannel>): string[] {
  const stanzas: string[] = [];
  while (channel.hasUnread) stanzas.push(...channel.arrivals(new ReadBudget()).map(String));
  return stanzas;
}

test("a stranger's bytes become no element: 250 kB of stanzas stay 250 kB of bytes", () => {
  for (const piece of [1, 3000, Infinity])
    for (const text of ["<a/>".repeat(60_000), `<message>${"<a/>".repeat(60_000)}</message>`, "<message a='1' b='2'/>".repeat(10_000)]) {
      const channel = clearChannel();
      assert.is(elementsMadeBy(() => feed(channel, text, piece)), 0);
      assert.ok(channel.holdsStanzas);
      channel[Symbol.dispose]();
    }
});

test("of what comes in one chunk only the tunnel's own is made into elements", () => {
  const channel = clearChannel();
  const text = `${own("<x/><y><z/></y>", "bind")}${own("")}<message><body>hi</body></message>${own("late")}`;
  assert.is(elementsMadeBy(() => feed(channel, text)), 5);
  assert.equal(channel.messages().map(({ name }) => name), ["bind", "m"]);
  assert.equal(channel.arrivals(new ReadBudget()), []);
});

test("a tag of a hundred thousand attributes becomes nothing, whoever's element it is", () => {
  const attributes = Array.from({ length: 12_000 }, (_, at) => ` a${at}=''`).join("");
  const [theirs, ours] = [clearChannel(), clearChannel()];
  assert.is(elementsMadeBy(() => feed(theirs, `<message${attributes}/>`)), 0);
  assert.is(elementsMadeBy(() => assert.is(code(() => feed(ours, `<m xmlns='${EXT}'${attributes.slice(0, 60_000)}/>`)), "method-violation")), 0);
});

test("bind and messages have 64 KiB and 256 elements in all, and the end that says more is told", () => {
  const long = own("x".repeat(30_000));
  assert.is(code(() => feed(clearChannel(), long + long)), undefined);
  assert.is(code(() => feed(clearChannel(), long + long + long)), "method-violation");
  assert.is(code(() => feed(clearChannel(), own("x".repeat(65_536)))), "method-violation");
  assert.is(code(() => feed(clearChannel(), own("<a/>".repeat(255)))), undefined);
  assert.is(code(() => feed(clearChannel(), own("<a/>".repeat(255)) + own(""))), "method-violation");
  assert.is(code(() => feed(clearChannel(), own("<a/>".repeat(256)))), "method-violation");
  assert.is(code(() => feed(clearChannel(), own("<a>".repeat(16)))), "method-violation");
  const channel = clearChannel();
  const made = elementsMadeBy(() => code(() => feed(channel, own("<a/>".repeat(16_000)))));
  assert.ok(made <= 256, `${made} elements`);
  const wire = pair({ trust: never }, { trust: never }).open();
  const message = (text: string) => xml("m", { xmlns: EXT }, text);
  wire.romeo.say(message("x".repeat(40_000)));
  assert.is(code(() => wire.romeo.say(message("x".repeat(30_000)))), "method-violation");
});

test("what may come in all is bounded, white space too", () => {
  for (const text of ["<message/>", " ", "<m xmlns='", own("")]) {
    const channel = clearChannel({ held: 10_000 });
    assert.ok(["stanza-too-large", "method-violation"].includes(code(() => feed(channel, text.repeat(11_000 / text.length), 100)) as string), text);
  }
});

test("what was said before the verdict is read after it, whole and in order, however it was cut", () => {
  const mine = fc.constantFrom(
    own("text"),
    `<m a=">" b='"' xmlns = "${EXT}" />`,
    `<m\n\txmlns='${EXT}'\n><n c="/>"/>\u{1f339}<![CDATA[<]]></m >`,
    `<message xmlns='${EXT}'/>`,
  );
  const theirs = fc.oneof(
    stanza().map(String),
    fc.constantFrom(`<message a=" xmlns='${EXT}'"/>`, `<message><m xmlns='${EXT}'/></message>`, `<presence xmlns='jabber:client'/>`),
  );
  const run = fc.record({
    own: fc.array(mine, { maxLength: 4 }),
    stanzas: fc.array(theirs, { maxLength: 4 }),
    space: fc.constantFrom("", " ", "\r\n\t"),
    size: fc.integer({ min: 1, max: 90 }),
  });
  fc.assert(
    fc.property(run, ({ own: messages, stanzas, space, size }) => {
      const channel = clearChannel();
      feed(channel, [...messages, ...stanzas].join(space), size);
      assert.is(channel.messages().length, messages.length);
      assert.is(channel.holdsStanzas, stanzas.length > 0);
      const [late, straight] = [clearChannel(), clearChannel()];
      straight.trust();
      feed(straight, stanzas.join(space));
      feed(late, stanzas.join(space), size);
      late.trust();
      channel.trust();
      const expected = everything(straight);
      assert.is(expected.length, stanzas.length);
      assert.equal([everything(channel), everything(late)], [expected, expected]);
    }),
    { numRuns: 200 },
  );
});

test("bytes that wait cost their bytes, whatever pieces they came in, and are zeroed when they go", () => {
  const pieces = fc.array(fc.record({ append: fc.uint8Array({ maxLength: 600 }), take: fc.nat(700) }), { maxLength: 60 });
  fc.assert(
    fc.property(pieces, (steps) => {
      const queue = new ByteQueue();
      let expected: number[] = [];
      let most = 0;
      for (const { append, take } of steps) {
        queue.append(append);
        expected.push(...append);
        const capacity = queue.bytes.buffer.byteLength;
        most = Math.max(most, expected.length);
        assert.ok(capacity <= Math.max(256, 1.25 * most + 600), `${capacity} for ${most}`);
        const block = new Uint8Array(queue.bytes.buffer);
        const { byteOffset } = queue.bytes;
        assert.equal([...queue.take(take)], expected.slice(0, take));
        assert.ok(block.subarray(byteOffset, byteOffset + Math.min(take, expected.length)).every((byte) => byte === 0));
        expected = expected.slice(take);
        assert.equal([...queue.bytes], expected);
      }
    }),
    { numRuns: 300 },
  );
});

test("a reader that is given up keeps nothing", () => {
  const reader = new PreauthReader({ held: 1000 });
  reader.push(new TextEncoder().encode("<message>secret"));
  reader[Symbol.dispose]();
  assert.is(reader.release().length, 0);
});

test.run();
