/**
 * Which method judges the peer of one tunnel, and how far it has come.
 *
 * The initiator names the method with its first `<data/>`, the responder follows and says so with
 * its own. Knows no TLS and no wire; what a step means for the tunnel is the association's work.
 */
import { XtlsError } from "../errors.ts";
import type { Method, MethodRun, Step } from "./methods/method.ts";
import { refuseForeignName, type Claim, type Verdict } from "./trust.ts";

/** What a `<data/>` without `method` means: the base wire knows one. */
const BASE_METHOD = "x509";

export class Judgement {
  readonly #methods: readonly Method[];
  #method: Method | undefined;
  #run: MethodRun | undefined;
  #isAnnounced = false;

  /** @param methods those we have, in order of preference */
  constructor(methods: readonly Method[]) {
    this.#methods = methods;
  }

  /** The method's name, as soon as it is settled. */
  get method(): string {
    return this.#method?.name ?? BASE_METHOD;
  }

  /** We are the initiator: our first method it is. */
  propose(): void {
    this.#method = this.#methods[0];
  }

  /** We are the responder after all: the peer's it will be. */
  follow(): void {
    this.#method = undefined;
  }

  /** What the peer's `<data/>` says of the method. @throws XtlsError `no-common-method` */
  agree(name: string | undefined): void {
    this.#method ??= this.#methods.find((method) => method.name === (name ?? BASE_METHOD));
    if (this.#method !== undefined && (name ?? this.#method.name) === this.#method.name) return;
    throw new XtlsError("no-common-method", `The peer wants the method "${name?.slice(0, 64)}"`);
  }

  /** What our next `<data/>` says of the method: its name on the first, nothing on the others. */
  announce(): string | undefined {
    const name = this.#isAnnounced ? undefined : this.method;
    this.#isAnnounced = true;
    return name;
  }

  /** TLS is done. @throws XtlsError `wrong-address` before any method is asked */
  begin(claim: Claim): Step {
    refuseForeignName(claim.peer, claim.jid);
    this.#run = this.#method?.begin(claim);
    return this.#run?.start() ?? unanswered();
  }

  judged(verdict: Verdict): Step {
    return this.#run?.judged(verdict) ?? unanswered();
  }
}

function unanswered(): Step {
  return { kind: "refuse", error: new XtlsError("internal-error", "No method judges this tunnel") };
}
