/**
 * XML as far as the vectors need it: elements, attributes, texts, namespaces, references. Of this project's own code nothing is used
 * here. Namespaces in XML 1.0.
 */

export interface XmlElement {
  readonly namespace: string;
  readonly local: string;
  readonly attributes: readonly XmlAttribute[];
  readonly children: readonly (XmlElement | string)[];
}

export interface XmlAttribute {
  readonly namespace: string;
  readonly local: string;
  readonly value: string;
}

interface Open {
  readonly name: string;
  readonly element: XmlElement;
  readonly scope: Scope;
}

/** Namespaces by prefix; the default one has none. */
type Scope = Readonly<Record<string, string>>;

const TOKEN = /<!\[CDATA\[([^]*?)\]\]>|<(\/?)([^\s/>]+)((?:\s+[^\s=>/]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(\/?)>|([^<]+)/gy;
const ATTRIBUTE = /([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const REFERENCE = /&(?:#x([0-9a-fA-F]+)|#([0-9]+)|(lt|gt|amp|quot|apos));/g;
const NAMED: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };
const ROOT: Scope = { "": "jabber:client", xml: "http://www.w3.org/XML/1998/namespace" };

/** The elements of a text, one behind the other. */
export function parseElements(text: string): XmlElement[] {
  const top: (XmlElement | string)[] = [];
  const open: Open[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null) throw new Error(`No XML: ${text.slice(at, at + 40)}`);
    const [, cdata, isEnd, name, attributes = "", isEmpty, words] = match;
    const siblings = (open.at(-1)?.element.children ?? top) as (XmlElement | string)[];
    if (name === undefined) siblings.push(cdata ?? unescaped((words ?? "").replace(/\r\n?/g, "\n")));
    else if (isEnd) closeTag(open, name);
    else {
      const begun = openTag(name, attributes, open.at(-1)?.scope ?? ROOT);
      siblings.push(begun.element);
      if (!isEmpty) open.push(begun);
    }
  }
  if (open.length > 0) throw new Error("The XML ends in an element");
  return top.filter((child): child is XmlElement => typeof child !== "string");
}

export function parseElement(text: string): XmlElement {
  const [element, other] = parseElements(text);
  if (element === undefined || other !== undefined) throw new Error("The XML is not one element");
  return element;
}

export function child(element: XmlElement | undefined, local: string): XmlElement | undefined {
  return element?.children.find((each): each is XmlElement => typeof each !== "string" && each.local === local);
}

export function attribute(element: XmlElement | undefined, local: string): string | undefined {
  return element?.attributes.find((each) => each.namespace === "" && each.local === local)?.value;
}

export function textOf(element: XmlElement | undefined): string {
  return element?.children.filter((each) => typeof each === "string").join("") ?? "";
}

function openTag(name: string, attributes: string, outer: Scope): Open {
  const all = [...attributes.matchAll(ATTRIBUTE)].map(([, key = "", one, other]) => [key, valueOf(one ?? other ?? "")] as const);
  const declared = all.flatMap(([key, value]) => (key === "xmlns" ? [["", value]] : key.startsWith("xmlns:") ? [[key.slice(6), value]] : []));
  const scope = { ...outer, ...(Object.fromEntries(declared) as Scope) };
  const plain = all.filter(([key]) => key !== "xmlns" && !key.startsWith("xmlns:"));
  const [prefix, local] = parted(name);
  const element: XmlElement = {
    namespace: namespaceOf(scope, prefix),
    local,
    attributes: plain.map(([key, value]) => {
      const [own, rest] = parted(key);
      return { namespace: own === "" ? "" : namespaceOf(scope, own), local: rest, value };
    }),
    children: [],
  };
  return { name, element, scope };
}

function closeTag(open: Open[], name: string): void {
  if (open.pop()?.name !== name) throw new Error(`</${name}> closes nothing`);
}

function namespaceOf(scope: Scope, prefix: string): string {
  const namespace = scope[prefix];
  if (namespace === undefined) throw new Error(`The prefix ${prefix} is not declared`);
  return namespace;
}

function parted(name: string): [prefix: string, local: string] {
  const colon = name.indexOf(":");
  return colon < 0 ? ["", name] : [name.slice(0, colon), name.slice(colon + 1)];
}

/** White space in an attribute is spaces, unless it is written as a reference (XML 1.0 §3.3.3). */
function valueOf(text: string): string {
  return unescaped(text.replace(/\r\n|[\t\n\r]/g, " "));
}

function unescaped(text: string): string {
  return text.replace(REFERENCE, (_, hex?: string, decimal?: string, name = "") => {
    if (hex !== undefined) return String.fromCodePoint(parseInt(hex, 16));
    return decimal === undefined ? (NAMED[name as string] as string) : String.fromCodePoint(parseInt(decimal, 10));
  });
}
