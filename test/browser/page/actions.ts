/**
 * What a test can ask of a page or of a worker, by name. Arguments and results are what
 * JSON can carry.
 */

import { converse } from "./engines.ts";
import { load } from "./loading.ts";
import { prepare } from "./preparation.ts";
import { exchange } from "./romeo.ts";
import { misremember, remember, spoil } from "./trust.ts";

export const actions = { converse, exchange, load, misremember, prepare, remember, spoil };
export type Actions = typeof actions;

/** A wish for an action, as it travels to where it is carried out. */
export type Wish = readonly [name: keyof Actions, ...args: unknown[]];

export async function perform([name, ...args]: Wish): Promise<unknown> {
  return (actions[name] as (...args: unknown[]) => unknown)(...args);
}
