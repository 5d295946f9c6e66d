/**
 * The methods that the demo can show, by name.
 */

import type { Introduce } from "./introduction.ts";
import { openpgpKeys } from "./openpgp.ts";
import { shortCode } from "./sas.ts";
import { sharedPassword } from "./srp.ts";
import { scannedCodes } from "./x509.ts";

export const INTRODUCTIONS: Readonly<Record<string, Introduce>> = {
  x509: scannedCodes,
  srp: sharedPassword,
  sas: shortCode,
  openpgp: openpgpKeys,
};
