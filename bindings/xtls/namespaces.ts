/** The XML namespaces of the protocol. */

/** XTLS itself: start, proceed, data, close, closed. Also the disco feature. */
export const NS_XTLS = "urn:xmpp:tmp:xtls";
/** Application conditions inside stanza errors. */
export const NS_XTLS_ERRORS = "urn:xmpp:tmp:xtls:errors";
/** What goes beyond the mail: never sent to a peer that did not offer it. Also a disco feature. */
export const NS_XTLS_EXT = "urn:xmpp:tmp:xtls:ext";
/** Offers (XEP-0250). */
export const NS_C2CTLS = "urn:xmpp:tmp:c2ctls";
/** Keys named in offers (XEP-0250; XEP-0189 of its day). */
export const NS_PUBKEY = "urn:xmpp:tmp:pubkey";
/** Stanza error conditions (RFC 6120 §8.3.2). */
export const NS_STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas";
/** The content of an XMPP client's stream, and of a tunnel (RFC 6120 §4.8.2). */
export const NS_CLIENT = "jabber:client";
/** The content of a component's stream (XEP-0114); the same stanzas by another name. */
export const NS_COMPONENT = "jabber:component:accept";

/** The ALPN protocol of a tunnel (RFC 7301). */
export const ALPN = "xtls/1";
/** The same, said by an end that compares offers inside (bind.ts). TLS authenticates it: no server can take it away. */
export const ALPN_BOUND = "xtls/1+bind";
