/**
 * Subjects in processes of their own: no library spoils another's heap or compiled code.
 *
 * Owns the way to the child (child.ts) and back: one task at a time, one answer each. They go
 * over Node's channel between processes, so standard output stays the parent's.
 */
import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Sample } from "./measure.ts";
import type { Credentials } from "./subject.ts";

/** What the child is told. */
export type Task =
  | { readonly verb: "seat"; readonly subject: string; readonly credentials: Credentials }
  | { readonly verb: "prepare"; readonly bench: string }
  | { readonly verb: "sample"; readonly window: number }
  | { readonly verb: "dispose" };

/** What it answers. */
export type Answer = { readonly value?: unknown } | { readonly error: string };

/** One subject in one process. */
export class Apart {
  readonly #child: ChildProcess;

  private constructor(readonly subject: string) {
    this.#child = fork(fileURLToPath(new URL("./child.ts", import.meta.url)), {
      execArgv: ["--no-deprecation", "--import", import.meta.resolve("tsx")],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
  }

  static async seat(subject: string, credentials: Credentials): Promise<Apart> {
    const apart = new Apart(subject);
    await apart.#ask({ verb: "seat", subject, credentials });
    return apart;
  }

  /** @returns false when the measure makes no sense for the subject */
  async prepare(bench: string): Promise<boolean> {
    return (await this.#ask({ verb: "prepare", bench })) as boolean;
  }

  /** Of the measure that was prepared last. @param window in ms */
  async sample(window: number): Promise<Sample> {
    return (await this.#ask({ verb: "sample", window })) as Sample;
  }

  /** Gives up what the measure has opened. */
  async dispose(): Promise<void> {
    await this.#ask({ verb: "dispose" });
  }

  [Symbol.dispose](): void {
    this.#child.kill();
  }

  /** @throws when the subject does, its process ends, or no answer comes for two minutes */
  #ask(task: Task): Promise<unknown> {
    const child = this.#child;
    return new Promise((resolve, reject) => {
      const settle = (work: () => void): void => {
        clearTimeout(timer);
        child.removeAllListeners();
        work();
      };
      const fail = (reason: string): void =>
        settle(() => reject(new Error(`${this.subject}, ${task.verb}: ${reason}`)));
      const timer = setTimeout(fail, PATIENCE, "no answer");
      child.once("exit", (code) => fail(`the process ended early (${code})`));
      child.once("message", (answer: Answer) =>
        "error" in answer ? fail(answer.error) : settle(() => resolve(answer.value)),
      );
      child.send(task);
    });
  }
}

const PATIENCE = 120_000;

/** A full collection, so that nobody is timed sweeping up after somebody else. */
export const collect: () => void = exposeCollector();

function exposeCollector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}
