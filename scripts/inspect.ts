/**
 * Looks through the emitted WebAssembly of core/fast for decisions and addresses that depend on
 * what was read from memory, and compares them with those that are known to be harmless.
 *
 *     VARIANT=named scripts/wasm.sh && tsx scripts/inspect.ts build/named.wasm
 *
 * What it does not cover: what an engine's compilers make of the module; functions of core/fast
 * that were inlined into Mbed TLS's (the signing loop of ecdsa.c is, the arithmetic it calls is
 * not); Mbed TLS's own; whether a load listed as public, or a reason given below, is right: that
 * is for people. Data that crosses from one function to another in memory counts as secret again.
 */

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { disassemble } from "./inspect/disassembly.ts";
import { follow, type Findings, type Kind } from "./inspect/flow.ts";

const FAST = fileURLToPath(new URL("../core/fast/", import.meta.url));

/** What Poly1305 is to take. Of ChaCha20's state the same places hold constants. */
const MEANWHILE = {
  "i32.load 2 0": "where its context is; or, by a pointer to them, the next two",
  "i32.load 2 4": "where its text is",
  "i32.load 2 8": "the length of that",
};

/** Loads that read nothing secret, as offsets in the structs at hand. */
const PUBLIC: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  xtls_aes_counter_mode: { "i32.load 2 0": "the number of rounds" },
  xtls_aes_set_key: { "i32.load 2 0": "the number of rounds" },
  xtls_ghash_update: { "i32.load 2 400": "bytes of the block that is being filled" },
  xtls_ghash_pad: { "i32.load 2 400": "bytes of the block that is being filled" },
  mbedtls_poly1305_update: { "i32.load 2 88": "bytes in the queue" },
  xtls_poly1305_pad: { "i32.load 2 88": "bytes in the queue" },
  xtls_chacha20_xor_spare: { "i32.load 2 320": "spare bytes of keystream", "i32.load 2 0": "the same, by a pointer to them" },
  xtls_chacha20_xor_next: MEANWHILE,
  xor_batch: MEANWHILE,
  crypt_and_tag: {
    "i32.load 2 8": "where Poly1305's text is, in a struct on the stack",
    "i32.load 2 12": "the length of Poly1305's text, likewise",
    "i32.load 2 88": "bytes in the queue",
    "i32.load 2 320": "spare bytes of keystream",
    "i64.load 3 328": "bytes left for this counter",
    "i32.load 2 448": "the stage",
    "i32.load 2 452": "whether it encrypts",
  },
  mbedtls_gcm_crypt_and_tag: {
    "i32.load 2 3632": "spare bytes of keystream",
    "i64.load 3 3656": "bytes of additional data so far",
    "i64.load 3 3664": "bytes of text so far",
    "i32.load 2 3672": "whether it encrypts",
    "i32.load 2 400": "bytes of the block that GHASH is filling",
    "i32.load 2 0": "spare bytes of keystream, by a pointer to them",
  },
  xtls_ecdsa_nonce_next: { "i32.load 2 76": "the length of the hash" },
};

/** Decisions that are no secret: at most so many, for that reason. */
const KNOWN: Readonly<Record<string, Partial<Record<Kind, number>> & { because: string }>> = {
  xtls_p256_fe_read: { if: 2, br_if: 6, select: 1, because: "is_below judges coordinates that a peer sent" },
  xtls_p256_point_read: { br_if: 2, select: 1, because: "whether a peer's point is on the curve" },
  xtls_p256_shared: { if: 1, because: "whether a peer's point is on the curve" },
  add_equals: { if: 1, because: "adds public points while it verifies" },
  stir: { br_if: 9, because: "whether Mbed TLS's HMAC failed" },
  xtls_ecdsa_nonce_next: { br_if: 3, because: "whether Mbed TLS's HMAC failed" },
  xtls_ecc_multiply: { br_table: 1, br_if: 19, because: "which curve it is, whether Mbed TLS's numbers fit, and the sign and length that they have" },
};

/** These must be there under their names, lest inlining hides them all. */
export const LANDMARKS = [
  ...["xtls_p256_fe_multiply", "xtls_p256_scalar_multiply", "xtls_inverse", "choose_odd", "choose_comb", "xtls_p256_multiply_base"],
  ...["xtls_p256_shared", "xtls_fe25519_multiply", "xtls_aes_encrypt", "xtls_aes_set_key", "xtls_ghash_absorb"],
  ...["mbedtls_gcm_crypt_and_tag", "crypt_and_tag", "xor_batch", "mbedtls_poly1305_update"],
];

/** What core/fast decides by what it has read. */
export function inspect(file: string): Findings {
  const names = new Set(namesOfFast());
  return follow(disassemble(file), (name) => names.has(name), (name, load) => PUBLIC[name]?.[load] !== undefined);
}

/** All functions that the sources define. */
function namesOfFast(): string[] {
  const sources = readdirSync(FAST).filter((file) => file.endsWith(".c"));
  return sources.flatMap((file) =>
    [...readFileSync(FAST + file, "utf8").matchAll(/^(?:[a-z_][\w ]*[ *])?(\w+)\([^;]*?\)\n\{/gm)].map(([, name]) => name!),
  );
}

/** Findings beyond those that are known, a line each. */
export function* surprises(findings: Findings): Generator<string> {
  for (const name of LANDMARKS) if (!findings.has(name)) yield `${name} is not in the module`;
  for (const [name, counts] of findings) {
    for (const [kind, count] of Object.entries(counts) as [Kind, number][]) {
      const known = KNOWN[name]?.[kind] ?? 0;
      if (count > known) yield `${name}: ${count} × ${kind} by what was read from memory, ${known} known`;
    }
  }
}

function main(file: string): void {
  const findings = inspect(file);
  for (const [name, counts] of findings) {
    const list = Object.entries(counts).map(([kind, count]) => `${count} × ${kind}`);
    if (list.length > 0) console.log(`${name}: ${list.join(", ")} (${KNOWN[name]?.because ?? "not known"})`);
  }
  const lines = [...surprises(findings)];
  console.log(`${findings.size} functions, ${lines.length} surprises`);
  for (const line of lines) console.log(line);
  process.exitCode = lines.length > 0 ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv[2] ?? "build/named.wasm");
