/**
 * Disks that are not mounted here: one that shows the same mode for everything, as FAT and Windows' disks under WSL do, or another
 * owner. The file system below is real; what it says of owners and modes is changed.
 */

import type { Stats } from "node:fs";
import promises, { type FileHandle } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { resolve, sep } from "node:path";

/** What the disk shows instead. */
export interface Shown {
  readonly files?: number;
  readonly folders?: number;
  /** Of what is made on it; default: whoever it is. */
  readonly owner?: number;
}

const TYPE = 0o170000;

/** While `body` runs, all below the folder, and the folder itself, is on such a disk. */
export async function onDisk<Result>(root: string, shown: Shown, body: () => Promise<Result>): Promise<Result> {
  const { lstat, open } = promises;
  const opened = await prototypeOfHandles();
  const { stat } = opened;
  const places = new WeakMap<FileHandle, string>();
  const seen = (path: string, status: Stats): Stats => {
    const isOn = path === root || path.startsWith(root + sep);
    const mode = status.isDirectory() ? shown.folders : shown.files;
    if (isOn && mode !== undefined && !status.isSymbolicLink()) status.mode = (status.mode & TYPE) | mode;
    if (isOn && path !== root && shown.owner !== undefined) status.uid = shown.owner;
    return status;
  };
  Object.assign(promises, {
    lstat: async (path: string) => seen(resolve(path), await lstat(path)),
    open: async (path: string, ...rest: [string, number?]) => {
      const handle = await open(path, ...rest);
      places.set(handle, resolve(path));
      return handle;
    },
  });
  opened.stat = async function (this: FileHandle) {
    return seen(places.get(this) ?? "", (await stat.call(this)) as Stats);
  } as FileHandle["stat"];
  syncBuiltinESMExports();
  try {
    return await body();
  } finally {
    Object.assign(promises, { lstat, open });
    opened.stat = stat;
    syncBuiltinESMExports();
  }
}

/** What all file handles have in common. */
export async function prototypeOfHandles(): Promise<FileHandle> {
  const handle = await promises.open(tmpdir(), "r");
  await handle.close();
  return Object.getPrototypeOf(handle) as FileHandle;
}
