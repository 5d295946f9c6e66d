/**
 * The one draft of a file's next version: whoever holds it may write, and to publish is to give it up.
 *
 * Beside `trust.json` the folder `trust.json.draft` holds at most one file, named after the process that
 * writes it. To take the draft is to rename a folder of one's own, with that file in it, to this name: a
 * folder that holds a file cannot be replaced. To publish is to rename the file over the old version.
 * Who crashed or sleeps is found by name and age, and removing its file by that name cannot hit anybody
 * else's. If it wakes up, its own rename fails, and it starts anew: a wrong guess costs time, never data.
 * What another user left there is neither waited for nor touched. POSIX rename(2). Knows nothing of what is written.
 */
import { createHash, randomUUID } from "node:crypto";
import { readlinkSync } from "node:fs";
import { lstat, mkdir, open, readdir, rename, rmdir, unlink } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { XtlsError } from "../errors.ts";
import { ownUser } from "../own-path.ts";

/** Milliseconds. A draft is held for the time of one write; who holds it for longer has crashed or sleeps. */
const HELD_AT_MOST = 10_000;
const WAIT_AT_MOST = 30_000;
const LOOK_EVERY = 8;

/** What rename(2) says when the other folder holds a file, here and on Windows. */
const TAKEN = ["ENOTEMPTY", "EEXIST", "EPERM", "EACCES"];

/** Where process ids mean the same: this machine, and on it this container. */
const PLACE = createHash("sha256").update(`${hostname()} ${pidNamespace()}`).digest("hex").slice(0, 8);

/**
 * Waits until nobody else holds the draft, and takes it.
 * @returns where the draft is: an empty file with mode 0600. To publish it rename it; then, or else, `dropDraft`.
 * @throws XtlsError `store-damaged` when it stays taken, or is somebody else's; what the file system says
 */
export async function takeDraft(file: string): Promise<string> {
  const writer = [process.pid, PLACE, randomUUID().slice(0, 8)].join("-");
  const [folder, own] = [`${file}.draft`, `${file}.draft-${writer}`];
  await mkdir(own, { mode: 0o700 });
  try {
    await (await open(join(own, writer), "wx", 0o600)).close();
    await moveIn(own, folder);
  } catch (error) {
    await removeWaiting(own, writer);
    throw error;
  }
  await sweep(file);
  return join(folder, writer);
}

/** Gives the draft up, published or not. */
export async function dropDraft(draft: string): Promise<void> {
  await unless(["ENOENT"], unlink(draft));
  // Who waited may be in there already, and an empty folder is in nobody's way.
  await unless(["ENOENT", ...TAKEN], rmdir(dirname(draft)));
}

async function moveIn(own: string, folder: string): Promise<void> {
  const end = performance.now() + WAIT_AT_MOST;
  while (!(await unless([...TAKEN, "ENOTDIR"], rename(own, folder)))) {
    await requireDraftFolder(folder);
    await evict(folder);
    if (performance.now() > end)
      throw new XtlsError("store-damaged", `Another program keeps ${folder} to itself: end it, or remove that folder`);
    await sleep(LOOK_EVERY * Math.random());
  }
}

/** What is no draft of this user's would be in the way for ever. */
async function requireDraftFolder(folder: string): Promise<void> {
  const status = await lstat(folder).catch(() => undefined);
  if (status === undefined) return;
  if (!status.isDirectory())
    throw new XtlsError("store-damaged", `${folder} is in the way of the trust store: remove it`);
  if (ownUser() === undefined || status.uid === ownUser()) return;
  const advice = "remove it, or keep the store in a folder of your own";
  throw new XtlsError(
    "store-damaged",
    `${folder} belongs to user ${status.uid} and is in the way of the trust store: ${advice}`,
  );
}

/** Removes the draft of one that is gone, and on Windows also the empty folder, which cannot be replaced there. */
async function evict(folder: string): Promise<void> {
  for (const writer of await list(folder))
    if (await isGone(writer, join(folder, writer))) await unless(["ENOENT"], unlink(join(folder, writer)));
  if (process.platform === "win32") await unless(["ENOENT", ...TAKEN], rmdir(folder));
}

/** Removes the folders of those that crashed while they waited. They are in nobody's way: one that cannot be removed stays. */
async function sweep(file: string): Promise<void> {
  const prefix = `${basename(file)}.draft-`;
  for (const name of await list(dirname(file))) {
    if (!name.startsWith(prefix)) continue;
    const writer = name.slice(prefix.length);
    const path = join(dirname(file), name);
    if ((await isOwnFolder(path)) && (await isGone(writer, path, WAIT_AT_MOST))) await removeWaiting(path, writer);
  }
}

/** What another user left in a folder where all may write leads, by the time that it is looked into, wherever he likes. */
async function isOwnFolder(path: string): Promise<boolean> {
  const status = await lstat(path).catch(() => undefined);
  return status?.isDirectory() === true && (ownUser() === undefined || status.uid === ownUser());
}

/** Its one file and itself: nothing is removed that is not known by name. */
async function removeWaiting(path: string, writer: string): Promise<void> {
  await unlink(join(path, writer)).catch(() => undefined);
  await rmdir(path).catch(() => undefined);
}

/** @param patience milliseconds after which one is gone of whom nothing else is known */
async function isGone(writer: string, path: string, patience = 0): Promise<boolean> {
  const [pid, place] = writer.split("-");
  if (place === PLACE && !isRunning(Number(pid))) return true;
  const { mtimeMs } = (await lstat(path).catch(() => undefined)) ?? { mtimeMs: Date.now() };
  return Math.abs(Date.now() - mtimeMs) > HELD_AT_MOST + patience;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

async function list(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}

/** @returns false when it failed with one of the codes */
async function unless(codes: readonly string[], done: Promise<void>): Promise<boolean> {
  try {
    await done;
    return true;
  } catch (error) {
    if (codes.includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  }
}

function pidNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
}
