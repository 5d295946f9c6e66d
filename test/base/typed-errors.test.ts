/**
 * Every error is an XtlsError: what the code throws, what the platform throws under it, and what comes of arguments
 * that TypeScript would not have let pass.
 */

import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import * as api from "../../bindings/node.ts";
import { assert, suite } from "../suite.ts";

const test = suite("base: typed errors");
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "xtls-typed-errors-"));
const core = await api.loadCore();
const identity = core.createIdentity({ jid: "romeo@verona.example" });

test.after(() => rmSync(folder, { recursive: true }));

/** What a call throws or rejects with; undefined: nothing, or it is still under way. */
async function fault(call: () => unknown): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, 200)));
  try {
    await Promise.race([call(), late]);
    return undefined;
  } catch (error) {
    return error;
  } finally {
    clearTimeout(timer);
  }
}

async function assertTyped(what: string, call: () => unknown): Promise<void> {
  const error = await fault(call);
  const isTyped = error === undefined || error instanceof api.XtlsError;
  assert.ok(isTyped, `${what}: ${error instanceof Error ? `${error.stack}` : String(error)}`);
}

// --- what the code throws ------------------------------------------------------------

/** Errors that nobody sees: each is caught by the next caller and becomes the cause of one of ours. */
const CAUGHT: Readonly<Record<string, number>> = {
  "bindings/methods/openpgp/signature.ts": 1,
  "bindings/methods/openpgp/packets.ts": 2,
  "bindings/own-path.ts": 1,
};

