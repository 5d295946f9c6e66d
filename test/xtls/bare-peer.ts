/**
 * A bare engine in Romeo's place, with a tunnel to Juliet: a peer that writes into the tunnel
 * what our own end never would.
 */
import xml from "@xmpp/xml";
import type { Engine } from "../../bindings/tls/engine.ts";
import { decodeBase64, encodeBase64 } from "../../bindings/xtls/base64.ts";
import type { Limits } from "../../bindings/xtls/limits.ts";
import { ALPN_BOUND } from "../../bindings/xtls/namespaces.ts";
import type { Trust } from "../../bindings/xtls/trust.ts";
import { core, pair, romeo } from "./ends.ts";
import { JULIET, ROMEO, type End, type Iq } from "./wire-pair.ts";

const NS = "urn:xmpp:tmp:xtls";
const utf8 = new TextEncoder();

export class BarePeer {
  readonly juliet: End;
  readonly engine: Engine;
  /** All that Juliet sent. */
  readonly heard: Iq[] = [];
  readonly #address: string;
  #last = 0;

  /**
   * @param juliet to share her with another peer
   * @param alpn default: none without an offer
   */
  constructor(
    limits: Partial<Limits> = {},
    juliet?: End,
    address = ROMEO,
    trust?: Trust,
    offer?: ReturnType<typeof xml>,
    alpn = offer && ALPN_BOUND,
  ) {
    this.juliet = juliet ?? pair({}, { limits, ...(trust && { trust }) }).juliet;
    this.#address = address;
    this.engine = core.engine({ role: "initiator", identity: romeo, ...(alpn && { alpn: [alpn] }) });
    this.request(xml("start", { xmlns: NS }, ...(offer ? [offer] : [])));
    for (let flight = 0; flight < 4; flight++) this.exchange();
  }

  /** Sends a request to Juliet. */
  request(payload: ReturnType<typeof xml>): void {
    this.juliet.receive({ type: "set", id: `bare-${++this.#last}`, from: this.#address, to: JULIET, payload });
  }

  /** Writes into the tunnel and takes what comes back. */
  write(text: string | Uint8Array): void {
    this.engine.write(typeof text === "string" ? utf8.encode(text) : text);
    this.exchange();
  }

  /** Carries TLS bytes both ways once, and acknowledges everything. */
  exchange(): void {
    while (this.engine.pending > 0) this.request(xml("data", { xmlns: NS }, encodeBase64(this.engine.drain(4096))));
    for (const iq of this.juliet.sent.splice(0)) this.#hear(iq);
  }

  #hear(iq: Iq): void {
    this.heard.push(iq);
    if (iq.type !== "set") return;
    this.juliet.receive({ type: "result", id: iq.id, from: this.#address, to: JULIET, payload: undefined });
    if (!iq.payload?.is("data", NS)) return;
    try {
      this.engine.feed(decodeBase64(iq.payload.getText()));
    } catch {
      // Juliet's alert: `engine.alerts` tells.
    }
  }
}
