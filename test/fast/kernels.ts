/**
 * The test-only module of primitives: builds it, loads it, and puts bytes in and out of its
 * memory. Knows none of the primitives.
 */

import { spawnSync } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

type Exports = { memory: WebAssembly.Memory } & Record<string, (...args: number[]) => number>;

/** One instance, with one stretch of memory for each name that is asked for. */
export class Kernels {
  readonly #exports: Exports;
  readonly #places = new Map<string, { at: number; size: number }>();

  constructor() {
    const module = new WebAssembly.Module(readFileSync(`${ROOT}build/kernels.wasm`));
    const random = (at: number, length: number): number => {
      randomFillSync(this.bytes(at, length));
      return 0;
    };
    const env = Object.fromEntries(WebAssembly.Module.imports(module).map(({ name }) => [name, random]));
    this.#exports = new WebAssembly.Instance(module, { env }).exports as Exports;
    this.#exports._initialize?.();
  }

  /** Calls `kernel_NAME`; a Uint8Array is copied in, and stands for its address. */
  call(name: string, ...args: readonly (number | Uint8Array)[]): number {
    const kernel = this.#exports[`kernel_${name}`];
    if (kernel === undefined) throw new Error(`no kernel_${name}: run VARIANT=kernels scripts/wasm.sh`);
    return kernel(...args.map((arg, i) => (typeof arg === "number" ? arg : this.put(`argument ${i}`, arg))));
  }

  /** Copies bytes to the place of that name; returns its address. */
  put(name: string, bytes: Uint8Array): number {
    const at = this.place(name, bytes.length);
    this.bytes(at, bytes.length).set(bytes);
    return at;
  }

  /** The address of at least `size` bytes that are kept for that name. */
  place(name: string, size: number): number {
    const known = this.#places.get(name);
    if (known !== undefined && known.size >= size) return known.at;
    const roomy = Math.max(2 * size, 64);
    const at = this.#exports.kernel_alloc!(roomy);
    this.#places.set(name, { at, size: roomy });
    return at;
  }

  /** A view of the memory: good until the next call. */
  bytes(at: number, length: number): Uint8Array {
    return new Uint8Array(this.#exports.memory.buffer, at, length);
  }
}

/** Builds the module if its sources changed. @throws when that fails */
export function buildKernels(): void {
  const env = { ...process.env, VARIANT: "kernels" };
  const { status, stderr } = spawnSync(`${ROOT}scripts/wasm.sh`, { encoding: "utf8", env });
  if (status !== 0) throw new Error(stderr);
}
