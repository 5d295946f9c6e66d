/**
 * The methods that the demo can show, by name.
 */

import type { Introduce } from "./introduction.ts";
import { openpgpKeys } from "./openpgp.ts";
import { shortCode } from "./sas.ts";
import { sharedPassword } from "./srp.ts";
import { scannedCodes } from "./x509.ts";

const INTRODUCTIONS: Readonly<Record<string, Introduce>> = {
  x509: scannedCodes,
  srp: sharedPassword,
  sas: shortCode,
  openpgp: openpgpKeys,
};

/** @throws Error when it is none of them */
export function introductionBy(method: string): Introduce {
  const introduce = Object.hasOwn(INTRODUCTIONS, method) ? INTRODUCTIONS[method] : undefined;
  if (introduce === undefined) throw new Error(`No method "${method}": choose ${Object.keys(INTRODUCTIONS).join(", ")}`);
  return introduce;
}
