/**
 * A file for the trust store, for Node: replaced as a whole, so that there is always the old or the new text.
 *
 * The draft is written and flushed, then renamed over the file, then the folder is flushed. The file is
 * its owner's alone (0600), and refused when it is anything else than such a file, or lies where others could
 * replace it: others must not be able to say whom this user trusts. Knows nothing of what the text says.
 */
import { constants, type Stats } from "node:fs";
import { type FileHandle, mkdir, open, rename } from "node:fs/promises";
import { dirname, resolve } from "node:path";

import { XtlsError } from "../errors.ts";
import { flushFile, flushFolder } from "../flush.ts";
import { exposedFile, exposedWay } from "../own-path.ts";
import { dropDraft, takeDraft } from "./draft.ts";
import type { TrustStorage } from "./storage.ts";

/** Ten thousand keys with full histories are larger than this; ten thousand real ones are not. */
const BYTES_AT_MOST = 64 * 1024 * 1024;

/** In words, what the file system said in a code. */
const FAULTS: Readonly<Record<string, string>> = {
  EACCES: "may not be read or written by this user",
  EDQUOT: "does not fit: the disk quota is used up",
  EISDIR: "is a folder",
  ELOOP: "is a symbolic link: name the file itself",
  ENOSPC: "does not fit: the disk is full",
  ENOTDIR: "lies in what is no folder",
  EPERM: "may not be read or written by this user",
  EROFS: "is on a disk that cannot be written",
};

/**
 * Keeps the trust store in a file. Several processes may use it at once. Not for network file systems, which do not
 * always keep their promises about renaming. The file, and every folder on the way to it, must belong to this user or to
 * root, and nobody else may write them (folders with the sticky bit excepted); on Windows that is not looked at. So it cannot be on a
 * disk where all may write everything, as Windows' disks are under WSL.
 * @param path of the file; its folder is made (0700) when it is missing
 * @throws XtlsError `invalid-argument` when it is no path
 */
export function fileStorage(path: string): TrustStorage {
  if (typeof path !== "string" || path === "")
    throw new XtlsError("invalid-argument", "A trust store in a file needs the file's path");
  const file = resolve(path);
  return {
    read: () => explained(file, read(file)),
    update: (change) => explained(file, update(file, change)),
  };
}

async function read(file: string): Promise<string | undefined> {
  await requireOwnFolder(file);
  // Neither followed to where a link leads nor held up by what is no file.
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  const handle = await open(file, flags).catch(undefinedIfMissing);
  if (handle === undefined) return undefined;
  try {
    await requireOwn(file, await handle.stat());
    return new TextDecoder("utf-8", { fatal: true }).decode(await handle.readFile());
  } finally {
    await handle.close();
  }
}

async function update(file: string, change: Parameters<TrustStorage["update"]>[0]): Promise<void> {
  await requireOwnFolder(file); // as far as it is there: nothing is made where others can exchange it
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await requireOwnFolder(file);
  while (!(await replace(file, change)));
}

/** @returns false when somebody thought us gone, and took the draft from us */
async function replace(file: string, change: Parameters<TrustStorage["update"]>[0]): Promise<boolean> {
  const draft = await takeDraft(file);
  try {
    const text = change(await read(file));
    if (text === undefined) return true;
    if (Buffer.byteLength(text) > BYTES_AT_MOST)
      throw new XtlsError("limit-exceeded", `The trust store ${file} would be too large`);
    const handle = await open(draft, "r+").catch(undefinedIfMissing);
    if (handle === undefined) return false;
    await fill(handle, text, file);
    const isPublished = await rename(draft, file).then(() => true, undefinedIfMissing);
    if (isPublished) await flushFolder(dirname(file));
    return isPublished ?? false;
  } finally {
    await dropDraft(draft);
  }
}

/** Looks at the draft as a reader will look at the file: what would be refused is not published. */
async function fill(handle: FileHandle, text: string, file: string): Promise<void> {
  try {
    await handle.writeFile(text);
    await flushFile(handle);
    await requireOwn(file, await handle.stat());
  } finally {
    await handle.close();
  }
}

async function requireOwnFolder(file: string): Promise<void> {
  const problem = await exposedWay(dirname(file));
  if (problem !== undefined)
    throw new XtlsError("store-damaged", `The trust store ${file} lies where others can replace it: ${problem}`);
}

async function requireOwn(file: string, status: Stats): Promise<void> {
  if (!status.isFile()) throw new XtlsError("store-damaged", "The trust store's place is taken by what is no file");
  if (status.size > BYTES_AT_MOST) throw new XtlsError("store-damaged", "The trust store's file is far too large");
  const problem = await exposedFile(file, status);
  if (problem !== undefined) throw new XtlsError("store-damaged", `The trust store's file ${problem}`);
}

function undefinedIfMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}

async function explained<Result>(file: string, result: Promise<Result>): Promise<Result> {
  try {
    return await result;
  } catch (cause) {
    if (cause instanceof XtlsError) throw cause;
    const { code = "", message } = cause as NodeJS.ErrnoException;
    throw new XtlsError("store-damaged", `The trust store ${file} ${FAULTS[code] ?? `failed: ${message}`}`, { cause });
  }
}