test("no error of another kind is made anywhere", () => {
  const found: Record<string, number> = {};
  for (const path of ["bindings", "wasm"].flatMap(sources)) {
    const count = [...readFileSync(join(ROOT, path), "utf8").matchAll(/new (?:[A-Z]\w*)?Error\(/g)].filter(([made]) => made !== "new XtlsError(").length;
    if (count > 0) found[path] = count;
  }
  assert.equal(found, CAUGHT);
});

test("what the platform may lack or refuse is asked for in one place, which says so", () => {
  const askers = ["bindings", "wasm"].flatMap(sources).filter((path) => /\bcrypto\.(subtle|getRandomValues)\b/.test(code(path)));
  assert.equal(askers, ["bindings/base/platform.ts", "wasm/load.ts"]);
});

test("no call takes a list of somebody else's apart into arguments, of which there may be too many", () => {
  const spread = /\b(?:append|prepend|push|unshift|concat|set|min|max|fromCharCode|fromCodePoint|framed?)\((?:[^()[\]{}]|\([^()]*\))*\.\.\./;
  const found = ["bindings", "wasm"].flatMap(sources).flatMap((path) => code(path).split("\n").filter((line) => spread.test(line)).map((line) => `${path}: ${line.trim()}`));
  // Short by nature: a method's values, a label of a domain, a path, eight bytes.
  const own = /^bindings\/(xtls\/(bind|frame)|methods\/(binding|sas|srp|openpgp\/packets)|base\/punycode|own-path)\.ts: /;
  assert.equal(found.filter((line) => !own.test(line)), []);
});

function sources(directory: string): string[] {
  const found = readdirSync(join(ROOT, directory), { recursive: true, encoding: "utf8" });
  return found.filter((path) => path.endsWith(".ts")).map((path) => `${directory}/${path}`).sort();
}

/** Without comments and texts. */
function code(path: string): string {
  return readFileSync(join(ROOT, path), "utf8").replace(/\/\*.*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"/gs, "");
}

// --- what the platform throws ------------------------------------------------------------

/** The platform without something, for as long as a call takes. */
async function without(name: "crypto" | "CompressionStream", value: unknown, call: () => unknown): Promise<unknown> {
  const before = Object.getOwnPropertyDescriptor(globalThis, name) as PropertyDescriptor;
  Object.defineProperty(globalThis, name, { value, configurable: true });
  try {
    return await fault(call);
  } finally {
    Object.defineProperty(globalThis, name, before);
  }
}

const owner = { jid: "romeo@verona.example", spkiFingerprint: identity.spkiFingerprint };
const codeOf = (error: unknown) => (error as api.XtlsError | undefined)?.code;

test("a page without WebCrypto is told so by whatever needs it", async () => {
  const { getRandomValues } = crypto;
  const bare = { getRandomValues: getRandomValues.bind(crypto) };
  for (const call of [
    () => api.safetyNumber(owner, owner),
    () => api.createVerifier(core, owner.jid, "wherefore"),
    () => identity.toEncryptedPEM("wherefore"),
    () => core.identityFromEncryptedPEM(readFileSync(join(folder, "encrypted.pem"), "utf8"), "wherefore"),
  ]) {
    if (call.toString().includes("encrypted.pem")) writeFileSync(join(folder, "encrypted.pem"), await identity.toEncryptedPEM("wherefore"));
    const error = (await without("crypto", bare, call)) as api.XtlsError;
    assert.is(error.code, "platform-unsupported", String(call));
    assert.match(error.message, /needs crypto\.subtle.*HTTPS/s);
    assert.not.match(error.message, /package/);
  }
});

test("WebCrypto that fails, and randomness that is missing, are errors of ours", async () => {
  const refuse = async () => Promise.reject(new DOMException("no", "OperationError"));
  const { getRandomValues } = crypto;
  const broken = { getRandomValues: getRandomValues.bind(crypto), subtle: { importKey: refuse, deriveBits: refuse } };
  assert.is(codeOf(await without("crypto", broken, () => api.safetyNumber(owner, owner))), "internal-error");
  const still = { subtle: crypto.subtle };
  for (const call of [() => api.createVerifier(core, owner.jid, "wherefore"), () => identity.toEncryptedPEM("wherefore")])
    assert.is(codeOf(await without("crypto", still, call)), "randomness-missing", String(call));
});

test("an engine that cannot compress draws no PNG, and says so", async () => {
  const drawn = await api.qrCode("xmpp:romeo@verona.example");
  const error = (await without("CompressionStream", undefined, () => drawn.png())) as api.XtlsError;
  assert.is(error.code, "platform-unsupported");
  assert.match(error.message, "needs CompressionStream");
  assert.not.match(error.message, /package/);
});

test("an engine that has no IndexedDB keeps no trust store in one, and says so", async () => {
  const error = (await fault(() => new api.TrustStore(api.indexedDbStorage()).list())) as api.XtlsError;
  assert.is(error.code, "platform-unsupported");
  assert.match(error.message, "needs indexedDB");
});

test("whatever the file system refuses has a name, and the reason as its cause", async () => {
  const path = (name: string) => join(folder, name);
  symlinkSync("loop", path("loop"));
  writeFileSync(path("file"), "x", { mode: 0o600 });
  const cases: readonly (readonly [() => unknown, string, string])[] = [
    [() => api.loadIdentity(core, path("none.pem")), "file-not-found", "ENOENT"],
    [() => api.saveIdentity(identity, path("none/romeo.pem")), "file-not-found", "ENOENT"],
    [() => api.loadIdentity(core, path("file/romeo.pem")), "file-failed", "ENOTDIR"],
    [() => api.saveIdentity(identity, path("file/romeo.pem")), "file-failed", "ENOTDIR"],
    [() => api.loadIdentity(core, path("loop")), "file-failed", "ELOOP"],
    [() => api.loadIdentity(core, path("x".repeat(300))), "file-failed", "ENAMETOOLONG"],
    [() => new api.TrustStore(api.fileStorage(path("file/trust.json"))).list(), "store-damaged", "ENOTDIR"],
    [() => api.loadCore(path("none.wasm")), "wasm-not-found", "ENOENT"],
  ];
  for (const [call, expected, reason] of cases) {
    const error = (await fault(call)) as api.XtlsError;
    assert.is(codeOf(error), expected, `${call}: ${error?.stack}`);
    if (reason) assert.match(String((error.cause as { code?: string }).code), reason, String(call));
  }
});

// --- what comes of arguments ---------------------------------------------------------------

const NOTHING: readonly unknown[] = [
  undefined,
  null,
  true,
  0,
  -1,
  NaN,
  1.5,
  1e300,
  10n,
  "",
  "x",
  "\ud800",
  Symbol("s"),
  {},
  [],
  [null],
  Object.create(null),
  () => {},
  new Date(NaN),
  new Uint8Array(0),
  new Uint8Array(3),
  new Uint16Array(2),
  new ArrayBuffer(4),
];

type Call = (...given: unknown[]) => unknown;

/** Each argument in turn, the others missing; then all alike. */
async function tried(what: string, call: Call, arity: number): Promise<void> {
  for (const value of NOTHING) {
    const shown = typeof value === "object" ? Object.prototype.toString.call(value) : String(value);
    for (let at = 0; at < arity; at++) await assertTyped(`${what}, argument ${at} ${shown}`, () => call(...Array<unknown>(at), value));
    await assertTyped(`${what}, all ${shown}`, () => call(...Array<unknown>(arity).fill(value)));
  }
}

/** Classes of which the library makes the objects, and what is no call. */
const MADE_BY_US: readonly string[] = ["Core", "Identity", "Certificate", "Engine", "Authorities", "Tickets", "Tunnel", "XtlsError"];

test("no public function answers wrong arguments with an error of another kind", async () => {
  for (const [name, value] of Object.entries(api) as [string, unknown][]) {
    if (typeof value !== "function" || MADE_BY_US.includes(name)) continue;
    const isClass = String(value).startsWith("class");
    const call: Call = isClass ? (...given) => new (value as new (...given: unknown[]) => unknown)(...given) : (value as Call);
    await tried(name, call, Math.max(value.length, 2));
  }
});

/** Objects of the library's, each made anew for every call. */
const OBJECTS: Readonly<Record<string, () => object>> = {
  store: () => new api.TrustStore(api.memoryStorage()),
  endpoint: () => new api.Endpoint({ address: "romeo@verona.example/x", identity, id: () => "1" }),
  core: () => core,
  identity: () => identity,
  certificate: () => core.certificate(identity.certificate),
  engine: () => core.engine({ role: "initiator", identity }),
  tickets: () => core.tickets(),
};

for (const [name, make] of Object.entries(OBJECTS)) {
  test(`no method of ${name} answers wrong arguments with an error of another kind`, async () => {
    for (const method of methodsOf(make())) {
      const call: Call = (...given) => (make() as Record<string, Call>)[method]!(...given);
      await tried(`${name}.${method}`, call, 2);
    }
  });
}

/** `revise` runs the caller's function in the middle: what that returns is between the two. */
const OTHERS: readonly string[] = ["constructor", "revise"];

function methodsOf(object: object): string[] {
  const prototype = Object.getPrototypeOf(object) as object;
  const all = Object.entries(Object.getOwnPropertyDescriptors(prototype));
  return all.filter(([name, { value }]) => !OTHERS.includes(name) && typeof value === "function").map(([name]) => name);
}

test.run();
