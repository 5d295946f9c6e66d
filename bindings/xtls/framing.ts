/**
 * Stanzas as bytes and back: back to back, UTF-8, no stream header.
 *
 * Owns the restricted XML of RFC 6120 §11.1, incrementally: no comment, processing instruction,
 * DTD or entity beyond the five, no undeclared prefix, nothing but white space between stanzas,
 * size, depth and the number of elements and attributes bounded. Knows no tunnel and no address.
 */
import { Element } from "@xmpp/xml";
import { SaxesParser, type SaxesTagNS } from "saxes";
import { printableWords } from "../base/printable.ts";
import { XtlsError } from "../errors.ts";
import type { Limits } from "./limits.ts";
import { NS_CLIENT, NS_XTLS_EXT } from "./namespaces.ts";
import { print } from "./printer.ts";

type FramingLimits = Pick<Limits, "stanza" | "depth" | "stanzaElements" | "stanzaAttributes">;

const STANZAS: readonly string[] = ["message", "presence", "iq"];
const LEADING_SPACE = /^[ \t\r\n]+/;
/** No stanza ends but at a ">". */
const PIECES = /[^>]*>|[^>]+/g;
const LONE_SURROGATE = /\p{Surrogate}/u;
const utf8 = new TextEncoder();

/** True for what is of the tunnel's own: the bind, and the messages of a method. Everything else inside is a stanza. */
export function isOwn(element: Element): boolean {
  return element.getNS() === NS_XTLS_EXT;
}

/**
 * One stanza, or one element of the tunnel's own, as bytes.
 * @throws XtlsError `stanza-too-large`; `unfit-stanza` for what our own `Reader` would refuse, such as control characters or a prefix declared further up
 */
export function serialise(stanza: Element, limits: FramingLimits): Uint8Array {
  const text = print(stanza, limits);
  // The encoder would put U+FFFD in its place and say nothing.
  if (LONE_SURROGATE.test(text)) throw new XtlsError("unfit-stanza", "The stanza has half a character");
  const bytes = utf8.encode(text);
  try {
    const reader = new Reader(limits);
    const read = reader.push(bytes);
    if (read.length === 1 && reader.isBetween && isOwn(read[0] as Element) === isOwn(stanza)) return bytes;
  } catch (cause) {
    if ((cause as XtlsError).code === "stanza-too-large") throw cause;
    throw new XtlsError("unfit-stanza", (cause as Error).message, { cause });
  }
  throw new XtlsError("unfit-stanza", "The element is not one stanza");
}

/** Reads one direction of a tunnel. After an error it is of no more use. */
export class Reader {
  readonly #limits: FramingLimits;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  readonly #parser = new SaxesParser({ xmlns: true, position: false });
  /** Parent of every stanza, as a client's stream is: gives them their namespace. */
  readonly #root = new Element("tunnel", { xmlns: NS_CLIENT });
  #cursor = this.#root;
  #depth = 0;
  #size = 0;
  #elements = 0;
  #attributes = 0;
  #isBetween = true;
  #stanzas: Element[] = [];

  constructor(limits: FramingLimits) {
    this.#limits = limits;
    this.#parser.write(`<${this.#root.name} xmlns='${NS_CLIENT}'>`);
    this.#parser.on("opentag", (tag) => this.#open(tag));
    // Before its tag is complete: there may be very many in one.
    this.#parser.on("attribute", () => this.#countAttribute());
    this.#parser.on("closetag", () => this.#close());
    this.#parser.on("text", (text) => this.#text(text));
    this.#parser.on("cdata", (text) => this.#text(text));
    this.#parser.on("comment", () => refuse("a comment"));
    this.#parser.on("processinginstruction", () => refuse("a processing instruction"));
    this.#parser.on("doctype", () => refuse("a DTD"));
  }

  /** True when the bytes so far end with a whole stanza. */
  get isBetween(): boolean {
    return this.#isBetween;
  }

  /**
   * Takes the next bytes, split anywhere.
   * @returns the stanzas that they complete
   * @throws XtlsError `restricted-xml`, `stanza-too-large`
   */
  push(bytes: Uint8Array): Element[] {
    for (const piece of this.#decode(bytes).match(PIECES) ?? []) this.#read(piece);
    return this.#stanzas.splice(0);
  }

  #decode(bytes: Uint8Array): string {
    try {
      return this.#decoder.decode(bytes, { stream: true });
    } catch (cause) {
      throw new XtlsError("restricted-xml", "The inner XML is not UTF-8", { cause });
    }
  }

  #read(piece: string): void {
    const text = this.#isBetween ? piece.replace(LEADING_SPACE, "") : piece;
    if (text === "") return;
    if (this.#isBetween) this.#begin(text);
    this.#size += utf8.encode(text).length;
    if (this.#size > this.#limits.stanza)
      throw new XtlsError("stanza-too-large", `A stanza exceeds ${this.#limits.stanza} bytes`);
    this.#parse(text);
  }

  /** A stanza begins with "<"; knowing that, nothing unbounded can gather between stanzas. */
  #begin(text: string): void {
    if (!text.startsWith("<")) refuse("text between stanzas");
    this.#isBetween = false;
    this.#size = 0;
    this.#elements = 0;
    this.#attributes = 0;
  }

  #parse(text: string): void {
    try {
      this.#parser.write(text);
    } catch (cause) {
      if (cause instanceof XtlsError) throw cause;
      throw new XtlsError("restricted-xml", `The inner XML is broken: ${printableWords((cause as Error).message, 200)}`, { cause });
    }
  }

  #open(tag: SaxesTagNS): void {
    if (this.#depth === 0) requireStanza(tag);
    if (++this.#depth > this.#limits.depth)
      throw new XtlsError("stanza-too-large", `A stanza is nested deeper than ${this.#limits.depth}`);
    if (++this.#elements > this.#limits.stanzaElements)
      throw new XtlsError("stanza-too-large", `A stanza has more than ${this.#limits.stanzaElements} elements`);
    const attributes = Object.values(tag.attributes).map(({ name, value }) => [name, value]);
    const element = new Element(tag.name, Object.fromEntries(attributes) as Record<string, string>);
    element.parent = this.#cursor;
    if (this.#depth > 1) this.#cursor.children.push(element);
    this.#cursor = element;
  }

  #countAttribute(): void {
    if (++this.#attributes > this.#limits.stanzaAttributes)
      throw new XtlsError("stanza-too-large", `A stanza has more than ${this.#limits.stanzaAttributes} attributes`);
  }

  #close(): void {
    if (this.#depth === 0) refuse("an end tag too many");
    const element = this.#cursor;
    this.#cursor = element.parent as Element;
    if (--this.#depth > 0) return;
    this.#stanzas.push(element);
    this.#isBetween = true;
  }

  #text(text: string): void {
    if (this.#depth === 0) refuse("text between stanzas");
    this.#cursor.children.push(text);
  }
}

/** RFC 6120 §4.8.5: the content namespace is the default one, never prefixed. */
function requireStanza(tag: SaxesTagNS): void {
  if (STANZAS.includes(tag.name) && tag.uri === NS_CLIENT) return;
  if (tag.uri === NS_XTLS_EXT && tag.prefix === "") return;
  throw new XtlsError("restricted-xml", "Something other than message, presence or iq came through the tunnel");
}

function refuse(what: string): never {
  throw new XtlsError("restricted-xml", `The inner XML has ${what}`);
}
