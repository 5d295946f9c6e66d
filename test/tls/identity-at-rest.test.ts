import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { loadIdentity, saveIdentity, type Identity } from "../../bindings/node.ts";
import { loadCore } from "../module.ts";
import { assert, suite } from "../suite.ts";
import { assertNoLeak } from "./heap.ts";
import { Issuer, openssl } from "./issuer.ts";
import { codeThrownBy, openPair } from "./pair.ts";

const test = suite("identity at rest");
const core = await loadCore();
const issuer = new Issuer();
const folder = mkdtempSync(join(tmpdir(), "xtls-identity-"));
test.after(() => {
  issuer.dispose();
  rmSync(folder, { recursive: true, force: true });
});

const PASSPHRASE = "wherefore art thou?";
const juliet = core.createIdentity({ jid: "juliet@capulet.example" });
const encrypted = await juliet.toEncryptedPEM(PASSPHRASE);

/** The code that a promise is rejected with; "none" when it is not. */
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "none",
    ({ code }) => code,
  );
const open = (pem: string, passphrase = PASSPHRASE): Promise<Identity> =>
  core.identityFromEncryptedPEM(pem, passphrase);

// --- under a passphrase -------------------------------------------------------------

test("comes back from its own encrypted PEM as the same", async () => {
  assert.match(encrypted, /^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/);
  const again = await open(encrypted);
  assert.is(again.toPEM(), juliet.toPEM());
  assert.is(openPair(core, {}, { identity: again }).responder.peer?.spkiFingerprint, juliet.spkiFingerprint);
});

test("is never encrypted twice alike", async () => {
  assert.is.not(await juliet.toEncryptedPEM(PASSPHRASE), encrypted);
});

test("is read by OpenSSL, and says what it is encrypted with", () => {
  assert.is(openssl(["pkey", "-passin", `pass:${PASSPHRASE}`], encrypted), openssl(["pkey"], juliet.toPEM()));
  const body = encrypted.slice(0, encrypted.indexOf("-----BEGIN CERTIFICATE"));
  const parts = openssl(["asn1parse", "-i"], body);
  for (const part of ["PBES2", "PBKDF2", "hmacWithSHA256", "aes-256-cbc", ":0927C0"]) assert.match(parts, part);
});

test("keeps its whole chain, and an RSA key", async () => {
  const root = issuer.authority("Root");
  const leaf = issuer.issue("leaf", { kind: "RSA-2048", by: root });
  const identity = core.identityFromPEM(leaf.pem + root.certificate);
  const again = await open(await identity.toEncryptedPEM(PASSPHRASE));
  assert.equal(again.chain, identity.chain);
  assert.is(again.toPEM(), identity.toPEM());
});

test("tells a wrong passphrase from a file that is none", async () => {
  for (const wrong of ["wherefore art thou", "Wherefore art thou?", " ", "x".repeat(1000)])
    assert.is(await codeOf(open(encrypted, wrong)), "wrong-passphrase", wrong);
  assert.is(
    codeThrownBy(() => core.identityFromPEM(encrypted)),
    "wrong-passphrase",
  );
  for (const none of ["", 7 as unknown as string, undefined as unknown as string, "\ud800"]) {
    assert.is(await codeOf(core.identityFromEncryptedPEM(encrypted, none)), "invalid-argument", String(none));
    assert.is(await codeOf(juliet.toEncryptedPEM(none)), "invalid-argument", String(none));
  }
  assert.is(await codeOf(open(7 as unknown as string)), "invalid-argument");
});

test("finds every wrong passphrase wrong, also where the padding happens to fit", async () => {
  const quick = byOpenssl(juliet, ["-v2", "aes-128-cbc", "-iter", "1"]);
  const codes = new Set<string>();
  for (let guess = 0; guess < 1500; guess++) codes.add(await codeOf(open(quick, `guess ${guess}`)));
  assert.equal([...codes], ["wrong-passphrase"]);
});

