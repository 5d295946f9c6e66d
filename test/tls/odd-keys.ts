/**
 * RSA keys of sizes that OpenSSL's tools do not make: whole ones, made of primes and any exponent, and
 * certificates with public numbers of any length that nobody has the other half of.
 */

import { createPrivateKey, generatePrimeSync } from "node:crypto";

const tlv = (tag: number, ...parts: Uint8Array[]): Uint8Array => {
  const body = Buffer.concat(parts);
  const length = body.length < 0x80 ? [body.length] : [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Uint8Array.of(tag, ...length), body]);
};
const sequence = (...parts: Uint8Array[]) => tlv(0x30, ...parts);
const oid = (...bytes: number[]) => tlv(0x06, Uint8Array.from(bytes));
const NULL = Uint8Array.of(0x05, 0x00);
const RSA = sequence(oid(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01), NULL);
const SHA256_RSA = sequence(oid(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b), NULL);

const hexOf = (number: bigint): string => {
  const hex = number.toString(16);
  return hex.length % 2 === 0 ? hex : `0${hex}`;
};
const bytesOf = (number: bigint): Buffer => Buffer.from(hexOf(number), "hex");
const integer = (number: bigint): Uint8Array => {
  const bytes = bytesOf(number);
  return tlv(0x02, bytes[0]! & 0x80 ? Buffer.concat([Uint8Array.of(0), bytes]) : bytes);
};
const name = (text: string) => sequence(tlv(0x31, sequence(oid(0x55, 0x04, 0x03), tlv(0x0c, Buffer.from(text)))));
const date = (days: number) =>
  tlv(0x18, Buffer.from(`${new Date(Date.now() + days * 86_400_000).toISOString().replace(/[-:T]|\.\d+/g, "")}`));

/** An odd number of just so many bits. */
export const oddNumber = (bits: number): bigint => (1n << BigInt(bits - 1)) | 1n;

/** A certificate (DER) with these public numbers, under a signature of nothing. */
export function certificateOf(modulus: bigint, exponent: bigint): Uint8Array {
  const bits = (...parts: Uint8Array[]) => tlv(0x03, Uint8Array.of(0), ...parts);
  const info = sequence(RSA, bits(sequence(integer(modulus), integer(exponent))));
  const authority = sequence(oid(0x55, 0x1d, 0x13), tlv(0x04, sequence(Uint8Array.of(0x01, 0x01, 0xff))));
  const body = sequence(
    Uint8Array.of(0xa0, 0x03, 0x02, 0x01, 0x02),
    integer(1n),
    SHA256_RSA,
    name("above"),
    sequence(date(-1), date(30)),
    name("issuer"),
    info,
    tlv(0xa3, sequence(authority)),
  );
  return sequence(body, SHA256_RSA, bits(Buffer.alloc(Math.ceil(modulus.toString(2).length / 8), 0x55)));
}

export const pemOf = (der: Uint8Array): string =>
  `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString("base64").replace(/.{64}/g, "$&\n")}\n-----END CERTIFICATE-----\n`;

/** A private RSA key (PEM) of so many bits whose exponent is the least one from there on that will do. */
export function privateKeyOf(bits: number, exponent: bigint): string {
  const [p, q] = [prime(bits / 2), prime(bits / 2)];
  const phi = (p - 1n) * (q - 1n);
  let e = exponent;
  while (inverse(e, phi) === undefined) e += 2n;
  const d = inverse(e, phi) as bigint;
  const numbers = { n: p * q, e, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) as bigint };
  const jwk = Object.fromEntries(Object.entries(numbers).map(([key, n]) => [key, bytesOf(n).toString("base64url")]));
  return createPrivateKey({ format: "jwk", key: { kty: "RSA", ...jwk } }).export({ format: "pem", type: "pkcs8" }) as string;
}

/** With its two highest bits set, so that a product has twice as many. */
const prime = (bits: number): bigint => {
  const found = generatePrimeSync(bits, { bigint: true });
  return found >> BigInt(bits - 2) === 3n ? found : prime(bits);
};

/** The inverse of a modulo n, if there is one. */
function inverse(a: bigint, n: bigint): bigint | undefined {
  let [r, next, t, tNext] = [n, a % n, 0n, 1n];
  while (next !== 0n) [r, next, t, tNext] = [next, r % next, tNext, t - (r / next) * tNext];
  return r === 1n ? (t + n) % n : undefined;
}
