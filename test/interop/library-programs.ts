/**
 * Libraries of TLS that come without a program of their own: OpenSSL 3.5 in Node 24, wolfSSL,
 * Java's JSSE and Go's crypto/tls, each with one that we wrote (libraries/).
 *
 * All of them are told what to insist on by the same variables, TLS_…, send their standard
 * input, print what they receive, and say `port N`, `exported HEX` and `error: …`. A client comes
 * TLS_VISITS times, with the ticket that it got; a server takes one connection after the other.
 */

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { compiled } from "./compiled.ts";
import { LABEL, PROTOCOL, type Counterpart, type Lack, type Program, type Terms } from "./counterpart.ts";
import { Peer } from "./peer.ts";

/** How to start one: the command, for these terms. */
type Command = (terms: Terms) => readonly [string, ...string[]];

const beside = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** OpenSSL 3.5, which prefers groups that we do not have. */
export const openssl35 = program("openssl 3.5", [], () => [node24(), beside("libraries/node.ts")]);

function node24(): string {
  const path = beside(`libraries/node_modules/node-${process.platform}-${process.arch}/bin/node`);
  if (existsSync(path)) return path;
  throw new Error(`${path} is missing: scripts/modules.sh test/interop/libraries`);
}

export const wolfssl = program("wolfssl", [], () => [
  compiled("libraries/wolfssl.c", (from, to) => ["cc", "-Wall", "-Wextra", "-Werror", "-o", to, from, "-lwolfssl"]),
]);

export const java = program("java", ["exporter"], ({ groups = [] }) => [
  "java",
  ...["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"],
  ...(groups.length > 0 ? [`-Djdk.tls.namedGroups=${groups.map((group) => JAVA_GROUPS[group])}`] : []),
  ...["-cp", compiled("libraries/Jsse.java", (from, to) => ["javac", "-Xlint:all", "-Werror", "-d", to, from]), "Jsse"],
]);

const JAVA_GROUPS = { X25519: "x25519", "P-256": "secp256r1", "P-384": "secp384r1" } as const;

export const go = program("go", ["suites"], () => [
  compiled("libraries/crypto_tls.go", (from, to) => ["go", "build", "-o", to, from]),
]);

function program(name: string, lacks: readonly Lack[], command: Command): Program {
  const start = (terms: Terms, more: Readonly<Record<string, string>>): Peer => {
    const [path, ...args] = command(terms);
    return new Peer(path, args, { ...variables(terms), ...more });
  };
  const client = (port: number, terms: Terms, visits: number): Promise<Counterpart> => {
    const peer = start(terms, { TLS_ROLE: "client", TLS_PORT: String(port), TLS_VISITS: String(visits) });
    return Promise.resolve(verbs(peer, 0));
  };
  return {
    name,
    lacks,
    connect: (port, terms) => client(port, terms, 1),
    comeTwice: (port, terms) => client(port, terms, 2),
    async serve(terms) {
      const peer = start(terms, { TLS_ROLE: "server" });
      return verbs(peer, Number((await peer.prints(/port (\d+)/))[1]));
    },
  };
}

const variables = ({ isOld = false, suite = "", groups = [], own, authority, asksNobody = false }: Terms) => ({
  TLS_VERSION: isOld ? "1.2" : "1.3",
  TLS_SUITE: suite,
  TLS_GROUPS: groups.join(":"),
  TLS_CERTIFICATE: own?.certificateFile ?? "",
  TLS_KEY: own?.keyFile ?? "",
  TLS_AUTHORITY: authority?.certificateFile ?? "",
  TLS_ASK: asksNobody ? "no" : "yes",
  TLS_ALPN: PROTOCOL,
  TLS_LABEL: LABEL,
});

const verbs = (peer: Peer, port: number): Counterpart => ({
  port,
  isEcho: false,
  isPolite: true,
  heard: (text) => peer.prints(new RegExp(text)),
  complains: (pattern) => peer.prints(pattern),
  say: (text) => peer.say(text),
  exported: async () => (await peer.prints(/exported ([0-9a-f]+)\n/))[1] as string,
  close: () => peer.hush(),
  ended: () => peer.ended(),
  stop: () => peer.stop(),
});
