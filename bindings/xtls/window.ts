/**
 * What of our TLS byte stream is in flight, and which stanzas have arrived.
 *
 * Counts bytes only. The stream is cut into chunks; a chunk is in flight until its IQ is
 * answered. A stanza has arrived when everything up to its last
 * byte is answered. Knows neither bytes nor IQs.
 */
import type { Delivery } from "./tunnel.ts";

export class Window {
  /** Where each chunk in flight begins, by its IQ's id, in order. */
  readonly #inFlight = new Map<string, number>();
  /** Deliveries and where each ends, in order. */
  readonly #expected: { readonly delivery: Delivery; readonly end: number }[] = [];
  #sent = 0;

  /** How many chunks are in flight. */
  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** True when all that was sent is answered. */
  get isIdle(): boolean {
    return this.#inFlight.size === 0;
  }

  /** True while a stanza is on its way. */
  get expectsDelivery(): boolean {
    return this.#expected.length > 0;
  }

  /** The next chunk has gone. */
  sent(id: string, bytes: number): void {
    this.#inFlight.set(id, this.#sent);
    this.#sent += bytes;
  }

  /** A stanza has been encrypted, and with it `pending` bytes wait to be sent. */
  expect(delivery: Delivery, pending: number): void {
    this.#expected.push({ delivery, end: this.#sent + pending });
  }

  /** True for the chunk whose answer must come first: requests are delivered, fed and answered in order (RFC 6120 §10.1). */
  isOldest(id: string): boolean {
    const [oldest] = this.#inFlight.keys();
    return id === oldest;
  }

  /** The oldest chunk was answered. @returns the deliveries that are complete now */
  acknowledge(id: string): Delivery[] {
    this.#inFlight.delete(id);
    const [arrived = this.#sent] = this.#inFlight.values();
    const open = this.#expected.findIndex(({ end }) => end > arrived);
    return this.#expected.splice(0, open < 0 ? this.#expected.length : open).map(({ delivery }) => delivery);
  }

  /** The tunnel is over. @returns the deliveries that never became complete */
  abandon(): Delivery[] {
    return this.#expected.splice(0).map(({ delivery }) => delivery);
  }
}
