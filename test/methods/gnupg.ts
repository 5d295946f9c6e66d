/**
 * GnuPG in a home of its own: real keys and signatures, nobody asked, no agent left behind.
 */

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const PACKAGES = fileURLToPath(new URL("../../scripts/packages.sh", import.meta.url));
const ENVIRONMENT = { ...process.env, LC_ALL: "C" };

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

  /** What GnuPG makes of a signature by a key that is in none of its keyrings: its status lines. @param key binary */
  statusOf(key: Uint8Array, signature: Uint8Array, bytes: Uint8Array): string {
    const files = [this.#file("signature", signature), this.#file("bytes", bytes)];
    return this.#with(key, "--status-fd", "1", "--verify", ...files);
  }

  /** The user IDs of a key that is in none of its keyrings. @param key binary */
  userIds(key: Uint8Array): { validity: string; id: string }[] {
    const lines = this.#with(key, "--with-colons", "--list-keys")
      .split("\n")
      .map((line) => line.split(":"));
    // In GnuPG's lists a colon is escaped.
    return lines
      .filter(([kind]) => kind === "uid")
      .map((fields) => ({ validity: fields[1]!, id: fields[9]!.replaceAll("\\x3a", ":") }));
  }

  /** The certificate that GnuPG made together with the key, for an emergency; a colon keeps it from being read. */
  revocationOf(fingerprint: string): string {
    return readFileSync(join(this.#home, "openpgp-revocs.d", `${fingerprint}.rev`), "utf8");
  }

  /** Revokes with that certificate. */
  revoke(fingerprint: string): void {
    this.run(["--import"], this.revocationOf(fingerprint).replace("\n:-----", "\n-----"));
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
    return execFileSync("gpg", [...always, ...passphrase, ...args], {
      input,
      env: ENVIRONMENT,
      stdio: ["pipe", "pipe", "pipe"],
    });
  }

  #with(key: Uint8Array, ...args: readonly string[]): string {
    const always = ["--homedir", this.#home, "--batch", "--no-tty", "--trust-model", "always"];
    const keyring = ["--no-default-keyring", "--keyring", this.#file("keyring.gpg", key)];
    return spawnSync("gpg", [...always, ...keyring, ...args], { env: ENVIRONMENT }).stdout.toString();
  }

  #file(name: string, bytes: Uint8Array): string {
    const path = join(this.#home, name);
    writeFileSync(path, bytes);
    return path;
  }
}
