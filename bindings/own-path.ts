/**
 * Whether anybody else on this machine could change what lies at a path. For Node.
 *
 * As sshd's StrictModes: the file and each folder on the way to it, links and where they lead included, belong to this
 * user or to root, and nobody else may write them. A folder with the sticky bit, such as /tmp, may be written by all: who
 * does not own what is in it cannot replace it. When nobody else can change the way, what was looked at is also what is
 * opened afterwards. Looks at owners and modes alone: there are none on Windows, and no access control lists are read. A disk
 * that keeps none either (FAT, Windows' disks under WSL) shows one owner and one mode for everything: what it shows counts, and
 * it is said that no chmod will help.
 */
import type { Stats } from "node:fs";
import { lstat, mkdtemp, readlink, rmdir } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";

const ROOT = 0;
const OTHERS_WRITE = 0o022;
/** All permissions of others than the owner. */
export const OTHERS = 0o077;
const STICKY = 0o1000;
/** As Linux has it. */
const LINKS_AT_MOST = 40;

/** This user's number; undefined where there are none. */
export const ownUser: () => number | undefined = () => process.geteuid?.() ?? process.getuid?.();

/**
 * Looks at each step of the way to a folder or file, as far as it is there.
 * @returns what is wrong and what to do, for a person; undefined: nobody else can change the way
 * @throws Error of the file system, with its `code`
 */
export async function exposedWay(path: string): Promise<string | undefined> {
  if (ownUser() === undefined) return undefined;
  for await (const [place, status] of way(resolve(path))) {
    const problem = await exposedStep(place, status);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/**
 * Looks at a file that is open, at the end of such a way.
 * @param refused permissions that nobody else may have
 * @returns as `exposedWay`
 */
export async function exposedFile(path: string, status: Stats, refused = OTHERS_WRITE): Promise<string | undefined> {
  if (ownUser() === undefined) return undefined;
  const folder = dirname(path);
  if (!isOurs(status)) return `"${path}" belongs to user ${status.uid}: ${await remedy(folder, "look at it, then chown it")}`;
  if ((status.mode & OTHERS_WRITE) !== 0)
    return `"${path}" may be written by others: ${await remedy(folder, "chmod 600 after looking at it")}`;
  if ((status.mode & refused) !== 0)
    return `"${path}" has mode ${(status.mode & 0o777).toString(8).padStart(4, "0")}: ${await remedy(folder, "chmod 600")}`;
  // Whoever may not read a file can still give it a second name, in a folder where all may write.
  if (status.nlink > 1) return `"${path}" is a hard link: replace it by a copy`;
  return undefined;
}

/** Every folder and link that the way leads through, then its end. */
async function* way(path: string): AsyncGenerator<readonly [place: string, status: Stats]> {
  let place: string = sep;
  let links = 0;
  const names = path.split(sep);
  for (let name = names.shift(); name !== undefined; name = names.shift()) {
    // Links were followed: the folder above is where ".." leads.
    const next = name === ".." ? dirname(place) : join(place, name);
    const status = await lstat(next).catch(undefinedIfMissing);
    if (status === undefined) return;
    yield [next, status];
    if (!status.isSymbolicLink()) place = next;
    else if (++links > LINKS_AT_MOST)
      throw Object.assign(new Error(`ELOOP: too many links: ${path}`), { code: "ELOOP" });
    else {
      const target = await readlink(next);
      if (target.startsWith(sep)) place = sep;
      names.unshift(...target.split(sep));
    }
  }
}

async function exposedStep(place: string, status: Stats): Promise<string | undefined> {
  if (!isOurs(status)) return `"${place}" belongs to user ${status.uid}: choose a place below a folder of your own`;
  const isWritable = status.isDirectory() && (status.mode & OTHERS_WRITE) !== 0 && (status.mode & STICKY) === 0;
  if (!isWritable) return undefined;
  return `"${place}" may be written by others: ${await remedy(place, "chmod go-w, or choose another place")}`;
}

/** What to do about it. On a disk that keeps no owners or permissions the usual would be in vain. */
async function remedy(folder: string, usual: string): Promise<string> {
  const lack = await lackOfDisk(folder);
  return lack === undefined ? usual : `the disk keeps no ${lack}, so choose another (under WSL, a place below your home)`;
}

/** Makes a folder for this user alone, and looks what the disk has made of it. Undefined: nothing is lacking, or it cannot be told. */
async function lackOfDisk(folder: string): Promise<"owners" | "permissions" | undefined> {
  try {
    const made = await mkdtemp(join(folder, ".xtls-"));
    const { uid, mode } = await lstat(made).finally(() => rmdir(made));
    if (uid !== ownUser()) return "owners";
    return (mode & OTHERS) === 0 ? undefined : "permissions";
  } catch {
    return undefined;
  }
}

/** Root can do everything anyway. */
function isOurs({ uid }: Stats): boolean {
  return uid === ownUser() || uid === ROOT;
}

function undefinedIfMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}
