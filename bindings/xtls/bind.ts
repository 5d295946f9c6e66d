/**
 * The bind: proof inside the tunnel that nobody changed what was said in clear before it.
 *
 * The first inner element of each side carries HMAC-SHA-256, keyed by the TLS exporter, over the offers as
 * that side sent and received them, both full JIDs, the sid, the method and both certificates (the TLS
 * 1.3 exporter does not cover the client's). The sender's role is in it too, so that nothing can be sent back to where it
 * came from. Knows no state: when it is due, the negotiation says.
 */
import { Element } from "@xmpp/xml";
import { XtlsError } from "../errors.ts";
import type { Core } from "../tls/core.ts";
import { equal } from "../tls/digest.ts";
import { decodeBase64, encodeBase64 } from "./base64.ts";
import { frame } from "./frame.ts";
import { NS_XTLS_EXT } from "./namespaces.ts";
import type { Role } from "./state.ts";
import type { Claim } from "./trust.ts";

export const BIND_LABEL = "EXPORTER-XTLS-bind";

/** What was said in clear, as one side saw it. */
export interface Agreement {
  /** The `<offer/>` in `<start/>` and the one in `<proceed/>`, whoever sent them, in canonical form. */
  readonly offers: Readonly<Record<Role, Uint8Array | undefined>>;
  readonly sid: string;
  readonly method: string;
}

const utf8 = new TextEncoder();

/** The `<bind/>` that we send. */
export function buildBind(claim: Claim, agreement: Agreement, core: Core): Element {
  return new Element("bind", { xmlns: NS_XTLS_EXT }).t(encodeBase64(seal(claim.role, claim, agreement, core)));
}

/** Compares the peer's `<bind/>` with what we saw. @throws XtlsError `downgraded` */
export function checkBind(element: Element, claim: Claim, agreement: Agreement, core: Core): void {
  const sender = claim.role === "initiator" ? "responder" : "initiator";
  const isSame = element.is("bind", NS_XTLS_EXT) && equal(macOf(element), seal(sender, claim, agreement, core));
  if (!isSame) throw new XtlsError("downgraded", `${claim.jid} saw other offers than we did`);
}

/**
 * One side's MAC.
 *
 * Its input is, framed: role of the sender, full JIDs of initiator and responder, sid, method, the two
 * offers in canonical form (empty when there was none), fingerprints of initiator and responder.
 */
function seal(sender: Role, { ends, exporter }: Claim, { offers, sid, method }: Agreement, core: Core): Uint8Array {
  const { initiator, responder } = ends;
  const texts = [sender, initiator.jid, responder.jid, sid, method].map((text) => utf8.encode(text));
  const said = [offers.initiator, offers.responder].map((offer) => offer ?? new Uint8Array());
  const fingerprints = [initiator.fingerprint, responder.fingerprint].map((text) => utf8.encode(text));
  return core.hmac(exporter(BIND_LABEL), frame(...texts, ...said, ...fingerprints));
}

function macOf(element: Element): Uint8Array {
  try {
    return decodeBase64(element.getText());
  } catch {
    return new Uint8Array();
  }
}
