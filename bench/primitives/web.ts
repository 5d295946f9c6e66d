/** WebCrypto: what a page has without WebAssembly. Each call is a task of its own; no ChaCha20. */
import { jwk } from "./node.ts";
import type { Primitives } from "./primitive.ts";

const { subtle } = crypto;
const ECDSA = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

export const web: Primitives = {
  name: "WebCrypto",
  version: `Node ${process.versions.node}, one call at a time`,
  aes128: async ({ key: raw, nonce: iv, additional: additionalData, plaintext }) => {
    const key = await subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt"]);
    return async () => new Uint8Array(await subtle.encrypt({ name: "AES-GCM", iv, additionalData }, key, plaintext));
  },
  sign: async (input) => {
    const key = await subtle.importKey("jwk", jwk(input), ECDSA, false, ["sign"]);
    return async () => new Uint8Array(await subtle.sign(ECDSA, key, input.message));
  },
  verify: async ({ publicKey, message, signature }) => {
    const key = await subtle.importKey("raw", publicKey, ECDSA, false, ["verify"]);
    return () => subtle.verify(ECDSA, key, signature, message);
  },
};
