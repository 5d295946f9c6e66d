/**
 * A module of WebAssembly made by hand: the ABI's names with nothing behind them, so that
 * every way of loading a wrong module can be shown. WebAssembly Core Specification, §5.
 */

import { EXPORT_NAMES } from "../../wasm/abi.ts";

export interface StubOptions {
  /** What xtls_abi_version returns. */
  readonly version?: number;
  /** The name of the one import, of type (i32, i32) -> i32. */
  readonly asksFor?: string;
  /** Exports to leave out. */
  readonly without?: readonly string[];
  /** Exports that trap. */
  readonly trapping?: readonly string[];
  /** Exports that ask the import for so much at address 0 and return its answer. */
  readonly asking?: { readonly names: readonly string[]; readonly length: number };
}

const I32 = 0x7f;
const END = 0x0b;

export function stub(options: StubOptions = {}): Uint8Array<ArrayBuffer> {
  const { version = 1, asksFor = "xtls_host_random", without = [], trapping = [], asking } = options;
  const bodies = [
    [0x41, ...signed(version), END],
    [0x00, END],
    [0x41, 0, 0x41, ...signed(asking?.length ?? 0), 0x10, 0, END],
  ];
  const bodyOf = (name: string): number => (trapping.includes(name) ? 2 : asking?.names.includes(name) ? 3 : 1);
  const names = EXPORT_NAMES.filter((name) => !without.includes(name));
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [
      [0x60, 2, I32, I32, 1, I32],
      [0x60, 0, 1, I32],
    ]),
    ...section(2, [[...text("env"), ...text(asksFor), 0x00, 0]]),
    ...section(3, [[1], [1], [1]]),
    ...section(5, [[0x00, 4]]),
    ...section(
      7,
      names.map((name) => (name === "memory" ? [...text(name), 0x02, 0] : [...text(name), 0x00, bodyOf(name)])),
    ),
    ...section(
      10,
      bodies.map((body) => sized([0, ...body])),
    ),
  ]);
}

const section = (id: number, items: number[][]): number[] => [
  id,
  ...sized([...unsigned(items.length), ...items.flat()]),
];
const sized = (bytes: number[]): number[] => [...unsigned(bytes.length), ...bytes];
const text = (value: string): number[] => sized([...new TextEncoder().encode(value)]);

function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

function signed(value: number): number[] {
  return value < 0x40 ? [value] : [(value & 0x7f) | 0x80, ...signed(value >> 7)];
}
