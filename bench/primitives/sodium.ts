/** libsodium in WebAssembly, by its wrappers; without P-256, and without AES where no processor helps. */
import { imported, versionOf } from "../peer.ts";
import type { Primitives } from "./primitive.ts";

/** As much of libsodium-wrappers as is used here. */
interface Sodium {
  readonly ready: Promise<void>;
  crypto_aead_chacha20poly1305_ietf_encrypt(
    plaintext: Uint8Array,
    additional: Uint8Array,
    secret: null,
    nonce: Uint8Array,
    key: Uint8Array,
  ): Uint8Array;
  crypto_scalarmult(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array;
}

export async function sodium(): Promise<Primitives> {
  const { default: library } = await imported<{ default: Sodium }>("libsodium-wrappers");
  await library.ready;
  return {
    name: "libsodium",
    version: `libsodium-wrappers ${versionOf("libsodium-wrappers")}`,
    chacha: ({ key, nonce, additional, plaintext }) => () =>
      library.crypto_aead_chacha20poly1305_ietf_encrypt(plaintext, additional, null, nonce, key),
    x25519: ({ privateKey, publicKey }) => () => library.crypto_scalarmult(privateKey, publicKey),
  };
}
