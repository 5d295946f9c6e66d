/**
 * From the end of the handshake to the method's question: nobody else's certificate, then the bind, then who is it?
 *
 * Owns what is asked and whether the bind is still to come. What a verdict means for the tunnel is
 * the association's work. Knows no method but by name.
 */
import type { Element } from "@xmpp/xml";
import { XtlsError, type ErrorCode } from "../errors.ts";
import { buildBind, checkBind } from "./bind.ts";
import type { Channel } from "./channel.ts";
import type { Host } from "./host.ts";
import type { Negotiation } from "./negotiation.ts";
import { claimOf } from "./security.ts";
import { refuseForeignName, type Claim } from "./trust.ts";
import type { Tunnel } from "./tunnel.ts";

/** What an alert of a peer that judges us means. */
const MEANINGS: Readonly<Record<number, ErrorCode>> = { 49: "not-authorized", 71: "downgraded", 90: "handshake-canceled" };

export class Judgement {
  readonly #host: Host;
  readonly #tunnel: Tunnel;
  readonly #negotiation: Negotiation;
  #claim: Claim | undefined;
  #awaitsBind = false;

  constructor(host: Host, tunnel: Tunnel, negotiation: Negotiation) {
    this.#host = host;
    this.#tunnel = tunnel;
    this.#negotiation = negotiation;
  }

  /** True when both ends have compared their offers. */
  get isBound(): boolean {
    return this.#claim?.isBound === true && !this.#awaitsBind;
  }

  /** True while the peer's bind is due. */
  get awaitsBind(): boolean {
    return this.#awaitsBind;
  }

  /** True once the method has been asked. */
  get isAsked(): boolean {
    return this.#claim !== undefined && !this.#awaitsBind;
  }

  /** TLS is done: did anybody tamper with the offers, and who is it? @throws XtlsError `certificate-missing`, `wrong-address` */
  begin(channel: Channel): void {
    const { identity } = this.#host;
    const isBound = this.#negotiation.isBindDue(channel.negotiated?.alpn);
    const claim = claimOf(this.#tunnel, channel, identity, isBound);
    refuseForeignName(claim.peer, claim.jid);
    this.#claim = claim;
    this.#awaitsBind = isBound;
    // Whoever has left already is told and asked nothing, but what it has said is compared.
    if (channel.isOver) return;
    if (isBound) channel.say(buildBind(claim, this.#negotiation.agreement, identity.core));
    else this.#ask(claim);
  }

  /** Who is there as TLS has shown it, for a tunnel that ends before anybody believes it, and maybe before anybody is asked. */
  shownBy(channel: Channel): Claim | undefined {
    return channel.peer && claimOf(this.#tunnel, channel, this.#host.identity, this.isBound);
  }

  /** An element of the tunnel's own: first the bind, if one is due, then what the peer's method says. @throws XtlsError `downgraded` */
  hear(message: Element): void {
    const claim = this.#claim as Claim;
    if (!this.#awaitsBind) return this.#host.emit({ kind: "message", tunnel: this.#tunnel, message });
    checkBind(message, claim, this.#negotiation.agreement, this.#host.identity.core);
    this.#awaitsBind = false;
    this.#ask(claim);
  }

  /** A stanza waits for the verdict. @throws XtlsError `downgraded` where the bind should have been */
  heardStanza(): void {
    if (this.#awaitsBind) throw new XtlsError("downgraded", "A stanza came before the bind");
  }

  #ask(claim: Claim): void {
    this.#host.emit({ kind: "judge", tunnel: this.#tunnel, method: this.#negotiation.method, claim });
  }
}

/** The peer's alert, while it judges us, says more than that there was one. */
export function whyRefused(error: XtlsError | undefined, channel: Channel | undefined): XtlsError | undefined {
  const meaning = error?.code === "alert-received" ? MEANINGS[channel?.received ?? -1] : undefined;
  return meaning === undefined ? error : new XtlsError(meaning, "The peer says so", { cause: error });
}
