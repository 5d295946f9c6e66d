/**
 * From a source to a running module: open, check, compile, instantiate.
 *
 * Owns the two host imports and every way in which loading can fail; each is an XtlsError
 * that names its cause. Must not know what the exports mean (bindings/tls does) nor how a
 * file is read: the entry of each runtime hands that in. WebAssembly Web API, §5-§7.
 */

import { XtlsError } from "../bindings/errors.ts";
import { ABI_VERSION, EXPORT_NAMES, IMPORT_MODULE, IMPORT_NAMES, type Exports, type Imports } from "./abi.ts";

/** Where the module comes from. A string is a URL, or in Node also a path. */
export type ModuleSource =
  string | URL | Response | Promise<Response> | ArrayBuffer | ArrayBufferView | WebAssembly.Module;

/** How a runtime opens an address; it may throw whatever it likes. */
export type Open = (address: string | URL) => Promise<Response | Uint8Array>;

/**
 * The module of this package; bundlers recognise this very expression. Asked for when it is needed, since bundles that are no
 * ES modules have no `import.meta.url`: these import well, and have to say where the module is.
 *
 * @throws XtlsError `wasm-not-found`
 */
export function packagedModule(): URL {
  try {
    return new URL("./xtls.wasm", import.meta.url);
  } catch (cause) {
    throw new XtlsError("wasm-not-found", "This bundle is no ES module and cannot tell where it lies", { cause });
  }
}

/** The smallest module with an instruction of SIMD128 that its drafts did not have. */
const VECTOR_PROBE = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00], // \0asm, version 1
  ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b], // types: () -> v128
  ...[0x03, 0x02, 0x01, 0x00], // functions: one, of that type
  ...[0x0a, 0x0a, 0x01, 0x08, 0x00, 0x41, 0x00, 0xfd, 0x0f, 0xfd, 0x62, 0x0b], // code: i32.const 0, i8x16.splat, i8x16.popcnt
);

/** Bytes that Web Crypto gives at most in one call. */
const RANDOM_QUOTA = 65536;

/** `\0asm`, the first four bytes of every binary module. */
const MAGIC = [0x00, 0x61, 0x73, 0x6d];

/**
 * Loads the module and starts one instance of it.
 *
 * @param source where it comes from; undefined for the one of this package
 * @param open   how this runtime opens an address
 * @returns the instance's exports; after a trap each of them throws `internal-error`, but those that free do nothing
 * @throws XtlsError `wasm-unsupported`, `wasm-not-found`, `wasm-invalid`, `wasm-blocked`, `abi-mismatch`,
 *   `randomness-missing`, `out-of-memory`
 */
export async function load(source: ModuleSource | undefined, open: Open): Promise<Exports> {
  if (typeof WebAssembly === "undefined") throw new XtlsError("wasm-unsupported");
  if (!WebAssembly.validate(VECTOR_PROBE))
    throw new XtlsError("wasm-unsupported", "WebAssembly is there, its SIMD is not");
  if (typeof globalThis.crypto?.getRandomValues !== "function") throw new XtlsError("randomness-missing");

  return instantiate(await compile(await opened(source ?? packagedModule(), open)));
}

type Opened = Response | ArrayBuffer | ArrayBufferView | WebAssembly.Module;

async function opened(source: ModuleSource, open: Open): Promise<Opened> {
  const isAddress = typeof source === "string" || source instanceof URL;
  try {
    return isAddress ? await open(source) : await source;
  } catch (cause) {
    throw new XtlsError("wasm-not-found", isAddress ? `Could not open ${source}` : undefined, { cause });
  }
}

async function compile(source: Opened): Promise<WebAssembly.Module> {
  if (isModule(source)) return source;
  if (isResponse(source)) return compileResponse(source);
  if (ArrayBuffer.isView(source) || isBuffer(source)) return compileBytes(source);
  throw new XtlsError("invalid-argument", "loadCore takes a URL, a Response, bytes or a WebAssembly.Module");
}

// Values may come from another realm (a frame, a vm context): ask for their kind, not for their class.
const kind = (value: unknown): string => Object.prototype.toString.call(value);
const isModule = (source: Opened): source is WebAssembly.Module => kind(source) === "[object WebAssembly.Module]";
const isBuffer = (source: Opened): source is ArrayBuffer => kind(source) === "[object ArrayBuffer]";
const isResponse = (source: Opened): source is Response => typeof (source as Response)?.arrayBuffer === "function";

async function compileResponse(response: Response): Promise<WebAssembly.Module> {
  if (!response.ok) throw new XtlsError("wasm-not-found", `${response.url} answered ${response.status}`);

  const brokeOff = (cause: unknown): never => {
    throw new XtlsError("wasm-not-found", `${response.url} broke off`, { cause });
  };
  // Streaming insists on the exact type, and would not let us look at what an honest server calls text/html.
  const type = response.headers.get("content-type") ?? "none";
  if (type === "application/wasm" && "compileStreaming" in WebAssembly) {
    return WebAssembly.compileStreaming(response).catch((cause: unknown) =>
      isOfNetwork(cause) ? brokeOff(cause) : refuseToCompile(cause),
    );
  }
  const body = await response.arrayBuffer().catch(brokeOff);
  return compileBytes(body, ` from ${response.url} of content type ${type}`);
}

