/** People who are shown codes, and a clock that rings when the test wants it to. */

import { sas } from "../../bindings/methods/sas.ts";
import type { Method } from "../../bindings/methods/method.ts";
import type { ShortCode } from "../../bindings/verification/short-code.ts";

/** The answer of somebody who has left the room. */
export const nobody = new Promise<never>(() => {});

export class Alarm {
  milliseconds: number | undefined;
  isOff = false;
  #wake = () => {};

  readonly schedule = (wake: () => void, milliseconds: number): (() => void) => {
    this.#wake = wake;
    this.milliseconds = milliseconds;
    return () => (this.isOff = true);
  };

  ring(): void {
    this.#wake();
  }
}

/** Somebody with the method `sas` before them. Remembers what was shown. */
export class Person {
  codes: ShortCode | undefined;
  jid: string | undefined;
  signal: AbortSignal | undefined;
  /** Resolves with the code when it is shown. */
  readonly asked: Promise<ShortCode>;
  readonly method: Method;
  readonly #answer: (codes: ShortCode) => boolean | Promise<boolean>;
  #show: (codes: ShortCode) => void = () => {};

  /** @param answer to the question whether the other one sees the same; default yes */
  constructor(answer: (codes: ShortCode) => boolean | Promise<boolean> = () => true, alarm = new Alarm()) {
    this.#answer = answer;
    this.asked = new Promise((resolve) => (this.#show = resolve));
    this.method = sas({ confirm: this.confirm, schedule: alarm.schedule });
  }

  readonly confirm = (codes: ShortCode, { jid, signal }: { jid: string; signal: AbortSignal }): boolean | Promise<boolean> => {
    Object.assign(this, { codes, jid, signal });
    this.#show(codes);
    return this.#answer(codes);
  };
}
