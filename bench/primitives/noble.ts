/** @noble/ciphers and @noble/curves: JavaScript alone, read and audited by many. */
import { imported, versionOf } from "../peer.ts";
import type { Primitives, Sealing, Work } from "./primitive.ts";

/** As much of them as is used here. */
type Cipher = (key: Uint8Array, nonce: Uint8Array, additional: Uint8Array) => { encrypt(plaintext: Uint8Array): Uint8Array };
interface Montgomery {
  getSharedSecret(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array;
}
interface Weierstrass {
  sign(message: Uint8Array, privateKey: Uint8Array): Uint8Array;
  verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array, options: { lowS: boolean }): boolean;
}

export async function noble(): Promise<Primitives> {
  const { chacha20poly1305 } = await imported<{ chacha20poly1305: Cipher }>("@noble/ciphers/chacha.js");
  const { gcm } = await imported<{ gcm: Cipher }>("@noble/ciphers/aes.js");
  const { x25519 } = await imported<{ x25519: Montgomery }>("@noble/curves/ed25519.js");
  const { p256 } = await imported<{ p256: Weierstrass }>("@noble/curves/nist.js");
  const sealing = (cipher: Cipher, { key, nonce, additional, plaintext }: Sealing): Work =>
    () => cipher(key, nonce, additional).encrypt(plaintext);
  return {
    name: "noble",
    version: `@noble/ciphers ${versionOf("@noble/ciphers")}, @noble/curves ${versionOf("@noble/curves")}`,
    chacha: (input) => sealing(chacha20poly1305, input),
    aes128: (input) => sealing(gcm, input),
    x25519: ({ privateKey, publicKey }) => () => x25519.getSharedSecret(privateKey, publicKey),
    sign: ({ privateKey, message }) => () => p256.sign(message, privateKey),
    verify: ({ publicKey, message, signature }) => () =>
      p256.verify(signature, message, publicKey, { lowS: false }),
  };
}
