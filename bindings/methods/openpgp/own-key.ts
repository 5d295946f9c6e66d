/**
 * Our own OpenPGP key: read, unlocked, used once and wiped, in every run anew.
 *
 * Only the packet that signs is unlocked. What can be overwritten is; the armored text, the
 * passphrase and what the engine copied meanwhile are the garbage collector's.
 */
import type { Key, PrivateKey, SecretKeyPacket, SecretSubkeyPacket, Subkey } from "openpgp";
import { XtlsError } from "../../errors.ts";
import { strictRules, type Library } from "./library.ts";

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

/** @throws XtlsError `wrong-passphrase`; `invalid-argument` when this is no private key, or one that may not sign */
export async function sign(library: Library, { block, passphrase }: OwnKey, statement: Uint8Array): Promise<Proof> {
  const key = await read(library, block);
  try {
    await unlock(await signingPacket(library, key), passphrase);
    return { fingerprint: key.getFingerprint().toUpperCase(), signature: await signWith(library, key, statement) };
  } finally {
    wipe(key);
  }
}

async function read(library: Library, block: string | Uint8Array): Promise<PrivateKey> {
  try {
    if (typeof block === "string") return await library.readPrivateKey({ armoredKey: block });
    // A copy: wiping the key must not reach the caller's bytes.
    return await library.readPrivateKey({ binaryKey: block.slice() });
  } catch (cause) {
    throw new XtlsError("invalid-argument", "Our own OpenPGP key is not a private key that can be read", { cause });
  }
}

async function signingPacket(library: Library, key: PrivateKey): Promise<SecretKeyPacket | SecretSubkeyPacket> {
  const packet = secret(await signer(library, key));
  if (packet !== undefined && !packet.isMissingSecretKeyMaterial()) return packet;
  throw new XtlsError("invalid-argument", "The secret part of our own OpenPGP signing key is not here");
}

async function signer(library: Library, key: PrivateKey): Promise<Key | Subkey> {
  try {
    return await key.getSigningKey(undefined, new Date(), undefined, strictRules(library));
  } catch (cause) {
    throw new XtlsError("invalid-argument", `Our own OpenPGP key may not sign: ${(cause as Error).message}`, { cause });
  }
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

async function signWith(library: Library, key: PrivateKey, statement: Uint8Array): Promise<Uint8Array> {
  const message = await library.createMessage({ binary: statement });
  return library.sign({ message, signingKeys: key, detached: true, format: "binary", config: strictRules(library) });
}

/** What becomes a dummy is overwritten with zeros. */
function wipe(key: PrivateKey): void {
  for (const each of key.getKeys()) secret(each)?.makeDummy();
}

function secret({ keyPacket }: Key | Subkey): SecretKeyPacket | SecretSubkeyPacket | undefined {
  return "makeDummy" in keyPacket ? keyPacket : undefined;
}
