/**
 * A certificate authority as people run one: `openssl ca` with its database, serial numbers and
 * revocation lists, and authorities under it. Everything is made anew for each test process.
 */

import { X509Certificate } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { configuration, keyArguments, openssl, type Issued, type KeyKind } from "./issuer.ts";

export interface CertificateTerms {
  readonly kind?: KeyKind;
  /** subjectAltName in OpenSSL's notation. */
  readonly names?: readonly string[];
  /** Lines of the extension section. */
  readonly extensions?: readonly string[];
  /** Days from now, negative for the past. Default -1 and 30. */
  readonly from?: number;
  readonly to?: number;
  /** Of the issuer's signature. Default SHA-256. */
  readonly hash?: string;
}

export interface ListTerms {
  /** Days from now. Default -1 and 30. */
  readonly from?: number;
  readonly to?: number;
  readonly hash?: string;
  /** Lines of the list's extension section. */
  readonly extensions?: readonly string[];
}

/** A device's certificate as an authority for XMPP issues it. */
export const DEVICE = ["basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature"];

/** An authority's. */
export const AUTHORITY = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign"];

export class OpensslCa {
  /** Its own key and certificate. */
  readonly own: Issued;
  readonly #folder: string;
  #count = 0;

  private constructor(folder: string, own: (folder: string) => Issued) {
    this.#folder = folder;
    mkdirSync(join(folder, "issued"), { recursive: true });
    for (const [name, text] of Object.entries({
      "index.txt": "",
      serial: "1000\n",
      crlnumber: "1000\n",
    }))
      writeFileSync(join(folder, name), text);
    this.own = own(folder);
  }

  /** One that signs for itself. `dispose` removes it and all that is under it. */
  static root(name: string, { kind = "P-256", extensions = AUTHORITY }: CertificateTerms = {}): OpensslCa {
    return new OpensslCa(mkdtempSync(join(tmpdir(), "xtls-ca-")), (folder) => {
      const [keyFile, certificateFile, section] = ["key.pem", "crt.pem", "cnf"].map((end) =>
        join(folder, `own.${end}`),
      ) as [string, string, string];
      writeFileSync(section, configuration([], extensions));
      const files = ["-keyout", keyFile, "-out", certificateFile, "-config", section, "-extensions", "ext"];
      openssl([
        "req",
        "-new",
        "-x509",
        "-nodes",
        "-days",
        "30",
        "-subj",
        `/CN=${name}`,
        ...keyArguments(kind),
        ...files,
      ]);
      return issued(keyFile, certificateFile);
    });
  }

  /** An authority under this one. */
  authority(name: string, terms: CertificateTerms = {}): OpensslCa {
    const own = this.issue(name, { extensions: AUTHORITY, ...terms });
    return new OpensslCa(join(this.#folder, `under-${this.#count}`), () => own);
  }

  /** A certificate whose CN is `name`; a device's unless the extensions say otherwise. */
  issue(name: string, terms: CertificateTerms = {}): Issued {
    const { kind = "P-256", names = [], extensions = DEVICE, from = -1, to = 30, hash = "sha256" } = terms;
    const stem = join(this.#folder, `${this.#count++}`);
    const [keyFile, request, certificateFile, section] = ["key.pem", "csr.pem", "crt.pem", "cnf"].map(
      (end) => `${stem}.${end}`,
    ) as [string, string, string, string];
    writeFileSync(section, configuration(names, extensions));
    openssl([
      "req",
      "-new",
      "-nodes",
      ...keyArguments(kind),
      "-keyout",
      keyFile,
      "-out",
      request,
      "-subj",
      `/CN=${name}`,
      "-config",
      section,
    ]);
    const dates = ["-startdate", time(from), "-enddate", time(to)];
    this.#ca([
      "-in",
      request,
      "-out",
      certificateFile,
      "-notext",
      "-extfile",
      section,
      "-extensions",
      "ext",
      ...dates,
      "-md",
      hash,
    ]);
    return issued(keyFile, certificateFile);
  }

  revoke({ certificateFile }: Issued): void {
    this.#ca(["-revoke", certificateFile]);
  }

  /** What it revoked so far, PEM. */
  list({ from = -1, to = 30, hash = "sha256", extensions = [] }: ListTerms = {}): string {
    const file = this.listFile;
    const dates = ["-crl_lastupdate", time(from), "-crl_nextupdate", time(to)];
    this.#ca(["-gencrl", "-out", file, ...dates, "-md", hash], extensions);
    return readFileSync(file, "utf8");
  }

  /** Where the latest list is. */
  get listFile(): string {
    return join(this.#folder, "list.pem");
  }

  dispose(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #ca(args: readonly string[], listExtensions: readonly string[] = []): void {
    const file = join(this.#folder, "ca.cnf");
    writeFileSync(file, this.#configuration(listExtensions));
    openssl(["ca", "-batch", "-config", file, ...args]);
  }

  #configuration(listExtensions: readonly string[]): string {
    const { certificateFile, keyFile } = this.own;
    return [
      "[ca]",
      "default_ca=here",
      "[here]",
      `new_certs_dir=${join(this.#folder, "issued")}`,
      `database=${join(this.#folder, "index.txt")}`,
      `serial=${join(this.#folder, "serial")}`,
      `crlnumber=${join(this.#folder, "crlnumber")}`,
      `certificate=${certificateFile}`,
      `private_key=${keyFile}`,
      "default_md=sha256",
      "policy=any",
      "unique_subject=no",
      "crl_extensions=list",
      "[any]",
      "commonName=supplied",
      "[list]",
      "authorityKeyIdentifier=keyid",
      ...listExtensions,
      "",
    ].join("\n");
  }
}

function issued(keyFile: string, certificateFile: string): Issued {
  const [key, certificate] = [readFileSync(keyFile, "utf8"), readFileSync(certificateFile, "utf8")];
  return { key, certificate, keyFile, certificateFile, pem: key + certificate };
}

/** YYYYMMDDHHMMSSZ, so many days from now. */
const time = (days: number): string =>
  new Date(Date.now() + days * 86_400_000).toISOString().replace(/[-:T]|\.\d+/g, "");

/** The certificate as DER. */
export const derOf = ({ certificate }: Issued): Uint8Array => new Uint8Array(new X509Certificate(certificate).raw);

/** A list's DER. */
export const listDer = (pem: string): Uint8Array =>
  new Uint8Array(Buffer.from(pem.replace(/-----[^-]+-----/g, ""), "base64"));
