/**
 * The words of the primitive benches: what is asked of a library, and with which keys.
 *
 * Everybody gets the same bytes and gives bytes back; what cannot be compared with node:crypto's
 * answer is checked by node:crypto. A library without a primitive leaves it out.
 */

/** Done once for each measurement; synchronous wherever the library is. */
export type Work = () => Uint8Array | boolean | Promise<Uint8Array | boolean>;

/** In memory that is not shared, as WebCrypto wants it. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** An AEAD's input: what is returned is the ciphertext with the tag behind it. */
export interface Sealing {
  readonly key: Bytes;
  readonly nonce: Bytes;
  readonly additional: Bytes;
  readonly plaintext: Bytes;
}

/** Raw keys: a scalar of 32 bytes, a u-coordinate of 32 bytes. */
export interface Agreement {
  readonly privateKey: Bytes;
  readonly publicKey: Bytes;
}

/** P-256 with SHA-256. */
export interface Signing {
  /** A scalar of 32 bytes, big-endian. */
  readonly privateKey: Bytes;
  /** 0x04, x, y. */
  readonly publicKey: Bytes;
  readonly message: Bytes;
  /** Of the message: r and s, 32 bytes each. */
  readonly signature: Bytes;
}

export interface Primitives {
  readonly name: string;
  readonly version: string;
  readonly chacha?: (input: Sealing) => Work | Promise<Work>;
  readonly aes128?: (input: Sealing) => Work | Promise<Work>;
  readonly x25519?: (keys: Agreement) => Work | Promise<Work>;
  readonly sign?: (input: Signing) => Work | Promise<Work>;
  readonly verify?: (input: Signing) => Work | Promise<Work>;
}

export function joined(...parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
