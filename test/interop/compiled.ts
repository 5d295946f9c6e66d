/**
 * What tests compile for themselves: once a process, into a folder that goes with it.
 */

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const made = new Map<string, string>();
let folder: string | undefined;

/**
 * The path of what `command` makes of a source beside this file.
 *
 * @param source its name, e.g. `loopback.c`
 * @param command the compiler and its arguments, given the source's path and the target's
 */
export function compiled(
  source: string,
  command: (from: string, to: string) => readonly [string, ...string[]],
): string {
  const known = made.get(source);
  if (known !== undefined) return known;
  const target = join(workshop(), String(made.size));
  const [compiler, ...args] = command(fileURLToPath(new URL(source, import.meta.url)), target);
  execFileSync(compiler, args, { stdio: ["ignore", "pipe", "pipe"] });
  made.set(source, target);
  return target;
}

function workshop(): string {
  if (folder !== undefined) return folder;
  const own = mkdtempSync(join(tmpdir(), "xtls-compiled-"));
  process.once("exit", () => rmSync(own, { recursive: true }));
  return (folder = own);
}
