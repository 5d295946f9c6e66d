/**
 * Writes core/fast/p256_comb.h: the multiples of P-256's base point that its comb looks up.
 * The header is committed; run this again when its shape changes:
 *
 *     npx tsx scripts/comb.ts > core/fast/p256_comb.h
 */

const P = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
const G: Point = [
  0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
  0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
];
const MONTGOMERY = 2n ** 261n;
const TEETH = 6;
const COLUMNS = 43;

type Point = readonly [x: bigint, y: bigint];

const modulo = (a: bigint): bigint => ((a % P) + P) % P;

/** Fermat's: a^(p - 2). */
function inverse(a: bigint): bigint {
  let [result, power, exponent] = [1n, modulo(a), P - 2n];
  for (; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * power) % P;
    power = (power * power) % P;
  }
  return result;
}

/** Of two points that are not opposite. */
function sum(a: Point, b: Point): Point {
  const isSame = a[0] === b[0];
  const slope = isSame ? (3n * a[0] * a[0] - 3n) * inverse(2n * a[1]) : (b[1] - a[1]) * inverse(b[0] - a[0]);
  const x = modulo(slope * slope - a[0] - b[0]);
  return [x, modulo(slope * (a[0] - x) - a[1])];
}

const negative = ([x, y]: Point): Point => [x, P - y];

/** The base point doubled so often. */
function doubled(times: number): Point {
  let point = G;
  for (let i = 0; i < times; i++) point = sum(point, point);
  return point;
}

/** Entry `index`: the highest tooth, plus or minus each other one, as bits 1 or 0 of the index. */
function entry(teeth: readonly Point[], index: number): Point {
  const [top, ...others] = [...teeth].reverse() as [Point, ...Point[]];
  return others.reverse().reduce((point, tooth, i) => sum(point, (index >> i) & 1 ? tooth : negative(tooth)), top);
}

/** Nine signed limbs of 29 bits, in Montgomery's form. */
function limbs(value: bigint): string {
  let rest = modulo(value * MONTGOMERY);
  const result: bigint[] = [];
  for (let i = 0; i < 8; i++) {
    const limb = BigInt.asIntN(29, rest);
    result.push(limb);
    rest = (rest - limb) >> 29n;
  }
  return `{ { ${[...result, rest].join(", ")} } }`;
}

const teeth = Array.from({ length: TEETH }, (_, i) => doubled(i * COLUMNS));
const entries = Array.from({ length: 2 ** (TEETH - 1) }, (_, i) => entry(teeth, i));

console.log(`/*
 * The comb of P-256's base point G: entry i is 2^${(TEETH - 1) * COLUMNS} G, plus or minus 2^(${COLUMNS} j) G for each j
 * below ${TEETH - 1}, as bit j of i is one or zero. Written by scripts/comb.ts.
 */
#ifndef XTLS_P256_COMB_H
#define XTLS_P256_COMB_H

#include "p256_point.h"

#define XTLS_P256_COMB_TEETH   ${TEETH}
#define XTLS_P256_COMB_COLUMNS ${COLUMNS}

static const xtls_p256_affine xtls_p256_comb[${2 ** (TEETH - 1)}] = {`);
for (const [x, y] of entries) console.log(`    { ${limbs(x)},\n      ${limbs(y)} },`);
console.log(`};

#endif`);
