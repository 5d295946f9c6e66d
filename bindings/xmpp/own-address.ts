/**
 * Our own address, letter by letter as the server bound it.
 *
 * xmpp.js keeps an object that escapes backslashes (XEP-0106), and so may name another account; and addresses go into MACs, and into `from`,
 * which servers check. So the text is taken from where the server says it. Knows no session. RFC 6120 §7.6 (resource binding),
 * XEP-0388 and XEP-0386 (SASL 2, Bind 2).
 */
import type { Element } from "@xmpp/xml";

import { XtlsError } from "../errors.ts";
import type { Entity } from "./entity.ts";

const NS_BIND = "urn:ietf:params:xml:ns:xmpp-bind";
const NS_SASL2 = "urn:xmpp:sasl:2";

export class OwnAddress {
  readonly #entity: Entity;
  #bound: string | undefined;

  constructor(entity: Entity) {
    this.#entity = entity;
  }

  /** Shown every element: as long as we are not online, they are the server's. */
  watch(element: Element): void {
    if (this.#entity.status !== "online") this.#bound = boundIn(element) ?? this.#bound;
  }

  /** The address, if it is known. Undefined: not bound yet, or before anybody watched, and the entity's own copy may have been escaped. */
  get known(): string | undefined {
    const { jid } = this.#entity;
    const copy = jid === null ? undefined : String(jid);
    if (copy === undefined || (this.#bound !== undefined && isCopyOf(copy, this.#bound))) return copy && this.#bound;
    return localpartOf(copy).includes("\\5c") ? undefined : copy;
  }

  /** The address of an entity that is online. @throws XtlsError `invalid-state` when it is not known */
  get text(): string {
    if (this.known !== undefined) return this.known;
    const advice = "xmpp.js escapes backslashes in its own address: call xtls() before the stream is online";
    throw new XtlsError("invalid-state", `Nobody knows whether we are ${String(this.#entity.jid)}. ${advice}`);
  }
}

function boundIn(element: Element): string | undefined {
  if (element.is("success", NS_SASL2)) return element.getChildText("authorization-identifier") ?? undefined;
  if (!element.is("iq") || element.attrs.type !== "result") return undefined;
  const text = element.getChild("bind", NS_BIND)?.getChildText("jid") ?? undefined;
  return text !== undefined && isServerOf(element.attrs.from, text) ? text : undefined;
}

/** Whoever knows our resource may write to it as soon as it is bound; the server speaks as itself, or as nobody (RFC 6120 §8.1.2.1). */
function isServerOf(from: string | undefined, text: string): boolean {
  const [bare = ""] = text.split("/", 1);
  return from === undefined || from === bare.slice(bare.indexOf("@") + 1);
}

/** What xmpp.js makes of an address: it escapes the localpart or not, as it guesses, and lowers the case of all but the resource. */
function isCopyOf(copy: string, text: string): boolean {
  const local = localpartOf(text);
  const escaped = local.replaceAll("\\", "\\5c") + text.slice(local.length);
  return [text, escaped].some((form) => form.toLowerCase() === copy.toLowerCase());
}

/** As it stands there, whatever it is. */
export function localpartOf(address: string): string {
  const [bare = ""] = address.split("/", 1);
  return bare.slice(0, Math.max(bare.indexOf("@"), 0));
}
