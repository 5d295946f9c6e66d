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
import { pingPong, stanza } from "./stanza.ts";

const [CHACHA, AES128] = ["TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256"] as const;
const thorough = { isThorough: true };

export const MEASURES: readonly Measure[] = [
  handshake,
  resumption,
  bulk("bulk-16k-chacha", 16_384, CHACHA),
  bulk("bulk-16k-aes128", 16_384, AES128),
  bulk("bulk-4k-chacha", 4096, CHACHA, thorough),
  bulk("bulk-4k-aes128", 4096, AES128, thorough),
  bulk("bulk-64-chacha", 64, CHACHA, thorough),
  bulk("bulk-64-aes128", 64, AES128, thorough),
  stanza("stanza-1k-chacha", CHACHA),
  stanza("stanza-1k-aes128", AES128),
  pingPong("ping-pong-1k-chacha", CHACHA),
  pingPong("ping-pong-1k-aes128", AES128),
  cold,
  size,
  memory,
];

export const measureNamed = (id: string): Measure | undefined =>
  MEASURES.find(({ bench }) => bench === id);
