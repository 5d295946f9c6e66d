import { execFile, execFileSync } from "node:child_process";
import { chmod, chown, mkdir, open, readdir, readFile, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

import { fileStorage } from "../../bindings/trust/file.ts";
import { TrustStore } from "../../bindings/trust/store.ts";
import { assert, suite } from "../suite.ts";
import { codeOf, JID, LAPTOP, PHONE } from "./keys.ts";
import { openWorkshop } from "./writing.ts";

const test = suite("trust store in a file");

const workshop = await openWorkshop();
test.after(() => workshop.close());

/** A store that somebody has used. */
async function used(): Promise<{ file: string; store: TrustStore; text: string }> {
  const file = workshop.place();
  const store = new TrustStore(fileStorage(file));
  await store.verify(JID, PHONE, { note: "by telephone" });
  return { file, store, text: await readFile(file, "utf8") };
}
const mode = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);
const wordsOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "none",
    ({ code, message }) => `${code}: ${message}`,
  );

// --- in good order ------------------------------------------------------------------

test("is empty until something is decided, and then outlives the program", async () => {
  const file = workshop.place();
  assert.equal(await new TrustStore(fileStorage(file)).list(), []);
  assert.is(await codeOf(stat(dirname(file))), "ENOENT", "looking makes no folder");
  await new TrustStore(fileStorage(file)).verify(JID, PHONE);
  assert.is((await new TrustStore(fileStorage(file)).list())[0]?.state, "verified");
});

test("is its owner's alone, and so is a folder made for it", async () => {
  const previous = process.umask(0);
  try {
    const { file, store } = await used();
    assert.equal([await mode(file), await mode(dirname(file))], ["600", "700"]);
    await chmod(file, 0o644);
    await store.verify(JID, LAPTOP);
    assert.is(await mode(file), "600");
    assert.equal(await readdir(dirname(file)), ["trust.json"]);
  } finally {
    process.umask(previous);
  }
});

test("a path that means the same file by another way is the same store", async () => {
  const { file } = await used();
  const roundabout = join(dirname(file), "..", dirname(file).split("/").at(-1)!, "trust.json");
  assert.is((await new TrustStore(fileStorage(roundabout)).list()).length, 1);
});

test("two processes that write at once lose none of each other's changes", async () => {
  const { file, store } = await used();
  const writers = ["AA", "BB", "CC"].map((name) => workshop.start(file, name, 30));
  await Promise.all(writers.map(({ ended }) => ended));
  assert.equal((await store.keysOf(JID)).map(({ history }) => history.at(-1)?.note).sort(), [
    "30",
    "30",
    "30",
    "by telephone",
  ]);
  assert.equal(await readdir(dirname(file)), ["trust.json"]);
});

test("two stores of one process do neither", async () => {
  const { file, store } = await used();
  const other = new TrustStore(fileStorage(file));
  await Promise.all([
    store.verify("a@lit", PHONE),
    other.verify("b@lit", PHONE),
    store.distrust("c@lit", PHONE),
    other.verify("d@lit", PHONE),
  ]);
  assert.is((await store.list()).length, 5);
});

test("what another program decided counts at once", async () => {
  const { file, store } = await used();
  await new TrustStore(fileStorage(file)).distrust(JID, PHONE);
  assert.is((await store.list())[0]?.state, "distrusted");
});

// --- damaged ------------------------------------------------------------------------

test("a file that is empty, cut off, garbage or from the future is refused and left as it is", async () => {
  const { file, store, text } = await used();
  const damages = [
    "",
    text.slice(0, -2),
    text.slice(0, text.length / 2),
    `${text}${text}`,
    "\u0000".repeat(100),
    text.replace('"version": 1', '"version": 2'),
  ];
  for (const damaged of [...damages, Uint8Array.of(0x7b, 0xff, 0x7d)]) {
    await writeFile(file, damaged);
    for (const call of [() => store.list(), () => store.distrust(JID, PHONE), () => store.export()])
      assert.is(await codeOf(call()), "store-damaged");
    assert.is((await readFile(file)).equals(Buffer.from(damaged as string)), true);
  }
  await writeFile(file, text);
  assert.is((await store.list()).length, 1);
});

test("a file beyond all measure is not even read", async () => {
  const { file, store } = await used();
  const handle = await open(file, "r+");
  await handle.truncate(65 * 1024 * 1024);
  await handle.close();
  assert.match(await wordsOf(store.list()), /store-damaged: .*far too large/);
});

// --- not a file of one's own ----------------------------------------------------------

test("what others may write is refused until the user has looked at it", async () => {
  const { file, store } = await used();
  for (const open of [0o620, 0o602, 0o666]) {
    await chmod(file, open);
    assert.match(await wordsOf(store.list()), /store-damaged: .*written by others: chmod 600/);
    assert.match(await wordsOf(store.verify(JID, LAPTOP)), /store-damaged: .*written by others/);
  }
  await chmod(file, 0o640);
  assert.is((await store.list()).length, 1);
});

test("a symbolic link is neither followed nor replaced, wherever it leads", async () => {
  const { file, text } = await used();
  for (const target of [file, join(workshop.folder, "nowhere")]) {
    const link = workshop.place();
    await mkdir(dirname(link));
    await symlink(target, link);
    const store = new TrustStore(fileStorage(link));
    assert.match(await wordsOf(store.list()), /store-damaged: .*symbolic link/);
    assert.match(await wordsOf(store.verify(JID, LAPTOP)), /store-damaged: .*symbolic link/);
  }
  assert.is(await readFile(file, "utf8"), text);
});