test("takes a passphrase as the same however it was composed", async () => {
  const [composed, decomposed] = ["J\u00falia", "Ju\u0301lia"];
  assert.is((await open(await juliet.toEncryptedPEM(decomposed), composed)).jid, juliet.jid);
  assert.match(
    openssl(["pkey", "-passin", `pass:${composed}`], await juliet.toEncryptedPEM(decomposed)),
    "PRIVATE KEY",
  );
});

/** A key encrypted by OpenSSL, with the certificates. */
function byOpenssl(identity: Identity, how: readonly string[]): string {
  const pem = identity.toPEM();
  const key = openssl(["pkcs8", "-topk8", "-passout", `pass:${PASSPHRASE}`, ...how], pem);
  return key + pem.slice(pem.indexOf("-----BEGIN CERTIFICATE"));
}

for (const how of [
  "",
  "-v2 aes-256-cbc -v2prf hmacWithSHA256",
  "-v2 aes-128-cbc -v2prf hmacWithSHA512",
  "-v2 aes-256-cbc -v2prf hmacWithSHA384 -iter 10000",
  "-v2 aes-256-cbc -v2prf hmacWithSHA1",
  "-v2 aes-192-cbc",
]) {
  test(`reads what OpenSSL encrypts: pkcs8 -topk8 ${how}`, async () => {
    const again = await open(byOpenssl(juliet, how.split(" ").filter(Boolean)));
    assert.is(again.toPEM(), juliet.toPEM());
  });
}

for (const [how, words] of [
  ["-scrypt", "scrypt"],
  ["-v1 PBE-SHA1-3DES", "an old scheme"],
  ["-v2 des3", "another cipher"],
  ["-v2 aes-256-cbc -v2prf hmacWithSHA224", "another hash"],
] as const) {
  test(`refuses, in words, what is encrypted otherwise: pkcs8 -topk8 ${how}`, async () => {
    const error = await open(byOpenssl(juliet, how.split(" "))).catch((caught) => caught);
    assert.is(error.code, "invalid-identity");
    assert.match(error.message, words);
  });
}

test("says so where the engine has no AES-192, as some browsers have not", async () => {
  const { subtle } = globalThis.crypto;
  const lacking: SubtleCrypto = new Proxy(subtle, {
    get(target, name: keyof SubtleCrypto) {
      const refuse = async () => Promise.reject(new DOMException("192-bit AES keys are not supported", "OperationError"));
      return name === "deriveKey" ? refuse : target[name].bind(target);
    },
  });
  Object.defineProperty(globalThis.crypto, "subtle", { configurable: true, value: lacking });
  try {
    const error = await open(byOpenssl(juliet, ["-v2", "aes-192-cbc"])).catch((caught) => caught);
    assert.is(error.code, "invalid-identity");
    assert.match(error.message, "AES-192, which this engine lacks");
    assert.is(await codeOf(open(byOpenssl(juliet, ["-v2", "aes-256-cbc"]))), "internal-error");
  } finally {
    Reflect.deleteProperty(globalThis.crypto, "subtle");
  }
});

test("refuses, in words, the encryption of OpenSSL's earlier times", async () => {
  const pem = juliet.toPEM();
  const old =
    openssl(["ec", "-aes256", "-passout", `pass:${PASSPHRASE}`], pem) + pem.slice(pem.indexOf("-----BEGIN CERT"));
  const error = await open(old).catch((caught) => caught);
  assert.equal([error.code, codeThrownBy(() => core.identityFromPEM(old))], ["invalid-identity", "invalid-identity"]);
  assert.match(error.message, "openssl pkcs8 -topk8");
});

test("is not kept busy by a file: ten million rounds at most, one at least", async () => {
  const busy = byOpenssl(juliet, ["-iter", String(0x800000)]);
  const idle = byOpenssl(juliet, ["-iter", "1"]);
  for (const [pem, from, to] of [
    [busy, "020400800000", "020400989681"],
    [busy, "020400800000", "02047fffffff"],
    [busy, "020400800000", "0204ffffffff"],
    [idle, "020101", "020100"],
  ] as const) {
    const error = await open(rewritten(pem, from, to)).catch((caught) => caught);
    assert.is(error.code, "invalid-identity", to);
  }
});

