/**
 * An identity in a file: PEM, the key encrypted or not. For Node.
 *
 * Owns who may read and replace the file. What is in it is `Identity.toPEM`'s and `toEncryptedPEM`'s, so
 * OpenSSL reads it too, and files of OpenSSL's are read here.
 */

import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname, resolve } from "node:path";

import { replaceFile } from "./atomic-file.ts";
import { requireMethods, requireObject, requireShape } from "./base/shape.ts";
import { XtlsError } from "./errors.ts";
import { exposedFile, exposedWay, OTHERS } from "./own-path.ts";
import type { Core } from "./tls/core.ts";
import type { Identity } from "./tls/identity.ts";

export interface IdentityFileOptions {
  /** Of the private key; default: it is not encrypted. */
  readonly passphrase?: string;
}

/** More than ten certificates and the largest key need. */
const LARGEST = 0x40000;

/**
 * Reads an identity.
 *
 * @throws XtlsError `key-exposed` when others than this user (and root) may read, write or run the file, or could replace
 *   it or a folder on the way; not looked at on Windows. `file-not-found` when there is none yet, `file-failed`,
 *   `wrong-passphrase`, `invalid-identity`, `invalid-argument`, `platform-unsupported`
 */
export async function loadIdentity(core: Core, path: string, options: IdentityFileOptions = {}): Promise<Identity> {
  requireMethods(core, ["identityFromPEM"], "core is missing, or is not what loadCore gave");
  const { passphrase } = checkedOptions(path, options);
  const pem = await explained(path, readSecret(resolve(path)));
  return passphrase === undefined ? core.identityFromPEM(pem) : core.identityFromEncryptedPEM(pem, passphrase);
}

/**
 * Writes an identity, for its owner alone. A file that is there already is replaced whole: after a crash it
 * has the old contents or the new.
 *
 * @throws XtlsError `key-exposed` when others could replace the file or a folder on the way, or on a disk that keeps no
 *   permissions or owners (FAT, Windows' disks under WSL), since `loadIdentity` would refuse it there; `disposed`,
 *   `invalid-argument`, `platform-unsupported`; `file-not-found` when there is no such folder, `file-failed`
 */
export async function saveIdentity(identity: Identity, path: string, options: IdentityFileOptions = {}): Promise<void> {
  requireMethods(identity, ["toPEM"], "identity is what core.createIdentity gave");
  const { passphrase } = checkedOptions(path, options);
  const pem = passphrase === undefined ? identity.toPEM() : await identity.toEncryptedPEM(passphrase);
  if (Buffer.byteLength(pem) > LARGEST)
    throw new XtlsError("invalid-identity", "The certificate's chain is too long for a file");
  const place = resolve(path);
  await explained(path, write(place, pem));
}

async function write(place: string, pem: string): Promise<void> {
  await requireOwnWay(dirname(place));
  // What `loadIdentity` would refuse is not written, and nothing of the key before that is known.
  await replaceFile(place, pem, (file) => requireOwnFile(place, file));
}

/** @throws XtlsError `invalid-argument` */
function checkedOptions(path: string, options: IdentityFileOptions): IdentityFileOptions {
  requireShape(typeof path === "string" && path !== "" && !path.includes("\0"), "An identity in a file needs the file's path");
  requireObject(options, "The options of an identity file are an object");
  return options;
}

/** @throws XtlsError `file-not-found`, `file-failed` for what the file system throws */
async function explained<Result>(path: string, result: Promise<Result>): Promise<Result> {
  try {
    return await result;
  } catch (cause) {
    if (cause instanceof XtlsError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new XtlsError(code === "ENOENT" ? "file-not-found" : "file-failed", `"${path}": ${message}`, { cause });
  }
}

async function readSecret(path: string): Promise<string> {
  await requireOwnWay(path);
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)); // a pipe shall not hold us up
  try {
    const status = await file.stat();
    if (!status.isFile() || status.size > LARGEST) throw new XtlsError("invalid-identity", `"${path}" is no such file`);
    await requireOwnFile(path, file);
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}

async function requireOwnWay(path: string): Promise<void> {
  const problem = await exposedWay(path);
  if (problem !== undefined) throw new XtlsError("key-exposed", problem);
}

async function requireOwnFile(path: string, file: FileHandle): Promise<void> {
  const problem = await exposedFile(path, await file.stat(), OTHERS);
  if (problem !== undefined) throw new XtlsError("key-exposed", problem);
}
