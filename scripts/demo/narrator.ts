/**
 * The narrator: one line an event, in several voices, so that a person sees side by side what the
 * server saw and what each end wrote and read. Colours on a terminal, plain text in a pipe.
 */

import type { Element } from "@xmpp/xml";

type Voice = "server saw" | "thinks" | "has" | "sees" | "scans" | "says" | "wrote" | "read" | "knows" | "note" | "caught" | "";

const GREY = 90;
const RED = 31;
const GREEN = 32;
const YELLOW = 33;
const CYAN = 36;
const COLOUR: Readonly<Partial<Record<Voice, number>>> = { "server saw": GREY, wrote: CYAN, read: GREEN, note: YELLOW, caught: RED };
const LONGEST = 180;
/** Columns of text that is folded. */
const COLUMNS = 100;
const INDENT = 17;

export class Narrator {
  #act = 0;
  readonly #colours = process.stdout.isTTY === true && process.env["NO_COLOR"] === undefined;

  title(text: string): void {
    this.#print(this.#paint(1, text));
  }

  act(text: string): void {
    this.#print("", this.#paint(1, `${++this.#act}  ${text}`));
  }

  /** @param who the speaker; none for the server, and for what belongs to the line before */
  say(voice: Voice, who: string, text: string): void {
    this.#print(this.#paint(COLOUR[voice], `   ${`${who} ${voice}`.trim().padEnd(INDENT - 3)}${text}`));
  }

  /** The same for a long text, folded. */
  tell(voice: Voice, who: string, text: string): void {
    const [first = "", ...others] = fold(text, COLUMNS - INDENT);
    this.say(voice, who, first);
    for (const line of others) this.#print(this.#paint(COLOUR[voice], `${" ".repeat(INDENT)}${line}`));
  }

  note(text: string): void {
    this.#print(this.#paint(COLOUR.note, `   ${text}`));
  }

  /** Lines with colours of their own, which a pipe does without. */
  picture(lines: string): void {
    for (const line of lines.trimEnd().split("\n")) this.#print(`   ${this.#colours ? line : line.replace(/\x1b\[[\d;]*m/g, "")}`);
  }

  #paint(colour: number | undefined, text: string): string {
    return this.#colours && colour !== undefined ? `\x1b[${colour}m${text}\x1b[0m` : text;
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

/** The same in a few words, offers in particular; undefined for mere acknowledgements. */
export function glance(iq: Element): string | undefined {
  const { from = "", to = "" } = iq.attrs;
  const [payload] = iq.getChildElements();
  return payload && `${nodeOf(from)} → ${nodeOf(to)}  ${payload.getName().padEnd(8)}  ${essence(payload)}`.trimEnd();
}

function essence(payload: Element): string {
  const offer = payload.getChild("offer");
  if (offer !== undefined) return `offers ${offer.getChildren("method").map(({ attrs }) => attrs.name).join(", ") || "no method"}`;
  if (payload.is("error")) return payload.getChildElements()[0]?.getName() ?? "";
  const body = payload.getText();
  return body && `${body.slice(0, 24)}… ${bytesIn(body)} bytes${payload.attrs.method ? `, method ${payload.attrs.method}` : ""}`;
}

/** What a message says. */
export function bodyOf(message: Element): string {
  return message.getChildText("body") ?? "";
}

function nodeOf(jid: string): string {
  return (jid.split("@")[0] ?? jid).padEnd(6);
}

function bytesIn(base64: string): number {
  return (base64.length / 4) * 3 - (base64.match(/=+$/)?.[0].length ?? 0);
}

function fold(text: string, width: number): string[] {
  return text.match(new RegExp(`.{1,${width}}(?:\\s|$)|\\S+\\s?`, "g"))?.map((line) => line.trimEnd()) ?? [text];
}
