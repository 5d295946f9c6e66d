/**
 * The module under test: the packaged one, or the file that XTLS_MODULE names. So the same
 * suites judge each build: `XTLS_MODULE=wasm/xtls-stock.wasm npx tsx test/tls/engine.test.ts`.
 */

import { loadCore as load, type Core } from "../bindings/node.ts";

/** One instance of the module under test. */
export function loadCore(): Promise<Core> {
  return load(process.env.XTLS_MODULE);
}
