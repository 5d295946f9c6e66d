/**
 * One XML stream as a server sees it: elements in, elements out, over TCP (RFC 6120 §4) or
 * WebSocket (RFC 7395). Knows framing only; who speaks and what it means is login.ts's.
 */

import type { Socket } from "node:net";

import xml, { type Element, Parser } from "@xmpp/xml";
import type { WebSocket } from "ws";

const NS_STREAM = "http://etherx.jabber.org/streams";
const NS_FRAMING = "urn:ietf:params:xml:ns:xmpp-framing";

export interface StreamEvents {
  /** The other side opened the stream, or opened it anew after authentication. */
  header(attrs: Record<string, string>): void;
  element(element: Element): void;
  /** The transport is gone, whoever ended it. Called once. */
  end(): void;
}

export interface Stream {
  /** Answers the header: `attrs` are those of the stream's root. */
  open(attrs: Record<string, string>): void;
  send(element: Element): void;
  /** Closes the stream, then the transport. */
  close(): void;
  /** Cuts the transport without a word. */
  destroy(): void;
}

export function tcpStream(socket: Socket, events: StreamEvents): Stream {
  socket.setNoDelay(true);
  socket.setEncoding("utf8");
  let parser = freshParser();

  function freshParser(): Parser {
    const fresh = new Parser();
    fresh.on("start", (root: Element) => events.header(root.attrs));
    fresh.on("element", (element: Element) => events.element(orphan(element)));
    fresh.on("end", () => stream.close());
    fresh.on("error", () => stream.destroy());
    return fresh;
  }

  socket.on("data", (text: string) => {
    // Only a restarted stream begins with another header (RFC 6120 §4.3.3).
    if (/^\s*(<\?xml[^>]*>\s*)?<stream:stream/.test(text)) parser = freshParser();
    parser.write(text);
  });
  socket.on("error", () => socket.destroy());
  socket.once("close", () => events.end());

  const stream: Stream = {
    open: (attrs) => {
      const root = xml("stream:stream", { "xmlns:stream": NS_STREAM, version: "1.0", ...attrs });
      socket.write(`<?xml version='1.0'?>${root.toString().slice(0, -2)}>`);
    },
    send: (element) => void (socket.writable && socket.write(element.toString())),
    close: () => void socket.end("</stream:stream>"),
    destroy: () => void socket.destroy(),
  };
  return stream;
}

export function webSocketStream(socket: WebSocket, events: StreamEvents): Stream {
  socket.on("message", (data) => receive(parse(String(data))));
  socket.on("error", () => socket.terminate());
  socket.once("close", () => events.end());

  function receive(frame: Element | undefined): void {
    if (frame === undefined) return stream.destroy();
    if (frame.is("open", NS_FRAMING)) return events.header(frame.attrs);
    if (frame.is("close", NS_FRAMING)) return stream.close();
    events.element(orphan(frame));
  }

  const stream: Stream = {
    open: ({ xmlns: _, ...attrs }) =>
      socket.send(xml("open", { ...attrs, xmlns: NS_FRAMING, version: "1.0" }).toString()),
    send: (element) => {
      const isPrefixed = element.name.startsWith("stream:");
      const scope = isPrefixed ? { "xmlns:stream": NS_STREAM } : { xmlns: element.attrs.xmlns ?? "jabber:client" };
      element.attrs = { ...scope, ...element.attrs };
      socket.send(element.toString());
    },
    close: () => {
      socket.send(xml("close", { xmlns: NS_FRAMING }).toString());
      socket.close();
    },
    destroy: () => socket.terminate(),
  };
  return stream;
}

/** A stanza on its own: the stream's default namespace differs from hop to hop, so it is not carried along. */
function orphan(element: Element): Element {
  element.parent = null;
  if (element.attrs.xmlns === "jabber:client") delete element.attrs.xmlns;
  return element;
}

function parse(document: string): Element | undefined {
  const parser = new Parser();
  let root: Element | undefined;
  parser.on("start", (element: Element) => (root = element));
  parser.on("element", (element: Element) => root?.append(element));
  parser.on("error", () => (root = undefined));
  parser.write(document);
  return root;
}
