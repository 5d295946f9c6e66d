/** This library without SIMD: the module that old engines are given. */
import { moduleSubject } from "../module.ts";

export const subject = moduleSubject("xtls-scalar", "xtls-scalar.wasm", "VARIANT=scalar scripts/wasm.sh");
