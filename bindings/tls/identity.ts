/**
 * An identity: a private key in the module, and the certificate that speaks for it.
 *
 * The key never leaves the module but by `toPEM` and, under a passphrase, `toEncryptedPEM`. What the certificate says is read once
 * and stays readable after disposal; it is public.
 */

import { requireBareJid } from "../base/jid.ts";
import { XtlsError } from "../errors.ts";
import type { Exports, IdentityPointer } from "../../wasm/abi.ts";
import { Certificate } from "./certificate.ts";
import { checkedOptions } from "./bytes.ts";
import type { Core } from "./core.ts";
import { explained, identityFault } from "./faults.ts";
import type { Memory } from "./memory.ts";
import { Owned } from "./owned.ts";
import { decryptKey, encryptKey } from "./pbes2.ts";
import { pemBlock, pemOf } from "./pem.ts";

const ENCRYPTED = "ENCRYPTED PRIVATE KEY";

/** What a new identity shall be. */
export interface IdentityOptions {
  /** The bare JID that the certificate shall name; it is written prepared (RFC 7622). */
  readonly jid: string;
  /** Days until the certificate expires, 1 to 36500. Default 3650. */
  readonly days?: number;
}

/** One end's private key and certificate chain. */
export class Identity {
  /** The module that holds the key; engines of this identity live there too. */
  readonly core: Core;
  /** Own certificate, DER. */
  readonly certificate: Uint8Array;
  /** Own certificate first, then those that lead to an authority; DER. */
  readonly chain: readonly Uint8Array[];
  /** SHA-256 of the certificate, upper-case hex with colons (XEP-0320). */
  readonly fingerprint: string;
  /** SHA-256 of SubjectPublicKeyInfo, written likewise. */
  readonly spkiFingerprint: string;
  /** SHA-1 of the certificate, 40 lower-case hex digits (XEP-0250). */
  readonly sha1: string;
  /** The certificate's JIDs (xmppAddr), in its order. */
  readonly jids: readonly string[];
  /** The first of them; empty when it names none. */
  readonly jid: string;
  /** @internal */
  readonly owned: Owned<IdentityPointer>;

  /**
   * Use `core.createIdentity`, `core.identityFromPEM` or `core.identityFromEncryptedPEM`.
   *
   * @internal
   * @throws XtlsError `invalid-certificate` when the certificate cannot be read
   */
  constructor(core: Core, address: IdentityPointer) {
    const { module, memory } = core;
    this.core = core;
    this.owned = new Owned(module, "Identity", address, module.xtls_identity_free, this);
    const own = new Certificate(module, memory, readChain(module, memory, address));
    this.certificate = own.der;
    this.chain = own.chain;
    this.fingerprint = own.fingerprint;
    this.spkiFingerprint = own.spkiFingerprint;
    this.sha1 = own.sha1;
    this.jids = own.jids;
    this.jid = own.jids[0] ?? "";
  }

  /**
   * Private key (PKCS#8) and certificate chain as PEM text. Whoever has it is this
   * identity: store it as you would a password.
   *
   * @throws XtlsError `disposed`
   */
  toPEM(): string {
    const { module, memory } = this.core;
    const { address } = this.owned;
    const pem = memory.collect((output, max) => module.xtls_identity_pem(address, output, max));
    const text = new TextDecoder().decode(pem);
    pem.fill(0);
    return text;
  }

  /**
   * The same with the private key encrypted (PKCS#8, PBES2: PBKDF2-HMAC-SHA-256 with 600000 rounds,
   * AES-256-CBC); `openssl pkey -passin` reads it.
   *
   * @param passphrase taken as UTF-8 of its NFC; not empty
   * @throws XtlsError `disposed`, `invalid-argument`, `platform-unsupported`
   */
  async toEncryptedPEM(passphrase: string): Promise<string> {
    const { module, memory } = this.core;
    const { address } = this.owned;
    const key = memory.collect((output, max) => module.xtls_identity_key(address, output, max));
    try {
      const encrypted = await encryptKey(key, passphrase);
      return [pemOf(ENCRYPTED, encrypted), ...this.chain.map((one) => pemOf("CERTIFICATE", one))].join("");
    } finally {
      key.fill(0);
    }
  }

