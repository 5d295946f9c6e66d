/**
 * `<bye/>`: what a peer says inside where a fatal alert is due, when its TLS sends none of the application's choice.
 *
 * It comes through the tunnel, so it is the peer's word as an alert is, and means no more than one: the tunnel is over.
 * We send alerts. Knows no state. docs/protocol.md §7.
 */
import type { Element } from "@xmpp/xml";
import { ERRORS, type ErrorRow } from "../errors.ts";
import { NS_XTLS_EXT } from "./namespaces.ts";

/** Why the peer leaves. */
export interface Bye {
  /** Fit to be printed. */
  readonly code: string;
  /** The description of the alert that stands for it; undefined: none does. */
  readonly alert: number | undefined;
}

const CODE = /^[a-z][a-z0-9-]{0,63}$/;

/** Reads an element of the tunnel's own. @returns undefined when it is no `<bye/>` */
export function parseBye(element: Element): Bye | undefined {
  if (!element.is("bye", NS_XTLS_EXT)) return undefined;
  const { code } = element.attrs as Record<string, unknown>;
  if (typeof code !== "string" || !CODE.test(code)) return { code: "no reason", alert: undefined };
  return { code, alert: alertOf(code) };
}

function alertOf(code: string): number | undefined {
  if (!Object.hasOwn(ERRORS, code)) return undefined;
  const { alert }: ErrorRow = ERRORS[code as keyof typeof ERRORS];
  return alert;
}
