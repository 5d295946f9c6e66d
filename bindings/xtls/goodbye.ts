/**
 * The exchange of `<close/>` and `<closed/>`: who has asked, who has been answered.
 *
 * Whether anything got lost it does not know: only TLS close_notify says that.
 */
export class Goodbye {
  /** The id of the peer's `<close/>` while it awaits its answer. */
  peers: string | undefined;
  #ours: "none" | "wanted" | "asked" | "answered" = "none";

  /** The caller wants to leave: `<close/>` goes out when nothing else is under way. */
  want(): void {
    this.#ours = "wanted";
  }

  /** Our `<close/>` is out. */
  ask(): void {
    this.#ours = "asked";
  }

  /** Our `<close/>` was answered, well or badly. */
  answered(): void {
    this.#ours = "answered";
  }

  get isWanted(): boolean {
    return this.#ours === "wanted";
  }

  /** One `<close/>` is enough. */
  get isToBeAsked(): boolean {
    return this.isWanted && this.peers === undefined;
  }

  /** True when nobody has spoken of `<close/>` yet. */
  get isSilent(): boolean {
    return this.#ours === "none" && this.peers === undefined;
  }

  /** True when one side's `<close/>` is through. */
  get isThrough(): boolean {
    return this.#ours === "answered" || this.peers !== undefined;
  }
}
