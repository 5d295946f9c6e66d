/**
 * The entry for Node: what web.ts exports, `loadCore` that also reads files, and identities in files.
 */

import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

import { load, type ModuleSource } from "../wasm/load.ts";
import { Core } from "./tls/core.ts";

/**
 * Loads the WebAssembly module and starts one instance of it.
 *
 * @param source URL or path, Response, bytes or compiled module; default the packaged file
 * @throws XtlsError `wasm-not-found`, `wasm-invalid`, `wasm-blocked`, `wasm-unsupported`, `abi-mismatch`,
 *   `randomness-missing`, `out-of-memory`
 */
export async function loadCore(source?: ModuleSource): Promise<Core> {
  return new Core(await load(source, open));
}

/** Node's fetch refuses `file:`. */
async function open(address: string | URL): Promise<Response | Uint8Array> {
  const url = URL.canParse(address) ? new URL(address) : pathToFileURL(String(address));
  return url.protocol === "file:" ? readFile(url) : fetch(url);
}

export * from "./errors.ts";
export * from "./methods/index.ts";
export { loadIdentity, saveIdentity, type IdentityFileOptions } from "./identity-file.ts";
export * from "./tls/index.ts";
export { fileStorage } from "./trust/file.ts";
export * from "./trust/index.ts";
export * from "./verification/index.ts";
export * from "./xmpp/index.ts";
export * from "./xtls/index.ts";
