/**
 * A tunnel's way out: ciphertext of the channel, cut into `<data/>` as the window admits.
 *
 * While the window is full, ciphertext gathers in the engine, and several stanzas share the next
 * chunk. Owns what is in flight and whom to tell; when the tunnel begins and ends is not its concern.
 */
import { XtlsError } from "../errors.ts";
import type { Association } from "./association.ts";
import type { Channel } from "./channel.ts";
import type { Host } from "./host.ts";
import type { Negotiation } from "./negotiation.ts";
import type { Delivery } from "./tunnel.ts";
import { Window } from "./window.ts";
import { buildData } from "./wire.ts";

export class Outbox {
  readonly #host: Host;
  readonly #tunnel: Association;
  readonly #negotiation: Negotiation;
  readonly #window: Window;
  /** How many bytes of the stream have to go, whatever happens. */
  #owed = 0;

  constructor(host: Host, tunnel: Association, negotiation: Negotiation) {
    this.#host = host;
    this.#tunnel = tunnel;
    this.#negotiation = negotiation;
    this.#window = new Window();
  }

  /** True when all that was sent is answered. */
  get isIdle(): boolean {
    return this.#window.isIdle;
  }

  /** True while a stanza is on its way. */
  get expectsDelivery(): boolean {
    return this.#window.expectsDelivery;
  }

  /** A stanza has just been encrypted. */
  expect(delivery: Delivery, channel: Channel): void {
    this.#window.expect(delivery, channel.pending);
  }

  /** Sends what the window admits. */
  pump(channel: Channel, now: number): void {
    while (this.hasRoom && channel.pending > 0) this.#sendChunk(channel, now);
  }

  /** The peer is judged: what is encrypted by now is the tunnel's own, without which the peer cannot tell an end from an attack. */
  oweSoFar(channel: Channel): void {
    this.#owed = this.#tunnel.statistics.bytesOut + channel.pending;
  }

  /**
   * Sends an alert, whatever the window says, and first what was encrypted before it, since TLS has an order.
   * @param isBrief whether it is left out when that is more than one chunk, and no bind or message of a method is in it
   */
  sendAlert(channel: Channel, now: number, isBrief: boolean): void {
    const owesNothing = this.#tunnel.statistics.bytesOut >= this.#owed;
    if (isBrief && owesNothing && channel.pending > this.#negotiation.pace.chunk) return;
    while (channel.pending > 0) this.#sendChunk(channel, now);
  }

  /** True while a further chunk may be sent. */
  get hasRoom(): boolean {
    return this.#window.inFlight < this.#negotiation.pace.window;
  }

  /** True for the `<data/>` whose answer is due next. */
  isOldest(id: string): boolean {
    return this.#window.isOldest(id);
  }

  /** The oldest `<data/>` was answered. */
  acknowledge(id: string): void {
    for (const delivery of this.#window.acknowledge(id)) {
      this.#host.emit({ kind: "delivered", tunnel: this.#tunnel, delivery });
    }
  }

  /** The tunnel is over: what is still on its way counts as lost. */
  abandon(cause: XtlsError | undefined): void {
    for (const delivery of this.#window.abandon()) {
      const error = new XtlsError("undelivered", undefined, { cause });
      this.#host.emit({ kind: "lost", tunnel: this.#tunnel, delivery, error });
    }
  }

  #sendChunk(channel: Channel, now: number): void {
    const bytes = channel.drain(this.#negotiation.pace.chunk);
    const payload = buildData({ bytes, method: this.#negotiation.announce() });
    this.#tunnel.statistics.bytesOut += bytes.length;
    this.#window.sent(this.#tunnel.request("data", payload, now), bytes.length);
  }
}
