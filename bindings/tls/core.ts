/**
 * One instance of the module, and what can be made in it.
 *
 * Any number of engines share it. Everything that is made here stays in this instance's
 * memory; an object of one core is of no use to another.
 */

import { XtlsError } from "../errors.ts";
import type { Exports } from "../../wasm/abi.ts";
import { AuthoritiesCache } from "./authorities-cache.ts";
import { Authorities, type AuthoritySources } from "./authorities.ts";
import { checkedBytes } from "./bytes.ts";
import { Certificate } from "./certificate.ts";
import { authenticate, digest } from "./digest.ts";
import { Engine } from "./engine.ts";
import { createIdentity, decryptIdentity, Identity, parseIdentity, type IdentityOptions } from "./identity.ts";
import { authoritiesFault, certificateFault, explained } from "./faults.ts";
import { Memory } from "./memory.ts";
import type { EngineOptions } from "./options.ts";
import { Tickets, type TicketsOptions } from "./tickets.ts";

/** Use `loadCore`. */
export class Core {
  /** @internal */
  readonly module: Exports;
  /** @internal */
  readonly memory: Memory;
  /** @internal Authorities that were given as sources. */
  readonly knownAuthorities: AuthoritiesCache;

  /** @internal */
  constructor(module: Exports) {
    this.module = module;
    this.memory = new Memory(module);
    this.knownAuthorities = new AuthoritiesCache((sources) => this.authorities(sources));
  }

  /**
   * Makes a P-256 key from the platform's randomness and a self-signed certificate that
   * names `jid`.
   *
   * @throws XtlsError `invalid-jid`, `invalid-argument`, `randomness-missing`, `out-of-memory`
   */
  createIdentity(options: IdentityOptions): Identity {
    return createIdentity(this, options);
  }

  /**
   * Reads one unencrypted private key (EC or RSA; PKCS#8 of either version, with attributes or not, SEC 1 or PKCS#1) and
   * one or more certificates, at most ten, the key's own first.
   *
   * @throws XtlsError `invalid-identity`, `invalid-certificate`, `out-of-memory`; `wrong-passphrase` when the key
   *   is encrypted
   */
  identityFromPEM(pem: string): Identity {
    return parseIdentity(this, pem);
  }

  /**
   * The same with a private key under a passphrase: PKCS#8 with PBKDF2 and AES-CBC, as `toEncryptedPEM` and
   * `openssl pkcs8 -topk8 -v2 aes-256-cbc` write it. A key that is not encrypted is read as well.
   *
   * @param passphrase tried as UTF-8 of its NFC, then as it is
   * @throws XtlsError `wrong-passphrase`, also for damage that cannot be told from it; `invalid-identity`, also when
   *   the key is encrypted in another way; `invalid-argument`, `platform-unsupported`, `out-of-memory`
   */
  identityFromEncryptedPEM(pem: string, passphrase: string): Promise<Identity> {
    return decryptIdentity(this, pem, passphrase);
  }

  /**
   * Reads somebody's certificate.
   *
   * @param der copied
   * @throws XtlsError `invalid-certificate`, `out-of-memory`
   */
  certificate(der: Uint8Array): Certificate {
    const own = checkedBytes(der).slice();
    return explained(
      () => new Certificate(this.module, this.memory, [own]),
      () => certificateFault(this, own)?.replace(/^/, "The certificate: "),
    );
  }

  /**
   * Reads CA certificates, and the lists of what they revoked.
   *
   * @param sources PEM or DER; the first has at least one certificate
   * @throws XtlsError `invalid-certificate`, `invalid-argument`, `out-of-memory`
   */
  authorities(sources: AuthoritySources): Authorities {
    return explained(
      () => new Authorities(this.module, this.memory, sources),
      () => authoritiesFault(this, [sources].flat()),
    );
  }

  /**
   * Verifies a chain now: signatures, dates, usages and revocation, not names.
   *
   * @param chain DER, own certificate first, as in `engine.peer.chain`
   * @returns what is wrong with it; empty when it leads to one of `authorities`
   * @throws XtlsError `invalid-certificate`, `disposed`
   */
  verifyChain(chain: readonly Uint8Array[], authorities: Authorities): readonly string[] {
    if (!(authorities instanceof Authorities)) {
      throw new XtlsError("invalid-argument", "The authorities are not what core.authorities() made");
    }
    return authorities.verify(chain);
  }

  /**
   * Makes a responder's memory of sessions.
   *
   * @throws XtlsError `invalid-argument`, `out-of-memory`
   */
  tickets(options: TicketsOptions = {}): Tickets {
    return new Tickets(this.module, this.memory, options);
  }

  /**
   * Makes one TLS endpoint. An initiator's first bytes are ready to drain.
   *
   * @throws XtlsError `invalid-argument`, `disposed`, `out-of-memory`, `randomness-missing`
   */
  engine(options: EngineOptions): Engine {
    if (!(options?.identity instanceof Identity) || options.identity.core !== this) {
      throw new XtlsError("invalid-argument", "The identity is none, or of another core");
    }
    return new Engine(this, options);
  }

  /**
   * SHA-256 (FIPS 180-4), synchronously.
   *
   * @returns 32 bytes
   * @throws XtlsError `out-of-memory`
   */
  sha256(bytes: Uint8Array): Uint8Array {
    return digest(this, bytes);
  }

  /**
   * HMAC-SHA-256 (RFC 2104), synchronously. Compare with `equal`, which takes the same time wherever two differ.
   *
   * @param key of any length; zeroed in the module afterwards
   * @returns 32 bytes
   * @throws XtlsError `out-of-memory`
   */
  hmac(key: Uint8Array, message: Uint8Array): Uint8Array {
    return authenticate(this, key, message);
  }

  /** Bytes in live blocks of the module's heap: this is what engines cost. */
  get heapUsed(): number {
    return this.module.xtls_heap_used();
  }
}
