/**
 * The five elements of XTLS as values and back: start, proceed, data, close, closed.
 *
 * Knows XML and base64, no offer (offer.ts reads those) and no state: whether an element may come now is state.ts's to say.
 */
import { Element } from "@xmpp/xml";
import { XtlsError } from "../errors.ts";
import { decodeBase64, encodeBase64 } from "./base64.ts";
import { NS_C2CTLS, NS_XTLS } from "./namespaces.ts";

/** A piece of one direction's TLS byte stream. */
export interface Chunk {
  readonly bytes: Uint8Array;
  /** On the first one of a side: which method judges the certificates. */
  readonly method?: string | undefined;
}

/** What a peer may ask. */
export type Ask =
  | { readonly kind: "start"; readonly offer: Element | undefined }
  | { readonly kind: "data"; readonly payload: Element }
  | { readonly kind: "close" }
  /** XEP-0250 alone: what could you do? */
  | { readonly kind: "offer"; readonly offer: Element };

export function buildStart(offer?: Element): Element {
  return withOffer("start", offer);
}

export function buildProceed(offer?: Element): Element {
  return withOffer("proceed", offer);
}

export function buildData({ bytes, method }: Chunk): Element {
  const element = new Element("data", { xmlns: NS_XTLS, ...(method !== undefined && { method }) });
  return element.t(encodeBase64(bytes));
}

export function buildClose(): Element {
  return new Element("close", { xmlns: NS_XTLS });
}

export function buildClosed(): Element {
  return new Element("closed", { xmlns: NS_XTLS });
}

/** Reads an IQ request's child, `<data/>` only as far as its name. @throws XtlsError `malformed` */
export function parseAsk(type: "get" | "set", payload: Element): Ask {
  if (type === "get" && payload.is("offer", NS_C2CTLS)) return { kind: "offer", offer: payload };
  if (type !== "set" || payload.getNS() !== NS_XTLS) throw new XtlsError("malformed", "Not a request of XTLS");
  const kind = payload.getName();
  if (kind === "start") return { kind, offer: offerIn(payload) };
  if (kind === "data") return { kind, payload };
  if (kind === "close") return { kind };
  throw new XtlsError("malformed", "Not a request of XTLS");
}

/**
 * Reads a `<data/>`.
 * @param most bytes that are accepted
 * @throws XtlsError `malformed` with children, `chunk-too-large`, `invalid-base64` also when empty
 */
export function parseData(payload: Element, most: number): Chunk {
  if (payload.getChildElements().length > 0) throw new XtlsError("malformed", "A <data/> with elements in it");
  const text = payload.getText();
  // Twice the bytes leaves room for base64 and line breaks, and bounds the work on what is far too much.
  if (text.length > 2 * most + 4) throw tooLarge(most);
  const bytes = decodeBase64(text);
  if (bytes.length > most) throw tooLarge(most);
  if (bytes.length === 0) throw new XtlsError("invalid-base64", "An empty <data/>");
  return { bytes, method: payload.attrs.method as string | undefined };
}

/** The offer in the answer to `<start/>`. @throws XtlsError `malformed` when it is no `<proceed/>` */
export function parseProceed(payload: Element | undefined): Element | undefined {
  if (payload?.is("proceed", NS_XTLS)) return offerIn(payload);
  throw new XtlsError("malformed", "A <start/> was answered by something other than <proceed/>");
}

function withOffer(name: string, offer: Element | undefined): Element {
  const element = new Element(name, { xmlns: NS_XTLS });
  if (offer !== undefined) element.append(offer);
  return element;
}

function offerIn(element: Element): Element | undefined {
  const offers = element.getChildren("offer", NS_C2CTLS);
  if (offers.length > 1) throw new XtlsError("malformed", "More than one <offer/>");
  return offers[0];
}

function tooLarge(most: number): XtlsError {
  return new XtlsError("chunk-too-large", `A <data/> of more than ${most} bytes`);
}
