/**
 * Offers: what an end could do, said in clear before TLS (XEP-0250 v0.2, v0.1's names, our extensions).
 *
 * An offer promises nothing and proves nothing; anyone on the way can change it. What makes that
 * harmless is the bind (bind.ts): both ends compare the offers inside the tunnel. Knows only XML.
 */
import { Element } from "@xmpp/xml";
import { XtlsError } from "../errors.ts";
import { elementName } from "./canonical.ts";
import { MAX_CHUNK_BYTES, MAX_WINDOW, MIN_CHUNK_BYTES } from "./limits.ts";
import { NS_C2CTLS, NS_PUBKEY, NS_XTLS_EXT } from "./namespaces.ts";

/** What an end says of itself. */
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
  /** Extension: methods in order of preference; none: the peer knows only the base wire's. */
  readonly methods: readonly string[];
  /** Extension: SHA-256 of certificates, upper-case hex with colons (XEP-0320). */
  readonly fingerprints: readonly string[];
  /** Extension: what the tunnel's wire may look like. */
  readonly tunnel: TunnelOffer | undefined;
  /** Extension: offers are compared inside the tunnel. */
  readonly bind: boolean;
}

/** Limits of one end, for the other to keep. */
export interface TunnelOffer {
  /** Names this tunnel; the initiator makes it, the responder repeats it. */
  readonly sid: string;
  /** Unacknowledged `<data/>` that are accepted. */
  readonly window: number;
  /** TLS bytes of one `<data/>` that are accepted. */
  readonly maxBytes: number;
}

const FLAGS = ["srp", "insecure", "x509", "openpgp"] as const;
/** Far beyond what anybody has; the work on a hostile offer stays small. */
const KEYS_AT_MOST = 32;
const METHODS_AT_MOST = 16;
const LEVELS_AT_MOST = 8;
const ELEMENTS_AT_MOST = 256;
const CHARACTERS_AT_MOST = 16_384;
const METHOD = /^[A-Za-z_][\w.-]{0,63}$/;
const SID = /^[\x21-\x7e]{1,64}$/;
const NUMBER = /^[1-9]\d{0,8}$/;

/** Builds the `<offer/>`. @throws XtlsError `invalid-argument` for a key, fingerprint, method or sid that is not as documented */
export function buildOffer(offer: Partial<Offer>): Element {
  const element = new Element("offer", { xmlns: NS_C2CTLS });
  for (const key of offer.keys ?? []) element.append(buildKey(key));
  for (const flag of FLAGS) if (offer[flag]) element.append(new Element(flag));
  for (const name of offer.methods ?? []) element.append(extension("method", { name: fit(name, METHOD, "A method's name") }));
  for (const fingerprint of offer.fingerprints ?? []) element.append(buildFingerprint(fingerprint));
  if (offer.tunnel !== undefined) element.append(buildTunnel(offer.tunnel));
  if (offer.bind) element.append(extension("bind"));
  return element;
}

/**
 * Reads an `<offer/>`. Children that are not known are ignored: that is how offers grow.
 * @throws XtlsError `malformed` for a known child that is not as the protocol has it, or too many of them; for too much of anything
 */
export function parseOffer(element: Element): Offer {
  requireModest(element);
  const has = (flag: string) => childrenNamed(element, flag, NS_C2CTLS).length > 0;
  return {
    keys: several(element, "keyinfo", NS_PUBKEY, KEYS_AT_MOST).map(parseKey),
    srp: has("srp"),
    insecure: has("insecure"),
    x509: has("x509"),
    openpgp: has("openpgp"),
    methods: several(element, "method", NS_XTLS_EXT, METHODS_AT_MOST).map(parseMethod),
    fingerprints: several(element, "fingerprint", NS_XTLS_EXT, KEYS_AT_MOST).filter(isSha256).map(parseFingerprint),
    tunnel: several(element, "tunnel", NS_XTLS_EXT, 1).map(parseTunnel)[0],
    bind: childrenNamed(element, "bind", NS_XTLS_EXT).length > 0,
  };
}

