/** Who is counted: whom a run is with, as its server says, and who wanted it. */

export interface Party {
  /** The peer's bare JID, prepared. */
  readonly jid: string;
  /** Whether our own side asked for the tunnel: then no stranger has made us work, and strangers' shares do not hold. */
  readonly isOwnRequest: boolean;
}
