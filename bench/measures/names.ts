/** Suites as people call them, for titles. */
import type { Suite } from "../subject.ts";

export const NAMES: Readonly<Record<Suite, string>> = {
  TLS_CHACHA20_POLY1305_SHA256: "ChaCha20-Poly1305",
  TLS_AES_128_GCM_SHA256: "AES-128-GCM",
};
