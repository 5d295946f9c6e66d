/** The canonical form of an offer: one for whatever a server makes of the same XML, another for whatever means something else. */
import xml, { Element, Parser } from "@xmpp/xml";
import fc, { type Arbitrary } from "fast-check";
import { canonicalise } from "../../bindings/xtls/canonical.ts";
import { buildOffer, parseOffer } from "../../bindings/xtls/offer.ts";
import { assert, suite } from "../suite.ts";
import { pair } from "./ends.ts";
import { withStrangeOffers } from "./strange-offer.ts";
import { JULIET } from "./wire-pair.ts";

const test = suite("canonical form");
const hex = (element: Element): string => Buffer.from(canonicalise(element)).toString("hex");

/** As xmpp.js reads it, inside a stream. */
function parsed(text: string): Element {
  const parser = new Parser();
  const elements: Element[] = [];
  parser.on("element", (element: Element) => elements.push(element));
  parser.write(`<stream:stream xmlns="jabber:client" xmlns:stream="http://etherx.jabber.org/streams">${text}`);
  assert.is(elements.length, 1);
  return elements[0] as Element;
}

test("is, framed, namespace, local name, attributes with their namespaces, children", () => {
  const element = parsed(`<p:a xmlns:p="urn:p" b="1" p:b="2" xml:lang="de"><c xmlns="urn:c"> t </c>u</p:a>`);
  const framed = (...pieces: (string | Buffer)[]) =>
    Buffer.concat(pieces.flatMap((piece) => [Buffer.from([0, 0, 0, piece.length]), Buffer.from(piece)]));
  const attributes = framed("", "b", "1", "http://www.w3.org/XML/1998/namespace", "lang", "de", "urn:p", "b", "2");
  const inner = framed("urn:c", "c", "", framed("t"));
  assert.is(hex(element), framed("urn:p", "a", attributes, inner, framed("u")).toString("hex"));
});

/** Two ways to write the same. The second is what Prosody or ejabberd, or a reader behind them, makes of the first. */
const SAME: readonly (readonly [what: string, one: string, other: string])[] = [
  ["an attribute's prefix", `<x xmlns="u" xmlns:a="v" a:b="1" b="2"/>`, `<x b="2" xmlns:ns1="v" ns1:b="1" xmlns="u"/>`],
  [
    "two prefixes for one namespace",
    `<x xmlns="u" xmlns:a="v" a:b="1" a:c="2"/>`,
    `<x xmlns="u" xmlns:n="v" n:c="2" xmlns:m="v" m:b="1"/>`,
  ],
  [
    "an element's prefix",
    `<x xmlns="u"><a:b xmlns:a="v"><c/><a:d/></a:b></x>`,
    `<x xmlns="u"><b xmlns="v"><c xmlns="u"/><d/></b></x>`,
  ],
  ["where a prefix is declared", `<x xmlns="u" xmlns:a="v"><y a:b="1"/></x>`, `<x xmlns="u"><y xmlns:a="v" a:b="1"/></x>`],
  [
    "a prefix declared anew",
    `<x xmlns="u" xmlns:a="v"><y xmlns:a="w" a:b="1"/></x>`,
    `<x xmlns="u"><y xmlns:c="w" c:b="1"/></x>`,
  ],
  ["no namespace, said once more", `<x xmlns="u"><y xmlns=""><z/></y></x>`, `<x xmlns="u"><y xmlns=""><z xmlns=""/></y></x>`],
  ["the namespace, said once more", `<x xmlns="u"><y/></x>`, `<x xmlns="u"><y xmlns="u"/></x>`],
  ["a declaration that nobody needs", `<x xmlns="u" xmlns:a="v"/>`, `<x xmlns="u"/>`],
  ["white space of attributes", `<x xmlns="u" a="1&#10;2&#9;3&#13;4&#13;&#10;5"/>`, `<x xmlns="u" a="1 2 3 4 5"/>`],
  ["line ends of texts", `<x xmlns="u">1&#13;2&#13;&#10;3\n4</x>`, `<x xmlns="u">1\n2\n3\n4</x>`],
  ["CDATA", `<x xmlns="u">a <![CDATA[<b>]]></x>`, `<x xmlns="u">a &lt;b&gt;</x>`],
  ["an empty element", `<x xmlns="u"></x>`, `<x xmlns="u"/>`],
];

