/**
 * Looks for secrets in a module's memory: all of it, heap, stack and free blocks alike.
 */

import type { Core } from "../../bindings/node.ts";
import { assert } from "../suite.ts";

/**
 * Fails when more is alive than there was. The allocator may give a few bytes of padding to a block that stays: less
 * than any block that could have been forgotten.
 */
export function assertNoLeak(core: Core, before: number): void {
  assert.ok(core.heapUsed - before < 64, `${core.heapUsed - before} bytes are alive that were not there before`);
}

/** Where `needle` stands in the module's memory; -1 when nowhere. */
export function find(core: Core, needle: Uint8Array): number {
  return Buffer.from(core.module.memory.buffer).indexOf(needle);
}

/** The forms in which a number may lie in memory: big-endian, as on the wire, or in little-endian limbs. */
export const numberForms = (bigEndian: Uint8Array): readonly Uint8Array[] => [
  bigEndian,
  Uint8Array.from(bigEndian).reverse(),
];

/** The bytes of a string of hex digits. */
export const fromHex = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, "hex"));

/** Label and secret of NSS key log lines. */
export const secretsOf = (lines: readonly string[]): Map<string, Uint8Array> =>
  new Map(lines.map((line) => [line.slice(0, line.indexOf(" ")), fromHex(line.slice(line.lastIndexOf(" ") + 1))]));
