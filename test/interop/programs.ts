/**
 * The other implementations of TLS, each as client and as server: how to tell each what to
 * negotiate, to speak, to say what it exports and to close. Real processes, but for Node's
 * own, which runs here. Knows nothing of our engine.
 */

import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import tls from "node:tls";
import { fileURLToPath } from "node:url";

import type { Group, Version } from "../../bindings/node.ts";
import type { Issued } from "../tls/issuer.ts";
import { Peer, within } from "./peer.ts";

/** What the program shall insist on. */
export interface Terms {
  readonly version: Version;
  /** IANA's name. */
  readonly suite?: string;
  readonly groups?: readonly Group[];
  /** Its certificate; `undefined`: it has none. */
  readonly own?: Issued | undefined;
  /** Verify our certificate against this, and refuse it otherwise. */
  readonly authority?: Issued;
  /** Further arguments of the program. */
  readonly extra?: readonly string[];
}

export const LABEL = "EXPORTER-XTLS-interop";
export const EXPORTED = 32;
export const PROTOCOL = "xtls/1";

/** The program while it runs. */
export interface Counterpart {
  /** Where it listens; 0 for a client. */
  readonly port: number;
  /** What it says is what it heard: it cannot speak first. */
  readonly isEcho: boolean;
  /** Resolves when it heard the text. */
  heard(text: string): Promise<unknown>;
  say(text: string): void;
  /** Hex of what it exports for LABEL without context. */
  exported(): Promise<string>;
  /** Says close_notify, if it can. */
  close(): void;
  /** Resolves when a client has ended; a server goes on. */
  ended(): Promise<void>;
  /** Ends it at once, as an accident would. */
  stop(): void;
}

export interface Program {
  readonly name: string;
  /** The program as a client of our responder. */
  connect(port: number, terms: Terms): Promise<Counterpart>;
  /** The program as a server for our initiator. */
  serve(terms: Terms): Promise<Counterpart>;
}

// --- OpenSSL ---------------------------------------------------------------------

const openssl: Program = {
  name: "openssl",
  async connect(port, terms) {
    const peer = new Peer("openssl", [
      "s_client",
      "-connect",
      `127.0.0.1:${port}`,
      ...opensslArguments(terms),
      ...verifying(terms, ["-verify", "4", "-verify_return_error"]),
    ]);
    return { ...opensslVerbs(peer), port: 0, close: () => peer.hush() };
  },
  async serve(terms) {
    const verify = ["-Verify", "4", ...verifying(terms, ["-verify_return_error"])];
    const peer = new Peer("openssl", ["s_server", "-accept", "127.0.0.1:0", ...opensslArguments(terms), ...verify]);
    const [, port] = await peer.prints(/ACCEPT 127\.0\.0\.1:(\d+)/);
    return { ...opensslVerbs(peer), port: Number(port), close: () => peer.say("Q\n") };
  },
};

const verifying = ({ authority }: Terms, how: readonly string[]): readonly string[] =>
  authority ? [...how, "-CAfile", authority.certificateFile] : [];

function opensslArguments({ version, suite, groups, own, extra = [] }: Terms): string[] {
  const isTls13 = version === "TLSv1.3";
  return [
    isTls13 ? "-tls1_3" : "-tls1_2",
    ...(suite ? (isTls13 ? ["-ciphersuites", suite] : ["-cipher", opensslName(suite)]) : []),
    ...(groups ? ["-groups", groups.join(":")] : []),
    ...(own ? ["-cert", own.certificateFile, "-key", own.keyFile] : []),
    ...["-alpn", PROTOCOL, "-keymatexport", LABEL, "-keymatexportlen", String(EXPORTED)],
    ...extra,
  ];
}

/** `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256` is `ECDHE-RSA-AES128-GCM-SHA256` to OpenSSL. */
const opensslName = (suite: string): string =>
  suite
    .replace("TLS_", "")
    .replace("WITH_", "")
    .replace(/AES_(\d+)/, "AES$1")
    .replace("POLY1305_SHA256", "POLY1305")
    .replaceAll("_", "-");

const opensslVerbs = (peer: Peer): Omit<Counterpart, "port" | "close"> => ({
  isEcho: false,
  heard: (text) => peer.prints(new RegExp(text)),
  say: (text) => peer.say(text),
  exported: async () => ((await peer.prints(/Keying material: ([0-9A-F]+)\n/))[1] as string).toLowerCase(),
  ended: () => peer.ended(),
  stop: () => peer.stop(),
});

// --- GnuTLS ----------------------------------------------------------------------

const gnutls: Program = {
  name: "gnutls",
  async connect(port, terms) {
    const trust = terms.authority
      ? [`--x509cafile=${terms.authority.certificateFile}`, "--verify-hostname=localhost"]
      : ["--no-ca-verification"];
    const peer = new Peer("gnutls-cli", ["--port", String(port), "127.0.0.1", ...trust, ...gnutlsArguments(terms)]);
    return { ...gnutlsVerbs(peer), port: 0, isEcho: false, close: () => peer.hush() };
  },
  async serve(terms) {
    const trust = terms.authority ? [`--x509cafile=${terms.authority.certificateFile}`, "--verify-client-cert"] : [];
    const peer = new Peer(
      "gnutls-serv",
      ["--echo", "--port=0", "--require-client-cert", ...trust, ...gnutlsArguments(terms)],
      { LD_PRELOAD: loopback() },
    );
    const [, port] = await peer.prints(/loopback port (\d+)/);
    await peer.prints(/done/);
    return { ...gnutlsVerbs(peer), port: Number(port), isEcho: true, close: () => {} };
  },
};

