/**
 * Tickets: what lets a responder resume a session (RFC 8446 §4.6.1).
 *
 * Stateful and single-use: a ticket is a random handle into this bounded table in the
 * module, which remembers the peer's certificate with the session.
 */

import { XtlsError } from "../errors.ts";
import type { Exports, TicketsPointer } from "../../wasm/abi.ts";
import { checkedOptions } from "./bytes.ts";
import type { Memory } from "./memory.ts";
import { Owned } from "./owned.ts";

/** How much a table of tickets remembers, and for how long. */
export interface TicketsOptions {
  /** Sessions remembered at most, 1 to 65536, each of 4 KiB on the average; the oldest makes room. Default 256. */
  readonly capacity?: number;
  /** Seconds that a ticket is good for, 1 to 604800. Default 86400. */
  readonly lifetime?: number;
}

/** A responder's memory of sessions; any number of its engines may share it. */
export class Tickets {
  /** @internal */
  readonly owned: Owned<TicketsPointer>;

  /**
   * Use `core.tickets()`.
   *
   * @internal
   * @throws XtlsError `invalid-argument`, `out-of-memory`
   */
  constructor(module: Exports, memory: Memory, options: TicketsOptions) {
    const { capacity = 256, lifetime = 86400 } = checkedOptions(options);
    if (!Number.isInteger(capacity) || !Number.isInteger(lifetime)) {
      throw new XtlsError("invalid-argument", "capacity and lifetime are whole numbers");
    }
    const address = memory.output((place) => module.xtls_tickets_create(capacity, lifetime, place));
    this.owned = new Owned(module, "Tickets", address as TicketsPointer, module.xtls_tickets_free, this);
  }

  /** Forgets every session, once no engine uses the table any more. */
  [Symbol.dispose](): void {
    this.owned.dispose();
  }
}
