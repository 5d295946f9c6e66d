/**
 * Two ends of a method, face to face: real certificates, no TLS and no stream between them.
 *
 * `converse` runs a method at both ends; the wire between them can alter, drop, repeat or reorder
 * messages. A man in the middle is two conversations that share no exporter and no certificates: give
 * each end its own `claim`.
 */

import { createHmac } from "node:crypto";

import type { Element } from "@xmpp/xml";

import { XtlsError } from "../../bindings/errors.ts";
import { Dialogue } from "../../bindings/methods/dialogue.ts";
import type { Method } from "../../bindings/methods/method.ts";
import type { Claim, Verdict } from "../../bindings/xtls/trust.ts";
import type { Role } from "../../bindings/xtls/state.ts";
import { loadCore } from "../module.ts";

export const core = await loadCore();
export const ROMEO = "romeo@montague.lit/orchard";
export const JULIET = "juliet@capulet.lit/balcony";
export const romeo = core.createIdentity({ jid: "romeo@montague.lit" });
export const juliet = core.createIdentity({ jid: "juliet@capulet.lit" });

const OTHER = { initiator: "responder", responder: "initiator" } as const;
const JIDS = { initiator: ROMEO, responder: JULIET };
const IDENTITIES = { initiator: romeo, responder: juliet };

/** What the end with that role is asked to believe; the same exporter and fingerprints at both, unless changed. */
export function claimAt(role: Role, changes: Partial<Claim> = {}, secret = "one connection"): Claim {
  const ends = {
    initiator: { jid: ROMEO, fingerprint: romeo.fingerprint },
    responder: { jid: JULIET, fingerprint: juliet.fingerprint },
  };
  return {
    jid: JIDS[OTHER[role]].split("/")[0]!,
    peer: core.certificate(IDENTITIES[OTHER[role]].certificate),
    local: JIDS[role],
    role,
    isOwnRequest: role === "initiator",
    ends,
    isBound: true,
    exporter: (label, length = 32) =>
      new Uint8Array(createHmac("sha512", secret).update(label).digest()).subarray(0, length),
    verifyChain: () => [],
    ...changes,
  };
}

/** What becomes of a message on its way: the messages that arrive instead, in order. */
export type MessageWire = (message: Element, from: Role) => readonly Element[];

export interface Scene {
  readonly initiator: Claim;
  readonly responder: Claim;
  readonly wire: MessageWire;
}

/** What each end made of it: its verdict, or the error that ended it. */
export type Outcome = Record<Role, Verdict | XtlsError>;

/** Runs a method at both ends until both are done. When one end fails or refuses, the tunnel ends for the other. */
export async function converse(initiator: Method, responder: Method, scene: Partial<Scene> = {}): Promise<Outcome> {
  const { wire = (message) => [message] } = scene;
  const say = (from: Role) => (message: Element) => {
    const arrivals = wire(message, from);
    queueMicrotask(() => arrivals.forEach((arrival) => deliver(OTHER[from], arrival)));
  };
  const dialogues = {
    initiator: new Dialogue(scene.initiator ?? claimAt("initiator"), say("initiator")),
    responder: new Dialogue(scene.responder ?? claimAt("responder"), say("responder")),
  };
  const over = (role: Role, error: XtlsError) => {
    dialogues[role].end(error);
    dialogues[OTHER[role]].end(new XtlsError("alert-received", `The other end said ${error.code}`));
  };
  const deliver = (role: Role, message: Element) => {
    try {
      dialogues[role].deliver(message);
    } catch (error) {
      over(role, error as XtlsError);
    }
  };
  const run = async (role: Role, method: Method): Promise<Verdict | XtlsError> => {
    try {
      const verdict = await method.run(dialogues[role]);
      if (!verdict.trusted) over(role, new XtlsError(verdict.code, verdict.detail));
      return verdict;
    } catch (error) {
      if (!(error instanceof XtlsError)) throw error;
      over(role, error);
      return error;
    }
  };
  const [first, second] = await Promise.all([run("initiator", initiator), run("responder", responder)]);
  return { initiator: first, responder: second };
}

/** `verified`, `first-use`, or the code of what went wrong. */
export function told(outcome: Verdict | XtlsError): string {
  if (outcome instanceof XtlsError) return outcome.code;
  return outcome.trusted ? outcome.state : outcome.code;
}