for (const [what, one, other] of SAME)
  test(`is the same whatever a server does with ${what}`, () => assert.is(hex(parsed(one)), hex(parsed(other))));

const OTHER: readonly (readonly [what: string, one: string, other: string])[] = [
  ["the namespace of an attribute", `<x xmlns="u" xmlns:a="v" a:b="1"/>`, `<x xmlns="u" xmlns:a="w" a:b="1"/>`],
  ["whether an attribute has a namespace", `<x xmlns="u" xmlns:a="u" a:b="1"/>`, `<x xmlns="u" b="1"/>`],
  ["whose attribute it is", `<x xmlns="u" xmlns:a="v" a:b="1" b="2"/>`, `<x xmlns="u" xmlns:a="v" a:b="2" b="1"/>`],
  ["the namespace of an element", `<x xmlns="u"><y/></x>`, `<x xmlns="u"><y xmlns="v"/></x>`],
  ["whether an element is in a namespace", `<x xmlns="u"><y/></x>`, `<x xmlns="u"><y xmlns=""/></x>`],
  [
    "whether an element in an element of none is in a namespace",
    `<x xmlns="u"><y xmlns=""><z/></y></x>`,
    `<x xmlns="u"><y xmlns=""><z xmlns="u"/></y></x>`,
  ],
  ["what stands where in a text", `<x xmlns="u">ab<y/>c</x>`, `<x xmlns="u">a<y/>bc</x>`],
  ["a no-break space around a text", `<x xmlns="u">\u00a0a</x>`, `<x xmlns="u">a</x>`],
  ["the language", `<x xmlns="u" xml:lang="de"/>`, `<x xmlns="u" lang="de"/>`],
  ["whether an attribute is there", `<x xmlns="u" a=""/>`, `<x xmlns="u"/>`],
  ["a prefix as part of a name", `<x xmlns="u" xmlns:a="v" a:b="1"/>`, `<x xmlns="u" xmlns:a="v" ab="1"/>`],
];

for (const [what, one, other] of OTHER)
  test(`is another when a server changes ${what}`, () => assert.is.not(hex(parsed(one)), hex(parsed(other))));

test("sorts attributes by octets, not by code units", () => {
  // U+FFFD is above U+1F339's first surrogate, but EF sorts before F0.
  const [one, other] = [`<x \u{1f339}="1" \u{fffd}="2"/>`, `<x \u{fffd}="2" \u{1f339}="1"/>`].map(parsed) as [Element, Element];
  assert.is(hex(one), hex(other));
  assert.ok(hex(one).indexOf("efbfbd") < hex(one).indexOf("f09f8cb9"));
});

/* --- any tree, written anew in any way ------------------------------------------- */

/** A tree by expanded names. */
interface Tree {
  readonly namespace: string;
  readonly local: string;
  readonly attributes: readonly (readonly [namespace: string, local: string, value: string])[];
  readonly children: readonly (Tree | string)[];
}

const namespace = fc.constantFrom("", "u", "v", "w");
const local = fc.constantFrom("a", "b", "c");
const value = fc.string({ unit: fc.constantFrom(..."ab \t\n\r", "\r\n", "<", "&", '"'), maxLength: 6 });
const tree: Arbitrary<Tree> = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.record({
    namespace,
    local,
    attributes: fc.uniqueArray(fc.tuple(namespace, local, value), {
      maxLength: 3,
      selector: ([namespace, local]) => `${namespace} ${local}`,
    }),
    children: fc.array(fc.oneof({ maxDepth: 3 }, value, tie("tree")), { maxLength: 3 }),
  }),
})).tree;

