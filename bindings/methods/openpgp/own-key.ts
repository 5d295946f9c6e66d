/**
 * Our own OpenPGP key: read, unlocked, used once and wiped, in every run anew.
 *
 * Only the packet that signs is unlocked. What can be overwritten is; the armored text, the
 * passphrase and what the engine copied meanwhile are the garbage collector's.
 */
import type { PrivateKey, SecretKeyPacket, SecretSubkeyPacket } from "openpgp";
import { XtlsError } from "../../errors.ts";
import { checkedBytes } from "../../tls/bytes.ts";
import { timeFor } from "./clocks.ts";
import { signingFault } from "./known-key.ts";
import { strictRules, type Library } from "./library.ts";
import { readSections, type Section } from "./packets.ts";
import { isKeyRevoked } from "./revocation.ts";
import { primaryFault } from "./self-signature.ts";
import { assemble, fingerprintOf, saysTooMuch, toPrivateKey, type TransferableKey } from "./transferable-key.ts";

export interface OwnKey {
  /** Armored or binary; still locked, if it is. */
  readonly block: string | Uint8Array;
  /** Asked only when the signing key is locked. */
  readonly passphrase: () => Promise<string | undefined>;
}

export interface Proof {
  /** Of the primary key, upper-case hex: 40 digits (version 4) or 64 (version 6). */
  readonly fingerprint: string;
  /** One detached, binary signature packet. */
  readonly signature: Uint8Array;
}

/**
 * @throws XtlsError `wrong-passphrase`; `invalid-argument` when this is not one private key, or one that may not sign: then
 *   no peer with our rules would believe it
 */
export async function sign(library: Library, { block, passphrase }: OwnKey, statement: Uint8Array): Promise<Proof> {
  const sections = await read(library, block);
  try {
    const { key, asPackage } = await privateKey(library, sections);
    await unlock(await signingPacket(library, key, asPackage), passphrase);
    return { fingerprint: key.fingerprint, signature: await signWith(library, asPackage, statement, timeFor(key)) };
  } finally {
    wipe(sections);
  }
}

async function read(library: Library, block: string | Uint8Array): Promise<readonly Section[]> {
  // A copy: wiping the key must not reach the caller's bytes.
  const own = typeof block === "string" ? block : checkedBytes(block).slice();
  return readSections(library, own).catch((cause: unknown) => {
    throw invalid("is not a private key that can be read", cause);
  });
}

/** The one private key, with what its public copies beside it say: a newer expiry, a revocation. */
async function privateKey(
  library: Library,
  sections: readonly Section[],
): Promise<{ key: TransferableKey; asPackage: PrivateKey }> {
  const primaries = sections.flatMap(({ primary }) =>
    primary instanceof library.SecretKeyPacket ? fingerprintOf(primary) : [],
  );
  const [fingerprint, ...more] = new Set(primaries);
  if (more.length > 0) throw invalid("is more than one private key: give the one that is to sign");
  const key = fingerprint === undefined ? undefined : assemble(library, sections, fingerprint);
  const asPackage = key && toPrivateKey(library, key);
  if (key === undefined || asPackage === undefined) throw invalid("is not a private key");
  if (saysTooMuch(key)) throw invalid("has more self-signatures than are looked at");
  if (await isKeyRevoked(library, key, sections)) throw invalid("is revoked");
  return { key, asPackage };
}

async function signingPacket(
  library: Library,
  key: TransferableKey,
  asPackage: PrivateKey,
): Promise<SecretKeyPacket | SecretSubkeyPacket> {
  const signer = await asPackage
    .getSigningKey(undefined, timeFor(key), undefined, strictRules(library))
    .catch((cause: Error) => {
      throw invalid(`may not sign: ${cause.message}`, cause);
    });
  const fault = (await primaryFault(library, key)) ?? (await signingFault(library, key, signer));
  if (fault !== undefined) throw invalid(`may not sign: ${fault}`);
  const packet = signer.keyPacket;
  if (isSecret(packet) && !packet.isMissingSecretKeyMaterial()) return packet;
  throw new XtlsError("invalid-argument", "The secret part of our own OpenPGP signing key is not here");
}

async function unlock(packet: SecretKeyPacket | SecretSubkeyPacket, passphrase: OwnKey["passphrase"]): Promise<void> {
  if (packet.isDecrypted()) return;
  const words = await passphrase();
  if (words === undefined) throw new XtlsError("wrong-passphrase", "Our own OpenPGP key is locked");
  try {
    await packet.decrypt(words);
    // Its public half is not covered by the lock: a forged one would make the signature betray the secret half.
    await packet.validate();
  } catch (cause) {
    throw new XtlsError("wrong-passphrase", "Our own OpenPGP key stays locked", { cause });
  }
}

async function signWith(library: Library, key: PrivateKey, statement: Uint8Array, date: Date): Promise<Uint8Array> {
  const message = await library.createMessage({ binary: statement });
  return library.sign({ message, signingKeys: key, date, detached: true, format: "binary", config: strictRules(library) });
}

/** What becomes a dummy is overwritten with zeros. */
function wipe(sections: readonly Section[]): void {
  for (const packet of sections.flatMap(({ packets }) => packets)) if (isSecret(packet)) packet.makeDummy();
}

function isSecret(packet: object): packet is SecretKeyPacket | SecretSubkeyPacket {
  return "makeDummy" in packet;
}

function invalid(why: string, cause?: unknown): XtlsError {
  return new XtlsError("invalid-argument", `Our own OpenPGP key ${why}`, { cause });
}