test("a folder or a pipe in its place is refused without waiting", async () => {
  const folder = workshop.place();
  await mkdir(folder, { recursive: true });
  const pipe = workshop.place();
  await mkdir(dirname(pipe));
  await promisify(execFile)("mkfifo", [pipe]);
  for (const place of [folder, pipe]) {
    const store = new TrustStore(fileStorage(place));
    assert.match(await wordsOf(store.list()), /store-damaged: .*no file/);
    assert.match(await wordsOf(store.verify(JID, PHONE)), /store-damaged: .*no file/);
  }
  assert.match(
    await wordsOf(new TrustStore(fileStorage(`${pipe}/trust.json`)).list()),
    /store-damaged: .*lies in what is no folder/,
  );
});

test("a folder that may not be written leaves the store readable and says so", async () => {
  const { file, text } = await used();
  const somebody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  if (somebody.uid !== undefined)
    await Promise.all([file, dirname(file)].map((path) => chown(path, somebody.uid, somebody.gid)));
  await chmod(dirname(file), 0o500);
  try {
    const writer = workshop.start(file, "AA", 1, undefined, { ...somebody, cwd: "/" });
    await writer.ended;
    assert.match(writer.lines().join(), /^store-damaged: The trust store \/.*may not be read or written by this user/);
    assert.is(await readFile(file, "utf8"), text);
  } finally {
    await chmod(dirname(file), 0o700);
  }
});

test("a full disk leaves the old state, and the store works again when there is room", async () => {
  const { file, store, text } = await used();
  const handle = await open(file);
  const opened = Object.getPrototypeOf(handle);
  await handle.close();
  const { writeFile: write } = opened;
  opened.writeFile = () =>
    Promise.reject(Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" }));
  try {
    assert.match(await wordsOf(store.verify(JID, LAPTOP)), /store-damaged: .*the disk is full/);
  } finally {
    opened.writeFile = write;
  }
  assert.is(await readFile(file, "utf8"), text);
  assert.equal(await readdir(dirname(file)), ["trust.json"]);
  await store.verify(JID, LAPTOP);
  assert.is((await store.list()).length, 2);
});

// --- drafts that others left behind -------------------------------------------------------

/** A draft of somebody else, so many seconds old. */
async function leave(file: string, writer: string, seconds: number, folder = `${file}.draft`): Promise<string> {
  const draft = join(folder, writer);
  await mkdir(folder, { recursive: true });
  await writeFile(draft, "half a sto");
  const then = Date.now() / 1000 - seconds;
  await utimes(draft, then, then);
  await utimes(folder, then, then);
  return draft;
}

test("a draft from another machine, or by a process that sleeps, is taken over after a while", async () => {
  for (const writer of ["1-another0-1", `${process.pid}-another0-1`, "nonsense"]) {
    const { file, store } = await used();
    await leave(file, writer, 11);
    await store.verify(JID, LAPTOP);
    assert.equal(await readdir(dirname(file)), ["trust.json"]);
  }
});

test("a draft that may be somebody's is waited for", async () => {
  const { file, store } = await used();
  const draft = await leave(file, "1-another0-1", 0);
  let isDone = false;
  const change = store.verify(JID, LAPTOP).then(() => (isDone = true));
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.is(isDone, false);
  await rm(draft);
  await change;
  assert.is((await store.list()).length, 2);
});

test("a draft that stays somebody's is named, with what to do, and left alone", async () => {
  const { file, store, text } = await used();
  const draft = await leave(file, "1-another0-1", 0);
  const { now } = performance;
  let hours = 0;
  performance.now = () => (hours += 3_600_000);
  try {
    assert.match(
      await wordsOf(store.verify(JID, LAPTOP)),
      /store-damaged: Another program keeps .*trust\.json\.draft to itself: end it, or remove that folder/,
    );
  } finally {
    performance.now = now;
  }
  assert.equal([await readFile(draft, "utf8"), await readFile(file, "utf8")], ["half a sto", text]);
  assert.equal((await readdir(dirname(file))).sort(), ["trust.json", "trust.json.draft"]);
});

test("who was taken for gone starts anew from what the others wrote", async () => {
  const { file } = await used();
  const storage = fileStorage(file);
  let calls = 0;
  await storage.update((text) => {
    // Meanwhile, as after a night's sleep, somebody has removed our draft and published his own.
    if (++calls === 1) execFileSync("sh", ["-c", 'rm -r "$0.draft" && printf other >"$0"', file]);
    return `${text}, and mine`;
  });
  assert.equal([calls, await readFile(file, "utf8")], [2, "other, and mine"]);
});

test("folders of those that crashed while they waited are cleared away, those of others are not", async () => {
  const { file, store } = await used();
  await leave(file, "1-another0-1", 60, `${file}.draft-1-another0-1`);
  await leave(file, "1-another0-2", 5, `${file}.draft-1-another0-2`);
  await store.verify(JID, LAPTOP);
  assert.equal((await readdir(dirname(file))).sort(), ["trust.json", "trust.json.draft-1-another0-2"]);
});

test.run();
