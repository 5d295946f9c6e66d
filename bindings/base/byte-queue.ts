/**
 * Bytes that wait: appended at the end, taken from the front, in one block of memory.
 *
 * However small the pieces are that come, they cost their bytes and nothing else. Memory that bytes have left is zeroed. Knows
 * nothing of what the bytes mean, and no bound: whoever appends has checked that.
 */

const SMALLEST = 256;

export class ByteQueue {
  #block = new Uint8Array(0);
  #start = 0;
  #end = 0;

  /** How many wait. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** What waits, in place: good until the next call of anything else. */
  get bytes(): Uint8Array {
    return this.#block.subarray(this.#start, this.#end);
  }

  append(bytes: Uint8Array): void {
    if (this.#end + bytes.length > this.#block.length) this.#makeRoom(bytes.length);
    this.#block.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** The first ones, `count` at most, as a copy. */
  take(count: number): Uint8Array {
    const taken = this.#block.slice(this.#start, Math.min(this.#start + count, this.#end));
    this.drop(taken.length);
    return taken;
  }

  /** Takes the first ones away. */
  drop(count: number): void {
    const start = Math.min(this.#start + count, this.#end);
    this.#block.fill(0, this.#start, start);
    this.#start = start;
    if (start === this.#end) this.clear();
  }

  clear(): void {
    this.#block.fill(0);
    this.#block = new Uint8Array(0);
    this.#start = 0;
    this.#end = 0;
  }

  /** Moves what waits to the front of a block that has room for a quarter more, so that each byte is moved few times and little is wasted. */
  #makeRoom(count: number): void {
    const needed = this.length + count;
    const old = this.#block;
    const block = needed * 2 <= old.length ? old : new Uint8Array(Math.max(SMALLEST, needed + (this.length >> 2)));
    block.set(this.bytes, 0);
    if (block !== old) old.fill(0);
    else block.fill(0, this.length);
    this.#end = this.length;
    this.#start = 0;
    this.#block = block;
  }
}
