/**
 * The narrator: one line an event, in three voices, so that a person sees side by side what the
 * server saw and what each end wrote and read. Colours on a terminal, plain text in a pipe.
 */

import type { Element } from "@xmpp/xml";

type Voice = "server saw" | "wrote" | "read" | "note" | "caught";

const COLOUR: Record<Voice, number> = { "server saw": 90, wrote: 36, read: 32, note: 33, caught: 31 };
const LONGEST = 180;

export class Narrator {
  #act = 0;
  readonly #colours = process.stdout.isTTY === true && process.env["NO_COLOR"] === undefined;

  title(text: string): void {
    this.#print(this.#paint(1, text));
  }

  act(text: string): void {
    this.#print("", this.#paint(1, `${++this.#act}  ${text}`));
  }

  /** @param who the speaker; none for the server */
  say(voice: Voice, who: string, text: string): void {
    this.#print(this.#paint(COLOUR[voice], `   ${`${who} ${voice}`.trim().padEnd(14)}${text}`));
  }

  note(text: string): void {
    this.#print(this.#paint(COLOUR.note, `   ${text}`));
  }

  #paint(colour: number, text: string): string {
    return this.#colours ? `\x1b[${colour}m${text}\x1b[0m` : text;
  }

  #print(...lines: readonly string[]): void {
    for (const line of lines) process.stdout.write(`${line}\n`);
  }
}

/** A stanza on one line. */
export function brief(stanza: Element): string {
  const line = stanza.toString().replace(/\s+/g, " ");
  const cut = line.replace(/>([A-Za-z0-9+/=]{32,})</g, (_, body: string) => `>${body.slice(0, 24)}… ${bytesIn(body)} bytes<`);
  return cut.length > LONGEST ? `${cut.slice(0, LONGEST)}…` : cut;
}

/** An IQ on one line: who, to whom, what kind, the start of its id, and what it carries. */
export function briefIq(iq: Element): string {
  const { from = "", to = "", type = "", id = "" } = iq.attrs;
  const payload = iq.getChildElements().map(brief).join("");
  return `${nodeOf(from)} → ${nodeOf(to)}  iq ${type.padEnd(6)} ${id.slice(0, 4)}  ${payload || "(empty: these bytes were accepted)"}`;
}

function nodeOf(jid: string): string {
  return (jid.split("@")[0] ?? jid).padEnd(6);
}

function bytesIn(base64: string): number {
  return (base64.length / 4) * 3 - (base64.match(/=+$/)?.[0].length ?? 0);
}
