/**
 * The example exchange of docs/protocol.md: played by two real ends, kept in docs/exchange.xml with
 * its keys, shown in the page with the TLS bytes cut short.
 */
import xml, { Element, Parser } from "@xmpp/xml";
import { loadCore } from "../../bindings/node.ts";
import { decodeBase64 } from "../../bindings/xtls/base64.ts";
import { JULIET, ROMEO, WirePair, written, type Iq } from "../../test/xtls/wire-pair.ts";

/** One IQ as it stood on the wire, and what its TLS bytes say. */
interface Step {
  readonly about: string;
  readonly iq: string;
}

/** A whole exchange. */
export interface ExchangeRecord {
  readonly steps: readonly Step[];
  /** NSS key log: whoever has it reads the records. */
  readonly keys: readonly string[];
}

const NS = "urn:xmpp:tmp:xtls";
const BODY = "I take thee at thy word: Call me but love, and I'll be new baptized; Henceforth I never will be Romeo.";

/** What the TLS bytes of each `<data/>` are, in order. */
const CONTENTS = [
  "ClientHello",
  "ServerHello … Finished",
  "Certificate, CertificateVerify, Finished",
  "Romeo's message",
  "Juliet's iq",
  "Romeo's iq",
  "Romeo's close_notify",
  "Juliet's close_notify",
];

/** Plays the exchange with fresh keys. */
export async function record(): Promise<ExchangeRecord> {
  const core = await loadCore();
  const keys: string[] = [];
  const wire = new WirePair(
    {
      identity: core.createIdentity({ jid: "romeo@montague.lit" }),
      engine: { keyLog: (line) => keys.push(line) },
      hasExtensions: false,
      ids: numbered("xtls_"),
    },
    { identity: core.createIdentity({ jid: "juliet@capulet.lit" }), ids: numbered("balcony_") },
  );
  wire.open();
  wire.romeo.send(
    xml(
      "message",
      { from: ROMEO, to: JULIET, type: "chat" },
      xml("thread", {}, "act2scene2chat1"),
      xml("body", {}, BODY),
      xml("active", { xmlns: "http://jabber.org/protocol/chatstates" }),
    ),
  );
  wire.settle();
  wire.juliet.send(xml("iq", { type: "get", id: "v1" }, xml("query", { xmlns: "jabber:iq:version" })));
  wire.settle();
  wire.romeo.send(
    xml("iq", { type: "result", id: "v1" }, xml("query", { xmlns: "jabber:iq:version" }, xml("name", {}, "xtls"))),
  );
  wire.settle();
  wire.romeo.close();
  wire.settle();
  return { keys, steps: described(wire.log) };
}

function described(log: readonly Iq[]): Step[] {
  const contents = CONTENTS[Symbol.iterator]();
  return log.map((iq) => ({
    about: iq.type === "set" && iq.payload?.is("data", NS) ? String(contents.next().value) : "",
    iq: written(iq),
  }));
}

function numbered(prefix: string): () => string {
  let last = 0;
  return () => `${prefix}${++last}`;
}

/** The record as a file that any XML tool can read. */
export function writeRecord({ steps, keys }: ExchangeRecord): string {
  const lines = steps.map(({ about, iq }) => (about === "" ? iq : `<!-- ${about} -->\n${iq}`));
  return `<?xml version="1.0" encoding="UTF-8"?>
<!-- A whole tunnel as it stood on the wire. With the key log at the end, the TLS records can be read. -->
<exchange xmlns="jabber:client">
${lines.join("\n")}
<!--
${keys.join("\n")}
-->
</exchange>
`;
}

export function readRecord(file: string): ExchangeRecord {
  const lines = file.split("\n");
  const steps = lines.flatMap((iq, at) =>
    iq.startsWith("<iq ") ? [{ iq, about: /^<!-- (.*) -->$/.exec(lines[at - 1] ?? "")?.[1] ?? "" }] : [],
  );
  return { steps, keys: lines.filter((line) => /^[A-Z_0-9]+ [0-9a-f]{64} [0-9a-f]+$/.test(line)) };
}

/** The record for the page: who speaks, what it is, the IQ with long base64 cut. */
export function renderExchange({ steps }: ExchangeRecord): string {
  return steps.map(renderStep).join("\n\n");
}

function renderStep({ about, iq }: Step, at: number): string {
  const element = parseIq(iq);
  const way = element.attrs.from === ROMEO ? "Romeo → Juliet" : "Juliet → Romeo";
  const data = element.getChild("data", NS)?.getText();
  const size =
    data === undefined
      ? ""
      : `: ${about}, ${decodeBase64(data).length} bytes of TLS in ${data.length} of base64, the IQ ${new TextEncoder().encode(iq).length} bytes`;
  const shown =
    data === undefined ? iq : iq.replace(data, data.length > 48 ? `${data.slice(0, 32)}…${data.slice(-8)}` : data);
  return `${at + 1}. ${way}${size}\n\n\`\`\`xml\n${shown}\n\`\`\``;
}

/** An IQ of the record as an element. */
export function parseIq(text: string): Element {
  const parser = new Parser();
  let parsed: Element | undefined;
  parser.on("element", (element: Element) => (parsed = element));
  parser.write(`<exchange xmlns="jabber:client">${text}`);
  if (parsed === undefined) throw new Error("docs/exchange.xml has a line that is no IQ");
  return parsed;
}
