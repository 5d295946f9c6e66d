/**
 * Digests of the core, and how to compare them: synchronous, which WebCrypto is not.
 *
 * Owns the crossing into core/digest.h and the one comparison that does not tell by its
 * time where two byte strings differ. FIPS 180-4, RFC 2104.
 */

import { checkedBytes } from "./bytes.ts";
import type { Core } from "./core.ts";

/** Bytes of a SHA-256. */
const LENGTH = 32;

/** SHA-256; @see Core.sha256 */
export function digest({ module, memory }: Core, bytes: Uint8Array): Uint8Array {
  return memory.lend(bytes, (block, length) =>
    memory.collect((output, max) => module.xtls_digest_sha256(block, length, output, max), LENGTH),
  );
}

/** HMAC-SHA-256; @see Core.hmac */
export function authenticate({ module, memory }: Core, key: Uint8Array, message: Uint8Array): Uint8Array {
  return memory.lend(key, (keyBlock, keyLength) =>
    memory.lend(message, (block, length) =>
      memory.collect((output, max) => module.xtls_digest_hmac(keyBlock, keyLength, block, length, output, max), LENGTH),
    ),
  );
}

/** Whether two byte strings are the same. The time depends on their lengths alone. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (checkedBytes(a).length !== checkedBytes(b).length) return false;
  let difference = 0;
  for (const [at, byte] of a.entries()) difference |= byte ^ b[at]!;
  return difference === 0;
}
