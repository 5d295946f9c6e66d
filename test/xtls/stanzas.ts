/** Arbitrary stanzas for properties: what an XMPP client may legally say. */
import { Element } from "@xmpp/xml";
import fc, { type Arbitrary } from "fast-check";

/** XML 1.0 characters, all white space among them: whoever writes a stanza writes it such that it comes back. */
const character = fc
  .oneof(
    fc.constantFrom(..."ab<>&\"' ]\n\r\t"),
    fc.integer({ min: 0x20, max: 0x10fffd }).map((point) => String.fromCodePoint(point)),
  )
  .filter((text) => /^[\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]$/u.test(text));
const text = fc.string({ unit: character, minLength: 1, maxLength: 20 });
const name = fc.constantFrom("body", "thread", "a", "B-1", "_x", "\u00e9t\u00e9");
const namespace = fc.constantFrom("urn:a", "urn:b", "http://jabber.org/protocol/chatstates");

const child: Arbitrary<Element> = fc.letrec<{ element: Element }>((tie) => ({
  element: fc
    .record({
      name,
      namespace: fc.option(namespace),
      id: fc.option(text),
      inner: fc.option(tie("element"), { maxDepth: 4 }),
      text: fc.option(text),
    })
    .map(({ name, namespace, id, inner, text }) => {
      const element = new Element(name, {
        ...(namespace !== null && { xmlns: namespace }),
        ...(id !== null && { id }),
      });
      if (text !== null) element.t(text);
      if (inner !== null) element.cnode(inner);
      return element;
    }),
})).element;

/** A message, presence or iq without addresses. */
export function stanza(): Arbitrary<Element> {
  const free = fc.record({ kind: fc.constantFrom("message", "presence"), id: text, children: fc.array(child, { maxLength: 3 }) });
  const type = fc.constantFrom("get", "set", "result", "error");
  const iq = fc.record({ kind: fc.constant("iq"), id: text, type, children: fc.array(child, { minLength: 1, maxLength: 1 }) });
  return fc.oneof(free, iq).map(({ kind, children, ...attributes }) => {
    const element = new Element(kind, attributes);
    element.append(...children);
    return element;
  });
}
