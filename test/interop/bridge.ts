/**
 * An engine on a loopback TCP socket, with the few verbs that interop tests need.
 *
 * Owns the pumping between the two; bytes may be cut to single ones on the way. Knows
 * nothing of the program at the other end.
 */

import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

import type { Engine } from "../../bindings/node.ts";
import { within } from "./peer.ts";

export interface BridgeOptions {
  /** Bytes fed and sent at once. Default: as they come. */
  readonly chunk?: number;
}

export class Bridge {
  readonly engine: Engine;
  readonly #socket: Socket;
  readonly #chunk: number;
  #text = "";
  #change: () => void = () => {};

  constructor(engine: Engine, socket: Socket, { chunk = Infinity }: BridgeOptions = {}) {
    this.engine = engine;
    this.#socket = socket;
    this.#chunk = chunk;
    socket.setNoDelay(true);
    socket.on("data", (bytes) => this.#attempt(() => this.#feed(bytes)));
    socket.on("end", () => this.#attempt(() => engine.end()));
    socket.on("error", () => this.#attempt(() => engine.end()));
    this.#flush();
  }

  /** Resolves when the handshake is over; rejects with the error that failed it. */
  opened(): Promise<void> {
    return this.#until("the handshake", () => this.engine.state !== "handshaking");
  }

  /** Sends text. */
  say(text: string): void {
    this.engine.write(new TextEncoder().encode(text));
    this.#flush();
  }

  /** Resolves with all that was heard when that contains `text`. */
  async heard(text: string): Promise<string> {
    await this.#until(JSON.stringify(text), () => this.#text.includes(text));
    return this.#text;
  }

  /** Says close_notify. */
  close(): void {
    this.engine.close();
    this.#flush();
  }

  /** Resolves when both have said close_notify. */
  closed(): Promise<void> {
    return this.#until("close_notify", () => this.engine.state === "closed");
  }

  /** Resolves with the error that failed the engine. */
  async failed(): Promise<unknown> {
    await this.#until("a failure", () => this.engine.state === "failed").catch(() => {});
    return this.engine.error;
  }

  /** Ends socket and engine. */
  dispose(): void {
    this.#socket.destroy();
    this.engine[Symbol.dispose]();
  }

  #feed(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += this.#chunk) this.engine.feed(bytes.subarray(at, at + this.#chunk));
  }

  #attempt(step: () => void): void {
    if (this.engine.state === "disposed") return;
    try {
      step();
    } catch {
      // It stays in engine.error, where the waiting find it.
    }
    this.#text += new TextDecoder().decode(this.engine.read());
    this.#flush();
    this.#change();
  }

  #flush(): void {
    const max = this.#chunk === Infinity ? undefined : this.#chunk;
    for (let bytes = this.engine.drain(max); bytes.length > 0; bytes = this.engine.drain(max))
      this.#socket.write(bytes);
  }

  async #until(what: string, holds: () => boolean): Promise<void> {
    const report = (): string => `waiting for ${what}, ${this.engine.state}, heard ${JSON.stringify(this.#text)}`;
    await within(report, async () => {
      while (!holds()) {
        if (this.engine.error !== undefined) throw this.engine.error;
        await new Promise<void>((resolve) => (this.#change = resolve));
      }
      if (this.engine.error !== undefined) throw this.engine.error;
    });
  }
}

/** Our engine as the client of a server on this port. */
export async function dial(port: number, engine: Engine, options?: BridgeOptions): Promise<Bridge> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  return new Bridge(engine, socket, options);
}

/** A port on which our engines answer, each connection by a new one. */
export class Door {
  readonly #server: Server;
  readonly #waiting: Promise<Bridge>[] = [];
  readonly #bridges: Bridge[] = [];

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Opens it; `engine` is asked for one engine a connection. */
  static async open(engine: () => Engine, options?: BridgeOptions): Promise<Door> {
    const server = createServer();
    const door = new Door(server);
    const visitors: ((bridge: Bridge) => void)[] = [];
    for (let count = 0; count < 4; count++) door.#waiting.push(new Promise((resolve) => visitors.push(resolve)));
    server.on("connection", (socket) => {
      const bridge = new Bridge(engine(), socket, options);
      door.#bridges.push(bridge);
      visitors.shift()?.(bridge);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return door;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The next connection, up to four. */
  next(): Promise<Bridge> {
    return within(
      () => "waiting for a connection",
      () => this.#waiting.shift() as Promise<Bridge>,
    );
  }

  dispose(): void {
    this.#server.close();
    for (const bridge of this.#bridges) bridge.dispose();
  }
}
