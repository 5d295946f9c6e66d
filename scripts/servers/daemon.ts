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

import { COMPONENT_DOMAIN, type Credentials, DOMAIN, type Server, type ServerName } from "./server.ts";

export interface Ports {
  readonly client: number;
  readonly http: number;
  readonly component: number;
}

/** Where one run of a program lives. */
export interface Place {
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

/** @throws Error with the end of the program's log when it exits instead of listening. */
export async function startDaemon(program: Program): Promise<Server> {
  const place = await makePlace(program);
  let child = await launch(program, place);
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
    domain: DOMAIN,
    service: `xmpp://127.0.0.1:${place.ports.client}`,
    websocket: `ws://127.0.0.1:${place.ports.http}${program.websocketPath}`,
    component: {
      service: `xmpp://127.0.0.1:${place.ports.component}`,
      domain: COMPONENT_DOMAIN,
      secret: place.secret,
    },
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

async function makePlace(program: Program): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), `xtls-${program.name}-`));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const [client, http, component] = await freePorts();
  const place = { folder, ports: { client, http, component }, secret: randomBytes(12).toString("hex") };
  mkdirSync(join(folder, "data"));
  for (const [name, content] of Object.entries(program.files(place))) writeFileSync(join(folder, name), content);
  return place;
}

/** Ports that were free a moment ago; all are held until the last is known, so that they differ. */
async function freePorts(): Promise<[number, number, number]> {
  const claim = async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    return server;
  };
  const claims = await Promise.all([claim(), claim(), claim()]);
  const [a, b, c] = claims.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(claims.map((server) => new Promise((done) => server.close(done))));
  return [a!, b!, c!];
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
  await Promise.all(Object.values(place.ports).map((port) => untilListening(port, child, program, place)));
  return child;
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
