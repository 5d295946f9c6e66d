/**
 * Who finds out who is at the other end: the methods, with the trust policy before and after them.
 *
 * Before: `x509` is offered only to a peer whose certificate the policy might know, so that another
 * method comes to its turn when it does not. After: what a method proved is the policy's to
 * remember, or to refuse all the same. Knows no wire.
 */
import { XtlsError } from "../errors.ts";
import type { BelievedState, Claim, Trust, Verdict } from "../xtls/trust.ts";
import type { Dialogue } from "./dialogue.ts";
import type { Method } from "./method.ts";
import { Prompts } from "./prompts.ts";
import { unlessOver } from "./unless-over.ts";
import { x509 } from "./x509.ts";

export class Examiner {
  /** For all runs together. */
  readonly prompts: Prompts;
  readonly #trust: Trust;
  readonly #methods: ReadonlyMap<string, Method>;

  /**
   * @param methods besides `x509`, in order of preference
   * @throws XtlsError `invalid-argument` when two have the same name
   */
  constructor(trust: Trust, methods: readonly Method[]) {
    const all = [x509(trust), ...methods];
    this.prompts = new Prompts(trust);
    this.#trust = trust;
    this.#methods = new Map(all.map((method) => [method.name, method]));
    if (this.#methods.size < all.length) throw new XtlsError("invalid-argument", "Two methods have the same name");
  }

  /** Every method, in order of preference. */
  get names(): readonly string[] {
    return [...this.#methods.keys()];
  }

  /**
   * The methods for one peer, in order of preference; `x509` alone when there is nothing else.
   * @param shown certificates that the peer's offer names, if it made one
   * @param only of these, in this order; undefined: all that make sense
   * @throws XtlsError `invalid-argument` for a method that is not there; what the policy throws
   */
  async methodsFor(jid: string, shown?: readonly string[], only?: readonly string[]): Promise<readonly string[]> {
    const unknown = only?.find((name) => !this.#methods.has(name));
    if (unknown !== undefined) throw new XtlsError("invalid-argument", `There is no method "${unknown}" here: pass it to xtls({ methods }) first`);
    if (only !== undefined && only.length > 0) return only;
    const [base = "", ...others] = this.#methods.keys();
    const isKnown = others.length === 0 || (await this.#mightKnow(jid, shown));
    return isKnown ? [base, ...others] : others;
  }

  /** Whether the policy knows a peer's key for sure: then ours may be told to it (XEP-0250 §5). */
  async knows(jid: string, shown?: readonly string[]): Promise<boolean> {
    return (await this.#trust.knows?.(jid, shown)) === true;
  }

  /** Whether a tunnel with this peer is never begun without an offer. */
  async requiresOffer(jid: string): Promise<boolean> {
    return (await this.#trust.requiresOffer?.(jid)) === true;
  }

  /** How a key of a peer is believed already, as far as the policy can tell at once. */
  hasKeyOf(jid: string): BelievedState | undefined {
    return this.#trust.hasKeyOf?.(jid);
  }

  /** Runs a method to its verdict, or to the tunnel's end; none whose proof could not help. Never rejects: what breaks it refuses the peer, and is the error's cause. */
  async examine(name: string, dialogue: Dialogue): Promise<Verdict | XtlsError> {
    try {
      const method = this.#methods.get(name);
      if (method === undefined) throw new XtlsError("internal-error", `There is no method "${name}"`);
      const refusal = name === "x509" ? undefined : await unlessOver(dialogue.signal, this.#trust.refusal?.(dialogue.claim));
      if (refusal !== undefined) return refusal;
      const verdict = await unlessOver(dialogue.signal, method.run(dialogue));
      requireSilence(dialogue);
      const last = verdict.trusted && name !== "x509" ? await this.#learn(dialogue.claim, name, verdict) : verdict;
      requireSilence(dialogue);
      return last;
    } catch (error) {
      return error instanceof XtlsError ? error : new XtlsError("not-trusted", `The method ${name} broke`, { cause: error });
    }
  }

  /** Whether a peer that was not believed shows another key than those that are known. */
  async isKeyChange(claim: Claim): Promise<boolean> {
    return (await this.#trust.isKeyChange?.(claim)) === true;
  }

  async #mightKnow(jid: string, shown: readonly string[] | undefined): Promise<boolean> {
    return (await this.#trust.knows?.(jid, shown)) ?? true;
  }

  /** A leap of faith that nobody remembers would be a new one each time: no first use without memory. */
  async #learn(claim: Claim, method: string, verdict: Verdict & { trusted: true }): Promise<Verdict> {
    const { state, note } = verdict;
    if (this.#trust.learn !== undefined) return this.#trust.learn(claim, { method, state, ...(note !== undefined && { note }) });
    if (state === "verified") return verdict;
    return { trusted: false, code: "not-trusted", detail: "The trust policy remembers no first use" };
  }
}

/** Also after the proof has been remembered, which may take its time. @throws XtlsError `method-violation` */
function requireSilence({ hasUnheard }: Dialogue): void {
  if (hasUnheard) throw new XtlsError("method-violation", "The peer said more than the method has");
}
