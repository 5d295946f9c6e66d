/**
 * A wire in memory for libraries that want streams: without delay, what one end writes the
 * other emits within the same call.
 */
import { Duplex } from "node:stream";

/** Where bytes go: a MemoryEnd, or a function of a library that is no stream. */
export interface Sink {
  push(bytes: Uint8Array): unknown;
}

export class MemoryEnd extends Duplex {
  other: Sink | undefined;

  override _read(): void {}

  override _write(chunk: Uint8Array, _encoding: string, written: () => void): void {
    this.other?.push(chunk);
    written();
  }

  override _writev(chunks: { chunk: Uint8Array }[], written: () => void): void {
    for (const { chunk } of chunks) this.other?.push(chunk);
    written();
  }
}

export function memoryPair(): [MemoryEnd, MemoryEnd] {
  const [near, far] = [new MemoryEnd(), new MemoryEnd()];
  near.other = far;
  far.other = near;
  return [near, far];
}