/** The encrypted key with some of its bytes, in hex, replaced by as many others. */
function rewritten(pem: string, from: string, to: string): string {
  const [begin, end] = [pem.indexOf("\n") + 1, pem.indexOf("-----END")];
  const key = Buffer.from(pem.slice(begin, end), "base64").toString("hex");
  assert.is(key.split(from).length, 2, "it is there once");
  const base64 = Buffer.from(key.replace(from, to), "hex").toString("base64");
  return `${pem.slice(0, begin)}${base64}\n${pem.slice(end)}`;
}

test("survives every altered byte and every cut of the encrypted key", async () => {
  const pem = byOpenssl(juliet, ["-iter", "1"]);
  const begin = pem.indexOf("\n") + 1;
  const der = Buffer.from(pem.slice(begin, pem.indexOf("-----END")), "base64");
  const written = (bytes: Uint8Array): string =>
    `${pem.slice(0, begin)}${Buffer.from(bytes).toString("base64")}\n${pem.slice(pem.indexOf("-----END"))}`;
  assert.is(await codeOf(open(written(der))), "none");
  for (let at = 0; at < der.length; at++) {
    const altered = Buffer.from(der);
    altered[at]! ^= 1 << (at % 8);
    assert.ok(
      ["wrong-passphrase", "invalid-identity", "none"].includes(await codeOf(open(written(altered)))),
      String(at),
    );
    assert.is(await codeOf(open(written(der.subarray(0, at)))), "invalid-identity", String(at));
  }
  assert.is(await codeOf(open(written(Buffer.concat([der, Buffer.from([0])])))), "invalid-identity");
});

test("reads a key that is not encrypted all the same, but none that fits no certificate", async () => {
  assert.is((await open(juliet.toPEM())).jid, juliet.jid);
  const other = core.createIdentity({ jid: "nurse@capulet.example" });
  const mixed =
    encrypted.slice(0, encrypted.indexOf("-----BEGIN CERT")) +
    other.toPEM().slice(other.toPEM().indexOf("-----BEGIN CERT"));
  assert.is(await codeOf(open(mixed)), "invalid-identity");
  assert.is(await codeOf(open(encrypted.slice(0, 200))), "invalid-identity");
});

test("leaves nothing of the key in the module", async () => {
  const before = core.heapUsed;
  const lady = core.createIdentity({ jid: "lady@capulet.example" });
  const again = await open(await lady.toEncryptedPEM(PASSPHRASE));
  await again.toEncryptedPEM(PASSPHRASE);
  const { memory } = core.module;
  const pem = lady.toPEM();
  again[Symbol.dispose]();
  const secret = Buffer.from(
    openssl(["pkey", "-text", "-noout"], pem)
      .replace(/[^]*priv:([^]*)pub:[^]*/, "$1")
      .replace(/[\s:]/g, ""),
    "hex",
  ).subarray(-32);
  assert.is(secret.length, 32);
  const isThere = () =>
    [secret, Buffer.from(secret).reverse()].some((bytes) => Buffer.from(memory.buffer).includes(bytes));
  assert.ok(isThere(), "it is found while it is in use");
  lady[Symbol.dispose]();
  assert.not(isThere());
  assertNoLeak(core, before);
});

// --- in a file -------------------------------------------------------------------------

const nurse = core.createIdentity({ jid: "nurse@capulet.example" });

test("goes into a file of its owner's alone, encrypted or not, and comes back", async () => {
  const path = join(folder, "nurse.pem");
  for (const options of [{}, { passphrase: PASSPHRASE }]) {
    await saveIdentity(nurse, path, options);
    assert.is(statSync(path).mode & 0o777, 0o600);
    assert.is((await loadIdentity(core, path, options)).toPEM(), nurse.toPEM());
  }
  assert.is(await codeOf(loadIdentity(core, path)), "wrong-passphrase");
  assert.is(await codeOf(loadIdentity(core, path, { passphrase: "x" })), "wrong-passphrase");
  assert.equal(readdirSync(folder), ["nurse.pem"]);
});

