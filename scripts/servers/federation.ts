/**
 * Two servers of two domains that talk to each other, with a link before each that can fail.
 *
 * What one sends the other goes through the other's link. Components have the link of their server.
 */

import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { Link } from "./link.ts";
import { componentOf, type Server, type ServerName } from "./server.ts";
import { NameServer } from "./srv.ts";
import { startServer } from "./start.ts";

const run = promisify(execFile);

export const DOMAINS = ["montague.example", "capulet.example"] as const;

/** One of the two. */
export interface Member {
  readonly server: Server;
  /** What comes to it from the other. */
  readonly link: Link;
}

export interface FederationOptions {
  /** STARTTLS between the servers, with certificates of their own, and dialback; false: dialback alone. */
  readonly encrypted?: boolean;
}

export class FederatedServers {
  readonly montague: Member;
  readonly capulet: Member;
  readonly #stop: () => Promise<void>;

  private constructor(montague: Member, capulet: Member, stop: () => Promise<void>) {
    this.montague = montague;
    this.capulet = capulet;
    this.#stop = stop;
  }

  /** @param names of the servers of montague.example and capulet.example */
  static async start(names: readonly [ServerName, ServerName], { encrypted = true }: FederationOptions = {}): Promise<FederatedServers> {
    const links = [await Link.make(), await Link.make()] as const;
    const routes = Object.fromEntries(
      DOMAINS.flatMap((domain, at) => [domain, componentOf(domain)].map((name) => [name, links[at]!.port])),
    );
    const nameServer = await NameServer.start(routes);
    const certificates = encrypted ? await makeCertificates(Object.keys(routes)) : undefined;
    const federation = { routes, nameServer: nameServer.port, certificates };
    const servers = await Promise.all(names.map((name, at) => startServer(name, { domain: DOMAINS[at]!, federation })));
    const [montague, capulet] = servers.map((server, at) => member(server, links[at]!)) as [Member, Member];
    return new FederatedServers(montague, capulet, async () => {
      await Promise.all(servers.map((server) => server.stop()));
      await Promise.all([...links, nameServer].map((part) => part.stop()));
      if (certificates) rmSync(certificates, { recursive: true, force: true });
    });
  }

  get members(): readonly [Member, Member] {
    return [this.montague, this.capulet];
  }

  async stop(): Promise<void> {
    await this.#stop();
  }
}

function member(server: Server, link: Link): Member {
  link.target = server.peers!;
  return { server, link };
}

async function makeCertificates(domains: readonly string[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "xtls-certificates-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  for (const domain of domains) {
    const [key, certificate] = [join(folder, `${domain}.key`), join(folder, `${domain}.crt`)];
    const subject = ["-subj", `/CN=${domain}`, "-addext", `subjectAltName=DNS:${domain}`];
    await run("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, ...subject]);
    writeFileSync(join(folder, `${domain}.pem`), readFileSync(key, "utf8") + readFileSync(certificate, "utf8"));
  }
  return folder;
}
