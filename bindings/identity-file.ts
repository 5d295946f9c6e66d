/**
 * An identity in a file: PEM, the key encrypted or not. For Node.
 *
 * Owns who may read and replace the file. What is in it is `Identity.toPEM`'s and `toEncryptedPEM`'s, so
 * OpenSSL reads it too, and files of OpenSSL's are read here.
 */

import { constants, type Stats } from "node:fs";
import { open } from "node:fs/promises";
import { dirname, resolve } from "node:path";

import { replaceFile } from "./atomic-file.ts";
import { XtlsError } from "./errors.ts";
import { exposedFile, exposedWay } from "./own-path.ts";
import type { Core } from "./tls/core.ts";
import type { Identity } from "./tls/identity.ts";

export interface IdentityFileOptions {
  /** Of the private key; default: it is not encrypted. */
  readonly passphrase?: string;
}

/** Permissions of others than the owner. */
const OTHERS = 0o077;

/** More than ten certificates and the largest key need. */
const LARGEST = 0x40000;

/**
 * Reads an identity.
 *
 * @throws XtlsError `key-exposed` when others than this user (and root) may read, write or run the file, or could replace
 *   it or a folder on the way; not looked at on Windows. `wrong-passphrase`, `invalid-identity`, `invalid-argument`,
 *   `dependency-missing`
 * @throws Error of the file system, with its `code` (`ENOENT`: there is none yet)
 */
export async function loadIdentity(core: Core, path: string, options: IdentityFileOptions = {}): Promise<Identity> {
  const { passphrase } = options;
  const pem = await readSecret(resolve(path));
  return passphrase === undefined ? core.identityFromPEM(pem) : core.identityFromEncryptedPEM(pem, passphrase);
}

/**
 * Writes an identity, for its owner alone. A file that is there already is replaced whole: after a crash it
 * has the old contents or the new.
 *
 * @throws XtlsError `key-exposed` when others could replace the file or a folder on the way; `disposed`,
 *   `invalid-argument`, `dependency-missing`
 * @throws Error of the file system, with its `code`
 */
export async function saveIdentity(identity: Identity, path: string, options: IdentityFileOptions = {}): Promise<void> {
  const { passphrase } = options;
  const pem = passphrase === undefined ? identity.toPEM() : await identity.toEncryptedPEM(passphrase);
  if (Buffer.byteLength(pem) > LARGEST)
    throw new XtlsError("invalid-identity", "The certificate's chain is too long for a file");
  const place = resolve(path);
  await requireOwnWay(dirname(place));
  await replaceFile(place, pem);
}

async function readSecret(path: string): Promise<string> {
  await requireOwnWay(path);
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)); // a pipe shall not hold us up
  try {
    const status = await file.stat();
    if (!status.isFile() || status.size > LARGEST) throw new XtlsError("invalid-identity", `"${path}" is no such file`);
    refuseExposed(path, status);
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}

async function requireOwnWay(path: string): Promise<void> {
  const problem = await exposedWay(path);
  if (problem !== undefined) throw new XtlsError("key-exposed", problem);
}

/** Windows has no such bits. */
function refuseExposed(path: string, status: Stats): void {
  const { mode } = status;
  if (process.platform !== "win32" && (mode & OTHERS) !== 0)
    throw new XtlsError("key-exposed", `"${path}" has mode ${(mode & 0o777).toString(8).padStart(4, "0")}: chmod 600`);
  const problem = exposedFile(path, status);
  if (problem !== undefined) throw new XtlsError("key-exposed", problem);
}
