import xml from "@xmpp/xml";
import fc from "fast-check";
import { Reader, serialise } from "../../bindings/xtls/framing.ts";
import { print } from "../../bindings/xtls/printer.ts";
import { elementsMadeBy } from "../elements.ts";
import { assert, suite } from "../suite.ts";
import { code } from "./code.ts";
import { stanza } from "./stanzas.ts";

const test = suite("framing");
const limits = { stanza: 1000, depth: 8, stanzaElements: 100, stanzaAttributes: 100 };
const utf8 = new TextEncoder();

const read = (text: string): string[] => new Reader(limits).push(utf8.encode(text)).map(String);
const refusal = (text: string | Uint8Array) =>
  code(() => new Reader(limits).push(typeof text === "string" ? utf8.encode(text) : text));

test("reads stanzas back to back", () => {
  assert.equal(read("<message/><iq id='1'><q xmlns='a'/></iq><presence/>"), [
    "<message/>",
    '<iq id="1"><q xmlns="a"/></iq>',
    "<presence/>",
  ]);
});

test("ignores white space between stanzas, any amount of it", () => {
  const reader = new Reader(limits);
  for (let round = 0; round < 100; round++) assert.equal(reader.push(utf8.encode(" \r\n\t".repeat(100))), []);
  assert.equal(reader.push(utf8.encode("<message/>\n")).map(String), ["<message/>"]);
  assert.ok(reader.isBetween);
});

test("gives the same stanzas for any split of the bytes", () => {
  const stream = fc.array(stanza(), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(stream, fc.array(fc.nat(60), { minLength: 1, maxLength: 40 }), (stanzas, cuts) => {
      const roomy = { ...limits, stanza: 100_000, depth: 64 };
      const bytes = utf8.encode(stanzas.map((each) => print(each, roomy)).join(" \n"));
      const reader = new Reader(roomy);
      const stanzasRead: string[] = [];
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const end = at + (cuts[turn % cuts.length] as number) + (turn % cuts.length === 0 ? 1 : 0);
        stanzasRead.push(...reader.push(bytes.slice(at, end)).map(String));
        at = end;
      }
      assert.equal(stanzasRead, stanzas.map(String));
      assert.ok(reader.isBetween);
    }),
  );
});

test("reads one byte at a time, across characters of four bytes", () => {
  const reader = new Reader(limits);
  const read = [...utf8.encode("<message><body>\u{1f339} rose</body></message>")].flatMap((byte) =>
    reader.push(new Uint8Array([byte])),
  );
  assert.equal(read.map(String), ["<message><body>\u{1f339} rose</body></message>"]);
});

test("gives every stanza the namespace jabber:client", () => {
  const [message] = new Reader(limits).push(utf8.encode("<message><body/></message>"));
  assert.ok(message?.is("message", "jabber:client"));
  assert.ok(message?.getChild("body", "jabber:client"));
});

test("knows whether the bytes so far end with a whole stanza", () => {
  const reader = new Reader(limits);
  assert.ok(reader.isBetween);
  reader.push(utf8.encode("<message"));
  assert.not(reader.isBetween);
  reader.push(utf8.encode("/>"));
  assert.ok(reader.isBetween);
});

for (const [what, text] of Object.entries({
  "a comment": "<message><!-- --></message>",
  "a comment between stanzas": "<message/><!-- -->",
  "a processing instruction": "<message><?php x?></message>",
  "an XML declaration": "<?xml version='1.0'?><message/>",
  "a DTD": "<!DOCTYPE message [<!ENTITY a 'b'>]><message/>",
  "an entity beyond the five": "<message>&nbsp;</message>",
  "an entity that is a property of objects": "<message>&toString;</message>",
  "a forbidden character by number": "<message>&#0;</message>",
  "a control character": "<message>\u0001</message>",
  "an undeclared prefix": "<message><x:body/></message>",
  "an undeclared prefix of an attribute": "<message x:y='z'/>",
  "text between stanzas": "<message/>hello",
  "a character reference between stanzas": "<message/>&#32;",
  "a stream header": "<stream:stream xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:client'>",
  "an unknown top-level element": "<body/>",
  "a stanza of another namespace": "<message xmlns='jabber:server'/>",
  "a prefixed stanza": "<c:message xmlns:c='jabber:client'/>",
  "the end of a stream": "</tunnel>",
  "an end tag that does not fit": "<message><body></message>",
  "an attribute given twice": "<message type='chat' type='chat'/>",
  "an attribute without quotes": "<message type=chat/>",
  "an ampersand alone": "<message>a & b; c</message>",
  "a byte order mark": "\ufeff<message/>",
})) {
  test(`refuses ${what}`, () => assert.is(refusal(text), "restricted-xml"));
}

