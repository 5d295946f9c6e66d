/**
 * What two ends agree on in clear, before TLS: offers, the method, the pace.
 *
 * The method is the first of the initiator's that the responder has too. The initiator names it with its
 * first `<data/>`, the responder checks it and says it back with its own. A peer without offers, or without
 * methods in them, gets `x509`: the base wire knows no other. But whoever narrows the choice gets nothing else, or
 * anybody could play such a peer to get around the method that was asked for. Nothing here is to be believed until the
 * bind has compared it inside the tunnel. Knows no TLS and no order of events.
 */
import type { Element } from "@xmpp/xml";
import { printableWords } from "../base/printable.ts";
import { XtlsError } from "../errors.ts";
import type { Agreement } from "./bind.ts";
import { canonicalise } from "./canonical.ts";
import type { Host } from "./host.ts";
import { MAX_WINDOW } from "./limits.ts";
import { ALPN_BOUND } from "./namespaces.ts";
import { buildOffer, parseOffer, type Offer } from "./offer.ts";
import type { Role } from "./state.ts";

/** What a `<data/>` without `method` means. */
export const BASE_METHOD = "x509";
/** `<data/>` in flight towards a peer that says how many it bears, if that is enough for it. */
const WINDOW = 8;

/** What a caller demands of the tunnel that it opens. */
export interface Demands {
  /** Ours for this peer, in order of preference. */
  readonly methods?: readonly string[];
  /** Whether nothing but these will do: not even `x509` for a peer that names no method. */
  readonly isNarrowed?: boolean;
  /** Whether the peer is known to compare offers: then no start goes without one. */
  readonly requiresOffer?: boolean;
}

export class Negotiation {
  readonly #host: Host;
  #methods: readonly string[];
  readonly #isNarrowed: boolean;
  readonly #requiresOffer: boolean;
  /** The peer refused our offer: there is none, and what it offers means nothing. */
  #isWithdrawn = false;
  #role: Role;
  #sid: string;
  /** Both offers in canonical form: what was said, and nothing of the stanzas that it was said in. */
  #ours: Uint8Array | undefined;
  #theirs: Uint8Array | undefined;
  /** The peer's offer, read. */
  #offer: Offer | undefined;
  #method: string | undefined;
  /** True once the initiator has named it. */
  #isNamed: boolean;
  #isAnnounced = false;

  constructor(host: Host, role: Role, { methods = [], isNarrowed = false, requiresOffer = false }: Demands = {}) {
    this.#host = host;
    this.#role = role;
    this.#methods = methods;
    this.#isNarrowed = isNarrowed;
    this.#requiresOffer = requiresOffer;
    this.#isNamed = role === "initiator";
    this.#sid = role === "initiator" && host.hasExtensions ? host.id() : "";
  }

  /** What the peer says of itself, if it does. */
  get offer(): Offer | undefined {
    return this.#offer;
  }

  /** The method's name; `x509` until it is settled. */
  get method(): string {
    return this.#method ?? BASE_METHOD;
  }

