/**
 * A client in a process of its own, which can be stopped: opens a tunnel, sends what it is told to, and says what became of it.
 * Its parent speaks to it by messages; see stopped.test.ts.
 */
import { loadCore } from "../../bindings/node.ts";
import type { XtlsError } from "../../bindings/errors.ts";
import { xtls } from "../../bindings/xmpp/index.ts";
import { connectClient } from "../../scripts/servers/connect.ts";
import type { Server } from "../../scripts/servers/server.ts";
import { message } from "./stage.ts";

/** What the parent says: who to be, and whom to talk to; then what to do. */
export type Order =
  | { readonly kind: "open"; readonly service: string; readonly domain: string; readonly username: string; readonly password: string; readonly peer: string; readonly dataTimeout: number }
  | { readonly kind: "send"; readonly body: string; readonly blockFor?: number };

/** What the child says. */
export type Report = { readonly kind: "open" | "delivered" } | { readonly kind: "lost" | "closed"; readonly code: string | undefined };

const report = (said: Report) => process.send?.(said);
let send: (body: string) => Promise<void>;

process.on("message", (order: Order) => void obey(order));

async function obey(order: Order): Promise<void> {
  if (order.kind === "open") return open(order);
  const sent = send(order.body);
  // Until the bytes have left: the answer shall find this process busy.
  if (order.blockFor) setImmediate(() => setImmediate(() => block(order.blockFor as number)));
  await sent.then(
    () => report({ kind: "delivered" }),
    (error: XtlsError) => report({ kind: "lost", code: error.code }),
  );
}

async function open({ service, domain, username, password, peer, dataTimeout }: Order & { kind: "open" }): Promise<void> {
  const server = { service, domain, register: async () => ({ username, password }) } as unknown as Server;
  const xmpp = await connectClient(server, username, { resource: "stopped" });
  const identity = (await loadCore()).createIdentity({ jid: `${username}@${domain}` });
  const trust = { judge: () => ({ trusted: true, state: "verified" }) as const };
  const tunnel = await xtls({ xmpp, identity, trust, limits: { dataTimeout } }).open(peer);
  tunnel.on("close", (reason) => report({ kind: "closed", code: reason?.code }));
  send = (body) => tunnel.send(message(body));
  report({ kind: "open" });
}

/** Computes, as far as the event loop can see. */
function block(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
