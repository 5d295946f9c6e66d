/**
 * Another user of the same machine, against the files in which trust and identity are kept.
 */

import { execFileSync } from "node:child_process";
import { lchown, link, mkdir, readFile, rename, rm, symlink, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";

import { loadIdentity, saveIdentity } from "../../bindings/identity-file.ts";
import { printDocument } from "../../bindings/trust/document.ts";
import { fileStorage } from "../../bindings/trust/file.ts";
import { decided, newRecord } from "../../bindings/trust/record.ts";
import { TrustStore } from "../../bindings/trust/store.ts";
import { core } from "../methods/stage.ts";
import { assert, skip, suite } from "../suite.ts";
import { JID, LAPTOP, PHONE, STRANGER } from "./keys.ts";
import { as, fileIn, folderIn, folderOf, isRoot, MALLORY, removeFolders, ROOT, VICTIM } from "./users.ts";

const test = suite("other users of the machine");
test.after(removeFolders);

const AT = "2026-05-03T12:00:00.000Z";
const forged = printDocument([decided(newRecord(JID, STRANGER, AT), { at: AT, to: "verified", by: "user" })]);
const identity = core.createIdentity({ jid: JID });
const pem = identity.toPEM();

/** What somebody's call comes to: `none`, or code and words. */
const tried = (user: number, call: () => Promise<unknown>): Promise<string> =>
  as(user, () =>
    call().then(
      () => "none",
      ({ code, message }) => `${code}: ${message}`,
    ),
  );
const read = (file: string) => tried(VICTIM, () => new TrustStore(fileStorage(file)).list());
const write = (file: string) => tried(VICTIM, () => new TrustStore(fileStorage(file)).verify(JID, LAPTOP));
const load = (file: string) => tried(VICTIM, () => loadIdentity(core, file));
const save = (file: string) => tried(VICTIM, () => saveIdentity(identity, file));

/** A place where the victim keeps store and identity, below a chain of folders made by the test. */
async function furnish(folder: string, owner = VICTIM): Promise<{ store: string; key: string }> {
  return {
    store: await fileIn(folder, "trust.json", owner, forged),
    key: await fileIn(folder, "identity.pem", owner, pem),
  };
}

/** All four calls are refused, with these words. */
async function refused({ store, key }: { store: string; key: string }, words: RegExp): Promise<void> {
  for (const outcome of [await read(store), await write(store)])
    assert.match(outcome, new RegExp(`^store-damaged: .*${words.source}`));
  for (const outcome of [await load(key), await save(key)])
    assert.match(outcome, new RegExp(`^key-exposed: .*${words.source}`));
  assert.equal([await readFile(store, "utf8"), await readFile(key, "utf8")], [forged, pem], "nothing was written");
}

async function accepted({ store, key }: { store: string; key: string }): Promise<void> {
  assert.equal(
    [await read(store), await write(store), await load(key), await save(key)],
    ["none", "none", "none", "none"],
  );
}

if (!isRoot) skip("only root can make other users' files");
else {
  test("a folder of one's own will do, below folders of root's, also where all may write but none replace", async () => {
    for (const folder of [
      await folderOf(VICTIM),
      await folderOf(VICTIM, 0o700),
      await folderOf(ROOT, 0o1777),
      await folderOf(VICTIM, 0o1777),
    ])
      await accepted(await furnish(folder));
  });

  test("what root has put there is believed", async () => {
    const { store } = await furnish(await folderOf(ROOT), ROOT);
    execFileSync("chmod", ["644", store]);
    assert.is(await read(store), "none");
  });

  test("a file of another user's is not believed, wherever it lies", async () => {
    for (const folder of [await folderOf(VICTIM), await folderOf(ROOT, 0o1777)]) {
      const { store, key } = await furnish(folder, MALLORY);
      for (const path of [store, key]) execFileSync("chmod", ["644", path]);
      assert.match(await read(store), /^store-damaged: .*belongs to user 4002/);
      assert.match(await write(store), /^store-damaged: .*belongs to user 4002/);
      assert.match(await load(key), /^key-exposed/);
      assert.is(await readFile(store, "utf8"), forged);
    }
    const { store, key } = await furnish(await folderOf(ROOT), MALLORY);
    const asRoot = [
      await tried(ROOT, () => new TrustStore(fileStorage(store)).list()),
      await tried(ROOT, () => loadIdentity(core, key)),
    ];
    assert.match(asRoot.join(), /store-damaged: .*belongs to user 4002.*key-exposed: .*belongs to user 4002/);
  });

  test("nor is one in a folder that others own or may write, however far above", async () => {
    for (const [owner, mode, words] of [
      [MALLORY, 0o755, /belongs to user 4002: choose a place/],
      [MALLORY, 0o1777, /belongs to user 4002: choose a place/],
      [VICTIM, 0o775, /may be written by others: chmod go-w/],
      [ROOT, 0o757, /may be written by others: chmod go-w/],
    ] as const) {
      const folder = await folderOf(owner, mode);
      await refused(await furnish(folder), words);
      const below = await folderIn(await folderIn(folder, "a", VICTIM), "b", VICTIM, 0o700);
      await refused(await furnish(below), words);
    }
  });

  test("a folder that others may write is not filled either, and none is made there", async () => {
    const folder = await folderOf(ROOT, 0o777);
    assert.match(await write(join(folder, "trust.json")), /^store-damaged: .*may be written by others/);
    assert.match(await save(join(folder, "identity.pem")), /^key-exposed: .*may be written by others/);
    assert.match(await write(join(folder, "below", "it", "trust.json")), /^store-damaged: .*may be written by others/);
    assert.equal(execFileSync("ls", ["-A", folder], { encoding: "utf8" }), "");
  });

  test("links are followed to the end: each is as good as who can change it, and where it leads", async () => {
    const sticky = await folderOf(ROOT, 0o1777);
    for (const [name, owner, end, words] of [
      ["own", VICTIM, VICTIM, undefined],
      ["root's", ROOT, VICTIM, undefined],
      ["hers", MALLORY, VICTIM, /belongs to user 4002/],
      ["away", VICTIM, MALLORY, /belongs to user 4002/],
    ] as const) {
      await furnish(await folderOf(end)).then(({ store }) => symlink(dirname(store), join(sticky, name)));
      await lchown(join(sticky, name), owner, owner);
      const places = { store: join(sticky, name, "trust.json"), key: join(sticky, name, "identity.pem") };
      await (words === undefined ? accepted(places) : refused(places, words));
    }
    await symlink(join(sticky, "round"), join(sticky, "round"));
    assert.match(await read(join(sticky, "round", "trust.json")), /^store-damaged: .*symbolic link/);
  });

  test("a link in a folder that others may write is refused, though it leads to a good one", async () => {
    const good = await furnish(await folderOf(VICTIM));
    const open = await folderOf(ROOT, 0o777);
    await symlink(dirname(good.store), join(open, "link"));
    assert.match(await read(join(open, "link", "trust.json")), /^store-damaged: .*may be written by others/);
    assert.match(await load(join(open, "link", "identity.pem")), /^key-exposed: .*may be written by others/);
    await symlink(join(open, "link"), join(dirname(good.store), "detour"));
    assert.match(
      await read(join(dirname(good.store), "detour", "trust.json")),
      /^store-damaged: .*may be written by others/,
    );
  });

  test("an older store of one's own, under a second name that somebody gave it, is not believed", async () => {
    const old = await furnish(await folderOf(VICTIM));
    const sticky = await folderOf(ROOT, 0o1777);
    const places = { store: join(sticky, "trust.json"), key: join(sticky, "identity.pem") };
    await link(old.store, places.store);
    await link(old.key, places.key);
    assert.match(await read(places.store), /^store-damaged: .*is a hard link: replace it by a copy/);
    assert.match(await write(places.store), /^store-damaged: .*is a hard link/);
    assert.match(await load(places.key), /^key-exposed: .*is a hard link: replace it by a copy/);
  });

  test("a pipe, a device or a folder in its place is refused without waiting", async () => {
    for (const [name, make] of Object.entries({
      pipe: (path: string) => execFileSync("mkfifo", ["-m", "600", path]),
      device: (path: string) => execFileSync("mknod", ["-m", "600", path, "c", "1", "5"]),
      folder: (path: string) => execFileSync("mkdir", ["-m", "700", path]),
    })) {
      const folder = await folderOf(VICTIM);
      const places = { store: join(folder, "trust.json"), key: join(folder, "identity.pem") };
      for (const path of Object.values(places)) {
        make(path);
        execFileSync("chown", [String(VICTIM), path]);
      }
      assert.match(await read(places.store), /^store-damaged: .*no file/, name);
      assert.match(await write(places.store), /^store-damaged: .*no file/, name);
      assert.match(await load(places.key), /^invalid-identity/, name);
    }
  });

  test("a lock of another user's is named at once, with what to do, and nothing in it is touched", async () => {
    for (const isFilled of [true, false]) {
      const sticky = await folderOf(ROOT, 0o1777);
      const file = await fileIn(sticky, "trust.json", VICTIM, forged);
      const lock = await folderIn(sticky, "trust.json.draft", MALLORY, 0o777);
      const inside = isFilled ? await fileIn(lock, "1-another0-1", MALLORY, "") : lock;
      await utimes(inside, 0, 0);
      assert.match(
        await write(file),
        /^store-damaged: .*trust\.json\.draft belongs to user 4002 .*remove it, or keep the store in a folder of your own/,
      );
      assert.is(await read(file), "none", "it can still be read");
      assert.equal(execFileSync("ls", ["-A", lock], { encoding: "utf8" }).trim(), isFilled ? "1-another0-1" : "");
      await rm(lock, { recursive: true });
      assert.is(await write(file), "none");
      assert.equal(execFileSync("ls", ["-A", sticky], { encoding: "utf8" }).trim(), "trust.json");
    }
  });

  test("what is no folder in the lock's place is named too, and not followed", async () => {
    const precious = await folderOf(VICTIM, 0o700);
    const kept = await fileIn(precious, "letters", VICTIM, "precious");
    await utimes(kept, 0, 0);
    for (const make of [
      (path: string) => symlink(precious, path),
      (path: string) => symlink(join(precious, "nowhere"), path),
      (path: string) => fileIn(dirname(path), "trust.json.draft", MALLORY, ""),
      async (path: string) => execFileSync("mkfifo", [path]),
    ]) {
      const sticky = await folderOf(ROOT, 0o1777);
      const file = await fileIn(sticky, "trust.json", VICTIM, forged);
      await make(`${file}.draft`);
      await lchown(`${file}.draft`, MALLORY, MALLORY);
      assert.match(
        await write(file),
        /^store-damaged: .*trust\.json\.draft is in the way of the trust store: remove it/,
      );
    }
    assert.is(await readFile(kept, "utf8"), "precious");
  });

  test("folders in which others pretend to wait hold up nobody", async () => {
    const sticky = await folderOf(ROOT, 0o1777);
    const file = await fileIn(sticky, "trust.json", VICTIM, forged);
    for (const name of ["1-another0-1", "nonsense", ""]) {
      const squat = await folderIn(sticky, `trust.json.draft-${name}`, MALLORY);
      await fileIn(squat, "squat", MALLORY, "");
      await utimes(squat, 0, 0);
    }
    assert.is(await write(file), "none");
  });

  test("nothing is removed that another user left beside the store, whatever it is called, by root neither", async () => {
    for (const user of [VICTIM, ROOT]) {
      const sticky = await folderOf(ROOT, 0o1777);
      const file = await fileIn(sticky, "trust.json", user, forged);
      const squat = await folderIn(sticky, "trust.json.draft-1-another0-1", MALLORY, 0o777);
      // Whoever looked into it by its path would be led by a link that takes its place meanwhile.
      const inside = await folderIn(squat, "1-another0-1", MALLORY, 0o777);
      const kept = await fileIn(inside, "letter", MALLORY, "precious");
      const link = join(sticky, "trust.json.draft-1-another0-2");
      await symlink(inside, link);
      await lchown(link, MALLORY, MALLORY);
      await utimes(squat, 0, 0);
      assert.is(await tried(user, () => new TrustStore(fileStorage(file)).verify(JID, LAPTOP)), "none");
      assert.is(await readFile(kept, "utf8"), "precious");
    }
  });

  test("a lock that a crash of one's own left behind is still taken over", async () => {
    const folder = await folderOf(VICTIM);
    const file = await fileIn(folder, "trust.json", VICTIM, forged);
    const lock = await folderIn(folder, "trust.json.draft", VICTIM, 0o700);
    await utimes(await fileIn(lock, "1-another0-1", VICTIM, ""), 0, 0);
    assert.is(await write(file), "none");
    assert.equal(execFileSync("ls", ["-A", folder], { encoding: "utf8" }).trim(), "trust.json");
  });

  test("a folder that is put in the place of one's own between two calls is noticed", async () => {
    const above = await folderOf(VICTIM);
    const folder = await folderIn(above, "mine", VICTIM, 0o700);
    const { store } = await furnish(folder);
    const trust = new TrustStore(fileStorage(store));
    assert.is(await tried(VICTIM, () => trust.list()), "none");
    await rename(folder, join(above, "aside"));
    await mkdir(folder);
    await fileIn(folder, "trust.json", VICTIM, forged);
    execFileSync("chown", [String(MALLORY), folder]);
    assert.match(await tried(VICTIM, () => trust.verify(JID, PHONE)), /^store-damaged: .*belongs to user 4002/);
  });
}

test.run();
