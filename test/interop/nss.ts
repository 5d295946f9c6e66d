/**
 * NSS, by its own tools: tstclnt as the client, selfserv as the server. Knows nothing of our engine.
 *
 * They take keys and authorities from a database alone, and of application protocols they know
 * HTTP's. selfserv repeats a request up to its empty line, and closes.
 * tstclnt closes when both its input and the other end have ended.
 */

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { CIPHERSUITES } from "../../bindings/tls/names.ts";
import type { Issued } from "../tls/issuer.ts";
import { EXPORTED, LABEL, type Counterpart, type Program, type Terms } from "./counterpart.ts";
import { loopback } from "./loopback.ts";
import { Peer } from "./peer.ts";

export const nss: Program = {
  name: "nss",
  lacks: ["alpn"],
  connect: (port, terms) => Promise.resolve(client(port, terms, 1)),
  comeTwice(port, terms) {
    const twice = client(port, terms, 2);
    twice.close(); // its input, or it would not leave the first connection
    return Promise.resolve(twice);
  },
  async serve(terms) {
    // Once -r asks for a certificate, twice insists.
    const asking = terms.asksNobody ? [] : ["-r", "-r"];
    const own = terms.own ? ["-n", OWN] : [];
    // It wants a port, and does not get it; -v is for what it exports.
    const args = ["-p", "1", "-v", ...own, ...asking, ...commonArguments(terms)];
    const peer = new Peer("selfserv", args, { LD_PRELOAD: loopback() });
    const [, port] = await peer.prints(/loopback port (\d+)/);
    return { ...verbs(peer), port: Number(port), isEcho: true, heard: () => Promise.resolve(), close: () => {} };
  },
};

function client(port: number, terms: Terms, visits: number): Counterpart {
  const own = terms.own ? ["-n", OWN] : [];
  const target = ["-4", "-h", "localhost", "-p", String(port), "-L", String(visits)];
  return verbs(new Peer("tstclnt", [...target, ...own, ...commonArguments(terms)]));
}

/** The name of the key and certificate in the database. */
const OWN = "own";

function commonArguments({ isOld = false, suite, groups, own, authority, extra = [] }: Terms): string[] {
  const version = isOld ? "tls1.2" : "tls1.3";
  return [
    ...["-d", database({ own, authority }), "-V", `${version}:${version}`, "-u", "-x", `${LABEL}:${EXPORTED}`],
    ...(authority ? [] : ["-o"]),
    ...(suite ? ["-c", `:${numberOf(suite).toString(16)}`] : []),
    ...(groups ? ["-I", groups.map((group) => group.replace("-", "").replace("X", "x")).join(",")] : []),
    ...extra,
  ];
}

const numberOf = (suite: string): number => (CIPHERSUITES as Readonly<Record<string, number>>)[suite] ?? 0;

const databases = new Map<string, string>();
process.once("exit", () => databases.forEach((folder) => rmSync(folder, { recursive: true })));

/** A database with this key and certificate and this authority; made once a process. */
function database({ own, authority }: { own: Issued | undefined; authority: Issued | undefined }): string {
  const content = `${own?.certificateFile} ${authority?.certificateFile}`;
  const known = databases.get(content);
  if (known !== undefined) return known;
  const folder = mkdtempSync(join(tmpdir(), "xtls-nss-"));
  databases.set(content, folder);
  run("certutil", "-N", "-d", folder, "--empty-password");
  if (own) importKey(folder, own);
  if (authority) run("certutil", "-A", "-d", folder, "-n", "authority", "-t", "CT,,", "-i", authority.certificateFile);
  return folder;
}

function importKey(folder: string, { certificateFile, keyFile }: Issued): void {
  const bundle = join(folder, "own.p12");
  const files = ["-in", certificateFile, "-inkey", keyFile, "-out", bundle];
  run("openssl", "pkcs12", "-export", "-name", OWN, "-passout", "pass:", ...files);
  run("pk12util", "-d", folder, "-i", bundle, "-W", "");
}

const run = (command: string, ...args: readonly string[]): Buffer =>
  execFileSync(command, args, { stdio: ["ignore", "pipe", "pipe"] });

const verbs = (peer: Peer): Counterpart => ({
  port: 0,
  isEcho: false,
  isPolite: true,
  heard: (text) => peer.prints(new RegExp(text)),
  complains: (pattern) => peer.prints(pattern),
  say: (text) => peer.say(text),
  exported: async () =>
    ((await peer.prints(/Keying Material:\s+((?:[0-9a-f]{2}[:\s]+){32})/))[1] ?? "").replace(/[:\s]/g, ""),
  close: () => peer.hush(),
  ended: () => peer.ended(),
  stop: () => peer.stop(),
});
