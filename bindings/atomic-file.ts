/**
 * A file that is replaced whole or not at all, whatever becomes of the process meanwhile. For Node.
 *
 * Owns the order of things: a new file beside the old one, its bytes on the disk, then its name.
 * Whoever reads finds the old contents or the new. Knows nothing of what is in it.
 */

import { randomBytes } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** Readable and writable by its owner alone. */
const MODE = 0o600;

/**
 * Replaces the file's contents, or makes the file; nobody but its owner can read it.
 *
 * @throws Error of the file system, with its `code`; then the old contents stay
 */
export async function replaceFile(path: string, contents: string | Uint8Array): Promise<void> {
  const folder = dirname(path);
  const draft = join(folder, `.${basename(path)}.${randomBytes(6).toString("hex")}.part`);
  try {
    await write(draft, contents);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  await settle(folder);
}

async function write(path: string, contents: string | Uint8Array): Promise<void> {
  const file = await open(path, "wx", MODE);
  try {
    await file.writeFile(contents);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The name is in the folder, which has to reach the disk too. Windows cannot open folders, and needs not. */
async function settle(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const directory = await open(folder, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
