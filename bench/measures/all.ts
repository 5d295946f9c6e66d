/**
 * Every measure, in the order of the table. The ids are a contract: other tools read them.
 */
import type { Measure } from "../measure.ts";
import { bulk } from "./bulk.ts";
import { cold } from "./cold.ts";
import { handshake } from "./handshake.ts";
import { memory } from "./memory.ts";
import { resumption } from "./resumption.ts";
import { size } from "./size.ts";
import { stanza } from "./stanza.ts";

export const MEASURES: readonly Measure[] = [
  handshake,
  resumption,
  bulk("bulk-16k-chacha", "TLS_CHACHA20_POLY1305_SHA256"),
  bulk("bulk-16k-aes128", "TLS_AES_128_GCM_SHA256"),
  stanza("stanza-1k-chacha", "TLS_CHACHA20_POLY1305_SHA256"),
  stanza("stanza-1k-aes128", "TLS_AES_128_GCM_SHA256"),
  cold,
  size,
  memory,
];
