/**
 * What tests and the demo ask of an XMPP server, whichever it is.
 *
 * Everything listens on 127.0.0.1 without TLS: what is being shown is that the stanzas
 * need none. This file knows no particular server; see router.ts, prosody.ts, ejabberd.ts.
 */

/** Who somebody is to the server. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Where an external component (XEP-0114) connects. */
export interface ComponentService {
  readonly service: string;
  readonly domain: string;
  readonly secret: string;
}

/** A running server. */
export interface Server {
  readonly name: ServerName;
  readonly domain: string;
  /** `xmpp://127.0.0.1:port` */
  readonly service: string;
  /** `ws://127.0.0.1:port/…` (RFC 7395) */
  readonly websocket: string;
  readonly component: ComponentService;
  /** Makes an account; asked again, gives the same. */
  register(username: string): Promise<Credentials>;
  /** Ends it as a power cut would: no stream is closed. */
  kill(): Promise<void>;
  /** Starts it again after `kill`, on the same ports and with the same accounts. */
  restart(): Promise<void>;
  /** Ends it in good order and removes what it kept. */
  stop(): Promise<void>;
}

export const SERVER_NAMES = ["router", "prosody", "ejabberd"] as const;
export type ServerName = (typeof SERVER_NAMES)[number];

export const DOMAIN = "verona.example";
export const COMPONENT_DOMAIN = "chorus.verona.example";

/** The largest stanza that any of them takes, in bytes: what Prosody and ejabberd ship with. */
export const STANZA_SIZE_LIMIT = 262_144;
