/**
 * An element as bytes that do not change when a server writes the same XML in another way.
 *
 * Servers parse and write anew what they pass on: they choose other prefixes and quotes, move declarations and attributes,
 * merge texts, and write as it is the white space that came as a reference, which the next reader changes (XML 1.0 §2.11, §3.3.3).
 * What all of them keep is framed here. Owns that form (docs/protocol.md §8); knows no offer and no key. Namespaces in XML 1.0.
 */
import type { Element } from "@xmpp/xml";
import { compareOctets } from "../base/jid.ts";
import { XtlsError } from "../errors.ts";
import { frame, framed } from "./frame.ts";

/** A name that does not depend on prefixes. */
export interface ExpandedName {
  /** Empty: in none. */
  readonly namespace: string;
  readonly local: string;
}

const NS_XML = "http://www.w3.org/XML/1998/namespace";
const DECLARATION = /^xmlns(:|$)/;
const LINE_END = /\r\n?/g;
const SPACE_IN_VALUE = /\r\n|[\t\n\r]/g;
/** XML's white space (XML 1.0 §2.3), which is less than JavaScript's. */
const SPACE_AROUND = /^[ \t\n]+|[ \t\n]+$/g;
const utf8 = new TextEncoder();

/**
 * Framed: namespace, local name, the attributes, then the children in order.
 * @throws XtlsError `malformed` for a prefix that is not declared
 */
export function canonicalise(element: Element): Uint8Array {
  const { namespace, local } = elementName(element);
  return framed([utf8.encode(namespace), utf8.encode(local), canonicaliseAttributes(element), ...canonicaliseChildren(element)]);
}

/**
 * An element's name. Unlike `getNS` it knows that `xmlns=""` takes it out of its parent's namespace.
 * @throws XtlsError `malformed` for a prefix that is not declared
 */
export function elementName(element: Element): ExpandedName {
  const { prefix, local } = parted(element.name);
  return { local, namespace: namespaceOf(element, prefix === undefined ? "xmlns" : `xmlns:${prefix}`) };
}

/** Three pieces each (namespace, local name, value), by namespace, then by local name. Declarations are none of them. */
function canonicaliseAttributes(element: Element): Uint8Array {
  const attributes = Object.entries(element.attrs as Record<string, unknown>)
    .filter(([name, value]) => !DECLARATION.test(name) && value !== undefined && value !== null)
    .map(([name, value]) => ({ ...attributeName(element, name), value: String(value).replace(SPACE_IN_VALUE, " ") }))
    .sort((a, b) => compareOctets(a.namespace, b.namespace) || compareOctets(a.local, b.local));
  return framed(attributes.flatMap(({ namespace, local, value }) => [namespace, local, value].map((text) => utf8.encode(text))));
}

/** An attribute without a prefix is in no namespace, whatever its element is in. */
function attributeName(element: Element, name: string): ExpandedName {
  const { prefix, local } = parted(name);
  return { local, namespace: prefix === undefined ? "" : namespaceOf(element, `xmlns:${prefix}`) };
}

/** Texts that nothing parts are one. */
function canonicaliseChildren({ children }: Element): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let text = "";
  const finishText = (): void => {
    const said = text.replace(LINE_END, "\n").replace(SPACE_AROUND, "");
    if (said !== "") pieces.push(frame(utf8.encode(said)));
    text = "";
  };
  for (const child of children as readonly (Element | string)[]) {
    if (typeof child === "object") {
      finishText();
      pieces.push(canonicalise(child));
    } else text += child;
  }
  finishText();
  return pieces;
}

/** What a declaration says where the element stands: its own, or the nearest above it. */
function namespaceOf(element: Element, declaration: string): string {
  if (declaration === "xmlns:xml") return NS_XML;
  for (let each: Element | null = element; each !== null; each = each.parent) {
    const namespace: unknown = Object.hasOwn(each.attrs, declaration) ? each.attrs[declaration] : undefined;
    if (typeof namespace === "string") return namespace;
  }
  if (declaration === "xmlns") return "";
  throw new XtlsError("malformed", `The prefix of ${declaration.slice(0, 64)} is not declared`);
}

function parted(name: string): { readonly prefix: string | undefined; readonly local: string } {
  const colon = name.indexOf(":");
  return colon < 0 ? { prefix: undefined, local: name } : { prefix: name.slice(0, colon), local: name.slice(colon + 1) };
}
