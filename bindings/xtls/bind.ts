/**
 * The bind: proof inside the tunnel that nobody changed what was said in clear before it.
 *
 * The first inner element of each side carries HMAC-SHA-256, keyed by the TLS exporter, over the offers as
 * that side sent and received them, both full JIDs, the sid, the method and both certificates (the TLS
 * 1.3 exporter does not cover the client's). The sender's role is in it too, so that nothing can be sent back to where it
 * came from. Knows no state: when it is due, the negotiation says.
 */
import { Element } from "@xmpp/xml";
import { XtlsError } from "../errors.ts";
import type { Core } from "../tls/core.ts";
import { equal } from "../tls/digest.ts";
import { decodeBase64, encodeBase64 } from "./base64.ts";
import { frame, framed } from "./frame.ts";
import { NS_XTLS_EXT } from "./namespaces.ts";
import type { Role } from "./state.ts";
import type { Claim } from "./trust.ts";

export const BIND_LABEL = "EXPORTER-XTLS-bind";

/** What was said in clear, as one side saw it. */
export interface Agreement {
  /** The `<offer/>` in `<start/>` and the one in `<proceed/>`, whoever sent them, in canonical form. */
  readonly offers: Readonly<Record<Role, Uint8Array | undefined>>;
  readonly sid: string;
  readonly method: string;
}

/** XML's white space (XML 1.0 §2.3), which is less than JavaScript's. */
const SPACE_AROUND = /^[ \t\r\n]+|[ \t\r\n]+$/g;
const utf8 = new TextEncoder();

/** The `<bind/>` that we send. */
export function buildBind(claim: Claim, agreement: Agreement, core: Core): Element {
  return new Element("bind", { xmlns: NS_XTLS_EXT }).t(encodeBase64(seal(claim.role, claim, agreement, core)));
}

/** Compares the peer's `<bind/>` with what we saw. @throws XtlsError `downgraded` */
export function checkBind(element: Element, claim: Claim, agreement: Agreement, core: Core): void {
  const sender = claim.role === "initiator" ? "responder" : "initiator";
  const isSame = element.is("bind", NS_XTLS_EXT) && equal(macOf(element), seal(sender, claim, agreement, core));
  if (!isSame) throw new XtlsError("downgraded", `${claim.jid} saw other offers than we did`);
}

/**
 * One side's MAC.
 *
 * Its input is, framed: role of the sender, full JIDs of initiator and responder, sid, method, the two
 * offers in canonical form (empty when there was none), fingerprints of initiator and responder.
 */
function seal(sender: Role, { ends, exporter }: Claim, { offers, sid, method }: Agreement, core: Core): Uint8Array {
  const { initiator, responder } = ends;
  const texts = [sender, initiator.jid, responder.jid, sid, method].map((text) => utf8.encode(text));
  const said = [offers.initiator, offers.responder].map((offer) => offer ?? new Uint8Array());
  const fingerprints = [initiator.fingerprint, responder.fingerprint].map((text) => utf8.encode(text));
  return core.hmac(exporter(BIND_LABEL), frame(...texts, ...said, ...fingerprints));
}

/**
 * An element as bytes that do not change when a server writes the same XML in another way.
 *
 * Framed: namespace, local name, the attributes (names in code point order, each before its value, framed; without
 * namespace declarations), then the children in order; a text is framed alone, without surrounding white space.
 */
export function canonicalise(element: Element): Uint8Array {
  const attributes = Object.entries(element.attrs as Record<string, unknown>)
    .filter(([name]) => name !== "xmlns" && !name.startsWith("xmlns:"))
    .sort(([one], [other]) => (one < other ? -1 : 1));
  return framed([
    utf8.encode(element.getNS() ?? ""),
    utf8.encode(element.getName()),
    framed(attributes.flat().map((text) => utf8.encode(String(text)))),
    ...element.children.flatMap(canonicaliseChild),
  ]);
}

function canonicaliseChild(child: Element | string): readonly Uint8Array[] {
  if (typeof child !== "string") return [canonicalise(child)];
  const text = child.replace(SPACE_AROUND, "");
  return text === "" ? [] : [frame(utf8.encode(text))];
}

function macOf(element: Element): Uint8Array {
  try {
    return decodeBase64(element.getText());
  } catch {
    return new Uint8Array();
  }
}
