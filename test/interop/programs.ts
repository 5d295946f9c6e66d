/**
 * OpenSSL and GnuTLS, each as client and as server: how to tell each what to negotiate, to
 * speak, to say what it exports and to close. Real processes. Knows nothing of our engine.
 */

import type { Group } from "../../bindings/node.ts";
import { EXPORTED, LABEL, PROTOCOL, type Counterpart, type Program, type Terms } from "./counterpart.ts";
import { loopback } from "./loopback.ts";
import { Peer } from "./peer.ts";

// --- OpenSSL ---------------------------------------------------------------------

export const openssl: Program = {
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
    const verify = terms.asksNobody ? [] : ["-Verify", "4", ...verifying(terms, ["-verify_return_error"])];
    const peer = new Peer("openssl", ["s_server", "-accept", "127.0.0.1:0", ...opensslArguments(terms), ...verify]);
    const [, port] = await peer.prints(/ACCEPT 127\.0\.0\.1:(\d+)/);
    return { ...opensslVerbs(peer), port: Number(port), close: () => {} };
  },
};

const verifying = ({ authority }: Terms, how: readonly string[]): readonly string[] =>
  authority ? [...how, "-CAfile", authority.certificateFile] : [];

function opensslArguments({ isOld = false, suite, groups, own, extra = [] }: Terms): string[] {
  return [
    isOld ? "-tls1_2" : "-tls1_3",
    ...(suite ? ["-ciphersuites", suite] : []),
    ...(groups ? ["-groups", groups.join(":")] : []),
    ...(own ? ["-cert", own.certificateFile, "-key", own.keyFile] : []),
    ...["-alpn", PROTOCOL, "-keymatexport", LABEL, "-keymatexportlen", String(EXPORTED)],
    ...extra,
  ];
}

const opensslVerbs = (peer: Peer): Omit<Counterpart, "port" | "close"> => ({
  isEcho: false,
  isPolite: true,
  heard: (text) => peer.prints(new RegExp(text)),
  complains: (pattern) => peer.prints(pattern),
  say: (text) => peer.say(text),
  exported: async () => ((await peer.prints(/Keying material: ([0-9A-F]+)\n/))[1] as string).toLowerCase(),
  ended: () => peer.ended(),
  stop: () => peer.stop(),
});

// --- GnuTLS ----------------------------------------------------------------------

export const gnutls: Program = {
  name: "gnutls",
  async connect(port, terms) {
    const trust = terms.authority
      ? [`--x509cafile=${terms.authority.certificateFile}`, "--verify-hostname=localhost"]
      : ["--no-ca-verification"];
    const peer = new Peer("gnutls-cli", ["--port", String(port), "127.0.0.1", ...trust, ...gnutlsArguments(terms)]);
    return { ...gnutlsVerbs(peer), port: 0, isEcho: false, isPolite: false, close: () => peer.hush() };
  },
  async serve(terms) {
    const trust = terms.authority ? [`--x509cafile=${terms.authority.certificateFile}`, "--verify-client-cert"] : [];
    const asking = terms.asksNobody ? "--disable-client-cert" : "--require-client-cert";
    const peer = new Peer(
      "gnutls-serv",
      ["--echo", "--port=0", asking, ...trust, ...gnutlsArguments(terms)],
      { LD_PRELOAD: loopback() },
    );
    const [, port] = await peer.prints(/loopback port (\d+)/);
    await peer.prints(/done/);
    return { ...gnutlsVerbs(peer), port: Number(port), isEcho: true, isPolite: true, close: () => {} };
  },
};

function gnutlsArguments({ isOld = false, suite, groups, own, extra = [] }: Terms): string[] {
  const priority = [
    "NORMAL:-VERS-ALL",
    isOld ? "+VERS-TLS1.2" : "+VERS-TLS1.3",
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
    .replace(/^TLS_/, "")
    .replace(/_SHA\d+$/, "")
    .replaceAll("_", "-");

const gnutlsVerbs = (peer: Peer): Omit<Counterpart, "port" | "close" | "isEcho" | "isPolite"> => ({
  heard: (text) => peer.prints(new RegExp(text)),
  complains: (pattern) => peer.prints(pattern),
  say: (text) => peer.say(text),
  exported: async () => (await peer.prints(/Key material: ([0-9a-f]+)/))[1] as string,
  ended: () => peer.ended(),
  stop: () => peer.stop(),
});
