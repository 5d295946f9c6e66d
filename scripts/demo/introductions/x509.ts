/**
 * Nothing but certificates: they try too early, then each scans the code on the other's screen.
 */

import { strict as assert } from "node:assert";
import { type ErrorCode, verifyScanned } from "../../../bindings/node.ts";
import { codeOf, photograph, showCode } from "../screen.ts";
import type { Stage } from "../stage.ts";
import { showStores } from "../stores.ts";
import type { Introduction, Stranger } from "./introduction.ts";

export function scannedCodes(stage: Stage): Introduction {
  return {
    premise: "They share nothing; their programs have certificates, and their telephones have cameras.",
    methodsOf: () => [],
    async perform(romeo, juliet) {
      await stage.act("Certificates of strangers are not enough");
      // Whoever judges first tells the other, which may hear of it before it has judged.
      const whoever: readonly ErrorCode[] = ["not-trusted", "alert-received"];
      await stage.part(romeo, juliet, { romeo: whoever, juliet: whoever });
      await showStores(stage, romeo, juliet);

      await stage.act("Romeo scans Juliet's screen");
      await showCode(stage, juliet.identity);
      await scan(stage, romeo, await codeOf(juliet.identity));
      await stage.act("Juliet scans Romeo's, which looks much the same");
      await scan(stage, juliet, await codeOf(romeo.identity));

      await stage.act("Certificates of friends are");
      return stage.meet(romeo, juliet);
    },
  };
}

async function scan({ narrator }: Stage, { name, store }: Stranger, screen: string): Promise<void> {
  const text = photograph(screen);
  narrator.say("scans", name, `${text.slice(0, 80)}…`);
  const { outcome, words } = await verifyScanned(store, text, { acceptsUnknown: true });
  narrator.note(words);
  assert.equal(outcome, "verified");
}
