/** This library: the module as it is shipped. */
import { moduleSubject } from "../module.ts";

export const subject = moduleSubject("xtls", "xtls.wasm", "make");
