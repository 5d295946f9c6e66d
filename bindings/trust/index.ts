/**
 * The public names of trust, for the entries: the policies, the store, and where it is kept.
 * `fileStorage` is Node's alone: node.ts exports it.
 */

export { authorities } from "./authorities.ts";
export { dangerouslyTrustOnFirstUse } from "./first-use.ts";
export { indexedDbStorage } from "./indexed-db.ts";
export { pinned, type Pins } from "./pinned.ts";
export type { SeenCertificate, TrustRecord, TrustStep } from "./record.ts";
export type { Room } from "./places.ts";
export { remembered, type RememberedOptions } from "./remembered.ts";
export { memoryStorage, type TrustStorage } from "./storage.ts";
export {
  type Decision,
  type ImportOptions,
  type Revision,
  TrustStore,
  type TrustStoreEvents,
  type TrustStoreOptions,
} from "./store.ts";
export type { TrustChange } from "./words.ts";
