/**
 * A program at the other end: a real process whose output is watched.
 *
 * Owns starting, waiting for words and stopping, by its own process id. Knows nothing of TLS.
 */

import { spawn, type ChildProcess } from "node:child_process";

/** Milliseconds after which a test gives up; only a hang ever takes so long. */
const PATIENCE = 10_000;

/** Runs a body, and rejects when it takes too long. */
export async function within<Result>(what: () => string, body: () => Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`gave up ${what()}`)), PATIENCE);
  });
  try {
    return await Promise.race([body(), patience]);
  } finally {
    clearTimeout(timer);
  }
}

/** Text that grows, and those who wait for something in it. */
export class Transcript {
  readonly #speaker: string;
  #text = "";
  #hasEnded = false;
  #change: () => void = () => {};

  constructor(speaker: string) {
    this.#speaker = speaker;
  }

  add(text: string): void {
    this.#text += text;
    this.#change();
  }

  /** Adds the last words. */
  end(text: string): void {
    this.#hasEnded = true;
    this.add(text);
  }

  /** Resolves with the match once there is one; rejects when the text ends without. */
  async has(pattern: RegExp): Promise<RegExpMatchArray> {
    const what = (): string => `waiting for ${this.#speaker} to say ${pattern} in:\n${this.#text}`;
    return within(what, async () => {
      for (let match = this.#text.match(pattern); ; match = this.#text.match(pattern)) {
        if (match) return match;
        if (this.#hasEnded) throw new Error(`no ${pattern} in:\n${this.#text}`);
        await new Promise<void>((resolve) => (this.#change = resolve));
      }
    });
  }
}

export class Peer {
  readonly #process: ChildProcess;
  readonly #output: Transcript;

  constructor(command: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    this.#output = new Transcript(command);
    this.#process = spawn(command, args, { stdio: "pipe", env: { ...process.env, ...environment } });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.on("data", (bytes: Uint8Array) => this.#output.add(new TextDecoder().decode(bytes)));
    }
    this.#process.stdin?.on("error", () => {});
    this.#process.on("error", (error) => this.#output.end(String(error)));
    this.#process.on("close", (code, signal) => this.#output.end(`\n[ended: ${code ?? signal}]`));
  }

  /** Resolves with the match once its output has one; rejects when it ends without. */
  prints(pattern: RegExp): Promise<RegExpMatchArray> {
    return this.#output.has(pattern);
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
    await this.prints(/\[ended: /);
  }

  /** Ends it at once, as an accident would. */
  stop(): void {
    this.#process.kill("SIGKILL");
  }
}
