/**
 * Offers with children that nobody knows, written in all the ways in which servers write XML anew: prefixes of elements and attributes, an
 * element in no namespace, white space that readers change.
 */
import xml, { Element } from "@xmpp/xml";

/** In no namespace, and yet in an offer. */
const outside = (): Element => xml("outside", { xmlns: "" }, xml("inside"), xml("back", { xmlns: "urn:example:later" }));

/** Fresh children for an offer, each strange in another way, and all in a namespace. */
function strangeChildren(): Element[] {
  return [
    xml("later", {
      xmlns: "urn:example:later",
      "xmlns:a": "urn:example:a",
      "xmlns:z": "urn:example:a",
      "a:b": "1",
      b: "2",
      "z:c": "3",
    }),
    xml(
      "z:later",
      { "xmlns:z": "urn:example:later", "z:b": "1", b: "2" },
      xml("z:inside", { "xmlns:z": "urn:example:inside", "z:b": "3" }),
      xml("z:after"),
    ),
    xml("spaced", { xmlns: "urn:example:later", note: "1\n2\t3\r\n4", "xml:lang": "it" }, " 1\r2\r\n3 ", xml("part"), "\r\n"),
  ];
}

/**
 * While `body` runs, every offer that is built has these children before its `<bind/>`.
 * @param hasOutsider whether one of them is in no namespace: ejabberd drops `xmlns=""` of what comes over WebSocket
 */
export async function withStrangeOffers<Result>(hasOutsider: boolean, body: () => Result | Promise<Result>): Promise<Result> {
  const { append } = Element.prototype;
  Element.prototype.append = function (...nodes): void {
    // A parser appends too: what it reads has them already.
    const isBuilt =
      this.name === "offer" && (nodes[0] as Element | undefined)?.name === "bind" && this.getChild("spaced") === undefined;
    if (isBuilt) append.call(this, ...strangeChildren(), ...(hasOutsider ? [outside()] : []));
    append.call(this, ...nodes);
  };
  try {
    return await body();
  } finally {
    Element.prototype.append = append;
  }
}
