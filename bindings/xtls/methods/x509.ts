/**
 * The method `x509`: the certificates of TLS are all there is, and the trust policy judges them.
 *
 * The base wire's only method. No exchange of its own: one question, one answer.
 */
import { XtlsError } from "../../errors.ts";
import type { Method, Step } from "./method.ts";
import type { Verdict } from "../trust.ts";

export const x509: Method = {
  name: "x509",
  begin: (claim) => ({
    start: (): Step => ({ kind: "judge", claim }),
    judged: conclude,
  }),
};

function conclude(verdict: Verdict): Step {
  if (verdict.trusted) return { kind: "trust", state: verdict.state };
  return { kind: "refuse", error: new XtlsError(verdict.code, verdict.detail) };
}
