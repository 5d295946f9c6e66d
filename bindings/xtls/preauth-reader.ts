/**
 * What may be read of a peer that is not authenticated yet: the elements of the tunnel's own, and nothing else.
 *
 * They come first in each direction (docs/protocol.md §8 and §9). Where the first other thing begins, reading stops: from there on
 * bytes stay bytes until the peer is authenticated, so that a stranger cannot turn them into a many times larger tree. Owns
 * how much of either there may be. Knows no TLS and no state.
 */
import type { Element } from "@xmpp/xml";
import { ByteQueue } from "../base/byte-queue.ts";
import { XtlsError } from "../errors.ts";
import { Reader } from "./framing.ts";
import type { Limits } from "./limits.ts";
import { NS_XTLS_EXT } from "./namespaces.ts";

/** Elements of the tunnel's own in one direction, all of them together: the bind and the messages of a method. */
export const OWN_LIMITS = Object.freeze({ stanza: 65_536, depth: 16, stanzaElements: 256, stanzaAttributes: 256 });

const LESS_THAN = 0x3c;
const GREATER_THAN = 0x3e;
const QUOTES: readonly number[] = [0x22, 0x27];
/** XML 1.0 §2.3. */
const SPACE: readonly number[] = [0x20, 0x09, 0x0a, 0x0d];
const NAME = /^<[^\s:/>"'=]+/;
const ATTRIBUTE = /\s+([^\s=/>]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/y;

/** Counts what one end says with elements of the tunnel's own. */
export class OwnQuota {
  #bytes = 0;
  #elements = 0;

  /** @throws XtlsError `method-violation` when it is more than any method needs */
  add(element: Element, bytes: number): void {
    this.#bytes += bytes;
    this.#elements += countElements(element);
    if (this.#bytes <= OWN_LIMITS.stanza && this.#elements <= OWN_LIMITS.stanzaElements) return;
    throw new XtlsError(
      "method-violation",
      `Bind and messages of a method have ${OWN_LIMITS.stanza} bytes and ${OWN_LIMITS.stanzaElements} elements at most in all`,
    );
  }
}

export class PreauthReader {
  readonly #most: number;
  readonly #reader = new Reader(OWN_LIMITS);
  readonly #quota = new OwnQuota();
  readonly #waiting = new ByteQueue();
  readonly #tag = new StartTag();
  /** Bytes of the element of the tunnel's own that is being read. */
  #size = 0;
  #received = 0;
  #isHolding = false;

  /** @param limits.held bytes that may come in all */
  constructor({ held }: Pick<Limits, "held">) {
    this.#most = held;
  }

  /** True when something has come that is not the tunnel's own. */
  get isHolding(): boolean {
    return this.#isHolding;
  }

  /**
   * Takes the next bytes, split anywhere.
   * @returns the elements of the tunnel's own that they complete
   * @throws XtlsError `restricted-xml`, `method-violation`, `stanza-too-large`
   */
  push(bytes: Uint8Array): Element[] {
    this.#received += bytes.length;
    if (this.#received > this.#most)
      throw new XtlsError("stanza-too-large", `More than ${this.#most} bytes came before the peer was judged`);
    this.#waiting.append(bytes);
    const elements: Element[] = [];
    while (!this.#isHolding && this.#waiting.length > 0) {
      const end = this.#reader.isBetween ? this.#beginning() : endOfPiece(this.#waiting.bytes);
      if (end === 0) break;
      for (const element of this.#read(end)) elements.push(element);
    }
    return elements;
  }

  /** What was not read. Nothing is left here. */
  release(): Uint8Array {
    return this.#waiting.take(this.#waiting.length);
  }

  [Symbol.dispose](): void {
    this.#waiting.clear();
  }

  /** How many bytes may be read where an element begins; 0: none, or none yet. */
  #beginning(): number {
    const waiting = this.#waiting.bytes;
    const space = countSpace(waiting);
    if (space > 0) return space;
    const end = this.#tag.end(waiting);
    if (end === 0) return 0;
    this.#tag.reset();
    this.#isHolding = end === undefined || !isOwnTag(waiting.subarray(0, end));
    return this.#isHolding ? 0 : (end as number);
  }

  #read(count: number): Element[] {
    this.#size += count;
    const elements = this.#parse(this.#waiting.take(count));
    if (!this.#reader.isBetween) return elements;
    for (const element of elements) this.#quota.add(element, this.#size);
    this.#size = 0;
    return elements;
  }

  #parse(bytes: Uint8Array): Element[] {
    try {
      return this.#reader.push(bytes);
    } catch (cause) {
      if ((cause as XtlsError).code !== "stanza-too-large") throw cause;
      throw new XtlsError("method-violation", (cause as Error).message, { cause });
    }
  }
}

/** Looks for the end of a start tag, and goes on where it stopped when more bytes come. */
class StartTag {
  #at = 0;
  #quote: number | undefined;

  /** @returns how long the tag is; 0: its end has not come; undefined: it is none, or longer than any of the tunnel's own */
  end(bytes: Uint8Array): number | undefined {
    if (bytes[0] !== LESS_THAN) return undefined;
    const most = Math.min(bytes.length, OWN_LIMITS.stanza);
    for (; this.#at < most; this.#at++) {
      const byte = bytes[this.#at] as number;
      if (this.#quote !== undefined) this.#quote = byte === this.#quote ? undefined : this.#quote;
      else if (byte === GREATER_THAN) return this.#at + 1;
      else if (QUOTES.includes(byte)) this.#quote = byte;
    }
    return most < OWN_LIMITS.stanza ? 0 : undefined;
  }

  reset(): void {
    this.#at = 0;
    this.#quote = undefined;
  }
}

/** Whether a start tag puts its element into our namespace. Without a parser: whatever it is, it shall not become objects. */
function isOwnTag(bytes: Uint8Array): boolean {
  const tag = new TextDecoder().decode(bytes);
  ATTRIBUTE.lastIndex = NAME.exec(tag)?.[0].length ?? tag.length;
  for (let match = ATTRIBUTE.exec(tag); match !== null; match = ATTRIBUTE.exec(tag)) {
    if (match[1] === "xmlns") return (match[2] ?? match[3]) === NS_XTLS_EXT;
  }
  return false;
}

/** No element ends but at a ">". */
function endOfPiece(bytes: Uint8Array): number {
  const at = bytes.indexOf(GREATER_THAN);
  return at < 0 ? bytes.length : at + 1;
}

function countSpace(bytes: Uint8Array): number {
  const first = bytes.findIndex((byte) => !SPACE.includes(byte));
  return first < 0 ? bytes.length : first;
}

function countElements(element: Element): number {
  return element.getChildElements().reduce((count, child) => count + countElements(child), 1);
}
