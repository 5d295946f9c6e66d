/**
 * A server that tampers with offers: whatever it takes away, adds, swaps or rewrites, no tunnel opens, and
 * both ends say why. What a server may do to XML, such as writing it differently, does no harm.
 */
import xml, { Element } from "@xmpp/xml";
import { NS_C2CTLS, NS_PUBKEY, NS_XTLS_EXT } from "../../bindings/xtls/namespaces.ts";
import { assert, suite } from "../suite.ts";
import { pair, says } from "./ends.ts";
import { type Iq, type WirePair } from "./wire-pair.ts";

const test = suite("tampering");
const METHODS = ["srp", "sas", "insecure", "x509"];
const OFFERS = ["start", "proceed"] as const;

type Change = (offer: Element) => Element | undefined;

/** Both ends are able to do everything; the server changes one of the two offers. */
function tampered(where: (typeof OFFERS)[number], change: Change): WirePair {
  const wire = pair({ methods: METHODS }, { methods: METHODS });
  wire.intercept = (iq) => [iq.payload?.is(where) ? { ...iq, payload: withOffer(iq.payload, change) } : iq];
  return wire.open();
}

function withOffer(payload: Element, change: Change): Element {
  const copy = new Element(payload.name, payload.attrs);
  const made = payload.getChild("offer", NS_C2CTLS);
  const offer = made && change(copyOf(made));
  if (offer !== undefined) copy.append(offer);
  return copy;
}

function copyOf(element: Element): Element {
  const copy = new Element(element.name, { ...element.attrs });
  for (const child of element.children) copy.append(typeof child === "string" ? child : copyOf(child as Element));
  return copy;
}

/** The same element with other children. */
function having(element: Element, children: readonly Element[]): Element {
  const copy = new Element(element.name, element.attrs);
  for (const child of children) copy.append(child);
  return copy;
}

const childrenOf = (offer: Element) => offer.getChildElements();
const named = (child: Element, index: number) => `${index}: ${child.name}${child.attrs.name ? ` ${child.attrs.name}` : ""}`;

/** Every way to damage one child: without it, twice, moved to the end, each attribute and its text rewritten. */
function damages(offer: Element): [string, Change][] {
  return childrenOf(offer).flatMap((child, index, all) => {
    const others = (instead: readonly Element[]): Change => (real) =>
      having(real, childrenOf(real).flatMap((each, at) => (at === index ? instead.map(copyOf) : [each])));
    const changes: [string, Change][] = [
      ["stripped", others([])],
      ["repeated", others([child, child])],
      ["renamed", others([renamed(child)])],
      ["in another namespace", others([new Element(child.name, { ...child.attrs, xmlns: "urn:example:other" })])],
      ...rewritten(child).map(([how, instead]): [string, Change] => [how, others([instead])]),
    ];
    if (index < all.length - 1) changes.push(["moved to the end", (real) => having(real, rotated(childrenOf(real), index))]);
    return changes.map(([how, change]): [string, Change] => [`${named(child, index)} ${how}`, change]);
  });
}

function renamed(child: Element): Element {
  const copy = copyOf(child);
  copy.name = `${child.name}x`;
  return copy;
}

function rewritten(child: Element): [string, Element][] {
  const attributes = Object.keys(child.attrs).filter((name) => name !== "xmlns");
  const changes = attributes.flatMap((name): [string, Element][] =>
    [undefined, `${child.attrs[name]}1`].map((value) => {
      const copy = copyOf(child);
      if (value === undefined) delete copy.attrs[name];
      else copy.attrs[name] = value;
      return [value === undefined ? `without ${name}` : `with another ${name}`, copy];
    }),
  );
  const text = child.toString().replace(/([0-9A-Fa-f])(<)/, (_, digit: string, end: string) => (digit === "0" ? "1" : "0") + end);
  return text === child.toString() ? changes : [...changes, ["with another text", textChanged(child)]];
}

function textChanged(child: Element): Element {
  const copy = copyOf(child);
  const holder = copy.getChild("name") ?? copy;
  const [text] = holder.children as string[];
  holder.children = [(text as string).replace(/.$/, (digit) => (digit === "0" ? "1" : "0"))];
  return copy;
}

function rotated<T>(list: readonly T[], index: number): T[] {
  return [...list.slice(0, index), ...list.slice(index + 1), list[index] as T];
}

/** What a server could add. */
const ADDITIONS: Element[] = [
  xml("srp"),
  xml("openpgp"),
  xml("x509"),
  xml("keyinfo", { xmlns: NS_PUBKEY }, xml("name", {}, "0".repeat(40))),
  xml("method", { xmlns: NS_XTLS_EXT, name: "openpgp" }),
  xml("fingerprint", { xmlns: NS_XTLS_EXT, hash: "sha-256" }, Array(32).fill("00").join(":")),
  xml("fingerprint", { xmlns: NS_XTLS_EXT, hash: "sha-512" }, "00"),
  xml("whatever", { xmlns: "urn:example:new" }, xml("inside")),
];

