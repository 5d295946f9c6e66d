/**
 * A C object that JavaScript owns: its address, and how it ends.
 *
 * Disposal is explicit, because keys should go when their owner says so; the registry
 * behind it only catches objects that were forgotten. An address means something in the module
 * that made it, and nowhere else. Knows nothing of what it owns.
 */

import { XtlsError } from "../errors.ts";
import type { Exports } from "../../wasm/abi.ts";

// Engines without explicit resource management still run `using`, which compilers translate, if the symbol exists.
if (Symbol.dispose === undefined) {
  Object.defineProperty(Symbol, "dispose", { value: Symbol.for("Symbol.dispose") });
}

/** The garbage collector's callback has nobody to throw to: it would end the process. */
const forgotten = new FinalizationRegistry<() => void>((free) => {
  try {
    free();
  } catch {
    // The module trapped. It is shut from now on, and says so to whoever calls next.
  }
});

/** One object of the module, until it is disposed of or forgotten. */
export class Owned<Address> {
  readonly #module: Exports;
  readonly #what: string;
  readonly #free: () => void;
  #address: Address | undefined;

  /**
   * @param module  where it was made
   * @param what    its name in messages
   * @param address what is owned
   * @param free    gives it back; must not refer to `holder`
   * @param holder  the public object: when that is forgotten, `free` runs
   */
  constructor(module: Exports, what: string, address: Address, free: (address: Address) => void, holder: object) {
    this.#module = module;
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

  /**
   * The address, for a call into this module.
   *
   * @throws XtlsError `invalid-argument` when it is of another, `disposed`
   */
  addressIn(module: Exports): Address {
    if (module !== this.#module) {
      throw new XtlsError(
        "invalid-argument",
        `This ${this.#what} is of another core: make it with the core that uses it`,
      );
    }
    return this.address;
  }

  /** Gives it back; a second time does nothing. */
  dispose(): void {
    if (this.isDisposed) return;
    this.#address = undefined;
    forgotten.unregister(this);
    this.#free();
  }
}
