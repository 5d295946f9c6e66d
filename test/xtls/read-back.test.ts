/**
 * What was sent reads back equal: whatever tree of elements goes into a tunnel, the same comes out, or it is refused.
 * LONG=1: 100,000 trees.
 */
import xml, { Element } from "@xmpp/xml";
import fc, { type Arbitrary } from "fast-check";
import { XtlsError } from "../../bindings/errors.ts";
import { Reader, serialise } from "../../bindings/xtls/framing.ts";
import { assert, suite } from "../suite.ts";
import { code } from "./code.ts";
import { pair } from "./ends.ts";
import { JULIET, ROMEO } from "./wire-pair.ts";

const test = suite("reading back");
const TREES = process.env.LONG === "1" ? 100_000 : 4000;
const limits = { stanza: 1_000_000, depth: 64, stanzaElements: 4096, stanzaAttributes: 4096 };

/** An element in plain values: names, attributes as texts, children with neighbouring texts as one. */
type Plain = readonly [name: string, attributes: readonly (readonly [string, string])[], children: readonly (Plain | string)[]];

function plain({ name, attrs, children }: Element): Plain {
  const attributes = Object.entries(attrs as Record<string, unknown>).filter(
    ([, value]) => value !== undefined && value !== null,
  );
  const merged: (Plain | string)[] = [];
  for (const child of children as readonly unknown[]) {
    if (child instanceof Element) merged.push(plain(child));
    else if (typeof merged.at(-1) === "string") merged.push(merged.pop() + String(child ?? ""));
    else merged.push(String(child ?? ""));
  }
  return [name, attributes.map(([name, value]) => [name, String(value)] as const).sort(), merged.filter((child) => child !== "")];
}

function readBack(stanza: Element): Element {
  const [read, ...more] = new Reader(limits).push(serialise(stanza, limits));
  assert.equal(more, []);
  return read as Element;
}

/* --- trees that XML can hold ---------------------------------------------------- */

const SPECIAL = [..." \t\n\r<>&\"'];", "\r\n", "]]>", "&#13;", "&amp;", "\u0085", "\u2028", "\ufeff", "\u{1f339}"];
const character = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...SPECIAL) },
  { weight: 1, arbitrary: fc.constantFrom(..."abc\u00e9") },
  {
    weight: 1,
    arbitrary: fc
      .integer({ min: 0x20, max: 0x10ffff })
      .map(String.fromCodePoint)
      .filter((text) => /^[ -\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]$/u.test(text)),
  },
);
const text = fc.string({ unit: character, maxLength: 12 });
const name = fc.constantFrom("body", "thread", "a", "B-1", "_x", "\u00e9t\u00e9", "x.y", "n:a", "\u{20000}");
const attributes = fc.dictionary(
  fc.constantFrom("id", "type", "xml:lang", "xml:space", "n:b", "constructor", "\u00e9"),
  fc.oneof(text, fc.nat(), fc.boolean(), fc.constantFrom(null, undefined)),
  { maxKeys: 3 },
);
const namespace = fc.constantFrom(undefined, undefined, "", "urn:a", "urn:\r\n<\"'>");

const child: Arbitrary<Element> = fc.letrec<{ element: Element }>((tie) => ({
  element: fc
    .record({
      name,
      namespace,
      attributes,
      children: fc.array(fc.oneof({ maxDepth: 3 }, text, fc.constantFrom(null, 7), tie("element")), { maxLength: 4 }),
    })
    .map(({ name, namespace, attributes, children }) =>
      elementOf(name, { ...(namespace !== undefined && { xmlns: namespace }), ...attributes }, children),
    ),
})).element;

const stanza = fc
  .record({
    kind: fc.constantFrom("message", "presence", "iq"),
    attributes,
    children: fc.array(fc.oneof(text, child), { maxLength: 4 }),
  })
  .map(({ kind, attributes, children }) => elementOf(kind, { "xmlns:n": "urn:n", ...attributes }, children));

function elementOf(name: string, attributes: object, children: readonly unknown[]): Element {
  const element = new Element(name, attributes as Record<string, string>);
  for (const child of children as readonly Element[]) {
    if (child instanceof Element) element.cnode(child);
    else element.children.push(child);
  }
  return element;
}

test("what was sent reads back equal", () => {
  fc.assert(
    fc.property(stanza, (sent) => assert.equal(plain(readBack(sent)), plain(sent))),
    { numRuns: TREES },
  );
});

test("white space is what it was, in texts and in attributes, at both ends of a tunnel", () => {
  const wire = pair();
  wire.romeo.open(JULIET);
  wire.settle();
  const space = " \t\n\r\r\n\n\r\t ";
  wire.romeo.send(xml("message", { id: space }, xml("body", { note: space }, space), space));
  wire.settle();
  const ends = `from="${ROMEO}" to="${JULIET}"`;
  assert.equal(wire.juliet.stanzas, [`<message id="${space}" ${ends}><body note="${space}">${space}</body>${space}</message>`]);
});

/* --- trees that it cannot hold ---------------------------------------------------- */

test("what XML cannot hold is refused, and not sent as something else", () => {
  for (const character of ["\0", "\u0001", "\u000b", "\u001f", "\ufffe", "\uffff", "\ud800", "\udc00"])
    for (const unfit of [xml("message", {}, `a${character}b`), xml("message", { id: `a${character}b` })])
      assert.is(
        code(() => serialise(unfit, limits)),
        "unfit-stanza",
        JSON.stringify(character),
      );
});

test("a name is a name: nothing that stands in it is read as something else", () => {
  const names = [
    "",
    "a b='c'",
    "a/",
    "a/><b",
    "a>",
    "a=",
    "<a",
    "a\n",
    "1a",
    "-a",
    "a\u00a0b",
    "a:b:c",
    ":a",
    "a:",
    "xmlns:a",
    "\ud800",
  ];
  for (const name of names) {
    assert.is(
      code(() => serialise(xml("message", {}, new Element(name, {})), limits)),
      "unfit-stanza",
      JSON.stringify(name),
    );
    if (name !== "xmlns:a")
      assert.is(
        code(() => serialise(xml("message", { [name]: "b" }), limits)),
        "unfit-stanza",
        JSON.stringify(name),
      );
  }
});

test("one attribute by two names is refused", () => {
  const twice = xml("message", { "xmlns:a": "urn:x", "xmlns:b": "urn:x", "a:id": "1", "b:id": "2" });
  assert.is(
    code(() => serialise(twice, limits)),
    "unfit-stanza",
  );
});

test("a tree that contains itself, or is too deep, costs no more than the limits allow", () => {
  const circle = xml("message", {}, xml("a"));
  (circle.children[0] as Element).children.push(circle, circle);
  const shared = Array.from({ length: 40 }).reduce<Element>((inner) => elementOf("a", {}, [inner, inner]), new Element("a", {}));
  const deep = Array.from({ length: 100_000 }).reduce<Element>((inner) => elementOf("a", {}, [inner]), new Element("a", {}));
  for (const tree of [circle, xml("message", {}, shared), xml("message", {}, deep)]) {
    try {
      serialise(tree, limits);
      assert.unreachable();
    } catch (error) {
      assert.instance(error, XtlsError);
      assert.is((error as XtlsError).code, "stanza-too-large");
    }
  }
});

test.run();
