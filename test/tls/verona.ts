/**
 * The authorities of Verona, and what is said of chains that shall lead to them: by `verifyChain`, and in a
 * handshake by either end.
 */

import type { AuthoritySources, EngineOptions, EngineRole, XtlsError } from "../../bindings/node.ts";
import { loadCore } from "../module.ts";
import { assert } from "../suite.ts";
import { xmppAddr, type Issued } from "./issuer.ts";
import { derOf, OpensslCa, type CertificateTerms } from "./openssl-ca.ts";
import { pair, settle } from "./pair.ts";

export const core = await loadCore();

export const root = OpensslCa.root("Root of Verona");
export const verona = root.authority("Verona");
export const mantua = OpensslCa.root("Root of Mantua");

const NAMES = [xmppAddr("romeo@montague.example")];
export const device = (by: OpensslCa, terms: CertificateTerms = {}): Issued =>
  by.issue("romeo", { names: NAMES, ...terms });
export const romeo = device(verona);

const ROLES = ["initiator", "responder"] as const;
export const TRUSTED = "";

/** Everything that is said of a chain: by `verifyChain`, and in a handshake where its owner has that part. */
export function opinions(chain: readonly Issued[], sources: AuthoritySources): Record<EngineRole | "chain", string> {
  const problems = core.verifyChain(chain.map(derOf), core.authorities(sources));
  const [initiator, responder] = ROLES.map((role) => refusal(chain, sources, role)) as [string, string];
  return { chain: problems.join(", "), initiator, responder };
}

/** What the other end says to whoever shows the chain in this part. */
export function refusal(chain: readonly Issued[], sources: AuthoritySources, role: EngineRole): string {
  const shown = {
    identity: core.identityFromPEM(chain.map(({ certificate }) => certificate).join("") + chain[0]!.key),
  };
  const judge: Partial<EngineOptions> = { authorities: sources };
  const ends = role === "initiator" ? pair(core, {}, shown, judge) : pair(core, {}, judge, shown);
  const other = role === "initiator" ? ends.responder : ends.initiator;
  try {
    settle(ends);
  } catch {
    // It stays in the error of the end that it hit.
  }
  if (other.state === "open") return TRUSTED;
  const { code, message } = other.error as XtlsError;
  return `${code}: ${message}`;
}

export function assertTrusted(chain: readonly Issued[], sources: AuthoritySources): void {
  assert.equal(opinions(chain, sources), {
    chain: TRUSTED,
    initiator: TRUSTED,
    responder: TRUSTED,
  });
}

/** All three say so. */
export function assertRefused(chain: readonly Issued[], sources: AuthoritySources, problem: string): void {
  const { chain: problems, initiator, responder } = opinions(chain, sources);
  assert.match(problems, problem);
  for (const said of [initiator, responder]) assert.match(said, new RegExp(`^certificate-refused: .*${problem}`));
}

/** Removes their files. */
export function leaveVerona(): void {
  for (const ca of [root, mantua]) ca.dispose();
}
