/**
 * GnuPG in a home of its own: real keys and signatures, nobody asked, no agent left behind.
 */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const PACKAGES = fileURLToPath(new URL("../../scripts/packages.sh", import.meta.url));

export class Gnupg {
  readonly #home: string;

  constructor() {
    execFileSync(PACKAGES, ["gpg", "gpg-agent"]);
    this.#home = mkdtempSync(join(tmpdir(), "xtls-gpg-"));
    // Else the agent measures for seconds how slow a passphrase can be made on this machine.
    writeFileSync(join(this.#home, "gpg-agent.conf"), "s2k-count 65536\n");
  }

  /** Runs gpg; gives what it wrote. @param input on its standard input */
  run(args: readonly string[], input: string | Uint8Array = ""): Buffer {
    return this.#run(["--batch", ...args], input);
  }

  /** Makes a key and gives its fingerprint. @param usage what the primary key is for */
  makeKey(userId: string, algorithm: string, usage = "sign,cert", ...options: readonly string[]): string {
    this.run([...options, "--quick-gen-key", userId, algorithm, usage, "0"]);
    return this.fingerprints(`=${userId}`)[0]!;
  }

  /** Of the primary key and its subkeys. */
  fingerprints(key: string): string[] {
    const lines = this.run(["--with-colons", "--list-keys", key]).toString().split("\n");
    return lines.filter((line) => line.startsWith("fpr:")).map((line) => line.split(":")[9]!);
  }

  publicKey(key: string): string {
    return this.run(["--armor", "--export", key]).toString();
  }

  secretKey(key: string, passphrase = ""): string {
    return this.run(["--passphrase", passphrase, "--armor", "--export-secret-keys", key]).toString();
  }

  sign(key: string, bytes: Uint8Array, ...options: readonly string[]): Uint8Array {
    return new Uint8Array(this.run([...options, "--local-user", key, "--output", "-", "--detach-sign"], bytes));
  }

  /** The fingerprint of the key that has signed, by GnuPG's own judgement. @throws when the signature is not good */
  verify(signature: Uint8Array, bytes: Uint8Array): string {
    const status = this.run([
      "--status-fd",
      "1",
      "--verify",
      this.#file("signature", signature),
      this.#file("bytes", bytes),
    ]);
    return / VALIDSIG ([0-9A-F]+) /.exec(status.toString())?.[1] ?? "";
  }

  /** Revokes with the certificate that GnuPG made together with the key. */
  revoke(fingerprint: string): void {
    const certificate = readFileSync(join(this.#home, "openpgp-revocs.d", `${fingerprint}.rev`), "utf8");
    this.run(["--import"], certificate.replace("\n:-----", "\n-----"));
  }

  /** What a designated revoker makes, who is asked a few questions. */
  revokeFor(key: string): void {
    const revocation = this.#run(
      ["--command-fd", "0", "--armor", "--output", "-", "--desig-revoke", key],
      "y\n0\n\ny\n",
    );
    this.run(["--import"], revocation);
  }

  [Symbol.dispose](): void {
    execFileSync("gpgconf", ["--homedir", this.#home, "--kill", "all"]);
    rmSync(this.#home, { recursive: true, force: true });
  }

  #run(args: readonly string[], input: string | Uint8Array): Buffer {
    const always = [
      "--homedir",
      this.#home,
      "--no-tty",
      "--quiet",
      "--pinentry-mode",
      "loopback",
      "--trust-model",
      "always",
    ];
    const passphrase = args.includes("--passphrase") ? [] : ["--passphrase", ""];
    const env = { ...process.env, LC_ALL: "C" };
    return execFileSync("gpg", [...always, ...passphrase, ...args], { input, env, stdio: ["pipe", "pipe", "pipe"] });
  }

  #file(name: string, bytes: Uint8Array): string {
    const path = join(this.#home, name);
    writeFileSync(path, bytes);
    return path;
  }
}
