/**
 * One for each entity, whatever number of plug-ins it has: which addresses have one, and what all of them let leave.
 *
 * The ways out are replaced while there is a plug-in, and for good once there are ids from inside (inner-stanzas.ts). Knows no
 * policy itself.
 */

import type { Element } from "@xmpp/xml";

import { isSameJid } from "../../base/jid.ts";
import { XtlsError } from "../../errors.ts";
import type { Entity } from "../entity.ts";
import { InnerStanzas } from "./inner-stanzas.ts";
import { Outgoing } from "./outgoing.ts";

const gates = new WeakMap<Entity, Gate>();

/** The gate of an entity, the same every time. @throws XtlsError `randomness-missing` */
export function gateOf(entity: Entity): Gate {
  const gate = gates.get(entity) ?? new Gate(entity);
  gates.set(entity, gate);
  return gate;
}

/** What the plug-in of one address has to do with what leaves. */
export interface Departures {
  /** A component's full JID; undefined: everything on the stream. */
  readonly address: string | undefined;
  /** Whether there may be somebody to whom not everything may go in clear. */
  readonly isStrict: boolean;
  /** Completes a stanza, wherever it goes. */
  complete(stanza: Element): void;
  /** @returns the stanza as it may leave in clear. @throws XtlsError `security-required` */
  leaveInClear(stanza: Element): Element;
}

export class Gate {
  readonly inner: InnerStanzas;
  readonly #entity: Entity;
  readonly #plugins = new Set<Departures>();
  #outgoing: Outgoing | undefined;

  constructor(entity: Entity) {
    this.#entity = entity;
    this.inner = new InnerStanzas(entity);
  }

  /**
   * @returns what takes the plug-in away again
   * @throws XtlsError `invalid-state` when there is one for that address
   */
  attach(plugin: Departures): () => void {
    for (const { address } of this.#plugins) {
      if (address !== undefined && plugin.address !== undefined && !isSameJid(address, plugin.address)) continue;
      throw new XtlsError("invalid-state", "This entity has tunnels already: use what xtls() returned first, or close it");
    }
    this.#plugins.add(plugin);
    this.#outgoing ??= new Outgoing(this.#entity, {
      pass: (stanza) => this.#pass(stanza),
      isSecret: (text) => this.inner.hasSecretIn(text),
      isStrict: () => [...this.#plugins].some(({ isStrict }) => isStrict),
    });
    return () => this.#detach(plugin);
  }

  /** Whether a plug-in speaks for that very address. */
  hasPluginFor(jid: string): boolean {
    return [...this.#plugins].some(({ address }) => address !== undefined && isSameJid(address, jid));
  }

  #detach(plugin: Departures): void {
    this.#plugins.delete(plugin);
    if (this.#plugins.size > 0 || this.inner.hasSecrets) return;
    this.#outgoing?.restore();
    this.#outgoing = undefined;
  }

  /** Whether `send` would let a stanza go, in clear or inside. @throws XtlsError as `send` would reject */
  requireWay(stanza: Element): void {
    if (!this.inner.takes(stanza)) this.#leaveInClear(stanza);
  }

  #pass(stanza: Element): Element | Promise<void> {
    for (const plugin of this.#plugins) plugin.complete(stanza);
    return this.inner.divert(stanza) ?? this.#leaveInClear(stanza);
  }

  #leaveInClear(stanza: Element): Element {
    return [...this.#plugins].reduce((left, plugin) => plugin.leaveInClear(left), stanza);
  }
}