  /** The initiator's `<offer/>`, for its `<start/>`; undefined: only the base wire is spoken. */
  makeOffer(): Element | undefined {
    if (!this.#makesOffers) return undefined;
    const offer = buildOffer(offerOf(this.#host, this.#methods, this.#sid));
    this.#ours = canonicalise(offer);
    return offer;
  }

  /**
   * The peer refused our `<start/>` as malformed: perhaps it bears no offer, so the next one has none. Only an end that reads
   * offers chooses the ALPN protocol that says so, and then `isBindDue` knows that the refusal was forged.
   * @throws XtlsError why there will be no other start
   */
  withdrawOffer(refusal: XtlsError): void {
    if (this.#ours === undefined || this.#isWithdrawn) throw refusal;
    if (this.#requiresOffer) throw new XtlsError("capability-lost", "The peer, whose keys have all compared offers before, refused one", { cause: refusal });
    if (this.#isNarrowed) throw new XtlsError(refusal.code, "The peer refused the offer, and methods that are asked for by name need one", { cause: refusal });
    this.#isWithdrawn = true;
    this.#ours = undefined;
    this.#sid = "";
  }

  /** What came with the peer's `<start/>`. @throws XtlsError `malformed` */
  hear(offer: Element | undefined): void {
    this.#offer = offer && parseOffer(offer);
    this.#theirs = offer && canonicalise(offer);
    if (this.#role === "responder") this.#sid = this.#offer?.tunnel?.sid ?? "";
  }

  /**
   * The responder's `<offer/>`, for its `<proceed/>`, in answer to the peer's if there was one. Settles the method.
   * @throws XtlsError `no-common-method`
   */
  answer(methods: readonly string[] = this.#methods): Element | undefined {
    this.#methods = methods;
    this.#choose();
    this.#ours = undefined;
    return this.#theirs && this.makeOffer();
  }

  /** The responder's `<offer/>` came, or none. Settles the method. @throws XtlsError `malformed`, `no-common-method` */
  conclude(offer: Element | undefined): void {
    this.hear(offer);
    this.#choose();
  }

  /** A tie was lost: the peer's start counts, ours never was. */
  yield(): void {
    this.#role = "responder";
    this.#isNamed = false;
    this.#isWithdrawn = false;
  }

  get #makesOffers(): boolean {
    return this.#host.hasExtensions && !this.#isWithdrawn;
  }

  #choose(): void {
    const named = this.#makesOffers ? (this.#offer?.methods ?? []) : [];
    const isBase = named.length === 0;
    const theirs = isBase ? [BASE_METHOD] : named;
    this.#method = isBase && !this.#isNarrowed ? BASE_METHOD : this.#firstCommon(theirs);
    if (this.#method !== undefined) return;
    throw new XtlsError("no-common-method", `We have ${this.#methods.join(", ")}; the peer has ${theirs.join(", ")}`);
  }

  /** What the peer's `<data/>` says of the method. @throws XtlsError `no-common-method` */
  agree(name: string | undefined): void {
    const meant = name ?? (this.#isNamed ? this.method : BASE_METHOD);
    this.#isNamed = true;
    if (meant === this.method) return;
    throw new XtlsError("no-common-method", `The peer wants the method "${printableWords(meant, 64)}", not "${this.method}"`);
  }

  /** What our next `<data/>` says of the method: its name on the first, nothing on the others. */
  announce(): string | undefined {
    const name = this.#isAnnounced ? undefined : this.method;
    this.#isAnnounced = true;
    return name;
  }

  /**
   * Whether the offers are to be compared: both announced it, or TLS says that both can. The latter is
   * authenticated, so that a server gains nothing by taking offers away.
   * @throws XtlsError `downgraded` when both can and there was none in `<start/>`
   */
  isBindDue(alpn: string | undefined): boolean {
    if (!this.#host.hasExtensions) return false;
    if (alpn !== ALPN_BOUND) return this.#ours !== undefined && this.#offer?.bind === true;
    if (this.agreement.offers.initiator !== undefined) return true;
    throw new XtlsError("downgraded", "Both ends can compare offers, and there was none in <start/>");
  }

  /** What is compared. */
  get agreement(): Agreement {
    const [initiator, responder] = this.#role === "initiator" ? [this.#ours, this.#theirs] : [this.#theirs, this.#ours];
    return { offers: { initiator, responder }, sid: this.#sid, method: this.method };
  }

  /** How fast we may send. */
  get pace(): { readonly window: number; readonly chunk: number } {
    const { window, chunk } = this.#host.limits;
    const limits = this.#makesOffers ? this.#offer?.tunnel : undefined;
    if (limits === undefined) return { window, chunk };
    return { window: Math.min(Math.max(window, WINDOW), limits.window), chunk: Math.min(chunk, limits.maxBytes) };
  }

  #firstCommon(theirs: readonly string[]): string | undefined {
    const [first, second] = this.#role === "initiator" ? [this.#methods, theirs] : [theirs, this.#methods];
    return first.find((name) => second.includes(name));
  }
}

/** What we say of ourselves. */
export function offerOf({ identity, limits }: Pick<Host, "identity" | "limits">, methods: readonly string[], sid: string): Partial<Offer> {
  return {
    keys: [identity.sha1],
    srp: methods.includes("srp"),
    insecure: methods.includes("insecure"),
    methods,
    fingerprints: [identity.fingerprint],
    ...(sid !== "" && { tunnel: { sid, window: MAX_WINDOW, maxBytes: limits.maxBytes } }),
    bind: true,
  };
}
