/**
 * Error codes as stanza errors and back (RFC 6120 §8.3).
 *
 * Both ways follow the table in bindings/errors.ts; this file adds only what the table leaves
 * open. A stanza error is unauthenticated: it can stop a tunnel, never vouch for one.
 */
import { Element } from "@xmpp/xml";
import { printableWords } from "../base/printable.ts";
import { ERRORS, XtlsError, type ErrorCode, type ErrorRow, type StanzaCondition } from "../errors.ts";
import { NS_STANZAS, NS_XTLS_ERRORS } from "./namespaces.ts";
import type { Request } from "./state.ts";

/** `<data/>` whose bytes TLS or the framing refused: the protocol gives it no condition of its own. */
const BROKEN: StanzaCondition = ["cancel", "bad-request"];
const INTERNAL: StanzaCondition = ["cancel", "internal-server-error"];

/** Every code that has a stanza error of its own. */
export const ON_THE_WIRE: readonly ErrorCode[] = [
  "declined",
  "no-common-method",
  "tie-break",
  "already-open",
  "out-of-order",
  "invalid-base64",
  "chunk-too-large",
  "security-required",
  "unsupported",
  "too-many-tunnels",
  "unknown-tunnel",
  "malformed",
];

/** What an error in answer to a request can mean; servers use the same conditions for causes of their own, which these leave out. */
const ANSWERS: Readonly<Record<Request, readonly ErrorCode[]>> = {
  start: ["declined", "no-common-method", "tie-break", "already-open", "out-of-order", "unsupported", "too-many-tunnels", "unknown-tunnel", "malformed"],
  data: ["unknown-tunnel", "out-of-order", "no-common-method", "invalid-base64", "chunk-too-large", "malformed"],
  close: ["unknown-tunnel", "out-of-order", "malformed"],
};

/** What servers say of somebody who is not there (RFC 6120 §8.3.3, RFC 6121 §8.5). */
const ABSENT: readonly string[] = ["recipient-unavailable", "gone"];
/** What our server says when it cannot reach the peer's (RFC 6120 §8.3.3.16, §8.3.3.17). */
const UNREACHABLE: readonly string[] = ["remote-server-not-found", "remote-server-timeout"];
/** Why is in the text alone, such as a certificate that our server does not trust. */
const MAX_TEXT_CHARS = 200;
/** Who has consented supports XTLS, so that this can only mean that nobody is there any more. */
const ABSENT_LATER: readonly string[] = [...ABSENT, "service-unavailable"];

/** The stanza error that answers an IQ. */
export function conditionOf(code: ErrorCode): StanzaCondition {
  const row: ErrorRow = ERRORS[code];
  return row.stanza ?? (row.blame === "peer" || row.blame === "network" || row.blame === "anyone" ? BROKEN : INTERNAL);
}

/** The `<error/>` for a code. The words of the error itself stay here: they are not the peer's business. */
export function buildError(code: ErrorCode): Element {
  const [type, condition, application] = conditionOf(code);
  const error = new Element("error", { type });
  error.c(condition, { xmlns: NS_STANZAS });
  if (application !== undefined) error.c(application, { xmlns: NS_XTLS_ERRORS });
  return error;
}

/** What an `<error/>` in answer to a request means: one of ours, `peer-unavailable`, `server-unreachable`, or `remote-error` with the condition named. */
export function parseError(error: Element | undefined, request: Request): XtlsError {
  const condition = definedCondition(error);
  const application = nameIn(error, NS_XTLS_ERRORS);
  const absent = request === "start" ? ABSENT : ABSENT_LATER;
  if (absent.includes(condition)) return new XtlsError("peer-unavailable", `Answered by ${condition}`);
  if (UNREACHABLE.includes(condition)) return new XtlsError("server-unreachable", `Answered by ${condition}${wordsOf(error)}`);
  const codeFor = (own: string | undefined) => ANSWERS[request].find((candidate) => isMeant(candidate, condition, own));
  // An application condition that is not known is passed over (RFC 6120 §8.3.4), but named.
  const code = codeFor(application) ?? codeFor(undefined);
  return new XtlsError(code ?? "remote-error", `Answered by ${condition}${application ? ` (${application})` : ""}`);
}

/** The condition of RFC 6120 §8.3.3 in an `<error/>`: a name that can be printed, whatever else is in there. */
export function definedCondition(error: Element | undefined): string {
  return nameIn(error, NS_STANZAS) ?? "undefined-condition";
}

function isMeant(code: ErrorCode, condition: string, application: string | undefined): boolean {
  const [, defined, own] = conditionOf(code);
  return defined === condition && own === application;
}

/** The type, if it gives hope, and the text of an error, made fit to be printed. */
function wordsOf(error: Element | undefined): string {
  const text = error?.getChildText("text", NS_STANZAS) ?? "";
  const words = printableWords(text, MAX_TEXT_CHARS);
  return `${error?.attrs.type === "wait" ? " (wait)" : ""}${words ? `: "${words}"` : ""}`;
}

/** The local name of the first child in a namespace, if it is one of a kind we could print. */
function nameIn(error: Element | undefined, namespace: string): string | undefined {
  const child = error
    ?.getChildElements()
    .find((element) => element.getNS() === namespace && element.getName() !== "text");
  const name = child?.getName();
  return name !== undefined && /^[a-z0-9-]{1,64}$/.test(name) ? name : undefined;
}
