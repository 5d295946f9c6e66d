/**
 * An end of TLS on another Node's node:tls: what ../library-programs.ts tells it by the
 * environment it insists on, standard input is sent, what is received goes to standard output.
 *
 * It runs in a newer Node, which takes the types out by itself.
 */

import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import tls, { type ConnectionOptions, type TlsOptions, type TLSSocket } from "node:tls";

const setting = (name: string): string => process.env[name] ?? "";
const file = (name: string): Buffer | undefined => (setting(name) ? readFileSync(setting(name)) : undefined);

const version = setting("TLS_VERSION") === "1.2" ? "TLSv1.2" : "TLSv1.3";
const [cert, key, ca] = [file("TLS_CERTIFICATE"), file("TLS_KEY"), file("TLS_AUTHORITY")];
const options: ConnectionOptions & TlsOptions = {
  minVersion: version,
  maxVersion: version,
  ALPNProtocols: [setting("TLS_ALPN")],
  rejectUnauthorized: ca !== undefined,
  ...(setting("TLS_SUITE") && { ciphers: setting("TLS_SUITE") }),
  ...(setting("TLS_GROUPS") && { ecdhCurve: setting("TLS_GROUPS") }),
  ...(cert && key && { cert, key }),
  ...(ca && { ca }),
};

let current: TLSSocket | undefined;
process.stdin.on("data", (bytes) => current?.write(bytes));
process.stdin.on("end", () => current?.end());

/** One connection, from the handshake to its end. */
function converse(socket: TLSSocket): void {
  current = socket;
  const exported = socket.exportKeyingMaterial(32, setting("TLS_LABEL"), undefined as unknown as Buffer);
  console.log(`exported ${exported.toString("hex")}`);
  socket.on("data", (bytes) => process.stdout.write(bytes));
}

const report = (error: Error): void => console.log(`error: ${error}`);

function serve(): void {
  const server = tls.createServer({ ...options, requestCert: setting("TLS_ASK") !== "no" });
  server.on("tlsClientError", report);
  server.on("secureConnection", (socket) => {
    socket.on("error", report);
    converse(socket);
  });
  server.listen(0, "127.0.0.1", () => console.log(`port ${(server.address() as AddressInfo).port}`));
}

function visit(visits: number, session?: Buffer): void {
  const target = { host: "127.0.0.1", port: Number(setting("TLS_PORT")), checkServerIdentity: () => undefined };
  const socket = tls.connect({ ...options, ...target, ...(session && { session }) });
  let latest = session;
  socket.on("session", (ticket) => (latest = ticket));
  socket.on("error", report);
  socket.once("secureConnect", () => converse(socket));
  socket.once("close", () => (visits > 1 ? visit(visits - 1, latest) : process.exit()));
}

if (setting("TLS_ROLE") === "server") serve();
else visit(Number(setting("TLS_VISITS")));
