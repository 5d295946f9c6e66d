/** An engine that encrypts nothing and is open from the start: for tests of what is done with the plaintext. */
import type { ChannelEngine } from "../../bindings/xtls/channel.ts";
import { Channel } from "../../bindings/xtls/channel.ts";
import { DEFAULT_LIMITS, type Limits } from "../../bindings/xtls/limits.ts";
import { JULIET, ROMEO } from "./wire-pair.ts";

const utf8 = new TextEncoder();

/** Juliet's channel, whose peer Romeo says in clear what it should have encrypted. */
export function clearChannel(limits: Partial<Limits> = {}): Channel {
  let plaintext = new Uint8Array(0);
  let isClosed = false;
  const engine: ChannelEngine = {
    feed: (bytes) => void (plaintext = Uint8Array.from(bytes)),
    read: () => plaintext,
    drain: () => new Uint8Array(0),
    write: () => undefined,
    close: () => void (isClosed = true),
    abort: () => undefined,
    exportKeyingMaterial: (_label, _context, length) => new Uint8Array(length),
    get state() {
      return isClosed ? "closed" : "open";
    },
    peer: undefined,
    negotiated: undefined,
    alerts: {},
    pending: 0,
    [Symbol.dispose]: () => void (plaintext = new Uint8Array(0)),
  };
  return new Channel(engine, { local: JULIET, peer: ROMEO }, { ...DEFAULT_LIMITS, ...limits });
}

/** What the peer says, in pieces of at most `size` bytes. */
export function feed(channel: Channel, text: string, size = Infinity): void {
  const bytes = utf8.encode(text);
  for (let at = 0; at < bytes.length; at += size) channel.feed(bytes.subarray(at, at + size));
}
