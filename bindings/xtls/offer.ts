/**
 * Offers: what an end could do, said in clear before TLS (XEP-0250 v0.2, and v0.1's names).
 *
 * An offer promises nothing and proves nothing; anyone on the way can change it. Knows only XML.
 */
import { Element } from "@xmpp/xml";
import { XtlsError } from "../errors.ts";
import { NS_C2CTLS, NS_PUBKEY } from "./namespaces.ts";

/** The plain offers of XEP-0250. */
export interface Offer {
  /** SHA-1 of certificates or keys, 40 lower-case hex digits each: a name to look a key up by, no proof. */
  readonly keys: readonly string[];
  /** A shared password can be used. */
  readonly srp: boolean;
  /** Certificates that nobody has verified are accepted. */
  readonly insecure: boolean;
  /** v0.1: X.509 and OpenPGP certificates are understood. */
  readonly x509: boolean;
  readonly openpgp: boolean;
}

const FLAGS = ["srp", "insecure", "x509", "openpgp"] as const;
const KEYS_AT_MOST = 32;

/** Builds the `<offer/>`. @throws XtlsError `invalid-argument` for a key that is not 40 hex digits */
export function buildOffer(offer: Partial<Offer>): Element {
  const element = new Element("offer", { xmlns: NS_C2CTLS });
  for (const key of offer.keys ?? []) element.append(buildKey(key));
  for (const flag of FLAGS) if (offer[flag]) element.append(new Element(flag));
  return element;
}

/**
 * Reads an `<offer/>`. Children that are not known are ignored: that is how offers grow.
 * @throws XtlsError `malformed` for a `<keyinfo/>` without a SHA-1 name, or too many of them
 */
export function parseOffer(element: Element): Offer {
  const infos = element.getChildren("keyinfo", NS_PUBKEY);
  if (infos.length > KEYS_AT_MOST) throw new XtlsError("malformed", "An offer with too many keys");
  const has = (flag: string) => element.getChild(flag, NS_C2CTLS) !== undefined;
  return {
    keys: infos.map(parseKey),
    srp: has("srp"),
    insecure: has("insecure"),
    x509: has("x509"),
    openpgp: has("openpgp"),
  };
}

function buildKey(key: string): Element {
  const name = sha1Name(key);
  if (name === undefined) throw new XtlsError("invalid-argument", "A key of an offer is 40 hex digits");
  const info = new Element("keyinfo", { xmlns: NS_PUBKEY });
  info.c("name").t(name);
  return info;
}

function parseKey(info: Element): string {
  const name = sha1Name(info.getChildText("name") ?? "");
  if (name === undefined) throw new XtlsError("malformed", "A <keyinfo/> whose name is not 40 hex digits");
  return name;
}

function sha1Name(text: string): string | undefined {
  const name = text.trim().toLowerCase();
  return /^[0-9a-f]{40}$/.test(name) ? name : undefined;
}
