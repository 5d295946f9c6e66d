/**
 * A C object that JavaScript owns: its address, and how it ends.
 *
 * Disposal is explicit, because keys should go when their owner says so; the registry
 * behind it only catches objects that were forgotten. Knows nothing of what it owns.
 */

import { XtlsError } from "../errors.ts";

// Engines without explicit resource management still run `using`, which compilers translate, if the symbol exists.
if (Symbol.dispose === undefined) {
  Object.defineProperty(Symbol, "dispose", { value: Symbol.for("Symbol.dispose") });
}

const forgotten = new FinalizationRegistry<() => void>((free) => free());

/** One object of the module, until it is disposed of or forgotten. */
export class Owned<Address> {
  readonly #what: string;
  readonly #free: () => void;
  #address: Address | undefined;

  /**
   * @param what    its name in messages
   * @param address what is owned
   * @param free    gives it back; must not refer to `holder`
   * @param holder  the public object: when that is forgotten, `free` runs
   */
  constructor(what: string, address: Address, free: (address: Address) => void, holder: object) {
    this.#what = what;
    this.#address = address;
    this.#free = () => free(address);
    forgotten.register(holder, this.#free, this);
  }

  get isDisposed(): boolean {
    return this.#address === undefined;
  }

  /** @throws XtlsError `disposed` */
  get address(): Address {
    if (this.#address === undefined) throw new XtlsError("disposed", `This ${this.#what} is gone`);
    return this.#address;
  }

  /** Gives it back; a second time does nothing. */
  dispose(): void {
    if (this.isDisposed) return;
    this.#address = undefined;
    forgotten.unregister(this);
    this.#free();
  }
}
