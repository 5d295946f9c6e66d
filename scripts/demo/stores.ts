/**
 * Trust stores in words: whom somebody knows, since when and by what.
 */

import { readableFingerprint, type TrustRecord } from "../../bindings/node.ts";
import type { Stranger } from "./introductions/introduction.ts";
import type { Stage } from "./stage.ts";

const STATE = { unknown: "unknown, awaits a decision", "first-use": "the first seen", verified: "verified", distrusted: "distrusted" } as const;

export async function showStores({ narrator }: Stage, ...players: readonly Stranger[]): Promise<void> {
  for (const { name, store } of players) {
    const records = await store.list();
    if (records.length === 0) narrator.say("knows", name, "nobody");
    for (const record of records) {
      narrator.tell("knows", name, inWords(record));
      narrator.say("", "", `key ${readableFingerprint(record.spkiFingerprint)}`);
    }
  }
}

function inWords({ jid, state, history }: TrustRecord): string {
  const step = history.at(-1);
  if (step === undefined) return `${jid}: ${STATE[state]}`;
  return `${jid}: ${STATE[state]} by ${step.by}${step.note === undefined ? "" : `, ${step.note}`}`;
}
