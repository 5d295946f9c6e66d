/**
 * An authority for tests, run with OpenSSL's own tools: certificates of the kinds that our
 * core does not make itself (RSA, P-384, issued by another, with several names).
 */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type KeyKind = "P-256" | "P-384" | "RSA-1024" | "RSA-2048";

/** A key and its certificate, as PEM and as files that other programs can be told of. */
export interface Issued {
  readonly key: string;
  readonly certificate: string;
  readonly keyFile: string;
  readonly certificateFile: string;
  /** Both in one PEM. */
  readonly pem: string;
}

export interface IssueOptions {
  readonly kind?: KeyKind;
  /** A private key (PEM) to be used instead of a new one. */
  readonly key?: string;
  /** subjectAltName in OpenSSL's notation, e.g. `DNS:example.org`. */
  readonly names?: readonly string[];
  /** Further lines of the extension section. */
  readonly extensions?: readonly string[];
  /** Who signs; default itself. */
  readonly by?: Issued;
  /** Days from now until it ends. Default 30. */
  readonly days?: number;
}

/** OpenSSL's notation of an xmppAddr. */
export const xmppAddr = (jid: string): string => `otherName:1.3.6.1.5.5.7.8.5;FORMAT:UTF8,UTF8:${jid}`;

/** OpenSSL's notation of an SRVName. */
export const srvName = (name: string): string => `otherName:1.3.6.1.5.5.7.8.7;IA5:${name}`;

export class Issuer {
  readonly #folder = mkdtempSync(join(tmpdir(), "xtls-issuer-"));
  #count = 0;

  /** An authority of the given name. */
  authority(name: string): Issued {
    return this.issue(name, { extensions: ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign"] });
  }

  /** A certificate whose CN is `name`. */
  issue(name: string, options: IssueOptions = {}): Issued {
    const { kind = "P-256", key: given, names = [], extensions = [], by, days = 30 } = options;
    const [keyFile, certificateFile, section] = ["key.pem", "crt.pem", "cnf"].map((end) =>
      join(this.#folder, `${this.#count}.${end}`),
    ) as [string, string, string];
    this.#count++;
    writeFileSync(section, configuration(names, extensions));
    if (given !== undefined) writeFileSync(keyFile, given);
    openssl([
      "req",
      "-new",
      "-x509",
      "-nodes",
      ...(given === undefined ? [...keyArguments(kind), "-keyout", keyFile] : ["-key", keyFile]),
      "-out",
      certificateFile,
      "-subj",
      `/CN=${name}`,
      "-config",
      section,
      "-extensions",
      "ext",
      "-days",
      String(days),
      ...(by ? ["-CA", by.certificateFile, "-CAkey", by.keyFile] : []),
    ]);
    const [key, certificate] = [readFileSync(keyFile, "utf8"), readFileSync(certificateFile, "utf8")];
    return { key, certificate, keyFile, certificateFile, pem: key + certificate };
  }

  /** Removes its files. */
  dispose(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** A configuration with a request's and, in `[ext]`, a certificate's sections. */
export function configuration(names: readonly string[], extensions: readonly string[]): string {
  const alternatives = names.map((name, index) => {
    const kind = name.slice(0, name.indexOf(":"));
    return `${kind}.${index} = ${name.slice(kind.length + 1)}`;
  });
  return [
    "[req]",
    "distinguished_name=dn",
    "prompt=no",
    "[dn]",
    "CN=unused",
    "[ext]",
    "subjectKeyIdentifier=hash",
    ...extensions,
    ...(names.length > 0 ? ["subjectAltName=@names", "[names]", ...alternatives] : []),
    "",
  ].join("\n");
}

export const keyArguments = (kind: KeyKind): string[] =>
  kind.startsWith("RSA-")
    ? ["-newkey", `rsa:${kind.slice(4)}`]
    : ["-newkey", "ec", "-pkeyopt", `ec_paramgen_curve:${kind}`];

/** Runs an openssl command and returns its standard output. */
export function openssl(args: readonly string[], input = ""): string {
  return execFileSync("openssl", args, { encoding: "utf8", input, stdio: ["pipe", "pipe", "pipe"] });
}
