/**
 * What came from inside tunnels: on its way through the client's own handlers, and the answers' way back.
 *
 * A decrypted stanza is emitted on the entity like any other, so that middleware and iqCallee see it, and is remembered as
 * decrypted. An IQ request is given an id that nobody outside can know: whatever bears such an id goes into the tunnel as the
 * answer, or nowhere, as long as the entity lives, for an answer may be ready long after its tunnel and the plug-in are gone.
 * The same holds for a stanza of which a part came from inside when it is sent back to the peer. Answers from inside are not
 * emitted: iqCaller goes by id alone and would take one for an answer from outside. Knows no policy.
 */

import type { Element } from "@xmpp/xml";

import { bareJid } from "../../base/jid.ts";
import { XtlsError } from "../../errors.ts";
import type { Entity } from "../entity.ts";
import { randomId } from "../id.ts";
import { childrenOf, copyWith, isAnswer, isStanza } from "../stanza.ts";
import type { Tunnel } from "../tunnel.ts";

/** Told what goes wrong in the application's handlers, and with their answers. */
export type Report = (error: unknown) => void;

/** Where an answer goes: the tunnel's number and the peer's own id for the request. */
const ADDRESS = /^(\d+):(.*)$/s;

interface Source {
  readonly tunnel: Tunnel;
  readonly report: Report;
}

/** What goes into which tunnel; into none when that has ended. */
interface Way {
  readonly stanza: Element;
  readonly source: Source | undefined;
}

export class InnerStanzas {
  readonly #entity: Entity;
  readonly #sources = new WeakMap<Element, Source>();
  readonly #open = new Map<number, Source>();
  readonly #numbers = new WeakMap<Tunnel, number>();
  readonly #secret = `${randomId()}:`;
  #count = 0;

  /** @throws XtlsError `randomness-missing` */
  constructor(entity: Entity) {
    this.#entity = entity;
  }

  /** True once there is an id that must never leave. */
  get hasSecrets(): boolean {
    return this.#count > 0;
  }

  /** True when a text has such an id in it. */
  hasSecretIn(text: string): boolean {
    return this.hasSecrets && text.includes(this.#secret);
  }

  /** The tunnel that a stanza came through; undefined for one that came in clear. */
  tunnelOf(stanza: Element): Tunnel | undefined {
    return this.#sources.get(stanza)?.tunnel;
  }

  /** A stanza came through a tunnel: what is known of it before anybody sees it. */
  remember(stanza: Element, tunnel: Tunnel, report: Report): void {
    const source = { tunnel, report };
    this.#sources.set(stanza, source);
    for (const child of childrenOf(stanza)) this.#sources.set(child, source);
  }

  /** Shows a stanza that is remembered to the entity's handlers. */
  dispatch(stanza: Element): void {
    const source = this.#sources.get(stanza);
    if (source === undefined || isAnswer(stanza)) return;
    this.#emit(stanza.is("iq") ? this.#disguise(stanza, source) : stanza, source.report);
  }

  /** Answers to that tunnel's requests go nowhere from now on. */
  forget(tunnel: Tunnel): void {
    this.#open.delete(this.#numbers.get(tunnel) ?? -1);
  }

  /**
   * The last look at a stanza that is about to leave: takes over what belongs inside, and is done with it when the promise
   * resolves. Undefined: nothing of it came from inside, or it is the application's own choice.
   * @throws XtlsError `security-required` for what came from inside and must go nowhere else
   */
  divert(stanza: Element): Promise<void> | undefined {
    const way = this.#wayOf(stanza);
    return way && this.#send(way.stanza, way.source);
  }

  /** Whether `divert` would take it over; does nothing yet. @throws XtlsError as `divert` */
  takes(stanza: Element): boolean {
    return this.#wayOf(stanza) !== undefined;
  }

  /**
   * What middleware returned for a stanza from inside: an answer to the peer goes inside, and is taken over. The answer to a
   * request is left to iqCallee and the id.
   * @returns true when there is nothing left to send
   */
  takesReply(stanza: Element, reply: Element): boolean {
    const source = this.#sources.get(stanza);
    if (source === undefined || stanza.is("iq") || !isStanza(reply)) return false;
    if (reply.attrs.to !== undefined && !leadsTo(source.tunnel.peer, reply)) return false;
    void this.#send(back(reply, source).stanza, source);
    return true;
  }

  #wayOf(stanza: Element): Way | undefined {
    const id = String(stanza.attrs.id ?? "");
    if (this.hasSecretIn(id)) return this.#wayOfAnswer(stanza, id);
    const source = this.#sources.get(stanza) ?? this.#sourceOfPart(stanza);
    if (source === undefined) return undefined;
    if (leadsTo(source.tunnel.peer, stanza)) return back(stanza, source);
    if (this.#sources.get(stanza) === undefined) return undefined;
    throw refused("It came through a tunnel and names somebody else: make a new stanza of what may be passed on");
  }

  #wayOfAnswer(stanza: Element, id: string): Way {
    const [, number, original] = id.startsWith(this.#secret) ? (ADDRESS.exec(id.slice(this.#secret.length)) ?? []) : [];
    if (!isAnswer(stanza) || original === undefined) throw refused("It bears the id of a request from inside a tunnel, and is no answer");
    return { stanza: copyWith(stanza, { id: original }), source: this.#open.get(Number(number)) };
  }

  // Whoever asked learns of an answer lost with the tunnel by the tunnel's end; the application need not. It must not reject:
  // xmpp.js would emit an "error" for it, which a peer could cause at will.
  async #send(stanza: Element, source: Source | undefined): Promise<void> {
    try {
      await source?.tunnel.send(stanza);
    } catch (error) {
      if (source?.tunnel.state === "open") source.report(error);
    }
  }

  #sourceOfPart(stanza: Element): Source | undefined {
    for (const child of childrenOf(stanza)) {
      const source = this.#sources.get(child);
      if (source !== undefined) return source;
    }
    return undefined;
  }

  #disguise(request: Element, source: Source): Element {
    const disguised = copyWith(request, { id: `${this.#secret}${this.#number(source)}:${request.attrs.id ?? ""}` });
    this.#sources.set(disguised, source);
    return disguised;
  }

  #number(source: Source): number {
    const number = this.#numbers.get(source.tunnel) ?? ++this.#count;
    this.#numbers.set(source.tunnel, number);
    this.#open.set(number, source);
    return number;
  }

  // Stream management counts what it sees here as received from the server; the server counts otherwise.
  #emit(stanza: Element, report: Report): void {
    const { streamManagement } = this.#entity;
    const counted = streamManagement?.inbound ?? 0;
    try {
      this.#entity.emit("element", stanza);
      this.#entity.emit("stanza", stanza);
    } catch (error) {
      report(error);
    }
    if (streamManagement) streamManagement.inbound = counted;
  }
}

/** To the tunnel's other end, as the tunnel wants it. */
function back(stanza: Element, source: Source): Way {
  return { stanza: copyWith(stanza, { to: undefined, from: undefined }), source };
}

/** Whether a stanza goes to a peer, whichever of its resources. */
function leadsTo(peer: string, { attrs: { to } }: Element): boolean {
  try {
    return bareJid(String(to)) === bareJid(peer);
  } catch {
    return false;
  }
}

function refused(why: string): XtlsError {
  return new XtlsError("security-required", why);
}
