/**
 * A web site on 127.0.0.1 that serves the library as an application's would: bundled by
 * esbuild, with the module beside the bundle; and as badly set up sites do.
 *
 * The same files lie in three folders, one for each Content-Security-Policy. Nothing is
 * written to disk.
 */

import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

/** What the pages of a folder may do (Content Security Policy Level 3, §6.1). */
const POLICIES = {
  free: undefined,
  strict: "default-src 'self'",
  permitting: "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'",
} as const;
export type Folder = keyof typeof POLICIES;

const PAGE = `<!DOCTYPE html><meta charset="utf-8"><title>xtls</title><script type="module" src="page.js"></script>`;
const NOT_FOUND = "<!DOCTYPE html><title>404 Not Found</title>";

interface File {
  readonly type: string;
  readonly body: string | Uint8Array;
  /** Bytes after which the connection breaks; default: all of them arrive. */
  readonly breaksAt?: number;
}

export interface Site {
  /** `http://127.0.0.1:port/` */
  readonly origin: string;
  close(): Promise<void>;
}

export async function openSite(): Promise<Site> {
  const files = await allFiles();
  const server = createServer(({ url = "" }, response) => {
    const [, folder = "", name = ""] = url.split("/");
    const policy = POLICIES[folder as Folder];
    if (policy !== undefined) response.setHeader("content-security-policy", policy);
    answer(response, folder in POLICIES ? files.get(name) : undefined);
  });
  // A test that fails before it closes the site shall end all the same.
  server.unref().listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function answer(response: ServerResponse, file: File | undefined): void {
  if (file === undefined) {
    response.writeHead(404, { "content-type": "text/html" }).end(NOT_FOUND);
    return;
  }
  const { type, body, breaksAt } = file;
  response.writeHead(200, { "content-type": type, "content-length": Buffer.byteLength(body) });
  if (breaksAt === undefined) response.end(body);
  else response.write(body.slice(0, breaksAt), () => response.socket?.end());
}

async function allFiles(): Promise<Map<string, File>> {
  const module = await readFile(new URL("../../wasm/xtls.wasm", import.meta.url));
  const scripts = await bundle(["page.ts", "worker.ts"]);
  return new Map<string, File>([
    ["", { type: "text/html", body: PAGE }],
    ...scripts,
    ["xtls.wasm", { type: "application/wasm", body: module }],
    ["untyped.wasm", { type: "text/plain", body: module }],
    ["broken.wasm", { type: "application/wasm", body: module, breaksAt: 4096 }],
    ["cut-off.wasm", { type: "application/wasm", body: module.subarray(0, 4096) }],
    ["page.wasm", { type: "text/html", body: PAGE }],
    ["lying.wasm", { type: "application/wasm", body: PAGE }],
  ]);
}

async function bundle(names: readonly string[]): Promise<[string, File][]> {
  const { outputFiles } = await build({
    entryPoints: names.map((name) => fileURLToPath(new URL(`page/${name}`, import.meta.url))),
    outdir: "/",
    write: false,
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    // @xmpp/resolve 0.14 asks for it even where its package.json says that there is none.
    alias: { "node:dns": "data:text/javascript,export default {}" },
    logLevel: "error",
  });
  return outputFiles.map(({ path, contents }) => [basename(path), { type: "text/javascript", body: contents }]);
}
