/**
 * Makes what was written stay, also when the machine loses its power. For Node.
 *
 * By `fsync` of the descriptor: Yarn's Plug'n'Play has file handles without `sync`. Knows nothing of what was written.
 */

import { fsync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { promisify } from "node:util";

/** What file systems say that cannot flush a folder, or do so unasked. */
const NEEDLESS: readonly unknown[] = ["EINVAL", "ENOTSUP", "ENOSYS"];

/** The bytes of an open file. */
export async function flushFile({ fd }: FileHandle): Promise<void> {
  await promisify(fsync)(fd);
}

/** The names in a folder. Windows cannot open folders, and needs not. */
export async function flushFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await flushFile(folder);
  } catch (error) {
    if (!NEEDLESS.includes((error as NodeJS.ErrnoException).code)) throw error;
  } finally {
    await folder.close();
  }
}
