/**
 * A process that changes a trust store in a file, to be killed: at any moment, or before one chosen step of its own.
 *
 *     node writer.mjs FILE NAME ROUNDS [STEP]
 *
 * Each change is one more note on a key of its own; once it is stored its number is printed. With a STEP it kills itself
 * before its n-th call to the file system, where writing half of the text counts as a step too.
 */

import { writeSync } from "node:fs";
import fs, { type FileHandle } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

import { fileStorage } from "../../bindings/trust/file.ts";
import { TrustStore } from "../../bindings/trust/store.ts";

const [, , file, name, rounds, step] = process.argv as unknown as [string, string, string, string, string, string?];

const JID = "juliet@capulet.lit";
const spki = Array(32).fill(name).join(":");
let steps = 0;

function arrive(): void {
  if (++steps === Number(step)) process.kill(process.pid, "SIGKILL");
}

/** Calls in the right order are what is tested: so each is counted, those of open files too. */
async function watch(): Promise<void> {
  const handle = await fs.open(process.execPath);
  const opened = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  for (const call of ["mkdir", "open", "readdir", "rename", "rm", "rmdir", "stat", "unlink"] as const) count(fs, call);
  for (const call of ["close", "readFile", "stat", "sync"] as const) count(opened, call);
  const { writeFile } = opened;
  opened.writeFile = async function (this: FileHandle, text: string) {
    arrive();
    await writeFile.call(this, text.slice(0, text.length / 2));
    arrive();
    await writeFile.call(this, text.slice(text.length / 2));
  } as FileHandle["writeFile"];
  syncBuiltinESMExports();
}

function count<Name extends string>(of: Record<Name, (...args: any[]) => any>, call: Name): void {
  const original = of[call];
  of[call] = function (this: unknown, ...args: unknown[]) {
    arrive();
    return original.apply(this, args);
  };
}

if (step !== undefined) await watch();
const store = new TrustStore(fileStorage(file));
try {
  for (let round = 0; round < Number(rounds); round++) {
    const known = (await store.keysOf(JID)).find(({ spkiFingerprint }) => spkiFingerprint === spki);
    const next = Number(known?.history.at(-1)?.note ?? 0) + 1;
    await store.verify(JID, spki, { note: String(next) });
    writeSync(1, `${next}\n`);
  }
} catch (error) {
  writeSync(1, `${(error as { code?: string }).code}: ${(error as Error).message}\n`);
}
