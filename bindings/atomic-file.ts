/**
 * A file that is replaced whole or not at all, whatever becomes of the process meanwhile. For Node.
 *
 * Owns the order of things: a new file beside the old one, its bytes on the disk, then its name.
 * Whoever reads finds the old contents or the new. Knows nothing of what is in it.
 */

import { randomBytes } from "node:crypto";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { flushFile, flushFolder } from "./flush.ts";

/** Readable and writable by its owner alone. */
const MODE = 0o600;

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
  const draft = join(folder, `.${basename(path)}.${randomBytes(6).toString("hex")}.part`);
  try {
    await write(draft, contents, requireFit);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  await flushFolder(folder);
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
