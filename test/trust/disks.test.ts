/** Disks and platforms that lack something: permissions, owners, flushing of folders, `FileHandle.sync`. */

import fs from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { loadIdentity, saveIdentity } from "../../bindings/identity-file.ts";
import { fileStorage } from "../../bindings/trust/file.ts";
import { TrustStore } from "../../bindings/trust/store.ts";
import { core } from "../methods/stage.ts";
import { assert, skip, suite } from "../suite.ts";
import { onDisk, prototypeOfHandles, type Shown } from "./disk.ts";
import { JID, LAPTOP } from "./keys.ts";

const test = suite("disks that lack something");
const work = await mkdtemp(join(tmpdir(), "xtls-disks-"));
test.after(() => rm(work, { recursive: true }));

const identity = core.createIdentity({ jid: JID });
let count = 0;

interface Place {
  readonly root: string;
  readonly store: TrustStore;
  readonly key: string;
}

/** A new folder, with neither store nor identity yet. */
async function place(): Promise<Place> {
  const root = join(work, String(++count));
  await mkdir(root, { mode: 0o700 });
  return { root, store: new TrustStore(fileStorage(join(root, "trust.json"))), key: join(root, "identity.pem") };
}

const wordsOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => "none",
    ({ code, message }) => `${code}: ${message}`,
  );

/** What writing and then reading comes to, for the store and for the identity. */
async function tried({ store, key }: Place): Promise<Record<"verify" | "list" | "save" | "load", string>> {
  const verify = await wordsOf(store.verify(JID, LAPTOP));
  const list = await wordsOf(store.list());
  const save = await wordsOf(saveIdentity(identity, key));
  return { verify, list, save, load: await wordsOf(loadIdentity(core, key)) };
}

if (process.geteuid === undefined) skip("there are no users and no modes on this platform");
else {
  const NO_PERMISSIONS = /the disk keeps no permissions, so choose another/;

  test("where all may read everything the store is kept, and an identity is not even begun", async () => {
    const there = await place();
    const { verify, list, save, load } = await onDisk(there.root, { files: 0o755, folders: 0o755 }, () => tried(there));
    assert.equal([verify, list], ["none", "none"]);
    assert.match(save, /^key-exposed: .*has mode 0755: /);
    assert.match(save, NO_PERMISSIONS);
    assert.match(load, /^file-not-found: /);
    assert.equal(await readdir(there.root), ["trust.json"]);
  });

  for (const [what, shown] of Object.entries<Shown>({
    "all may write every file": { files: 0o777, folders: 0o755 },
    "all may write every file, and none runs": { files: 0o666, folders: 0o755 },
    "all may write everything, as under WSL": { files: 0o777, folders: 0o777 },
  })) {
    test(`where ${what}, nothing is published that would then be refused, and it is said what the disk lacks`, async () => {
      const there = await place();
      const { verify, list, save, load } = await onDisk(there.root, shown, () => tried(there));
      assert.match(verify, /^store-damaged: .*may be written by others: /);
      assert.match(save, /^key-exposed: .*may be written by others: /);
      for (const words of [verify, save]) assert.match(words, NO_PERMISSIONS);
      // In a folder where all may write nothing is looked for either.
      const isOpen = shown.folders === 0o777;
      assert.match(list, isOpen ? NO_PERMISSIONS : /^none$/);
      assert.match(load, isOpen ? NO_PERMISSIONS : /^file-not-found: /);
      assert.equal(await readdir(there.root), []);
    });
  }

  test("what lies there already is refused, and not with advice that cannot help", async () => {
    const there = await place();
    assert.equal(Object.values(await tried(there)), ["none", "none", "none", "none"]);
    const before = await Promise.all(["trust.json", "identity.pem"].map((name) => readFile(join(there.root, name), "utf8")));
    const told = await onDisk(there.root, { files: 0o777, folders: 0o755 }, () => tried(there));
    for (const words of Object.values(told)) {
      assert.match(words, NO_PERMISSIONS);
      assert.not.match(words, /chmod/);
    }
    const after = await Promise.all(["trust.json", "identity.pem"].map((name) => readFile(join(there.root, name), "utf8")));
    assert.equal(after, before);
    assert.equal((await readdir(there.root)).sort(), ["identity.pem", "trust.json"]);
  });

  test("where everything belongs to somebody, whoever made it, that is said", async () => {
    const there = await place();
    const { verify, list, save, load } = await onDisk(there.root, { owner: 65534 }, () => tried(there));
    for (const words of [verify, save]) assert.match(words, /belongs to user 65534: the disk keeps no owners, so choose another/);
    assert.is(list, "none");
    assert.match(load, /^file-not-found: /);
    assert.equal(await readdir(there.root), []);
  });

  test("nothing of a key is on the disk before it is known that others cannot read it there", async () => {
    const there = await place();
    const written: unknown[] = [];
    const handles = await prototypeOfHandles();
    const { writeFile: write } = handles;
    handles.writeFile = async function (...given) {
      written.push(given[0]);
      return write.apply(this, given);
    };
    try {
      await onDisk(there.root, { files: 0o755, folders: 0o755 }, () => wordsOf(saveIdentity(identity, there.key)));
      assert.equal(written, []);
      assert.is(await wordsOf(saveIdentity(identity, there.key)), "none");
      assert.is(written.length, 1);
    } finally {
      handles.writeFile = write;
    }
  });

  test("a disk that keeps permissions is not blamed for what they are", async () => {
    const there = await place();
    await tried(there);
    for (const name of ["trust.json", "identity.pem"]) fs.chmodSync(join(there.root, name), 0o666);
    for (const words of [await wordsOf(there.store.list()), await wordsOf(loadIdentity(core, there.key))])
      assert.match(words, /chmod 600/);
    fs.chmodSync(there.root, 0o777);
    for (const words of [await wordsOf(there.store.list()), await wordsOf(loadIdentity(core, there.key))])
      assert.match(words, /chmod go-w/);
    assert.equal((await readdir(there.root)).sort(), ["identity.pem", "trust.json"]);
  });
}

test("a file system that cannot flush folders has written all the same", async () => {
  const { fsync } = fs;
  for (const code of ["EINVAL", "ENOTSUP", "EIO"]) {
    const there = await place();
    fs.fsync = ((descriptor: number, done: (error: Error | null) => void) => {
      const isFolder = fs.fstatSync(descriptor).isDirectory();
      done(isFolder ? Object.assign(new Error(`${code}: fsync`), { code }) : null);
    }) as typeof fs.fsync;
    syncBuiltinESMExports();
    try {
      const { verify, list, save, load } = await tried(there);
      assert.equal([list, load], ["none", "none"]);
      const told = code === "EIO" ? /^(store-damaged|file-failed): .*EIO/ : /^none$/;
      for (const words of [verify, save]) assert.match(words, told);
    } finally {
      fs.fsync = fsync;
      syncBuiltinESMExports();
    }
  }
});

test("file handles need not have more than Yarn's Plug'n'Play gives them", async () => {
  const handles = (await prototypeOfHandles()) as unknown as Record<string, unknown>;
  // Its FileHandle throws this from what its own file systems do not have.
  const names = ["sync", "datasync", "utimes", "readv", "readableWebStream", "readLines"];
  const real = names.map((name) => [name, handles[name]] as const);
  const fail = () => {
    throw new Error("Method not implemented.");
  };
  for (const name of names) handles[name] = fail;
  try {
    assert.equal(Object.values(await tried(await place())), ["none", "none", "none", "none"]);
  } finally {
    for (const [name, method] of real) handles[name] = method;
  }
});

test.run();
