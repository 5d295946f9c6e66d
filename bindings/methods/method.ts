/**
 * A method decides why the certificate at the other end is to be believed (docs/protocol.md, "Methods").
 *
 * TLS has authenticated two certificates; a method says whose they are. It runs inside the tunnel,
 * after TLS and before any stanza: it may talk to the same method at the other end, ask a store or a
 * person, and ends with a verdict. A new method is one file here and its name in somebody's
 * `methods`. Knows nothing of IQs, chunks, time or other methods.
 */
import type { Element } from "@xmpp/xml";
import type { Asker, Claim, Verdict } from "../xtls/trust.ts";

export interface Method {
  /** In offers, and in the `method` attribute of the first `<data/>`. An XML name without a colon. */
  readonly name: string;
  /**
   * Finds out whether the claim is true. A rejection ends the tunnel: an XtlsError keeps its code,
   * anything else is `not-trusted`. Says yes only when the other end has proved itself to us.
   */
  run(conversation: Conversation): Verdict | Promise<Verdict>;
}

/** One run of a method: who is there, the way to the same method at the other end, and to a person. */
export interface Conversation extends Asker {
  readonly claim: Claim;
  /**
   * Sends a message, an element in `urn:xmpp:tmp:xtls:ext`. Encrypted, in order, at most 64 KiB.
   * @throws XtlsError `closed` when the tunnel has ended
   */
  say(message: Element): void;
  /**
   * The peer's next message.
   * @param name what it must be called
   * @throws XtlsError `method-violation` when it is called otherwise; what ended the tunnel, when it ended
   */
  hear(name: string): Promise<Element>;
}
