/**
 * What Prosody and ejabberd have in common: a process with a private folder and free
 * loopback ports, awaited until it listens, ended by its process id, leaving nothing behind.
 *
 * Knows no configuration syntax: a `Program` brings that.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { componentOf, type Credentials, DOMAIN, type Server, type ServerName, type ServerOptions } from "./server.ts";

export interface Ports {
  readonly client: number;
  readonly http: number;
  readonly component: number;
  /** Server to server; nothing listens there unless the server is federated. */
  readonly peers: number;
}

/** Where one run of a program lives. */
export interface Place extends ServerOptions {
  readonly domain: string;
  readonly folder: string;
  readonly ports: Ports;
  /** Shared secret of the component. */
  readonly secret: string;
}

/** How to run one kind of server. */
export interface Program {
  readonly name: ServerName;
  readonly websocketPath: string;
  /** Its configuration: file name → content. */
  files(place: Place): Record<string, string>;
  command(place: Place): { readonly argv: readonly string[]; readonly env?: Record<string, string> };
  register(place: Place, credentials: Credentials): Promise<void>;
}

const PATIENCE = { start: 30_000, stop: 5_000 };
/** A port that was free a moment ago may be an outgoing connection's by now. */
const TRIES = 3;

/** @throws Error with the end of the program's log when it exits instead of listening. */
export async function startDaemon(program: Program, options: ServerOptions = {}): Promise<Server> {
  const started = await startAnywhere(program, options);
  const { place } = started;
  let { child } = started;
  const accounts = new Map<string, Credentials>();

  const register = async (username: string): Promise<Credentials> => {
    const known = accounts.get(username);
    if (known) return known;
    const credentials = { username, password: randomBytes(12).toString("hex") };
    await program.register(place, credentials);
    accounts.set(username, credentials);
    return credentials;
  };

  return {
    name: program.name,
    domain: place.domain,
    service: `xmpp://127.0.0.1:${place.ports.client}`,
    websocket: `ws://127.0.0.1:${place.ports.http}${program.websocketPath}`,
    component: {
      service: `xmpp://127.0.0.1:${place.ports.component}`,
      domain: componentOf(place.domain),
      secret: place.secret,
    },
    peers: place.federation && place.ports.peers,
    register,
    kill: () => end(child, "SIGKILL"),
    restart: async () => {
      child = await launch(program, place);
    },
    stop: async () => {
      await end(child, "SIGTERM");
      rmSync(place.folder, { recursive: true, force: true });
    },
  };
}

/** On ports that turn out to be taken it starts once more, on others. */
async function startAnywhere(program: Program, options: ServerOptions): Promise<{ place: Place; child: ChildProcess }> {
  for (let attempt = 1; ; attempt++) {
    const place = await makePlace(program, options);
    try {
      return { place, child: await launch(program, place) };
    } catch (error) {
      rmSync(place.folder, { recursive: true, force: true });
      if (attempt === TRIES) throw error;
    }
  }
}

async function makePlace(program: Program, options: ServerOptions): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), `xtls-${program.name}-`));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const [client, http, component, peers] = await freePorts();
  const ports = { client, http, component, peers };
  const place = { domain: DOMAIN, ...options, folder, ports, secret: randomBytes(12).toString("hex") };
  mkdirSync(join(folder, "data"));
  for (const [name, content] of Object.entries(program.files(place))) writeFileSync(join(folder, name), content);
  return place;
}

/** Ports that were free a moment ago; all are held until the last is known, so that they differ. */
async function freePorts(): Promise<[number, number, number, number]> {
  const claim = async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    return server;
  };
  const claims = await Promise.all([claim(), claim(), claim(), claim()]);
  const [a, b, c, d] = claims.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(claims.map((server) => new Promise((done) => server.close(done))));
  return [a!, b!, c!, d!];
}

async function launch(program: Program, place: Place): Promise<ChildProcess> {
  const { argv, env } = program.command(place);
  const log = openSync(logFile(place), "a");
  // The kernel ends the server if we die without having had the chance to.
  const child = spawn("setpriv", ["--pdeathsig", "KILL", "--", ...argv], {
    cwd: place.folder,
    env: { ...process.env, ...env },
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  await once(child, "spawn");
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  child.once("exit", () => process.removeListener("exit", kill));
  await Promise.all(listeningPorts(place).map((port) => untilListening(port, child, program, place)));
  return child;
}

function listeningPorts({ ports: { peers, ...ports }, federation }: Place): number[] {
  return [...Object.values(ports), ...(federation ? [peers] : [])];
}

async function untilListening(port: number, child: ChildProcess, program: Program, place: Place): Promise<void> {
  const deadline = performance.now() + PATIENCE.start;
  while (!(await isListening(port))) {
    if (hasEnded(child) || performance.now() > deadline) {
      await end(child, "SIGKILL");
      throw new Error(
        `${program.name} does not listen on ${port}:\n${readFileSync(logFile(place), "utf8").slice(-2000)}`,
      );
    }
    await sleep(50);
  }
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function end(child: ChildProcess, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, "exit");
  child.kill(signal);
  const patience = setTimeout(() => child.kill("SIGKILL"), PATIENCE.stop);
  await ended;
  clearTimeout(patience);
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

function logFile(place: Place): string {
  return join(place.folder, "log.txt");
}