/** gnutls-serv listens on every address there is; this keeps it at home. */
function loopback(): string {
  const library = join(mkdtempSync(join(tmpdir(), "xtls-loopback-")), "loopback.so");
  const source = fileURLToPath(new URL("./loopback.c", import.meta.url));
  execFileSync("cc", ["-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"]);
  return library;
}

function gnutlsArguments({ version, suite, groups, own, extra = [] }: Terms): string[] {
  const priority = [
    "NORMAL:-VERS-ALL",
    version === "TLSv1.3" ? "+VERS-TLS1.3" : "+VERS-TLS1.2",
    ...(suite ? ["-CIPHER-ALL", `+${gnutlsName(suite)}`] : []),
    ...(groups ? ["-GROUP-ALL", ...groups.map((group) => `+${GNUTLS_GROUPS[group]}`)] : []),
  ];
  return [
    `--priority=${priority.join(":")}`,
    ...(own ? [`--x509certfile=${own.certificateFile}`, `--x509keyfile=${own.keyFile}`] : []),
    ...[`--alpn=${PROTOCOL}`, `--keymatexport=${LABEL}`, `--keymatexportsize=${EXPORTED}`],
    ...extra,
  ];
}

const GNUTLS_GROUPS: Readonly<Record<Group, string>> = {
  X25519: "GROUP-X25519",
  "P-256": "GROUP-SECP256R1",
  "P-384": "GROUP-SECP384R1",
};

/** The AEAD alone: `TLS_AES_128_GCM_SHA256` is `AES-128-GCM` to GnuTLS. */
const gnutlsName = (suite: string): string =>
  suite
    .replace(/^TLS_(.*WITH_)?/, "")
    .replace(/_SHA\d+$/, "")
    .replaceAll("_", "-");

const gnutlsVerbs = (peer: Peer): Omit<Counterpart, "port" | "close" | "isEcho"> => ({
  heard: (text) => peer.prints(new RegExp(text)),
  say: (text) => peer.say(text),
  exported: async () => (await peer.prints(/Key material: ([0-9a-f]+)/))[1] as string,
  ended: () => peer.ended(),
  stop: () => peer.stop(),
});

// --- Node ------------------------------------------------------------------------

/** Node's own, with what it hands out besides. */
export interface NodeCounterpart extends Counterpart {
  readonly socket: Promise<tls.TLSSocket>;
  /** Its NSS key log so far. */
  readonly keyLog: readonly string[];
}

export const node: Program & {
  connect(port: number, terms: Terms): Promise<NodeCounterpart>;
  serve(terms: Terms): Promise<NodeCounterpart>;
} = {
  name: "node:tls",
  async connect(port, terms) {
    const socket = tls.connect({
      port,
      host: "127.0.0.1",
      servername: "",
      ...nodeOptions(terms),
      ...(terms.authority && { rejectUnauthorized: true, checkServerIdentity: () => undefined }),
    });
    const keyLog: string[] = [];
    socket.on("keylog", (line: Uint8Array) => keyLog.push(textOf(line)));
    return nodeVerbs(Promise.resolve(socket), keyLog, 0, () => {});
  },
  async serve(terms) {
    const server = tls.createServer({
      requestCert: true,
      ...nodeOptions(terms),
      ...(terms.authority && { rejectUnauthorized: true }),
    });
    const keyLog: string[] = [];
    server.on("keylog", (line: Uint8Array) => keyLog.push(textOf(line)));
    const socket = new Promise<tls.TLSSocket>((resolve) => server.on("secureConnection", resolve));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return nodeVerbs(socket, keyLog, (server.address() as AddressInfo).port, () => server.close());
  },
};

const textOf = (line: Uint8Array): string => new TextDecoder().decode(line).trim();

function nodeOptions({ version, suite, groups, own, authority }: Terms) {
  return {
    minVersion: version,
    maxVersion: version,
    rejectUnauthorized: false,
    ALPNProtocols: [PROTOCOL],
    ...(suite && { ciphers: suite.includes("_WITH_") ? opensslName(suite) : suite }),
    ...(groups && { ecdhCurve: groups.join(":") }),
    ...(own && { cert: own.certificate, key: own.key }),
    ...(authority && { ca: authority.certificate }),
  };
}

function nodeVerbs(
  socket: Promise<tls.TLSSocket>,
  keyLog: readonly string[],
  port: number,
  leave: () => void,
): NodeCounterpart {
  let text = "";
  let change = (): void => {};
  const isOver = socket.then((one) => {
    one.on("data", (bytes: Uint8Array) => ((text += new TextDecoder().decode(bytes)), change()));
    one.on("error", () => {});
    return new Promise<void>((resolve) => one.once("close", () => resolve()));
  });
  const isReady = async (): Promise<tls.TLSSocket> => {
    const one = await socket;
    if (one.connecting || !one.getProtocol()) await new Promise((resolve) => one.once("secureConnect", resolve));
    return one;
  };
  return {
    port,
    socket,
    keyLog,
    isEcho: false,
    heard: (wanted) =>
      within(`node:tls hearing ${wanted}`, async () => {
        while (!text.includes(wanted)) await new Promise<void>((resolve) => (change = resolve));
      }),
    say: (words) => void socket.then((one) => one.write(words)),
    exported: async () =>
      (await isReady()).exportKeyingMaterial(EXPORTED, LABEL, undefined as unknown as Buffer).toString("hex"),
    close: () => void socket.then((one) => one.end()),
    ended: () => within("node:tls ending", () => isOver),
    stop: () => {
      leave();
      void socket.then((one) => one.destroy());
    },
  };
}

export const PROGRAMS: readonly Program[] = [openssl, gnutls, node];