test("refuses a file that others may use, whatever is in it", async () => {
  const path = join(folder, "shown.pem");
  for (const mode of [0o640, 0o604, 0o620, 0o602, 0o610, 0o644, 0o777]) {
    writeFileSync(path, nurse.toPEM());
    chmodSync(path, mode);
    assert.is(await codeOf(loadIdentity(core, path)), "key-exposed", mode.toString(8));
  }
  await saveIdentity(nurse, path);
  assert.is((await loadIdentity(core, path)).jid, nurse.jid);
  chmodSync(path, 0o400);
  assert.is((await loadIdentity(core, path)).jid, nurse.jid);
});

test("says as the file system does that there is no file, or no folder", async () => {
  assert.is(await codeOf(loadIdentity(core, join(folder, "none.pem"))), "file-not-found");
  assert.is(await codeOf(saveIdentity(nurse, join(folder, "none", "nurse.pem"))), "file-not-found");
  assert.is(await codeOf(loadIdentity(core, folder)), "invalid-identity");
  writeFileSync(join(folder, "large.pem"), " ".repeat(300_000), {
    mode: 0o600,
  });
  assert.is(await codeOf(loadIdentity(core, join(folder, "large.pem"))), "invalid-identity");
});

test("leaves the old file, and nothing else, when it cannot be replaced", async () => {
  const place = join(folder, "taken.pem");
  mkdirSync(join(place, "inside"), { recursive: true });
  const before = readdirSync(folder).sort();
  assert.is.not(await codeOf(saveIdentity(nurse, place)), "none");
  assert.equal(readdirSync(folder).sort(), before);
  const path = join(folder, "kept.pem");
  await saveIdentity(nurse, path);
  const disposed = core.createIdentity({ jid: "a@b" });
  disposed[Symbol.dispose]();
  assert.is(await codeOf(saveIdentity(disposed, path)), "disposed");
  assert.is(await codeOf(saveIdentity(nurse, path, { passphrase: "" })), "invalid-argument");
  assert.is(readFileSync(path, "utf8"), nurse.toPEM());
});

test("leaves no key behind for good: what a crash left of a new file goes when the next is written", async () => {
  const inner = join(folder, "crashed");
  mkdirSync(inner, { mode: 0o700 });
  const leave = (name: string, seconds: number) => {
    writeFileSync(join(inner, name), juliet.toPEM(), { mode: 0o600 });
    utimesSync(join(inner, name), Date.now() / 1000 - seconds, Date.now() / 1000 - seconds);
  };
  leave(".juliet.pem.0123456789ab.part", 3600);
  const atWork = ".juliet.pem.ba9876543210.part";
  const others = [".romeo.pem.0123456789ab.part", ".juliet.pem.backup.part"];
  leave(atWork, 1);
  for (const name of others) leave(name, 3600);
  await saveIdentity(juliet, join(inner, "juliet.pem"), { passphrase: PASSPHRASE });
  assert.equal(readdirSync(inner).sort(), [...others, atWork, "juliet.pem"].sort());
});

test("is whole at every moment while it is replaced", async () => {
  const path = join(folder, "busy.pem");
  await saveIdentity(nurse, path);
  let isBusy = true;
  const writing = (async () => {
    for (let round = 0; round < 100; round++) await saveIdentity(round % 2 === 0 ? juliet : nurse, path);
    isBusy = false;
  })();
  const seen = new Set<string>();
  while (isBusy) seen.add((await loadIdentity(core, path)).jid);
  await writing;
  assert.equal([...seen].sort(), [juliet.jid, nurse.jid].sort());
});

test("is read where a link leads", async () => {
  symlinkSync(join(folder, "kept.pem"), join(folder, "link.pem"));
  assert.is((await loadIdentity(core, join(folder, "link.pem"))).jid, nurse.jid);
});

test.run();
