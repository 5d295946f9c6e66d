/**
 * What a method's play is made of: how two strangers come to know each other. All else they do is
 * strangers.ts's.
 */

import type { Method, TrustStore } from "../../../bindings/node.ts";
import type { Name, Player } from "../cast.ts";
import type { Scene, Stage } from "../stage.ts";

/** Somebody who remembers whom he or she knows. */
export interface Stranger extends Player {
  readonly store: TrustStore;
}

export interface Introduction {
  /** What the two share, or have at hand, before they meet on the wire. */
  readonly premise: string;
  /** Methods that each brings along, besides `x509`. */
  methodsOf(name: Name): readonly Method[];
  /** The acts up to the first tunnel that both believe in. */
  perform(romeo: Stranger, juliet: Stranger): Promise<Scene>;
}

export type Introduce = (stage: Stage) => Introduction | Promise<Introduction>;
