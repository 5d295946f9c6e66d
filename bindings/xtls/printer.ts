/**
 * A stanza as text, such that whoever reads it has the same stanza again.
 *
 * XML readers change white space: a carriage return in a text becomes a line feed (XML 1.0 §2.11), every white space in an
 * attribute a space (§3.3.3). What a reference writes they leave alone, so those characters are written as references.
 * Owns how elements, attributes and texts are written; what may be said in a tunnel is framing.ts's.
 */
import type { Element } from "@xmpp/xml";
import { XtlsError } from "../errors.ts";

/** What bounds the work on a tree, however it is made. */
export interface PrintLimits {
  /** Bytes. */
  readonly stanza: number;
  readonly depth: number;
}

const IN_TEXT = /[&<>\r]/g;
const IN_VALUE = /[&<>"'\t\n\r]/g;

// prettier-ignore
const REFERENCES: Readonly<Record<string, string>> = {
  "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;", "\t": "&#x9;", "\n": "&#xA;", "\r": "&#xD;",
};

/** XML 1.0 §2.3: anything else in a name would be read as something beside it. */
const NAME_START =
  ":A-Z_a-z\\u{C0}-\\u{D6}\\u{D8}-\\u{F6}\\u{F8}-\\u{2FF}\\u{370}-\\u{37D}\\u{37F}-\\u{1FFF}\\u{200C}\\u{200D}" +
  "\\u{2070}-\\u{218F}\\u{2C00}-\\u{2FEF}\\u{3001}-\\u{D7FF}\\u{F900}-\\u{FDCF}\\u{FDF0}-\\u{FFFD}\\u{10000}-\\u{EFFFF}";
const NAME = new RegExp(`^[${NAME_START}][${NAME_START}\\-.0-9\\u{B7}\\u{300}-\\u{36F}\\u{203F}\\u{2040}]*$`, "u");

/**
 * Prints an element with all that is in it; `null` and `undefined` are left out, as ltx does.
 * @throws XtlsError `unfit-stanza` for a name that is none; `stanza-too-large`, also for a tree that contains itself
 */
export function print(element: Element, limits: PrintLimits): string {
  const printer = new Printer(limits);
  printer.element(element, 1);
  return printer.text;
}

class Printer {
  readonly #limits: PrintLimits;
  text = "";

  constructor(limits: PrintLimits) {
    this.#limits = limits;
  }

  element({ name, attrs, children }: Element, depth: number): void {
    if (depth > this.#limits.depth)
      throw new XtlsError("stanza-too-large", `A stanza is nested deeper than ${this.#limits.depth}`);
    this.#write(`<${checkedName(name)}`);
    for (const [attribute, value] of Object.entries(attrs as Record<string, unknown>)) this.#attribute(attribute, value);
    const contents = children.filter(isSaid);
    if (contents.length === 0) return this.#write("/>");
    this.#write(">");
    for (const child of contents) this.#child(child, depth + 1);
    this.#write(`</${name}>`);
  }

  #attribute(name: string, value: unknown): void {
    if (value === undefined || value === null) return;
    this.#write(` ${checkedName(name)}="${escaped(String(value), IN_VALUE)}"`);
  }

  #child(child: unknown, depth: number): void {
    if (isElement(child)) this.element(child, depth);
    else this.#write(escaped(String(child), IN_TEXT));
  }

  /** Looks at the size as it grows: a small tree may hold one element very many times. */
  #write(piece: string): void {
    this.text += piece;
    // No character has less than one byte.
    if (this.text.length > this.#limits.stanza)
      throw new XtlsError("stanza-too-large", `A stanza exceeds ${this.#limits.stanza} bytes`);
  }
}

/** An empty text is as none: nobody could tell it from none when reading. */
function isSaid(child: unknown): boolean {
  return child !== undefined && child !== null && child !== "";
}

/** Whichever copy of the XML library it is from. */
function isElement(child: unknown): child is Element {
  const { name, attrs, children } = child as Partial<Element>;
  return typeof name === "string" && typeof attrs === "object" && attrs !== null && Array.isArray(children);
}

function escaped(text: string, characters: RegExp): string {
  return text.replace(characters, (character) => REFERENCES[character] as string);
}

function checkedName(name: unknown): string {
  if (typeof name === "string" && NAME.test(name)) return name;
  throw new XtlsError("unfit-stanza", "The stanza has a name that XML does not allow");
}
