/**
 * Two engines in one page or worker: a handshake, and bytes both ways.
 */

import { loadCore } from "../../../bindings/web.ts";
import { dispose, openPair, pattern, transfer } from "../../tls/pair.ts";

export interface Conversation {
  readonly version: string | undefined;
  /** Whom each believes to speak with: the initiator, then the responder. */
  readonly peers: readonly (string | undefined)[];
  /** Bytes that came out at the responder, then at the initiator. */
  readonly received: readonly number[];
  /** Whether they are the bytes that went in. */
  readonly isIntact: boolean;
}

/** @param length bytes that each end sends */
export async function converse(length: number): Promise<Conversation> {
  const ends = openPair(await loadCore());
  const { initiator, responder } = ends;
  const sent = pattern(length);
  const received = [
    [initiator, responder],
    [responder, initiator],
  ].map(([from, to]) => {
    from!.write(sent);
    transfer(from!, to!);
    return to!.read();
  });
  const conversation = {
    version: initiator.negotiated?.version,
    peers: [initiator, responder].map(({ peer }) => peer?.jids[0]),
    received: received.map(({ length }) => length),
    isIntact: received.every((bytes) => bytes.every((byte, index) => byte === sent[index])),
  };
  dispose(ends);
  return conversation;
}
