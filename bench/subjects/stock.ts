/**
 * The baseline: the same sources compiled with plain flags and Mbed TLS's own primitives, so
 * the ratio to it is what our build settings and our primitives are worth.
 */
import { moduleSubject } from "../module.ts";

export const subject = moduleSubject("stock", "xtls-stock.wasm", "VARIANT=stock scripts/wasm.sh");
