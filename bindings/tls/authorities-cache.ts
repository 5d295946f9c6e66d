/**
 * The sets of authorities that were read last: one that has not changed is not read again for each peer.
 *
 * Reading costs as much as there is in a revocation list, and a stranger can ask for it by coming. Owns a few sets of
 * one core; engines keep what they use beyond that. Compares contents, since bytes may be altered by whoever gave them.
 */

import { Authorities, type AuthoritySource, type AuthoritySources } from "./authorities.ts";

/** Sets at most. */
const KEPT = 4;

interface Entry {
  readonly sources: readonly AuthoritySource[];
  readonly authorities: Authorities;
}

export class AuthoritiesCache {
  readonly #read: (sources: AuthoritySources) => Authorities;
  #entries: readonly Entry[] = [];

  constructor(read: (sources: AuthoritySources) => Authorities) {
    this.#read = read;
  }

  /**
   * The set of these sources. It belongs to the cache: use it at once, and do not dispose of it.
   *
   * @throws XtlsError as `Core.authorities`
   */
  of(sources: AuthoritySources): Authorities {
    const wanted = [sources].flat();
    const entry = this.#entries.find((one) => isSameList(one.sources, wanted)) ?? {
      authorities: this.#read(sources),
      sources: wanted.map((source) => (typeof source === "string" ? source : source.slice())),
    };
    const others = this.#entries.filter((one) => one !== entry);
    for (const { authorities } of others.slice(KEPT - 1)) authorities[Symbol.dispose]();
    this.#entries = [entry, ...others.slice(0, KEPT - 1)];
    return entry.authorities;
  }
}

const isSameList = (some: readonly AuthoritySource[], others: readonly AuthoritySource[]): boolean =>
  some.length === others.length && some.every((source, index) => isSame(source, others[index] as AuthoritySource));

function isSame(one: AuthoritySource, other: AuthoritySource): boolean {
  if (typeof one === "string" || typeof other === "string") return one === other;
  return one.length === other?.length && one.every((byte, index) => byte === other[index]);
}
