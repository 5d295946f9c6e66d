/**
 * How bytes cross between JavaScript and the module: one window, lent out like a stack.
 *
 * Owns the window and its views (growing memory detaches a view: it is made again).
 * Every byte that was in a lent block is zeroed when the block comes back, so plaintext
 * and keys never stay here; records on their way may. What is too big for the window gets a block of its own.
 */

import { XtlsError } from "../errors.ts";
import type { Bytes, Exports, Out } from "../../wasm/abi.ts";
import { checkedBytes, checkedText } from "./bytes.ts";
import { checked, STATUS } from "./status.ts";

/** Room for a TLS record of 16 KiB in each direction, and then some. */
const WINDOW = 0x10000;

/** A block this big holds most certificates. */
const SMALLEST = 0x400;

/** More than any certificate, session or key that the core hands out. */
const LARGEST = 0x100000;

/** The core's u16 and u32 want to be aligned. */
const aligned = (length: number): number => (length + 7) & ~7;

/** An export by which bytes go into an object or come out of it; it returns their length or a status. */
export type Port<Address> = (object: Address, block: Bytes, length: number) => number;

/** What becomes of bytes in the window once they have crossed: ciphertext is no secret and may be left. */
export type Trace = "wiped" | "left";

/** What nobody can write to may be everybody's. */
const NOTHING = new Uint8Array(0);

/** The window of one core. */
export class Memory {
  readonly #module: Exports;
  readonly #window: Bytes;
  #top = 0;
  #view = new Uint8Array(0);
  /** The window alone: what grows while it is copied cannot reach beyond it. */
  #windowView = new Uint8Array(0);

  /** @throws XtlsError `out-of-memory` */
  constructor(module: Exports) {
    this.#module = module;
    this.#window = this.#allocate(WINDOW);
  }

