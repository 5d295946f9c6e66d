/**
 * Medians and spread: what remains of several rounds; and how one such figure stands against another.
 *
 * A median forgives the round in which the machine did something else; the extremes show how
 * far it can be trusted. No means, no deviations: rounds on a shared machine are not normal.
 */

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** @throws RangeError without values */
export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const [min, max] = [sorted[0], sorted.at(-1)];
  if (min === undefined || max === undefined) throw new RangeError("no values to sum up");
  return { median: median(sorted), min, max };
}

function median(sorted: readonly number[]): number {
  const upper = sorted[Math.floor(sorted.length / 2)]!;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)]!;
  return (lower + upper) / 2;
}

/** A figure, and which way it should go. */
export interface Figure {
  readonly value: number;
  readonly better: "more" | "less";
}

/** How many times as good as the other: above 1 it wins, whether more is better or less. */
export function advantage({ value, better }: Figure, other: Figure): number {
  return better === "more" ? value / other.value : other.value / value;
}
