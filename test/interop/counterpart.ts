/**
 * What interop tests ask of another implementation of TLS: terms to meet on, and a few verbs.
 */

import type { Group } from "../../bindings/node.ts";
import type { Issued } from "../tls/issuer.ts";

/** What the program shall insist on. */
export interface Terms {
  /** It speaks TLS 1.2 and nothing newer; else TLS 1.3 and nothing older. */
  readonly isOld?: boolean;
  /** IANA's name. */
  readonly suite?: string;
  readonly groups?: readonly Group[];
  /** Its certificate; `undefined`: it has none. */
  readonly own?: Issued | undefined;
  /** Verify our certificate against this, and refuse it otherwise. */
  readonly authority?: Issued;
  /** As a server it does not ask for a certificate. */
  readonly asksNobody?: boolean;
  /** Further arguments of the program. */
  readonly extra?: readonly string[];
}

export const LABEL = "EXPORTER-XTLS-interop";
export const EXPORTED = 32;
export const PROTOCOL = "xtls/1";

/** The program while it runs. */
export interface Counterpart {
  /** Where it listens; 0 for a client. */
  readonly port: number;
  /** What it says is what it heard: it cannot speak first. */
  readonly isEcho: boolean;
  /** It answers our close_notify by its own; gnutls-cli just goes away. */
  readonly isPolite: boolean;
  /** Resolves when it heard the text. */
  heard(text: string): Promise<unknown>;
  /** Resolves when it reports this error. */
  complains(pattern: RegExp): Promise<unknown>;
  say(text: string): void;
  /** Hex of what it exports for LABEL without context. */
  exported(): Promise<string>;
  /** Says close_notify, if it can. */
  close(): void;
  /** Resolves when a client has ended; a server goes on. */
  ended(): Promise<void>;
  /** Ends it at once, as an accident would. */
  stop(): void;
}

/** What a program may be without: application protocols, a choice of suites, an exporter. */
export type Lack = "alpn" | "suites" | "exporter";

export interface Program {
  readonly name: string;
  /** Default: nothing. */
  readonly lacks?: readonly Lack[];
  /** The program as a client of our responder. */
  connect(port: number, terms: Terms): Promise<Counterpart>;
  /** The same, and once more with the ticket that it got, when the first connection is closed. It may be mute. */
  comeTwice?(port: number, terms: Terms): Promise<Counterpart>;
  /** The program as a server for our initiator. */
  serve(terms: Terms): Promise<Counterpart>;
}
