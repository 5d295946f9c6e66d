/**
 * A subject made of our bindings and one build of the module.
 *
 * Every build is driven by this same code, so what differs between two of them is the module.
 * Bytes take the way an application sends them: write, drain, feed, read, copies included;
 * no transport, no XML. What comes out goes into memory that is used again.
 */
import { existsSync, readFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { loadCore, type Core, type Engine, type Identity, type Tickets } from "../bindings/node.ts";
import { Receipt } from "./receipt.ts";
import type { Credentials, Loaded, Pair, PairOptions, Subject } from "./subject.ts";

/**
 * @param name  as it stands in the results
 * @param file  the build, in wasm/
 * @param build what to run when it is not there
 */
export function moduleSubject(name: string, file: string, build: string): Subject {
  const artifact = new URL(`../wasm/${file}`, import.meta.url);
  return {
    name,
    artifact,
    version: () => `${file}, SHA-256 ${digest(artifact)}`,
    missing: () => (existsSync(artifact) ? undefined : `no wasm/${file}: run ${build}`),
    load: async (credentials) => new LoadedModule(await loadCore(artifact), credentials),
  };
}

const digest = (file: URL): string =>
  createHash("sha256").update(readFileSync(fileURLToPath(file))).digest("hex").slice(0, 16);

class LoadedModule implements Loaded {
  readonly #initiator: Identity;
  readonly #responder: Identity;
  readonly #tickets: Tickets;

  constructor(
    readonly core: Core,
    credentials: Credentials,
  ) {
    this.#initiator = core.identityFromPEM(credentials.initiator);
    this.#responder = core.identityFromPEM(credentials.responder);
    this.#tickets = core.tickets();
  }

  pair({ suite, tickets = false, ticket }: PairOptions): Pair {
    const common = { ciphersuites: [suite], groups: ["X25519"] } as const;
    const initiator = this.core.engine({
      ...{ ...common, role: "initiator", identity: this.#initiator },
      ...(ticket && { session: ticket }),
    });
    const responder = this.core.engine({
      ...{ ...common, role: "responder", identity: this.#responder },
      ...(tickets && { tickets: this.#tickets }),
    });
    return new EnginePair(initiator, responder, [this.#initiator, this.#responder], Boolean(ticket));
  }

  heap(): { used: number; claimed: number } {
    return { used: this.core.heapUsed, claimed: this.core.module.memory.buffer.byteLength };
  }
}

class EnginePair implements Pair {
  constructor(
    readonly initiator: Engine,
    readonly responder: Engine,
    readonly identities: readonly [Identity, Identity],
    readonly resumes: boolean,
  ) {}

  handshake(): void {
    const { initiator, responder } = this;
    while (carry(initiator, responder) || carry(responder, initiator));
    expectPeer(initiator, this.identities[1]);
    expectPeer(responder, this.identities[0]);
    if (initiator.negotiated?.resumed !== this.resumes)
      throw new Error(this.resumes ? "the session did not resume" : "a session resumed unasked");
  }

  ticket(): Uint8Array {
    const ticket = this.initiator.session;
    if (ticket === undefined) throw new Error("the responder issued no ticket");
    return ticket;
  }

  transfer(message: Uint8Array, count: number): void {
    const receipt = new Receipt(message);
    const atOnce = Math.max(1, Math.floor(GATHERED / message.length));
    for (let sent = 0; sent < count; ) {
      const end = Math.min(sent + atOnce, count);
      for (; sent < end; sent++) this.initiator.write(message);
      carryInto(this.initiator, this.responder, receipt);
      if (receipt.messages !== sent) throw new Error("a message did not come whole");
    }
  }

  exchange(message: Uint8Array, count: number): void {
    const [there, back] = [new Receipt(message), new Receipt(message)];
    for (let sent = 1; sent <= count; sent++) {
      this.initiator.write(message);
      carryInto(this.initiator, this.responder, there);
      this.responder.write(message);
      carryInto(this.responder, this.initiator, back);
      if (there.messages !== sent || back.messages !== sent)
        throw new Error("a message did not come whole");
    }
  }

  [Symbol.dispose](): void {
    this.initiator[Symbol.dispose]();
    this.responder[Symbol.dispose]();
  }
}

/** @returns whether there was anything to carry over */
function carry(from: Engine, to: Engine): boolean {
  const bytes = from.drain();
  if (bytes.length > 0) to.feed(bytes);
  return bytes.length > 0;
}

/** Bytes of plaintext that wait for each other when there are many messages: a record's worth. */
const GATHERED = 0x4000;

/** Memory of the caller's, used again and again as a socket's loop would; shared, so that no end pays for it. */
const [WIRE, PLAIN] = [new Uint8Array(0x8000), new Uint8Array(0x8000)];

/** As `carry`, once, and to the reader. */
function carryInto(from: Engine, to: Engine, receipt: Receipt): void {
  to.feed(WIRE.subarray(0, from.drainInto(WIRE)));
  receipt.take(PLAIN.subarray(0, to.readInto(PLAIN)));
}

function expectPeer(engine: Engine, identity: Identity): void {
  const shown = engine.peer?.der;
  if (shown === undefined || Buffer.compare(shown, identity.certificate) !== 0)
    throw new Error("an engine shows another certificate than the peer's");
}
