import { spawnSync } from "node:child_process";
import { createServer, type Server } from "node:http";
import { readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { runInNewContext } from "node:vm";

import { loadCore as loadNode, XtlsError, type Core } from "../../bindings/node.ts";
import { loadCore as loadWeb } from "../../bindings/web.ts";
import { load, packagedModule, type ModuleSource } from "../../wasm/load.ts";
import { assert, skip, suite } from "../suite.ts";
import { codeThrownBy, dispose, openPair } from "./pair.ts";
import { stub } from "./stub.ts";

const test = suite("load");

const page = "<!DOCTYPE html><title>404</title>";

/** Serves one answer a path, as a badly set up web server would. */
const server: Server = createServer((request, response) => {
  const answers: Record<string, [number, string, string | Uint8Array]> = {
    "/right.wasm": [200, "application/wasm", stub()],
    "/untyped.wasm": [200, "application/octet-stream", stub()],
    "/parameter.wasm": [200, "application/wasm; charset=utf-8", stub()],
    "/page.wasm": [200, "text/html", page],
    "/lying.wasm": [200, "application/wasm", page],
  };
  const [status, type, body] = answers[request.url ?? ""] ?? [404, "text/html", page];
  response.writeHead(status, { "content-type": type }).end(body);
});

let origin = "";
test.before(async () => {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
test.after(() => void server.close());

const refusal = async (source: ModuleSource, loadCore = loadNode): Promise<XtlsError> => {
  const error: unknown = await loadCore(source).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.instance(error, XtlsError);
  return error as XtlsError;
};

function speak(core: Core): void {
  const { initiator, responder } = openPair(core);
  initiator.write(Uint8Array.of(1, 2, 3));
  responder.feed(initiator.drain());
  assert.equal(responder.read(), Uint8Array.of(1, 2, 3));
  dispose({ initiator, responder });
}

/** Runs a body while a global has another value. */
async function withGlobal<Result>(name: string, value: unknown, body: () => Promise<Result>): Promise<Result> {
  const original = Object.getOwnPropertyDescriptor(globalThis, name) as PropertyDescriptor;
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  try {
    return await body();
  } finally {
    Object.defineProperty(globalThis, name, original);
  }
}

test("takes the packaged file, its URL, its path, bytes, a buffer and a compiled module", async () => {
  const bytes = await readFile(packagedModule());
  const sources = [
    undefined,
    packagedModule(),
    String(packagedModule()),
    packagedModule().pathname,
    bytes,
    new Uint8Array(bytes).buffer,
    await WebAssembly.compile(bytes),
  ];
  for (const source of sources) assert.is((await loadNode(source)).heapUsed > 0, true);
});

test("loads the packaged module, and shakes hands", async () => {
  speak(await loadNode());
});

test("names an engine without SIMD, whatever it is to load", async () => {
  const withoutVectors = Object.assign(Object.create(WebAssembly), { validate: () => false });
  await withGlobal("WebAssembly", withoutVectors, async () => {
    for (const source of [undefined, stub(), `${origin}/missing.wasm`]) {
      const error = await refusal(source as ModuleSource);
      assert.is(error.code, "wasm-unsupported");
      assert.match(error.message, "SIMD");
    }
  });
});

test("names a real engine that has no SIMD at all", () => {
  if (process.arch !== "x64") return skip("only x64 lets Node's engine be without SIMD");
  const program = `
    const { loadCore } = await import(${JSON.stringify(new URL("../../bindings/node.ts", import.meta.url).href)});
    console.log(await loadCore().catch(({ code }) => code));`;
  const options = ["--no-enable-sse4-1", "--import", "tsx", "--input-type", "module", "--eval", program];
  const { stdout, stderr } = spawnSync(process.execPath, options, { encoding: "utf8" });
  assert.is(stdout.trim(), "wasm-unsupported", stderr);
});

test("takes a URL over HTTP, a Response and the promise of one, in both entries", async () => {
  for (const loadCore of [loadNode, loadWeb]) {
    for (const path of ["/right.wasm", "/untyped.wasm", "/parameter.wasm"]) {
      await loadCore(origin + path);
      await loadCore(new URL(path, origin));
      await loadCore(await fetch(origin + path));
      await loadCore(fetch(origin + path));
    }
  }
});

test("names a status that is not 2xx", async () => {
  const error = await refusal(`${origin}/missing.wasm`);
  assert.is(error.code, "wasm-not-found");
  assert.match(error.message, "/missing.wasm answered 404");
});

test("names an HTML page that came instead", async () => {
  const error = await refusal(`${origin}/page.wasm`, loadWeb);
  assert.is(error.code, "wasm-invalid");
  assert.match(error.message, "<!DOCTYPE html>");
  assert.match(error.message, "text/html");
});

test("refuses a page that calls itself a module", async () => {
  assert.is((await refusal(`${origin}/lying.wasm`)).code, "wasm-invalid");
});

test("refuses what is not a module: short, empty, cut off", async () => {
  const cut = stub().subarray(0, 60);
  for (const source of [new Uint8Array(0), Uint8Array.of(0, 0x61), cut]) {
    assert.is((await refusal(source)).code, "wasm-invalid");
  }
});

test("names a file and a host that are not there", async () => {
  for (const source of ["/nowhere/xtls.wasm", "file:///nowhere/xtls.wasm", "http://127.0.0.1:1/xtls.wasm"]) {
    const error = await refusal(source);
    assert.is(error.code, "wasm-not-found");
    assert.match(error.message, source);
    assert.ok(error.cause);
  }
});

test("names a policy that forbids WebAssembly", async () => {
  const blocked: unknown = runInNewContext("WebAssembly", {}, { contextCodeGeneration: { wasm: false } });
  const error = await withGlobal("WebAssembly", blocked, () => refusal(stub()));
  assert.is(error.code, "wasm-blocked");
});

test("knows a browser's policy by its words", async () => {
  const words = [
    "WebAssembly.compile(): Refused to compile or instantiate WebAssembly module because neither 'wasm-eval' nor 'unsafe-eval' is an allowed source of script",
    "Compiling or instantiating WebAssembly module violates the following Content Security policy directive",
    "call to WebAssembly.compile() blocked by CSP",
  ];
  const { CompileError } = WebAssembly;
  for (const message of words) {
    const compile = () => Promise.reject(new CompileError(message));
    const error = await withGlobal("WebAssembly", { compile, validate: () => true }, () => refusal(stub()));
    assert.is(error.code, "wasm-blocked");
  }
});

test("names an engine without WebAssembly", async () => {
  assert.is((await withGlobal("WebAssembly", undefined, () => refusal(stub()))).code, "wasm-unsupported");
});

test("names a platform without randomness", async () => {
  for (const crypto of [undefined, {}]) {
    assert.is((await withGlobal("crypto", crypto, () => refusal(stub()))).code, "randomness-missing");
  }
});

test("refuses another ABI: its version, a name too few, an import too many", async () => {
  const strangers = [
    stub({ version: 99 }),
    stub({ without: ["xtls_engine_feed"] }),
    stub({ asksFor: "xtls_host_weather" }),
  ];
  for (const stranger of strangers) assert.is((await refusal(stranger)).code, "abi-mismatch");
  assert.match((await refusal(strangers[0]!)).message, "ABI 99");
  assert.match((await refusal(strangers[1]!)).message, "xtls_engine_feed");
  assert.match((await refusal(strangers[2]!)).message, "xtls_host_weather");
});

test("refuses what is no source at all", async () => {
  assert.is((await refusal(42 as unknown as string)).code, "invalid-argument");
});

test("asks for randomness in pieces that Web Crypto grants", async () => {
  const asked: number[] = [];
  const crypto = { getRandomValues: (bytes: Uint8Array) => (asked.push(bytes.length), bytes.fill(7)) };
  await withGlobal("crypto", crypto, async () => {
    const module = await load(stub({ asking: { names: ["xtls_heap_used"], length: 200_000 } }), () => Promise.reject());
    assert.is(module.xtls_heap_used(), 0);
    assert.equal(new Uint8Array(module.memory.buffer).subarray(199_998, 200_002), Uint8Array.of(7, 7, 0, 0));
  });
  assert.equal(asked, [65536, 65536, 65536, 3392]);
});

test("answers -1 when randomness fails, and throws nothing through the module", async () => {
  const crypto = {
    getRandomValues: () => {
      throw new Error("no entropy");
    },
  };
  await withGlobal("crypto", crypto, async () => {
    const module = await load(stub({ asking: { names: ["xtls_heap_used"], length: 16 } }), () => Promise.reject());
    assert.is(module.xtls_heap_used(), -1);
  });
});

test("makes no key and no hello when randomness fails", async () => {
  const core = await loadNode();
  const identity = core.createIdentity({ jid: "juliet@capulet.example" });
  const initiator = core.engine({ role: "initiator", identity });
  const responder = core.engine({ role: "responder", identity });
  const crypto = {
    getRandomValues: () => {
      throw new Error("no entropy");
    },
  };
  await withGlobal("crypto", crypto, async () => {
    assert.is(
      codeThrownBy(() => core.createIdentity({ jid: "romeo@montague.example" })),
      "randomness-missing",
    );
    assert.is(
      codeThrownBy(() => core.engine({ role: "initiator", identity })),
      "randomness-missing",
    );
    assert.is(
      codeThrownBy(() => responder.feed(initiator.drain())),
      "randomness-missing",
    );
    assert.is(responder.state, "failed");
  });
});

test("lets no call in after a trap", async () => {
  const module = await load(stub({ trapping: ["xtls_heap_used"] }), () => Promise.reject());
  assert.is(module.xtls_abi_version(), 1);
  for (const call of [module.xtls_heap_used, module.xtls_abi_version]) {
    assert.throws(
      () => call(),
      (error: XtlsError) => error.code === "internal-error",
    );
  }
});

test.run();
