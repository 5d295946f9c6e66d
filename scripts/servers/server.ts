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
  /** The loopback port for other servers; undefined: it talks to none. */
  readonly peers?: number | undefined;
  /** Makes an account; asked again, gives the same. */
  register(username: string): Promise<Credentials>;
  /** Ends it as a power cut would: no stream is closed. */
  kill(): Promise<void>;
  /** Starts it again after `kill`, on the same ports and with the same accounts. */
  restart(): Promise<void>;
  /** Ends it in good order and removes what it kept. */
  stop(): Promise<void>;
}

/** How a server differs from one that stands alone. */
export interface ServerOptions {
  /** default `DOMAIN` */
  readonly domain?: string;
  readonly federation?: Federation;
}

/** How a server finds those of other domains, which no name service knows. */
export interface Federation {
  /** Domain → loopback port, components included. */
  readonly routes: Readonly<Record<string, number>>;
  /** UDP port of a name server that tells the same as SRV records (RFC 6120 §3.2.1). */
  readonly nameServer: number;
  /** A folder with `DOMAIN.crt`, `.key` and, both in one, `.pem`: STARTTLS between servers; undefined: dialback alone (XEP-0220). */
  readonly certificates: string | undefined;
}

export const SERVER_NAMES = ["router", "prosody", "ejabberd"] as const;
export type ServerName = (typeof SERVER_NAMES)[number];

export const DOMAIN = "verona.example";

/** The domain of a server's component. */
export function componentOf(domain: string): string {
  return `chorus.${domain}`;
}

/** The largest stanza that any of them takes, in bytes: what Prosody and ejabberd ship with. */
export const STANZA_SIZE_LIMIT = 262_144;
