/** node:crypto, synchronous: OpenSSL's assembler, and the price of a call into it. */
import {
  createCipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  sign,
  verify,
  type CipherGCMTypes,
} from "node:crypto";
import { joined, type Primitives, type Sealing, type Signing, type Work } from "./primitive.ts";

export const node: Primitives = {
  name: "node:crypto",
  version: `OpenSSL ${process.versions.openssl}, synchronous`,
  chacha: (input) => sealing("chacha20-poly1305" as CipherGCMTypes, input),
  aes128: (input) => sealing("aes-128-gcm", input),
  x25519: ({ privateKey: d, publicKey: x }) => {
    const publicKey = createPublicKey({ format: "jwk", key: { kty: "OKP", crv: "X25519", x: base64(x) } });
    const key = { kty: "OKP", crv: "X25519", x: base64(x), d: base64(d) };
    const privateKey = createPrivateKey({ format: "jwk", key });
    return () => diffieHellman({ privateKey, publicKey });
  },
  sign: (input) => {
    const key = createPrivateKey({ format: "jwk", key: jwk(input) });
    return () => sign("sha256", input.message, { key, dsaEncoding: "ieee-p1363" });
  },
  verify: (input) => {
    const { d: _, ...open } = jwk(input);
    const key = createPublicKey({ format: "jwk", key: open });
    return () => verify("sha256", input.message, { key, dsaEncoding: "ieee-p1363" }, input.signature);
  },
};

const sealing = (algorithm: CipherGCMTypes, { key, nonce, additional, plaintext }: Sealing): Work => () => {
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: 16 });
  cipher.setAAD(additional, { plaintextLength: plaintext.length });
  return joined(cipher.update(plaintext), cipher.final(), cipher.getAuthTag());
};

export const jwk = ({ privateKey, publicKey }: Pick<Signing, "privateKey" | "publicKey">) => ({
  ...{ kty: "EC", crv: "P-256", d: base64(privateKey) },
  ...{ x: base64(publicKey.subarray(1, 33)), y: base64(publicKey.subarray(33)) },
});

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");
