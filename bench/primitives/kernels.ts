/**
 * Our own, called one by one in the test-only module of kernels: arguments are copied in and
 * results out, as for a stranger. Inside the product they stay where they are.
 */
import { createHash } from "node:crypto";
import { Kernels } from "../../test/fast/kernels.ts";
import { joined, type Primitives, type Sealing, type Work } from "./primitive.ts";

export function kernels(name: string): Primitives {
  const kernel = new Kernels();
  const output = (length: number, call: (at: number) => number): Uint8Array => {
    const at = kernel.place("output", length);
    if (call(at) !== 0) throw new Error(`${name}: a kernel failed`);
    return kernel.bytes(at, length).slice();
  };
  /** Ciphertext and tag lie side by side. */
  const seal = ({ plaintext: { length } }: Sealing, call: (at: number, tag: number) => number): Work =>
    () => output(length + TAG, (at) => call(at, at + length));
  return {
    name,
    version: "build/kernels.wasm, one call each",
    chacha: (input) => {
      const { key, nonce, additional, plaintext } = input;
      return seal(input, (at, tag) =>
        kernel.call("chachapoly_seal", key, nonce, additional, additional.length, plaintext, plaintext.length, at, tag),
      );
    },
    aes128: (input) => {
      const { key, nonce, additional, plaintext } = input;
      const before = [key, 128, nonce, nonce.length, additional, additional.length] as const;
      return seal(input, (at, tag) =>
        kernel.call("gcm_seal", ...before, plaintext, plaintext.length, at, tag, TAG),
      );
    },
    x25519: ({ privateKey, publicKey }) => () =>
      output(32, (at) => kernel.call("x25519_shared", at, privateKey, publicKey)),
    sign: ({ privateKey, message }) => () =>
      output(64, (at) => kernel.call("ecdsa_sign", at, privateKey, digest(message))),
    verify: ({ publicKey, message, signature }) => () =>
      kernel.call("ecdsa_verify", publicKey.subarray(1), digest(message), signature) === 0,
  };
}

const TAG = 16;
const digest = (message: Uint8Array): Uint8Array => joined(createHash("sha256").update(message).digest());
