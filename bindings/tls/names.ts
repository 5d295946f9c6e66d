/**
 * IANA's numbers and names of what this build can negotiate: protocol versions, cipher
 * suites and groups. core/config/mbedtls_config.h decides what is in the module; this
 * table must name each of it. https://www.iana.org/assignments/tls-parameters/
 */

import { XtlsError } from "../errors.ts";

/** A protocol version: TLS 1.3 (RFC 8446), and nothing older. */
export type Version = "TLSv1.3";

/** A group for the key exchange. */
export type Group = "X25519" | "P-256" | "P-384";

/** Versions and their numbers on the wire. */
export const VERSIONS = { "TLSv1.3": 0x0304 } as const;

/** Groups and their numbers (NamedGroup, RFC 8446 §4.2.7). */
export const GROUPS = { X25519: 0x001d, "P-256": 0x0017, "P-384": 0x0018 } as const;

/** Cipher suites and their numbers, preferred ones first. */
// prettier-ignore
export const CIPHERSUITES = {
  "TLS_CHACHA20_POLY1305_SHA256": 0x1303,
  "TLS_AES_128_GCM_SHA256":       0x1301,
  "TLS_AES_256_GCM_SHA384":       0x1302,
} as const;

type Table = Readonly<Record<string, number>>;

/**
 * The numbers of a list of names, in its order.
 *
 * @throws XtlsError `invalid-argument` on an empty list or a name that the table lacks
 */
export function numbersOf(table: Table, names: readonly string[]): number[] {
  if (!Array.isArray(names))
    throw new XtlsError("invalid-argument", `A list of ${Object.keys(table).join(", ")} is wanted`);
  if (names.length === 0) throw new XtlsError("invalid-argument", "An empty list leaves nothing to negotiate");
  return names.map((name) => {
    if (Object.hasOwn(table, name)) return table[name] as number;
    throw new XtlsError("invalid-argument", `${JSON.stringify(name)} is none of ${Object.keys(table).join(", ")}`);
  });
}

/** The name of a number, or the number itself in hex. */
export function nameOf<T extends Table>(table: T, number: number): keyof T & string {
  const name = Object.keys(table).find((key) => table[key] === number);
  return name ?? `0x${number.toString(16).padStart(4, "0")}`;
}
