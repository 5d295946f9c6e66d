/**
 * A file that is replaced whole or not at all, whatever becomes of the process meanwhile. For Node.
 *
 * Owns the order of things: a new file beside the old one, its bytes on the disk, then its name.
 * Whoever reads finds the old contents or the new. What a crash left of a new file, which may be a key, goes with the next
 * one. Knows nothing of what is in it.
 */

import { randomBytes } from "node:crypto";
import { type FileHandle, lstat, open, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { flushFile, flushFolder } from "./flush.ts";
import { ownUser } from "./own-path.ts";

/** Readable and writable by its owner alone. */
const MODE = 0o600;

/** Milliseconds; nobody takes so long to write one. */
const WRITTEN_WITHIN = 60_000;
const PART = ".part";
const RANDOM = /^[0-9a-f]{12}$/;

/**
 * Replaces the file's contents, or makes the file; nobody but its owner can read it, if the disk keeps that.
 *
 * @param requireFit looks at the new file before anything is in it, and throws when it is not what it should be
 * @throws Error of the file system, with its `code`, or of `requireFit`; then the old contents stay
 */
export async function replaceFile(
  path: string,
  contents: string | Uint8Array,
  requireFit: (file: FileHandle) => Promise<void>,
): Promise<void> {
  const folder = dirname(path);
  const start = `.${basename(path)}.`;
  const draft = join(folder, `${start}${randomBytes(6).toString("hex")}${PART}`);
  try {
    await write(draft, contents, requireFit);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  await flushFolder(folder);
  await sweep(folder, start);
}

/** Removes what writers that crashed have left, this user's alone. What cannot be removed stays. */
async function sweep(folder: string, start: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const isDraft = name.startsWith(start) && name.endsWith(PART) && RANDOM.test(name.slice(start.length, -PART.length));
    if (isDraft && (await isLeft(join(folder, name)))) await rm(join(folder, name), { force: true }).catch(() => undefined);
  }
}

async function isLeft(path: string): Promise<boolean> {
  const status = await lstat(path).catch(() => undefined);
  if (status?.isFile() !== true || Math.abs(Date.now() - status.mtimeMs) < WRITTEN_WITHIN) return false;
  return ownUser() === undefined || status.uid === ownUser();
}

async function write(path: string, contents: string | Uint8Array, requireFit: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(path, "wx", MODE);
  try {
    await requireFit(file);
    await file.writeFile(contents);
    await flushFile(file);
  } finally {
    await file.close();
  }
}
