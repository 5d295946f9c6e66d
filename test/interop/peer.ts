/**
 * A program at the other end: a real process whose output is watched.
 *
 * Owns starting, waiting for words and stopping, by its own process id. Knows nothing of TLS.
 */

import { spawn, type ChildProcess } from "node:child_process";

/** Milliseconds after which a test gives up; only a hang ever takes so long. */
const PATIENCE = 10_000;

/** Runs a body, and rejects when it takes too long. */
export async function within<Result>(what: string, body: () => Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`gave up ${what}`)), PATIENCE);
  });
  try {
    return await Promise.race([body(), patience]);
  } finally {
    clearTimeout(timer);
  }
}

export class Peer {
  readonly #process: ChildProcess;
  readonly #name: string;
  #output = "";
  #hasEnded = false;
  #change: () => void = () => {};

  constructor(command: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    this.#name = command;
    this.#process = spawn(command, args, { stdio: "pipe", env: { ...process.env, ...environment } });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.on("data", (bytes: Uint8Array) => this.#note(new TextDecoder().decode(bytes)));
    }
    this.#process.stdin?.on("error", () => {});
    this.#process.on("error", (error) => this.#end(String(error)));
    this.#process.on("close", (code, signal) => this.#end(`\n[${command} ended: ${code ?? signal}]`));
  }

  /** Everything it printed so far. */
  get output(): string {
    return this.#output;
  }

  /** Resolves with the match once its output has one; rejects when it ends without. */
  async prints(pattern: RegExp): Promise<RegExpMatchArray> {
    return within(`waiting for ${this.#name} to print ${pattern}`, async () => {
      for (let match = this.#output.match(pattern); ; match = this.#output.match(pattern)) {
        if (match) return match;
        if (this.#hasEnded) throw new Error(`no ${pattern} in:\n${this.#output}`);
        await new Promise<void>((resolve) => (this.#change = resolve));
      }
    });
  }

  /** Types a line. */
  say(line: string): void {
    this.#process.stdin?.write(line);
  }

  /** Closes its standard input. */
  hush(): void {
    this.#process.stdin?.end();
  }

  /** Resolves when it has ended. */
  async ended(): Promise<void> {
    await this.prints(/ ended: /);
  }

  /** Ends it at once, as an accident would. */
  stop(): void {
    this.#process.kill("SIGKILL");
  }

  #note(text: string): void {
    this.#output += text;
    this.#change();
  }

  #end(text: string): void {
    this.#hasEnded = true;
    this.#note(text);
  }
}