/** An offer as both ends make it, to enumerate its parts. */
const sample = (() => {
  const start = pair({ methods: METHODS, ids: () => "another" }).open().log[0] as Iq;
  return start.payload?.getChild("offer", NS_C2CTLS) as Element;
})();

function isCaught(wire: WirePair): string[] {
  assert.equal([wire.romeo.opened, wire.juliet.opened], [[], []]);
  return [wire.romeo, wire.juliet].map(({ closes }) => {
    assert.is(closes.length, 1);
    return closes[0]?.code ?? "nothing";
  });
}

/** What either end may say, whoever noticed first. */
const TYPED = ["downgraded", "no-common-method", "malformed", "remote-error", "handshake-canceled"];

test("an offer has every element that is offered", () => {
  const names = childrenOf(sample).map(({ name }) => name);
  assert.equal(names, ["keyinfo", "srp", "insecure", "method", "method", "method", "method", "fingerprint", "tunnel", "bind"]);
});

for (const where of OFFERS) {
  for (const [how, change] of damages(sample)) {
    test(`no tunnel opens when the offer in <${where}/> comes with ${how}`, () => {
      const wire = tampered(where, change);
      if (where === "start" && wire.juliet.closes.length === 0) return assert.is(wire.romeo.closes[0]?.code, "malformed");
      for (const code of isCaught(wire)) assert.ok(TYPED.includes(code), code);
    });
  }

  test(`no tunnel opens when something is added to the offer in <${where}/>`, () => {
    for (const addition of ADDITIONS) {
      const wire = tampered(where, (offer) => having(offer, [...childrenOf(offer), copyOf(addition)]));
      assert.equal(isCaught(wire), ["downgraded", "downgraded"], addition.toString());
    }
  });

  test(`no tunnel opens when the offer in <${where}/> is gone`, () => {
    for (const code of isCaught(tampered(where, () => undefined))) assert.ok(TYPED.includes(code), code);
  });

  test(`no tunnel opens when the offer in <${where}/> is that of another tunnel`, () => {
    const wire = tampered(where, () => copyOf(sample));
    assert.equal(isCaught(wire), ["downgraded", "downgraded"]);
  });
}

test("taking away both offers makes nobody a base peer: TLS says that both can compare", () => {
  const wire = pair();
  wire.intercept = (iq) => [
    iq.payload?.is("start") || iq.payload?.is("proceed") ? { ...iq, payload: withOffer(iq.payload, () => undefined) } : iq,
  ];
  assert.equal(isCaught(wire.open()), ["downgraded", "downgraded"]);
});

test("another method than the one chosen is not taken", () => {
  for (const method of ["x509", "insecure", undefined]) {
    const wire = pair({ methods: METHODS }, { methods: METHODS });
    wire.intercept = (iq) => {
      const isNamed = iq.payload?.is("data") && iq.payload.attrs.method !== undefined;
      if (!isNamed) return [iq];
      const copy = copyOf(iq.payload as Element);
      if (method === undefined) delete copy.attrs.method;
      else copy.attrs.method = method;
      return [{ ...iq, payload: copy }];
    };
    for (const code of isCaught(wire.open())) assert.ok(["no-common-method", "remote-error", "alert-received"].includes(code), code);
  }
});

test("XML that is only written in another way does no harm", () => {
  const spaced: Change = (offer) => {
    const copy = new Element("offer", offer.attrs);
    for (const child of childrenOf(offer)) {
      copy.append("\n  ");
      copy.append(spacedOut(child));
    }
    return copy;
  };
  for (const where of OFFERS) {
    const wire = tampered(where, spaced);
    assert.equal([wire.romeo.opened.length, wire.juliet.opened.length], [1, 1]);
    wire.romeo.send(says("hark"));
    wire.settle();
    assert.is(wire.juliet.stanzas.length, 1);
  }
});

/** Attributes in another order, white space around texts. */
function spacedOut(child: Element): Element {
  const attributes = Object.entries(child.attrs).reverse();
  const copy = new Element(child.name, Object.fromEntries(attributes) as Record<string, string>);
  for (const each of child.children) copy.append(typeof each === "string" ? ` ${each}\n` : spacedOut(each as Element));
  return copy;
}

test("a stanza before the bind ends the tunnel", () => {
  // Nobody honest does that: an end that leaves the bind out, made of the base wire with the other's ALPN.
  const wire = pair({ hasExtensions: false, engine: { alpn: ["xtls/1+bind"] } });
  wire.romeo.open(wire.juliet.address);
  while (wire.romeo.opened.length === 0) assert.ok(wire.step(wire.romeo) || wire.step(wire.juliet));
  wire.romeo.send(says("hark"));
  wire.settle();
  assert.is(wire.juliet.closes[0]?.code, "downgraded");
  assert.equal(wire.juliet.stanzas, []);
});

test.run();
