/**
 * Both see a short code on their screens, and read it to each other over the garden wall.
 */

import { type SasOptions, type ShortCode, sas } from "../../../bindings/node.ts";
import type { Name } from "../cast.ts";
import type { Stage } from "../stage.ts";
import { showStores } from "../stores.ts";
import type { Introduction } from "./introduction.ts";

export function shortCode(stage: Stage): Introduction {
  const wall = new Wall();
  let isNurseCalling = true;
  const person = (name: Name): SasOptions["confirm"] => async (code) => {
    show(stage, name, code);
    const isSame = await wall.compare(code.decimals);
    const answer = isSame && !(name === "juliet" && isNurseCalling);
    stage.narrator.say("says", name, answer ? "yes, the same" : "no");
    return answer;
  };
  return {
    premise: "They share nothing but a garden wall, over which each knows the other's voice.",
    methodsOf: (name) => [sas({ confirm: person(name) })],
    async perform(romeo, juliet) {
      await stage.act("The nurse calls, and Juliet says no");
      await stage.part(romeo, juliet, { romeo: ["handshake-canceled"], juliet: ["not-confirmed"] });
      await showStores(stage, romeo, juliet);

      await stage.act("Another tunnel, another code, and both say yes");
      isNurseCalling = false;
      return stage.meet(romeo, juliet);
    },
  };
}

/** The 48 bits in three ways; people choose one. */
function show({ narrator }: Stage, name: Name, { decimals, words, emoji }: ShortCode): void {
  narrator.say("sees", name, decimals);
  narrator.say("", "", words.join(" "));
  narrator.say("", "", emoji.map(({ symbol }) => symbol).join("  "));
  narrator.say("", "", emoji.map(({ name }) => name).join(", "));
}

/** Carries voices: each hears what the other reads out, whoever begins. */
class Wall {
  #waiting: { readonly read: string; answer(isSame: boolean): void } | undefined;

  /** @returns whether the other has read out the same */
  compare(read: string): boolean | Promise<boolean> {
    const first = this.#waiting;
    this.#waiting = undefined;
    if (first === undefined) return new Promise((answer) => (this.#waiting = { read, answer }));
    const isSame = first.read === read;
    first.answer(isSame);
    return isSame;
  }
}
