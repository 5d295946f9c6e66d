/**
 * A method decides why the certificate at the other end is to be believed.
 *
 * TLS has authenticated two certificates; a method then says whose they are. It runs after the TLS
 * handshake and before any stanza, sans-IO like everything here: it returns steps and is told what
 * became of them. `x509` has one step, the question to the trust policy. A method that talks to its
 * peer inside the tunnel first (a password, an OpenPGP key, words compared by two people) gets
 * its further kind of step here, and its elements come before the first stanza.
 */
import type { XtlsError } from "../../errors.ts";
import type { Claim, TrustState, Verdict } from "../trust.ts";

/** What a method wants next. */
export type Step =
  /** Ask the trust policy; its answer comes by `judged`. */
  | { readonly kind: "judge"; readonly claim: Claim }
  /** The peer is who it says. */
  | { readonly kind: "trust"; readonly state: TrustState }
  /** It is not, or nobody knows: the tunnel ends. */
  | { readonly kind: "refuse"; readonly error: XtlsError };

/** One method at work in one tunnel. */
export interface MethodRun {
  start(): Step;
  judged(verdict: Verdict): Step;
}

export interface Method {
  /** As in the `method` attribute of the first `<data/>`. */
  readonly name: string;
  begin(claim: Claim): MethodRun;
}
