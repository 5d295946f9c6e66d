/**
 * The entry for browsers, workers and bundlers: what node.ts exports, without Node's modules.
 */

import { load, type ModuleSource } from "../wasm/load.ts";
import { Core } from "./tls/core.ts";

/**
 * Loads the WebAssembly module and starts one instance of it.
 *
 * @param source URL, Response, bytes or compiled module; default the packaged file
 * @throws XtlsError `wasm-not-found`, `wasm-invalid`, `wasm-blocked`, `wasm-unsupported`, `abi-mismatch`,
 *   `randomness-missing`, `out-of-memory`
 */
export async function loadCore(source?: ModuleSource): Promise<Core> {
  return new Core(await load(source, (address) => fetch(address)));
}

export * from "./errors.ts";
export * from "./methods/index.ts";
export * from "./tls/index.ts";
export * from "./trust/index.ts";
export * from "./verification/index.ts";
export * from "./xmpp/index.ts";
export * from "./xtls/index.ts";
