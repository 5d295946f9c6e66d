/**
 * What the plug-in asks of an xmpp.js entity, client or component.
 *
 * Structural on purpose: nothing of xmpp.js is imported but the XML elements, so any entity
 * that has these members will do, whichever version it comes from.
 */

import type { Element } from "@xmpp/xml";

import { NS_COMPONENT } from "../xtls/namespaces.ts";

/** An incoming stanza on its way through the middleware (@xmpp/middleware). */
export interface Context {
  readonly stanza: Element;
}

/** `client()` of @xmpp/client or `component()` of @xmpp/component. */
export interface Entity {
  /** Own address; a client's has a resource as soon as it is online. */
  readonly jid: { toString(): string } | null;
  readonly status: string;
  /** The transport: not looked into, but for `setNoDelay` (socket.ts). */
  readonly socket: object | null;
  /** The content namespace of its stream: a component's is its own (XEP-0114). */
  readonly NS?: string;
  readonly options?: { readonly domain?: string };
  send(stanza: Element, ...rest: unknown[]): Promise<void>;
  sendMany?(stanzas: Iterable<Element>): Promise<void>;
  /** Sends bytes as they are. */
  write?(text: string): Promise<void>;
  /** Ends the stream for good: nothing reconnects it. */
  stop?(): Promise<unknown>;
  on(event: "element", listener: (stanza: Element) => void): unknown;
  on(event: "connect" | "online" | "disconnect" | "offline", listener: () => void): unknown;
  removeListener(event: string, listener: (stanza: Element) => void): unknown;
  emit(event: string, argument: unknown): boolean;
  listenerCount?(event: string): number;
  /** Without it nothing answers IQs but the plug-in itself. */
  readonly middleware?: {
    use(middleware: (context: Context, next: () => Promise<unknown>) => Promise<unknown>): unknown;
  };
  /** XEP-0198; clients only. */
  readonly streamManagement?: StreamManagement;
}

/** The part of @xmpp/stream-management that matters here. */
export interface StreamManagement {
  /** Names a stream that can be resumed; empty when it cannot. */
  readonly id: string;
  /** Stanzas counted as received; the server holds us to it. */
  inbound: number;
  /** `resumed`: the queue of the broken stream has been sent again. */
  on?(event: "resumed", listener: () => void): unknown;
  removeListener?(event: "resumed", listener: () => void): unknown;
}

/** A component's stream carries the stanzas of a whole domain, a client's those of one address. */
export function isComponent({ NS }: Pick<Entity, "NS">): boolean {
  return NS === NS_COMPONENT;
}
