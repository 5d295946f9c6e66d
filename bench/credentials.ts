/**
 * The identities that all subjects share: made anew for each run by our own core, kept by nobody.
 */
import { loadCore } from "../bindings/node.ts";
import type { Credentials } from "./subject.ts";

/** Two P-256 identities, each a PEM with key and self-signed certificate. */
export async function credentials(): Promise<Credentials> {
  const core = await loadCore();
  const pem = (jid: string): string => {
    using identity = core.createIdentity({ jid });
    return identity.toPEM();
  };
  return { initiator: pem("romeo@montague.example"), responder: pem("juliet@capulet.example") };
}
