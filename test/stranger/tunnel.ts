/**
 * The stranger's tunnel: TLS by Node's own OpenSSL, its bytes the text of `<data/>` elements,
 * its plaintext XMPP stanzas without their routing data. See client.ts.
 */

import { EventEmitter, once } from "node:events";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { connect, TLSSocket } from "node:tls";
import { DOMParser, type Element, onErrorStopParsing, XMLSerializer } from "@xmldom/xmldom";

/** Who is at which end, and how to get an element of the protocol across. */
export interface Ends {
  self: string;
  peer: string;
  isInitiator: boolean;
  /** what this end shows of itself, both PEM */
  key: string;
  certificate: string;
  /** what the other end has to show: the SHA-256 fingerprint of its certificate, `AB:CD:…` */
  fingerprint: string;
  request(name: string, attributes?: Record<string, string>, text?: string): Promise<Element>;
}

export class Tunnel extends EventEmitter<{ stanza: [Element]; closed: [] }> {
  readonly #ends: Ends;
  readonly #wire: Duplex;
  readonly #tls: TLSSocket;
  readonly #closed: Promise<unknown>;
  readonly #saidAll: Promise<unknown>;
  #isFirst = true;
  #isCloser = false;
  #text = "";

  constructor(ends: Ends) {
    super();
    this.#ends = ends;
    this.#wire = new Duplex({
      allowHalfOpen: false,
      read: () => undefined,
      writev: (chunks, done) => this.#send(Buffer.concat(chunks.map(({ chunk }) => chunk))).then(() => done(), done),
      final: (done) => this.#finish().then(() => done(), done),
    });
    const options = { key: ends.key, cert: ends.certificate, requestCert: true, rejectUnauthorized: false };
    this.#tls = ends.isInitiator
      ? connect({ ...options, socket: this.#wire })
      : new TLSSocket(this.#wire as Socket, { ...options, isServer: true });
    this.#tls.on("error", () => this.#tls.destroy());
    this.#closed = new Promise((resolve) => this.#tls.once("close", resolve));
    this.#saidAll = new Promise((resolve) => this.#wire.once("said all", resolve));
    void this.#closed.then(() => this.emit("closed"));
  }

  /** Step 3. Waits until the other end is known to be who it should be; nothing is read before that. */
  async handshake(onKnown?: () => void): Promise<void> {
    await Promise.race([once(this.#tls, "secure"), this.#closed]);
    if (this.#tls.getPeerX509Certificate()?.fingerprint256 !== this.#ends.fingerprint) {
      await this.close();
      throw new Error(`${this.#ends.peer} is not who it should be`);
    }
    onKnown?.();
    this.#tls.setEncoding("utf8").on("data", (text: string) => this.#onText(text));
  }

  /** Step 4. Strips the routing data off and sends the rest; resolves once it is acknowledged. */
  send(xml: string): Promise<void> {
    const stanza = parse(xml);
    for (const name of ["from", "to"]) stanza.removeAttribute(name);
    return new Promise((resolve, reject) => {
      this.#tls.write(new XMLSerializer().serializeToString(stanza), (error) => (error ? reject(error) : resolve()));
    });
  }

  /** Step 5, after the goodbye of TLS itself. */
  async close(): Promise<void> {
    this.#isCloser = true;
    this.#tls.end();
    await this.#closed;
  }

  /** Takes what the other end put into `<data/>`. */
  feed(bytes: Buffer): void {
    this.#wire.push(bytes);
  }

  /** The other end closes the tunnel: what is still to be said is said, TLS's goodbye last. */
  async end(): Promise<void> {
    this.#tls.end();
    await Promise.race([this.#saidAll, this.#closed]);
    this.#tls.destroy();
  }

  async #send(bytes: Buffer): Promise<void> {
    const method = this.#isFirst && this.#ends.isInitiator ? { method: "x509" } : {};
    this.#isFirst = false;
    await this.#ends.request("data", method, bytes.toString("base64"));
  }

  /** TLS has said goodbye, here or in answer; the tunnel itself is closed by the one who began. */
  async #finish(): Promise<void> {
    this.#wire.emit("said all");
    if (!this.#isCloser) return void (await this.#closed);
    await this.#ends.request("close");
    this.#tls.destroy();
  }

  /** Stanzas may come in pieces: what does not parse yet waits for the rest. */
  #onText(text: string): void {
    this.#text += text;
    const stanzas = tryParse(`<all xmlns="jabber:client">${this.#text}</all>`);
    if (!stanzas) return;
    this.#text = "";
    for (const stanza of Array.from(stanzas.children)) {
      stanza.setAttribute("from", this.#ends.peer);
      stanza.setAttribute("to", this.#ends.self);
      this.emit("stanza", stanza);
    }
  }
}

function parse(xml: string): Element {
  const root = new DOMParser({ onError: onErrorStopParsing }).parseFromString(xml, "text/xml").documentElement;
  if (!root) throw new Error("there is no element");
  return root;
}

function tryParse(xml: string): Element | undefined {
  try {
    return parse(xml);
  } catch {
    return undefined;
  }
}
