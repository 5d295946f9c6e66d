/**
 * Whether what a caller hands over has the shape that it must have, said by name.
 *
 * TypeScript says the same, but not everybody has it. Knows no particular shape.
 */

import { XtlsError } from "../errors.ts";

/** @throws XtlsError `invalid-argument` with these words */
export function requireShape(isRight: boolean, what: string): void {
  if (!isRight) throw new XtlsError("invalid-argument", what);
}

/** @throws XtlsError `invalid-argument` */
export function requireObject(value: unknown, what: string): void {
  requireShape(isObject(value), what);
}

/** @throws XtlsError `invalid-argument` */
export function requireText(value: unknown, what: string): void {
  requireShape(typeof value === "string", what);
}

/** @throws XtlsError `invalid-argument` when one of these methods is missing */
export function requireMethods(value: unknown, names: readonly string[], what: string): void {
  requireShape(hasMethods(value, ...names), what);
}

export function hasMethods(value: unknown, ...names: readonly string[]): boolean {
  return isObject(value) && names.every((name) => typeof (value as Record<string, unknown>)[name] === "function");
}

export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