/** One of the ways to write it: which prefix, which order, a reference or not. `choose` says which of so many. */
function written(
  { namespace, local, attributes, children }: Tree,
  choose: (count: number) => number,
  outer = "jabber:client",
): string {
  const isPrefixed = namespace !== "" && choose(2) === 0;
  const declarations = [
    isPrefixed ? ` xmlns:p="${namespace}"` : namespace === outer && choose(2) === 0 ? "" : ` xmlns="${namespace}"`,
  ];
  const own = attributes.map(([namespace, local, value], at) => {
    if (namespace === "") return ` ${local}="${escaped(value, choose)}"`;
    declarations.push(` xmlns:n${at}="${namespace}"`);
    return ` n${at}:${local}="${escaped(value, choose)}"`;
  });
  const all = [...declarations, ...own].sort(() => choose(3) - 1);
  const name = isPrefixed ? `p:${local}` : local;
  const inner = children.map((child) =>
    typeof child === "string" ? escaped(child, choose) : written(child, choose, isPrefixed ? outer : namespace),
  );
  return `<${name}${all.join("")}>${inner.join("")}</${name}>`;
}

function escaped(text: string, choose: (count: number) => number): string {
  const references: Record<string, string> = { "<": "&lt;", "&": "&amp;", '"': "&quot;" };
  return text.replace(
    /[<&"\t\n\r]/g,
    (character) => references[character] ?? (choose(2) === 0 ? character : `&#${character.charCodeAt(0)};`),
  );
}

test("is one for all the ways to write a tree", () => {
  fc.assert(
    fc.property(tree, fc.infiniteStream(fc.nat(5)), (tree, stream) => {
      const choose = (count: number) => (stream.next().value as number) % count;
      assert.is(hex(parsed(written(tree, choose))), hex(parsed(written(tree, choose))));
    }),
    { numRuns: 3000 },
  );
});

test("is another for another tree", () => {
  // White space is what servers change: here it is none.
  const plain = (tree: Tree): Tree => ({
    ...tree,
    attributes: tree.attributes.map(([namespace, local, value]) => [namespace, local, value.replace(/\s/g, "-")] as const),
    children: tree.children.map((child) => (typeof child === "string" ? child.replace(/\s/g, "-") : plain(child))),
  });
  const meaning = ({ namespace, local, attributes, children }: Tree): unknown => [
    namespace,
    local,
    [...attributes].map(String).sort(),
    children.reduce<unknown[]>((list, child) => {
      if (typeof child !== "string") return [...list, meaning(child)];
      return typeof list.at(-1) === "string"
        ? [...list.slice(0, -1), `${list.at(-1) as string}${child}`]
        : child === ""
          ? list
          : [...list, child];
    }, []),
  ];
  fc.assert(
    fc.property(tree, tree, (one, other) => {
      const [left, right] = [plain(one), plain(other)];
      const isSame = JSON.stringify(meaning(left)) === JSON.stringify(meaning(right));
      assert.is(hex(parsed(written(left, () => 0))) === hex(parsed(written(right, () => 0))), isSame);
    }),
    { numRuns: 3000 },
  );
});

/* --- offers -------------------------------------------------------------------- */

test("an offer with a prefix that is not declared is malformed", () => {
  for (const child of [xml("p:later"), xml("later", { xmlns: "urn:example:later", "p:b": "1" })]) {
    const offer = buildOffer({ bind: true });
    offer.append(child);
    const wire = pair();
    wire.intercept = (iq) => [iq.payload?.is("start") ? { ...iq, payload: xml("start", iq.payload.attrs, offer) } : iq];
    wire.open();
    const answer = wire.log.find(({ from }) => from === JULIET);
    assert.is(answer?.type, "error");
    assert.ok(answer?.payload?.getChild("bad-request"));
  }
});

test("what is in no namespace is none of the offer's children", () => {
  const offer = parsed(`<offer xmlns="urn:xmpp:tmp:c2ctls"><srp xmlns=""/><insecure/></offer>`);
  const { srp, insecure } = parseOffer(offer);
  assert.equal([srp, insecure], [false, true]);
});

test("offers with children that nobody knows are compared, and found to be the same", async () => {
  const wire = await withStrangeOffers(true, () => pair().open());
  const sent = wire.log.flatMap(({ payload }) => payload?.getChild("offer")?.getChildElements() ?? []);
  assert.is(sent.filter(({ name }) => name === "spaced").length, 2);
  assert.equal([wire.romeo.opened.length, wire.juliet.opened.length], [1, 1]);
});

test.run();