test("refuses bytes that are not UTF-8", () => {
  assert.is(refusal(new Uint8Array([0x3c, 0x6d, 0xff])), "restricted-xml");
  // An overlong "/", a surrogate.
  assert.is(refusal(new Uint8Array([0xc0, 0xaf])), "restricted-xml");
  assert.is(refusal(new Uint8Array([0xed, 0xa0, 0x80])), "restricted-xml");
});

test("takes the five entities, character references and CDATA", () => {
  assert.equal(read("<message>&lt;&gt;&amp;&quot;&apos;&#x41;<![CDATA[<b>]]></message>"), [
    "<message>&lt;&gt;&amp;\"'A&lt;b&gt;</message>",
  ]);
});

test("bounds the size of a stanza to the byte", () => {
  const body = (bytes: number) => `<message>${"x".repeat(bytes - 19)}</message>`;
  assert.is(refusal(body(1000)), undefined);
  assert.is(refusal(body(1001)), "stanza-too-large");
  assert.is(refusal(`<message>${"\u00e9".repeat(491)}</message>`), "stanza-too-large");
  assert.is(refusal(body(1000) + body(1000)), undefined);
});

test("bounds what never ends", () => {
  for (const start of ["<message>", "<message a='", "<!--", "<![CDATA[", "<?", "<message><!-- > ", "<m"]) {
    const reader = new Reader(limits);
    const endless = () => {
      reader.push(utf8.encode(start));
      for (let round = 0; round < 100; round++) reader.push(utf8.encode("abc > ".repeat(10)));
    };
    assert.ok(["stanza-too-large", "restricted-xml"].includes(code(endless) as string), start);
  }
});

test("bounds the depth of a stanza", () => {
  const nested = (depth: number) => `<message>${"<a>".repeat(depth - 1)}${"</a>".repeat(depth - 1)}</message>`;
  assert.is(refusal(nested(8)), undefined);
  assert.is(refusal(nested(9)), "stanza-too-large");
});

test("bounds the elements and the attributes of a stanza, over all of its levels", () => {
  const children = (count: number) => `<message>${"<a/>".repeat(count - 1)}</message>`;
  const attributes = (one: number, other: number) => {
    const list = (count: number) => Array.from({ length: count }, (_, at) => ` a${at}=''`).join("");
    return `<message${list(one)}><b${list(other)}/></message>`;
  };
  assert.is(refusal(children(100)), undefined);
  assert.is(refusal(children(101)), "stanza-too-large");
  assert.is(refusal(children(100) + children(100)), undefined);
  assert.is(refusal(attributes(60, 40)), undefined);
  assert.is(refusal(attributes(60, 41)), "stanza-too-large");
  assert.is(refusal(attributes(60, 40) + attributes(60, 40)), undefined);
  assert.is(code(() => serialise(xml("message", {}, ...Array.from({ length: 100 }, () => xml("a"))), limits)), "stanza-too-large");
});

test("stops at the first element or attribute too many", () => {
  const huge = { ...limits, stanza: 1_000_000 };
  const attributes = Array.from({ length: 50_000 }, (_, at) => ` a${at}=''`).join("");
  for (const text of [`<message>${"<a/>".repeat(50_000)}</message>`, `<message${attributes}/>`]) {
    const reader = new Reader(huge);
    const made = elementsMadeBy(() => assert.is(code(() => reader.push(utf8.encode(text))), "stanza-too-large"));
    assert.ok(made <= 100, `${made} elements`);
  }
});

test("sends nothing that it would not accept", () => {
  assert.is(
    code(() => serialise(xml("message", {}, "\u0001"), limits)),
    "unfit-stanza",
  );
  assert.is(
    code(() => serialise(xml("message", {}, xml("x:y")), limits)),
    "unfit-stanza",
  );
  assert.is(
    code(() => serialise(xml("message", {}, "\ud800"), limits)),
    "unfit-stanza",
  );
  assert.is(
    code(() => serialise(xml("message", {}, "x".repeat(1000)), limits)),
    "stanza-too-large",
  );
  assert.is(
    code(() => serialise(xml("message><message"), limits)),
    "unfit-stanza",
  );
});

test.run();
