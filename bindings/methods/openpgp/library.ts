/**
 * The package `openpgp` (OpenPGP.js 6, RFC 9580): an optional peer, loaded when the method first runs.
 *
 * Its rules are ours, whatever the application has set in the package's global configuration.
 * Only types are imported ahead, and none of them is in a public declaration.
 */
import type * as OpenPgp from "openpgp";
import { withSubtle } from "../../base/platform.ts";
import { XtlsError } from "../../errors.ts";

export type Library = typeof OpenPgp;

const WHAT = "The method openpgp";

/** @throws XtlsError `dependency-missing`; `platform-unsupported` without WebCrypto, for which the package would blame a key or a signature */
export async function loadLibrary(): Promise<Library> {
  return withSubtle(WHAT, () =>
    // The `.catch` stands here for bundlers too: with it a missing package is no error before run time.
    import("openpgp").catch((cause: unknown) => {
      throw new XtlsError("dependency-missing", `${WHAT} needs the package openpgp: npm install openpgp@6`, { cause });
    }),
  );
}

/** What we accept of anybody's key or signature, and of our own. */
export function strictRules({ config, enums: { hash, publicKey, curve } }: Library): OpenPgp.Config {
  return {
    ...config,
    // Also for self-certifications: a chosen-prefix collision in SHA-1 moves one from a user ID to another.
    rejectHashAlgorithms: new Set([hash.md5, hash.sha1, hash.ripemd, hash.sha224]),
    rejectPublicKeyAlgorithms: new Set([publicKey.elgamal, publicKey.dsa]),
    rejectCurves: new Set([curve.secp256k1]),
    minRSABits: 2048,
    preferredHashAlgorithm: hash.sha512,
    allowMissingKeyFlags: false,
    allowInsecureVerificationWithReformattedKeys: false,
    enableParsingV5Entities: false,
    ignoreMalformedPackets: false,
    additionalAllowedPackets: [],
    knownNotations: [],
  };
}

/** The hashes that count for something. RFC 9580 §9.5. */
export function isStrong({ enums: { hash } }: Library, algorithm: number | null): boolean {
  const strong: readonly (number | null)[] = [hash.sha256, hash.sha384, hash.sha512, hash.sha3_256, hash.sha3_512];
  return strong.includes(algorithm);
}
