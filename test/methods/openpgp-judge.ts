/**
 * Juliet, who is shown a good signature by the key of openpgp-history.ts: what she makes of it depends on what she knows.
 */

import { openpgp, type OpenPgpKey, type OpenPgpOptions } from "../../bindings/methods/openpgp.ts";
import { encodeBase64 } from "../../bindings/xtls/base64.ts";
import { statementOf } from "./openpgp-forge.ts";
import { ownerFingerprint, signatureBy } from "./openpgp-history.ts";
import { ends, juliet, message, parrot } from "./openpgp-people.ts";
import { claimAt } from "./stage.ts";

export const STATEMENT = statementOf(claimAt("initiator"), "initiator");
export const SIGNERS = ["primary", "subkey"] as const;
export type Signer = (typeof SIGNERS)[number];
export const SIGNATURES: Record<Signer, Uint8Array> = {
  primary: await signatureBy("primary", STATEMENT),
  subkey: await signatureBy("subkey", STATEMENT),
};

/** `verified`, or the code of why not. */
export async function believes(
  known: readonly OpenPgpKey[],
  changes: { readonly signer?: Signer } & Partial<OpenPgpOptions> = {},
): Promise<string> {
  const { signer = "primary", ...options } = changes;
  const romeo = parrot(message(encodeBase64(SIGNATURES[signer]), { fingerprint: ownerFingerprint }));
  return (await ends(romeo, openpgp({ key: juliet.armor(), known: () => known, ...options })))[1];
}
