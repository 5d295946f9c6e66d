/**
 * The public names of the methods, for the entries.
 */

export { bindingOf, frame } from "./binding.ts";
export { insecure } from "./insecure.ts";
export type { Conversation, Method } from "./method.ts";
export { openpgp, type OpenPgpKey, type OpenPgpOptions } from "./openpgp.ts";
export { sas, type SasOptions } from "./sas.ts";
export { srp, type PasswordQuestion, type SrpOptions } from "./srp.ts";
export { createVerifier, type Verifier, type Verifiers } from "./srp/verifier.ts";