  /** Zeroes the key in the module, once no engine uses it any more. */
  [Symbol.dispose](): void {
    this.owned.dispose();
  }
}

/** Makes a key and a certificate; @see Core.createIdentity */
export function createIdentity(core: Core, options: IdentityOptions): Identity {
  const { jid, days = 3650 } = checkedOptions(options);
  if (!Number.isInteger(days) || days < 1 || days > 36500) {
    throw new XtlsError("invalid-argument", "days is a whole number from 1 to 36500");
  }
  const { module, memory } = core;
  const address = memory.lendText(requireBareJid(jid), (block, length) =>
    memory.output((place) => module.xtls_identity_create(block, length, days, place)),
  );
  return new Identity(core, address as IdentityPointer);
}

/** Reads a key and its certificates; @see Core.identityFromPEM */
export function parseIdentity(core: Core, pem: string): Identity {
  if (isEncrypted(pem)) throw new XtlsError("wrong-passphrase", "There is no passphrase");
  const { module, memory } = core;
  const address = explained(
    () =>
      memory.lendText(pem, (block, length) =>
        memory.output((place) => module.xtls_identity_parse(block, length, place)),
      ),
    () => identityFault(core, pem),
  );
  return new Identity(core, address as IdentityPointer);
}

/** Reads an encrypted key and its certificates; @see Core.identityFromEncryptedPEM */
export async function decryptIdentity(core: Core, pem: string, passphrase: string): Promise<Identity> {
  if (!isEncrypted(pem)) return parseIdentity(core, pem);
  const encrypted = pemBlock(pem, ENCRYPTED);
  if (encrypted === undefined)
    throw new XtlsError("invalid-identity", "The encrypted private key is cut off or damaged");
  const key = await decryptKey(encrypted, passphrase);
  try {
    return joinIdentity(core, key, pem);
  } finally {
    key.fill(0);
  }
}

function joinIdentity(core: Core, key: Uint8Array, pem: string): Identity {
  const { module, memory } = core;
  const address = explained(
    () =>
      memory.lend(key, (keyBlock, keyLength) =>
        memory.lendText(pem, (block, length) =>
          memory.output((place) => module.xtls_identity_join(keyBlock, keyLength, block, length, place)),
        ),
      ),
    () => identityFault(core, pem, key),
  );
  return new Identity(core, address as IdentityPointer);
}

/** @throws XtlsError `invalid-argument`; `invalid-identity` for what OpenSSL wrote in earlier times */
function isEncrypted(pem: string): boolean {
  if (typeof pem !== "string") throw new XtlsError("invalid-argument", "PEM is a string");
  if (!pem.includes("Proc-Type: 4,ENCRYPTED")) return pem.includes(`-----BEGIN ${ENCRYPTED}-----`);
  throw new XtlsError(
    "invalid-identity",
    "The private key is encrypted in an old way: convert it (openssl pkcs8 -topk8)",
  );
}

function readChain(module: Exports, memory: Memory, identity: IdentityPointer): readonly [Uint8Array, ...Uint8Array[]] {
  return collectChain((index) =>
    memory.collect((output, max) => module.xtls_identity_certificate(identity, index, output, max)),
  );
}

/**
 * A chain from calls that give one certificate each and nothing past the end.
 *
 * @throws XtlsError `certificate-missing` when there is none
 */
export function collectChain(certificate: (index: number) => Uint8Array): readonly [Uint8Array, ...Uint8Array[]] {
  const first = certificate(0);
  if (first.length === 0) throw new XtlsError("certificate-missing");
  const chain: [Uint8Array, ...Uint8Array[]] = [first];
  for (let next = certificate(1); next.length > 0; next = certificate(chain.length)) chain.push(next);
  return chain;
}
