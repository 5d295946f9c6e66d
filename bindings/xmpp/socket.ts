/**
 * Turns Nagle's algorithm off on the entity's TCP socket.
 *
 * A tunnel with one <data/> in flight waits for an answer after each; with Nagle that answer
 * is held back for a delayed acknowledgement: 23 IQs a second instead of a thousand.
 */

import type { Entity } from "./entity.ts";

interface TcpSocket {
  setNoDelay(isNoDelay: boolean): unknown;
}

/** Harmless for sockets that are not TCP's (WebSocket, or none at all). */
export function disableNagle({ socket }: Pick<Entity, "socket">): void {
  // @xmpp/tls wraps the socket it made.
  const inner = (socket as { readonly socket?: unknown } | null)?.socket;
  for (const candidate of [socket, inner]) {
    if (isTcp(candidate)) candidate.setNoDelay(true);
  }
}

function isTcp(candidate: unknown): candidate is TcpSocket {
  return typeof candidate === "object" && candidate !== null && "setNoDelay" in candidate;
}
