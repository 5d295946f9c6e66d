/** Ends of `srp` for its tests: a clock that is set by hand, and stretching that takes no time. */

import { pbkdf2Sync } from "node:crypto";

import { Element } from "@xmpp/xml";

import { bindingOf, frame } from "../../bindings/methods/binding.ts";
import type { Method } from "../../bindings/methods/method.ts";
import { srpOf, type SrpOptions, type SrpParts } from "../../bindings/methods/srp.ts";
import { verifierOf, type Verifier } from "../../bindings/methods/srp/verifier.ts";
import type { Srp } from "../../bindings/tls/srp.ts";
import type { Role } from "../../bindings/xtls/state.ts";
import { claimAt, converse, core, told, type MessageWire, type Outcome, type Scene } from "./stage.ts";

export const ROMEOS = "romeo@montague.lit";
export const JULIETS = "juliet@capulet.lit";

export const utf8 = new TextEncoder();
export const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
export const bytesOf = (text: string | undefined): Uint8Array => new Uint8Array(Buffer.from(text ?? "", "base64"));

export class Clock {
  now = 0;
  pass(seconds: number): void {
    this.now += seconds * 1000;
  }
}

/** One round, where the product takes 600 000: the same at both ends, so it makes no difference to them. */
export const quick: SrpParts["stretch"] = async (password, salt) => new Uint8Array(pbkdf2Sync(password, salt, 1, 32, "sha256"));

/** The method of an end, with whatever else it is to have. */
export function end(options: Partial<SrpOptions>, clock = new Clock()): Method {
  return srpOf({ core, ...options }, { now: () => clock.now, stretch: quick });
}

/** The method of an end that has this password, whoever asks. */
export function knowing(password: string | undefined, clock?: Clock): Method {
  return end({ password: () => password }, clock);
}

/** Two tunnels that Mallory ends: neither end's exporter or certificates are the other's. */
export function twoTunnels(): Pick<Scene, "initiator" | "responder"> {
  return { initiator: claimAt("initiator", {}, "with Romeo"), responder: claimAt("responder", {}, "with Juliet") };
}

/** A copy of a message with other attributes, or another text. */
export function altered(message: Element, attributes: Record<string, string | undefined>, text = message.getText()): Element {
  return new Element(message.getName(), { ...message.attrs, ...attributes }).t(text);
}

/** What the end with that role says of itself, as docs/protocol.md has it. */
export function proofOf(srp: Srp, role: Role, salt: Uint8Array, client: Uint8Array, server: Uint8Array): Uint8Array {
  const said = [utf8.encode(ROMEOS), salt, utf8.encode("600000"), client, server];
  return srp.prove(frame(utf8.encode(`xtls srp 1 ${role}`), bindingOf(claimAt(role), "EXPORTER-XTLS-srp"), ...said));
}

/** A verifier that took no time. */
export const made = (password: string, user = ROMEOS): Promise<Verifier> => verifierOf(core, user, utf8.encode(password), quick);

/** What both ends made of it. */
export const both = ({ initiator, responder }: Outcome) => [told(initiator), told(responder)];

/** A wire that keeps a copy of all that passes. */
export function recorder(said = new Map<string, Element>()) {
  const wire: MessageWire = (message) => (said.set(message.getName(), message), [message]);
  return { wire, said };
}

/** The messages of a run that went well. */
export async function recorded() {
  const { wire, said } = recorder();
  await converse(knowing("rose"), knowing("rose"), { wire });
  return said;
}