  /**
   * Lends `bytes` to `use` as a block of the module and returns what it returns.
   *
   * @throws XtlsError `invalid-argument` when they are no Uint8Array, `out-of-memory`
   */
  lend<Result>(bytes: Uint8Array, use: (block: Bytes, length: number) => Result): Result {
    const { length } = checkedBytes(bytes);
    return this.#borrow(length, (block) => {
      copyInto(this.#bytes().subarray(block, block + length), bytes);
      try {
        return use(block, length);
      } finally {
        this.#wipe(block, length);
      }
    });
  }

  /**
   * Lends the UTF-8 of `text`.
   *
   * @throws XtlsError `invalid-argument` when it is no string, `out-of-memory`
   */
  lendText<Result>(text: string, use: (block: Bytes, length: number) => Result): Result {
    const bytes = new TextEncoder().encode(checkedText(text));
    try {
      return this.lend(bytes, use);
    } finally {
      bytes.fill(0);
    }
  }

  /**
   * A copy of what `fill` writes: it gets a block and its size, and returns the length
   * written or a status. The block grows while the status is XTLS_ERR_SPACE.
   *
   * @throws XtlsError of the status
   */
  collect(fill: (block: Bytes, max: number) => number, max = Math.max(SMALLEST, WINDOW - this.#top)): Uint8Array {
    const length = this.#borrow(max, (block) => this.#copied(block, fill(block, max)));
    if (typeof length !== "number") return length;
    if (length === STATUS.space && max < LARGEST) return this.collect(fill, max * 2);
    checked(length);
    return new Uint8Array(0);
  }

  /**
   * `bytes` into `object` by `port`, whose status it returns. As `lend`, but without a closure,
   * since every record passes here; nothing can be lent meanwhile.
   *
   * @throws XtlsError `invalid-argument` when they are no Uint8Array, `out-of-memory`
   */
  push<Address>(port: Port<Address>, object: Address, bytes: Uint8Array, trace: Trace = "wiped"): number {
    const { length } = checkedBytes(bytes);
    if (length > WINDOW) return this.lend(bytes, (block) => port(object, block, length));
    const window = this.#window;
    this.#bytes();
    copyInto(this.#windowView, bytes);
    try {
      return port(object, window, length);
    } finally {
      if (trace === "wiped") this.#wipe(window, length);
    }
  }

  /**
   * A copy of all that comes out of `object` by `port`, at most `max` bytes: it is called until
   * it moves less than it could, which is `room` bytes at a time at most. Nothing can be lent meanwhile.
   *
   * @throws XtlsError of the status
   */
  pull<Address>(port: Port<Address>, object: Address, max = Infinity, room = WINDOW): Uint8Array {
    const size = Math.min(max, room, WINDOW);
    const first = this.#pulled(port, object, size);
    if (first.length < size || first.length === max) return first;

    const pieces = [first];
    let left = max - first.length;
    for (let piece = first; piece.length === size && left > 0; left -= piece.length) {
      piece = this.#pulled(port, object, Math.min(left, size));
      pieces.push(piece);
    }
    return joined(pieces);
  }

  /**
   * Moves what comes out of `object` by `port` into `output`, as far as there is room, in the way
   * of `pull` but with nothing allocated; returns how many bytes came.
   *
   * @throws XtlsError of the status, `invalid-argument` when `output` is no Uint8Array
   */
  pullInto<Address>(
    port: Port<Address>,
    object: Address,
    output: Uint8Array,
    trace: Trace = "wiped",
    room = WINDOW,
  ): number {
    checkedBytes(output);
    let filled = 0;
    for (;;) {
      const size = Math.min(output.length - filled, room, WINDOW);
      if (size === 0) return filled;
      const length = checked(port(object, this.#window, size));
      output.set(this.#bytes().subarray(this.#window, this.#window + length), filled);
      if (trace === "wiped") this.#wipe(this.#window, length);
      filled += length;
      if (length < size) return filled;
    }
  }

  #pulled<Address>(port: Port<Address>, object: Address, max: number): Uint8Array {
    const length = checked(port(object, this.#window, max));
    return length === 0 ? NOTHING : this.#copy(this.#window, length);
  }

  /**
   * What `create` writes to the place it is given: a pointer or a u32.
   *
   * @throws XtlsError of the status that `create` returns
   */
  output(create: (place: Out) => number): number {
    return this.#borrow(4, (place) => {
      checked(create(place));
      const value = new DataView(this.#module.memory.buffer).getUint32(place, true);
      this.#wipe(place, 4);
      return value;
    });
  }

  #copied(block: Bytes, length: number): Uint8Array | number {
    return length <= 0 ? length : this.#copy(block, length);
  }

  /** Out of the module, where nothing of it stays. */
  #copy(block: Bytes, length: number): Uint8Array {
    const bytes = this.#bytes();
    const copy = bytes.slice(block, block + length);
    bytes.fill(0, block, block + length);
    return copy;
  }

  #borrow<Result>(length: number, use: (block: Bytes) => Result): Result {
    if (this.#top + length > WINDOW) return this.#borrowOwn(length, use);
    const block = (this.#window + this.#top) as Bytes;
    const size = Math.min(aligned(length), WINDOW - this.#top);
    this.#top += size;
    try {
      return use(block);
    } finally {
      this.#top -= size;
    }
  }

  #borrowOwn<Result>(length: number, use: (block: Bytes) => Result): Result {
    const block = this.#allocate(length);
    try {
      return use(block);
    } finally {
      this.#module.xtls_free(block);
    }
  }

  #allocate(length: number): Bytes {
    const block = this.#module.xtls_alloc(length);
    if (block === 0) throw new XtlsError("out-of-memory", `No room for ${length} bytes`);
    return block;
  }

  #wipe(block: Bytes, length: number): void {
    this.#bytes().fill(0, block, block + length);
  }

  #bytes(): Uint8Array {
    if (this.#view.length === 0) {
      this.#view = new Uint8Array(this.#module.memory.buffer);
      this.#windowView = this.#view.subarray(this.#window, this.#window + WINDOW);
    }
    return this.#view;
  }
}

/** Another thread may let a shared buffer grow while it is copied; then it has no length to go by. */
function copyInto(target: Uint8Array, bytes: Uint8Array): void {
  try {
    target.set(bytes);
  } catch (cause) {
    throw new XtlsError("invalid-argument", "The bytes grew while they were copied", { cause });
  }
}

/** Byte strings laid end to end. @throws XtlsError `invalid-argument` when one is no Uint8Array */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  for (const piece of pieces) checkedBytes(piece);
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let start = 0;
  for (const piece of pieces) {
    whole.set(piece, start);
    start += piece.length;
  }
  return whole;
}
