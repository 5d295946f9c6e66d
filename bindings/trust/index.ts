/**
 * The public names of trust, for the entries: the policies.
 */

export { authorities } from "./authorities.ts";
export { dangerouslyTrustOnFirstUse, memoryStore, type TrustRecord, type TrustStore } from "./first-use.ts";
export { pinned, type Pins } from "./pinned.ts";