/** What is not known is ignored, but it is kept and compared as well. @throws XtlsError `malformed` */
function requireModest(offer: Element): void {
  let elements = 0;
  let characters = 0;
  const visit = (element: Element, level: number): void => {
    const texts = element.children.filter((child) => typeof child === "string");
    elements++;
    characters += [...texts, ...Object.entries(element.attrs).flat()].join("").length;
    const isModest = level <= LEVELS_AT_MOST && elements <= ELEMENTS_AT_MOST && characters <= CHARACTERS_AT_MOST;
    if (!isModest) throw new XtlsError("malformed", "An offer with more in it than anybody needs");
    for (const child of element.getChildElements()) visit(child, level + 1);
  };
  visit(offer, 1);
}

function several(offer: Element, name: string, namespace: string, most: number): Element[] {
  const children = childrenNamed(offer, name, namespace);
  if (children.length > most) throw new XtlsError("malformed", `An offer with more than ${most} <${name}/>`);
  return children;
}

function childrenNamed(offer: Element, name: string, namespace: string): Element[] {
  return (offer.children as readonly (Element | string)[]).filter((child): child is Element => {
    if (typeof child !== "object") return false;
    const found = elementName(child);
    return found.local === name && found.namespace === namespace;
  });
}

function extension(name: string, attributes: Record<string, string> = {}): Element {
  return new Element(name, { xmlns: NS_XTLS_EXT, ...attributes });
}

// --- keys ------------------------------------------------------------------

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

function buildFingerprint(fingerprint: string): Element {
  const text = sha256Text(fingerprint);
  if (text === undefined) throw new XtlsError("invalid-argument", "A fingerprint is a SHA-256 in hex with colons");
  return extension("fingerprint", { hash: "sha-256" }).t(text);
}

function parseFingerprint(element: Element): string {
  const text = sha256Text(element.getText());
  if (text === undefined) throw new XtlsError("malformed", "A <fingerprint/> that is no SHA-256 in hex with colons");
  return text;
}

/** Other hashes may come some day: they are not known. */
function isSha256({ attrs: { hash } }: Element): boolean {
  return hash === "sha-256";
}

function sha256Text(text: string): string | undefined {
  const fingerprint = text.trim().toUpperCase();
  return /^[0-9A-F]{2}(:[0-9A-F]{2}){31}$/.test(fingerprint) ? fingerprint : undefined;
}

// --- methods and the tunnel -------------------------------------------------

function parseMethod({ attrs: { name } }: Element): string {
  return known(name, METHOD, "A <method/> without a proper name");
}

function buildTunnel({ sid, window, maxBytes }: TunnelOffer): Element {
  fit(sid, SID, "A sid");
  return extension("tunnel", { sid, window: String(window), "max-bytes": String(maxBytes) });
}

function parseTunnel({ attrs }: Element): TunnelOffer {
  const maxBytes = numberIn(attrs["max-bytes"] ?? "4096", "max-bytes", MIN_CHUNK_BYTES, Infinity);
  return {
    sid: known(attrs.sid, SID, "A <tunnel/> without a proper sid"),
    window: numberIn(attrs.window ?? "1", "window", 1, MAX_WINDOW),
    maxBytes: Math.min(maxBytes, MAX_CHUNK_BYTES),
  };
}

function numberIn(text: unknown, name: string, least: number, most: number): number {
  const number = Number(known(text, NUMBER, `A ${name} that is no number`));
  if (number >= least && number <= most) return number;
  throw new XtlsError("malformed", `A ${name} of ${number}: it is ${least} or more${most === Infinity ? "" : `, and at most ${most}`}`);
}

function known(value: unknown, shape: RegExp, otherwise: string): string {
  if (typeof value === "string" && shape.test(value)) return value;
  throw new XtlsError("malformed", otherwise);
}

function fit(value: string, shape: RegExp, what: string): string {
  if (shape.test(value)) return value;
  throw new XtlsError("invalid-argument", `${what} must match ${shape.source}`);
}
