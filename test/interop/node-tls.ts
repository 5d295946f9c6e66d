/**
 * Node's own TLS, as client and as server; it runs in this process. Knows nothing of our engine.
 */

import type { AddressInfo } from "node:net";
import tls, { type TLSSocket } from "node:tls";

import { EXPORTED, LABEL, PROTOCOL, type Counterpart, type Program, type Terms } from "./counterpart.ts";
import { Transcript } from "./peer.ts";

/** What Node's hands out besides. */
export interface NodeCounterpart extends Counterpart {
  /** Its NSS key log so far. */
  readonly keyLog: readonly string[];
}

export const nodeTls: Program = {
  name: "node:tls",
  async connect(port, terms) {
    const own = new NodeEnd(0);
    const socket = tls.connect({ port, host: "127.0.0.1", checkServerIdentity: () => undefined, ...options(terms) });
    socket.on("keylog", own.log);
    own.watch(socket);
    socket.once("secureConnect", () => own.open(socket));
    return own;
  },
  async serve(terms) {
    const server = tls.createServer({ requestCert: !terms.asksNobody, ...options(terms) });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const own = new NodeEnd((server.address() as AddressInfo).port);
    server.on("keylog", own.log);
    server.on("tlsClientError", (error) => own.words.add(String(error)));
    own.server = server;
    server.on("secureConnection", (socket) => {
      own.watch(socket);
      own.open(socket);
    });
    return own;
  },
};

type Options = tls.SecureContextOptions & { readonly rejectUnauthorized: boolean; readonly ALPNProtocols: string[] };

function options({ isOld = false, suite, groups, own, authority }: Terms): Options {
  const version = isOld ? "TLSv1.2" : "TLSv1.3";
  return {
    minVersion: version,
    maxVersion: version,
    rejectUnauthorized: authority !== undefined,
    ALPNProtocols: [PROTOCOL],
    ...(suite && { ciphers: suite }),
    ...(groups && { ecdhCurve: groups.join(":") }),
    ...(own && { cert: own.certificate, key: own.key }),
    ...(authority && { ca: authority.certificate }),
  };
}

class NodeEnd implements NodeCounterpart {
  readonly port: number;
  readonly isEcho = false;
  readonly isPolite = true;
  readonly keyLog: string[] = [];
  readonly words = new Transcript("node:tls");
  /** What it listens with, if it does. */
  server: tls.Server | undefined;
  readonly #socket: Promise<TLSSocket>;
  #watched: TLSSocket | undefined;
  open: (socket: TLSSocket) => void = () => {};

  constructor(port: number) {
    this.port = port;
    this.#socket = new Promise((resolve) => (this.open = resolve));
  }

  readonly log = (line: Uint8Array): void => void this.keyLog.push(new TextDecoder().decode(line).trim());

  watch(socket: TLSSocket): void {
    this.#watched = socket;
    socket.on("data", (bytes: Uint8Array) => this.words.add(new TextDecoder().decode(bytes)));
    socket.on("error", (error) => this.words.add(String(error)));
    socket.on("close", () => this.words.end("[ended]"));
  }

  heard(text: string): Promise<unknown> {
    return this.words.has(new RegExp(text));
  }

  complains(pattern: RegExp): Promise<unknown> {
    return this.words.has(pattern);
  }

  say(text: string): void {
    this.#watched?.write(text);
  }

  async exported(): Promise<string> {
    // Node takes no context, as OpenSSL does; its types do not say so.
    const key = (await this.#socket).exportKeyingMaterial(EXPORTED, LABEL, undefined as unknown as Buffer);
    return key.toString("hex");
  }

  close(): void {
    this.#watched?.end();
  }

  async ended(): Promise<void> {
    await this.words.has(/\[ended\]/);
  }

  stop(): void {
    this.server?.close();
    this.#watched?.destroy();
  }
}
