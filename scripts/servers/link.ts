/**
 * A link: a loopback TCP proxy before a server's port for other servers, which can fail as networks do.
 *
 * Knows bytes and connections, no XMPP.
 */

import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** How a link behaves: bytes pass, vanish while connections stay up, or nobody is let in. */
export type LinkState = "up" | "swallowing" | "refusing";

export class Link {
  /** The port that connections go on to. */
  target = 0;
  /** Milliseconds that every piece waits. */
  delay = 0;
  state: LinkState = "up";
  readonly #sockets = new Set<Socket>();
  readonly #listener: Server = createServer((socket) => this.#join(socket));

  static async make(): Promise<Link> {
    const link = new Link();
    link.#listener.listen(0, "127.0.0.1");
    await once(link.#listener, "listening");
    return link;
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port;
  }

  /** Breaks every connection; new ones are possible at once. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async stop(): Promise<void> {
    this.cut();
    this.#listener.close();
    await once(this.#listener, "close");
  }

  #join(near: Socket): void {
    if (this.state === "refusing") return void near.resetAndDestroy();
    const far = connect(this.target, "127.0.0.1");
    this.#pipe(near, far);
    this.#pipe(far, near);
  }

  #pipe(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.setNoDelay(true);
    from.on("data", (bytes) => this.#pass(bytes, to));
    from.on("error", () => to.destroy());
    from.on("close", () => {
      this.#sockets.delete(from);
      to.end();
    });
  }

  #pass(bytes: Buffer, to: Socket): void {
    if (this.state === "swallowing") return;
    const write = () => void (to.writable && to.write(bytes));
    if (this.delay === 0) write();
    else setTimeout(write, this.delay);
  }
}
