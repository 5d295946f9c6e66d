/**
 * Two users of one machine, for tests that root runs: what is done as one of them is done without root's rights.
 */

import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Numbers that need no name. */
export const VICTIM = 4001;
export const MALLORY = 4002;
export const ROOT = 0;

export const isRoot = process.geteuid?.() === ROOT;

/** Does something with the rights of a user. */
export async function as<Result>(user: number, done: () => Promise<Result>): Promise<Result> {
  process.seteuid!(user);
  try {
    return await done();
  } finally {
    process.seteuid!(ROOT);
  }
}

const made: string[] = [];

/** Removes all folders that were made here. */
export async function removeFolders(): Promise<void> {
  for (const folder of made.splice(0)) await rm(folder, { recursive: true });
}

/** A new folder of somebody's, in a new folder of root's below /tmp. */
export async function folderOf(owner: number, mode = 0o755): Promise<string> {
  const above = await mkdtemp(join(tmpdir(), "xtls-users-"));
  made.push(above);
  await chmod(above, 0o755);
  return folderIn(above, "folder", owner, mode);
}

export async function folderIn(above: string, name: string, owner: number, mode = 0o755): Promise<string> {
  const path = join(above, name);
  await mkdir(path);
  await chown(path, owner, owner);
  await chmod(path, mode);
  return path;
}

export async function fileIn(folder: string, name: string, owner: number, text: string, mode = 0o600): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  await chown(path, owner, owner);
  await chmod(path, mode);
  return path;
}
