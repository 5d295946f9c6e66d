/**
 * Certificate authorities: whom to believe about other people's keys, and what they revoked.
 *
 * Verification of a chain is RFC 5280 §6 as the core has it (core/authorities.h): signatures, dates,
 * CA flag, path length, usages, revocation lists, strength. Names are not judged here: that is
 * the trust policy's work.
 */

import { XtlsError } from "../errors.ts";
import type { AuthoritiesPointer, Exports } from "../../wasm/abi.ts";
import { checkedBytes } from "./bytes.ts";
import { joined, type Memory } from "./memory.ts";
import { Owned } from "./owned.ts";
import { checked, STATUS } from "./status.ts";

/** PEM with any number of CA certificates and revocation lists (`X509 CRL`), or the DER of one of either. */
export type AuthoritySource = string | Uint8Array;

/** Where authorities come from. The first names at least one certificate. */
export type AuthoritySources = AuthoritySource | readonly AuthoritySource[];

/** MBEDTLS_X509_BADCERT_* and _BADCRL_* (mbedtls/x509.h), XTLS_PROBLEM_* (core/authorities.h): what can be wrong with a chain. */
// prettier-ignore
const PROBLEMS: Readonly<Record<number, string>> = {
  0x0001:  "expired",
  0x0002:  "revoked",
  0x0004:  "wrong name",
  0x0008:  "not issued by a configured authority",
  0x0010:  "revocation list not trusted",
  0x0020:  "revocation list expired",
  0x0040:  "missing",
  0x0080:  "not verified",
  0x0100:  "refused",
  0x0200:  "not yet valid",
  0x0400:  "revocation list not yet valid",
  0x0800:  "keyUsage does not allow this",
  0x1000:  "extendedKeyUsage does not allow this",
  0x2000:  "nsCertType does not allow this",
  0x4000:  "weak hash",
  0x8000:  "key type not accepted",
  0x10000: "weak key or curve, or a key longer than is taken",
  0x20000: "revocation list with a weak hash",
  0x40000: "revocation list with a key type not accepted",
  0x80000: "revocation list with a weak key or curve",
  0x1000000: "issued under name constraints, which cannot be checked",
  0x2000000: "without a revocation list of its issuer",
  0x4000000: "too far from an authority",
};

/** The problems of a set of bits, in words. */
export function problemsOf(bits: number): readonly string[] {
  const named = Object.entries(PROBLEMS).filter(([bit]) => bits & Number(bit));
  const rest = named.reduce((left, [bit]) => left & ~Number(bit), bits);
  return named.map(([, problem]) => problem).concat(rest === 0 ? [] : `problem 0x${(rest >>> 0).toString(16)}`);
}

/** A set of CA certificates and revocation lists, in the module until disposed of. Engines keep what they use. */
export class Authorities {
  /** @internal */
  readonly owned: Owned<AuthoritiesPointer>;
  readonly #module: Exports;
  readonly #memory: Memory;

  /**
   * Use `core.authorities(sources)`.
   *
   * @internal
   * @throws XtlsError `invalid-certificate`, `invalid-argument`, `out-of-memory`
   */
  constructor(module: Exports, memory: Memory, sources: AuthoritySources) {
    const [first, ...others] = [sources].flat().map(bytesOf);
    if (first === undefined) throw new XtlsError("invalid-argument", "There is no authority");
    const address = memory.lend(first, (block, length) =>
      memory.output((place) => module.xtls_authorities_parse(block, length, place)),
    );
    this.owned = new Owned(module, "Authorities", address as AuthoritiesPointer, module.xtls_authorities_free, this);
    this.#module = module;
    this.#memory = memory;
    for (const source of others) this.#add(source);
  }

  #add(source: Uint8Array): void {
    const { address } = this.owned;
    const status = this.#memory.lend(source, (block, length) =>
      this.#module.xtls_authorities_add(address, block, length),
    );
    if (status !== STATUS.ok) this.owned.dispose();
    checked(status);
  }

  /**
   * Verifies a chain against these authorities now. With any revocation list among them, every
   * certificate needs a valid one of its issuer.
   *
   * @param chain DER, own certificate first
   * @returns what is wrong with it; empty when it is trusted
   * @throws XtlsError `invalid-certificate`, `disposed`, `out-of-memory`
   */
  verify(chain: readonly Uint8Array[]): readonly string[] {
    if (!Array.isArray(chain)) throw new XtlsError("invalid-argument", "A chain is a list of certificates");
    const bits = this.#memory.lend(joined(chain), (block, length) =>
      this.#memory.output((place) => this.#module.xtls_authorities_verify(this.owned.address, block, length, place)),
    );
    return problemsOf(bits);
  }

  /** Frees it in the module; engines that use it go on. */
  [Symbol.dispose](): void {
    this.owned.dispose();
  }
}

const bytesOf = (source: AuthoritySource): Uint8Array =>
  typeof source === "string" ? new TextEncoder().encode(source) : checkedBytes(source);
