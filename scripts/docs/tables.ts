/** The tables and the picture of docs/protocol.md, each from the table of the code that it shows. */
import { ERRORS, type ErrorCode, type ErrorRow } from "../../bindings/errors.ts";
import { ALERTS } from "../../bindings/tls/alerts.ts";
import { conditionOf, ON_THE_WIRE } from "../../bindings/xtls/condition.ts";
import { CLEAR } from "../../bindings/xmpp/firewall/clear.ts";
import { DEFAULT_LIMITS } from "../../bindings/xtls/limits.ts";
import { SERVER_ONLY } from "../../bindings/xtls/routing.ts";
import { ADMISSION, EVENTS, STATES, TRANSITIONS, type Event } from "../../bindings/xtls/state.ts";

/** The states as a Mermaid diagram, which reads as text too, and its legend. */
export function states(): string {
  const arrows = STATES.flatMap((state) =>
    Object.entries(TRANSITIONS[state]).map(([event, following]) => `    ${state} --> ${following} : ${event}`),
  );
  const picture = ["```mermaid", "stateDiagram-v2", "    [*] --> starting", ...arrows, "    closed --> [*]", "```"];
  const legend = table(
    ["event", "when"],
    (Object.keys(EVENTS) as Event[]).map((event) => [event, EVENTS[event]]),
  );
  return `${picture.join("\n")}\n\n${legend}`;
}

/** Which request finds which answer, by state. */
export function admissions(): string {
  const rows = STATES.map((state) => {
    const { start, data, close } = ADMISSION[state];
    return [state === "closed" ? "closed, or no tunnel" : state, start, data, close];
  });
  return table(["state", "`<start/>`", "`<data/>`", "`<close/>`"], rows);
}

/** The errors that answer requests. */
export function conditions(): string {
  const rows = ON_THE_WIRE.map((code) => {
    const [type, condition, application = ""] = conditionOf(code);
    return [`\`${condition}\``, type, application && `\`${application}\``, `\`${code}\``, ERRORS[code].advice];
  });
  return table(["condition", "type", "application condition", "our code", "meaning"], rows.sort());
}

/** Every error code. */
export function codes(): string {
  const rows = (Object.keys(ERRORS) as ErrorCode[]).map((code) => {
    const { blame, tunnel, alert, advice }: ErrorRow = ERRORS[code];
    return [`\`${code}\``, blame, tunnel, alert === undefined ? "" : `${ALERTS[alert]} (${alert})`, advice];
  });
  return table(["code", "whose fault", "the tunnel", "TLS alert", "what it means"], rows);
}

export function limits(): string {
  return table(
    ["limit", "default"],
    Object.entries(DEFAULT_LIMITS).map(([name, value]) => [`\`${name}\``, String(value)]),
  );
}

export function serverOnly(): string {
  const rows = SERVER_ONLY.map(({ xep, namespace, names, spare }) => [
    names.map((name) => `\`<${name}/>\``).join(", "),
    `\`${namespace}\``,
    xep,
    spare ? "unless `from` is absent or the peer's full or bare JID" : "",
  ]);
  return table(
    ["element", "namespace", "source", "dropped"],
    [
      ...rows.map(([element, namespace, xep, when]) => [element, namespace, xep, when || "always"] as string[]),
      ["any in which there is a message, presence or iq", "any", "XEP-0297", "unless `from` of what is in it is the peer's full or bare JID"],
    ],
  );
}

/** The test of each rule of what may pass in clear, in the order of the rules. */
const CLEAR_TESTS: readonly string[] = [
  "what is no stanza passes, as the stream needs it",
  "IQs for the servers pass, and their answers; requests of servers do not, but for the own one's",
  "of errors only the condition …, not what was asked or said, and no text",
  "IQs for the servers pass, and their answers; requests of servers do not, but for the own one's",
  "a question about features … only when it asks and says nothing else",
  "of an answer with features only features …",
  "XTLS … as it stands on the wire, and nothing beside it",
  "a presence of which more would leave is refused; what comes with more in it loses it",
  "an error in answer to a message leaves alone, or not at all",
];

/** What may pass in clear where tunnels are required. */
export function clear(): string {
  if (CLEAR_TESTS.length !== CLEAR.length) throw new Error("Each rule of what may pass in clear has its test");
  const rows = CLEAR.map(({ what, why }, at) => [what, why, `\`test/xmpp/clear.test.ts\`: "${CLEAR_TESTS[at]}"`]);
  return table(["what", "why", "tests"], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escaped).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** Markdown would take an element for HTML. */
function escaped(cell: string): string {
  return cell.replaceAll("|", "\\|").replace(/(?<!`)<[a-z]+\/>(?!`)/g, "`$&`");
}