/** While streaming: Firefox says AbortError, all others TypeError. What the bytes are blamed for is a CompileError. */
function isOfNetwork(cause: unknown): boolean {
  const { name, message } = cause as Error;
  return ["TypeError", "AbortError"].includes(name) && !isPolicy(cause, message);
}

async function compileBytes(source: ArrayBuffer | ArrayBufferView, origin = ""): Promise<WebAssembly.Module> {
  const bytes = ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer as ArrayBuffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
  if (MAGIC.some((byte, index) => bytes[index] !== byte)) {
    throw new XtlsError("wasm-invalid", `${bytes.length} bytes${origin} begin with ${opening(bytes)}`);
  }
  return WebAssembly.compile(bytes).catch(refuseToCompile);
}

/** The first bytes as a person would recognise them: `"<!DOCTYPE html>"` tells more than hex. */
function opening(bytes: Uint8Array): string {
  const text = new TextDecoder("latin1").decode(bytes.subarray(0, 16));
  return JSON.stringify(text.replace(/[^ -~]/g, "."));
}

function refuseToCompile(cause: unknown): never {
  const reason = String((cause as Error)?.message ?? cause);
  if (isPolicy(cause, reason)) throw new XtlsError("wasm-blocked", undefined, { cause });
  throw new XtlsError("wasm-invalid", reason, { cause });
}

/** Engines tell a policy from a broken module only in their words: Chromium and Safari name the directive, Firefox CSP, V8's embedders themselves. */
function isPolicy(cause: unknown, reason: string): boolean {
  if ((cause as Error)?.name === "EvalError") return true;
  return /content security|\bCSP\b|unsafe-eval|disallowed by embedder/i.test(reason);
}

async function instantiate(module: WebAssembly.Module): Promise<Exports> {
  checkNames(module);
  let instance: WebAssembly.Instance | undefined;
  const memory = (): ArrayBuffer => (instance?.exports as unknown as Exports).memory.buffer;
  const imports = { [IMPORT_MODULE]: { ...host(memory) } };
  try {
    instance = await WebAssembly.instantiate(module, imports);
  } catch (cause) {
    refuseToInstantiate(cause);
  }
  const exports = guarded(instance.exports as unknown as Exports);
  exports._initialize?.();
  return checkedVersion(exports);
}

function refuseToInstantiate(cause: unknown): never {
  const { name, message } = cause as Error;
  if (name === "LinkError") throw new XtlsError("abi-mismatch", message, { cause });
  if (name === "RangeError") throw new XtlsError("out-of-memory", message, { cause });
  refuseToCompile(cause);
}

function checkNames(module: WebAssembly.Module): void {
  const offered = new Set(WebAssembly.Module.exports(module).map(({ name }) => name));
  const missing = EXPORT_NAMES.find((name) => !offered.has(name));
  if (missing !== undefined) throw new XtlsError("abi-mismatch", `The module has no ${missing}`);

  const known = new Set<string>(IMPORT_NAMES);
  const foreign = WebAssembly.Module.imports(module).find(
    ({ module: from, name }) => from !== IMPORT_MODULE || !known.has(name),
  );
  if (foreign === undefined) return;
  throw new XtlsError("abi-mismatch", `The module asks for ${foreign.module}.${foreign.name}`);
}

function checkedVersion(exports: Exports): Exports {
  const version = exports.xtls_abi_version();
  if (version === ABI_VERSION) return exports;
  throw new XtlsError("abi-mismatch", `The module speaks ABI ${version}, these bindings ${ABI_VERSION}`);
}

/** What the module asks of us. It has no way to catch an exception: randomness that fails is -1. */
function host(memory: () => ArrayBuffer): Imports {
  return {
    xtls_host_random(output, length) {
      try {
        fillRandomly(new Uint8Array(memory(), output, length));
        return 0;
      } catch {
        return -1;
      }
    },
    xtls_host_time: () => Date.now(),
  };
}

function fillRandomly(bytes: Uint8Array<ArrayBuffer>): void {
  for (let start = 0; start < bytes.length; start += RANDOM_QUOTA) {
    globalThis.crypto.getRandomValues(bytes.subarray(start, start + RANDOM_QUOTA));
  }
}

/**
 * The exports, failing closed: a trap leaves the module's memory half-written, so after
 * the first one no call goes in any more, and all of the memory is zeroed: the keys of every
 * tunnel were in it, and nothing could free them now. Each call throws that one error, but those
 * that free: there is nothing left to give back, and disposal should not hide what went wrong.
 */
function guarded(exports: Exports): Exports {
  let trap: XtlsError | undefined;
  const guard =
    (name: string, call: (...values: number[]) => number) =>
    (...values: number[]): number => {
      if (trap !== undefined && name.endsWith("_free")) return 0;
      if (trap !== undefined) throw trap;
      try {
        return call(...values);
      } catch (cause) {
        new Uint8Array(exports.memory.buffer).fill(0);
        throw (trap = new XtlsError("internal-error", "The module trapped", { cause }));
      }
    };
  const entries = Object.entries(exports).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === "function" ? guard(name, value as (...values: number[]) => number) : value,
  ]);
  return Object.fromEntries(entries) as Exports;
}
