/**
 * The command line, and nothing behind it.
 */
import { parseArgs } from "node:util";
import type { Pace } from "./rounds.ts";

export const USAGE = `usage: bench [options]

  --quick            fewer and shorter rounds of the chief measures, xtls, stock and node:tls: under a minute
  --json             results as JSON lines on standard output, nothing else there
  --save             also write bench/results/DATE-CPU.json and its charts
  --only ID,…        these measures alone
  --subjects NAME,…  these subjects alone; the first is compared with the others
  --rounds N         rounds for each measure (default 7, quick 3)
  --window MS        length of a timed sample (default 400, quick 150)
  --warm-up MS       before the first round (default 1000, quick 500)
`;

export interface Options {
  readonly json: boolean;
  readonly quick: boolean;
  readonly save: boolean;
  readonly help: boolean;
  readonly only: readonly string[] | undefined;
  readonly subjects: readonly string[] | undefined;
  readonly pace: Pace;
}

/** @throws TypeError when an option is unknown or not a number where one is due */
export function parsed(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ quick: { type: "boolean" }, json: { type: "boolean" }, save: { type: "boolean" } },
      ...{ help: { type: "boolean", short: "h" } },
      ...{ only: { type: "string" }, subjects: { type: "string" } },
      ...{ rounds: { type: "string" }, window: { type: "string" }, "warm-up": { type: "string" } },
    },
  });
  const { quick = false, json = false, save = false, help = false, only, subjects } = values;
  const pace = {
    rounds: number(values.rounds, quick ? 3 : 7),
    window: number(values.window, quick ? 150 : 400),
    warmUp: number(values["warm-up"], quick ? 500 : 1000),
  };
  return { json, quick, save, help, only: only?.split(","), subjects: subjects?.split(","), pace };
}

function number(text: string | undefined, standard: number): number {
  const value = text === undefined ? standard : Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new TypeError(`${text} is not a positive whole number`);
}
