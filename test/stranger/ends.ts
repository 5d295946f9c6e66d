/** A tunnel of the stranger and one of the library, seen alike: the tests ask the same of both. */

import { EventEmitter, on, once } from "node:events";
import xml from "@xmpp/xml";
import type { Tunnel as LibraryTunnel } from "../../bindings/node.ts";
import { mail } from "./mail.ts";
import { text } from "./stage.ts";
import type { Tunnel } from "./tunnel.ts";

/** What arrived of the mail's message. */
export interface Heard {
  from: string | null | undefined;
  to: string | null | undefined;
  type: string | null | undefined;
  body: string | null | undefined;
  thread: string | null | undefined;
  isActive: boolean;
}

export interface End {
  readonly inbox: Inbox;
  /** resolves to what went wrong, if this kind of end can tell */
  readonly closed: Promise<unknown>;
  /** sends the mail's message, with another body if need be */
  send(body?: string): Promise<void>;
  close(): Promise<void>;
}

/** Keeps what was heard until somebody asks. */
class Inbox {
  readonly #relay = new EventEmitter();
  readonly #heard = on(this.#relay, "heard");

  add(heard: Heard): void {
    this.#relay.emit("heard", heard);
  }

  async next(): Promise<Heard> {
    const { value } = (await this.#heard.next()) as IteratorYieldResult<[Heard]>;
    return value[0];
  }
}

/** Who holds this end and who the other, as full addresses. */
export interface Parties {
  self: string;
  peer: string;
}

export function strangerEnd(tunnel: Tunnel, { self, peer }: Parties): End {
  const inbox = new Inbox();
  tunnel.on("stanza", (stanza) => {
    const [from, to, type] = ["from", "to", "type"].map((name) => stanza.getAttribute(name));
    const isActive = stanza.getElementsByTagNameNS(mail.chatStates, "active").length === 1;
    inbox.add({ from, to, type, isActive, body: text(stanza, "body"), thread: text(stanza, "thread") });
  });
  return {
    inbox,
    closed: once(tunnel, "closed"),
    send: (body) => tunnel.send(mail.message(self, peer, body)),
    close: () => tunnel.close(),
  };
}

export function libraryEnd(tunnel: LibraryTunnel, { self, peer }: Parties): End {
  const inbox = new Inbox();
  tunnel.on("stanza", (stanza) => {
    const { from, to, type } = stanza.attrs;
    const isActive = stanza.getChild("active", mail.chatStates) !== undefined;
    inbox.add({ from, to, type, isActive, body: stanza.getChildText("body"), thread: stanza.getChildText("thread") });
  });
  return {
    inbox,
    closed: new Promise((resolve) => tunnel.on("close", resolve)),
    send: (body = mail.body) => {
      const { thread, chatStates: xmlns } = mail;
      const content = [xml("thread", {}, thread), xml("body", {}, body), xml("active", { xmlns })];
      return tunnel.send(xml("message", { from: self, to: peer, type: "chat" }, ...content));
    },
    close: async () => void (await tunnel.close()),
  };
}
