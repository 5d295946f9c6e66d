/**
 * What the reading end checks: that the plaintext is the message, repeated, with nothing lost.
 *
 * The first message is compared whole and every byte after it is counted. Comparing everything
 * would add some 3 % to the fastest subject and so flatter the slow ones. TLS authenticates each
 * record anyway: this guards against a harness that fools itself.
 */

/** Bytes that arrive, in any pieces, measured against the message that was sent. */
export class Receipt {
  #bytes = 0;

  constructor(readonly message: Uint8Array) {}

  /** Whole messages so far. */
  get messages(): number {
    return Math.floor(this.#bytes / this.message.length);
  }

  /**
   * Takes the next piece.
   * @returns true when it ends exactly where a message ends
   * @throws when the plaintext is not what was sent
   */
  take(piece: Uint8Array): boolean {
    if (this.#bytes < this.message.length) this.#compare(piece);
    this.#bytes += piece.length;
    return this.#bytes % this.message.length === 0;
  }

  #compare(piece: Uint8Array): void {
    const expected = this.message.subarray(this.#bytes, this.#bytes + piece.length);
    if (Buffer.compare(expected, piece.subarray(0, expected.length)) !== 0)
      throw new Error("the plaintext read is not the plaintext written");
  }
}
