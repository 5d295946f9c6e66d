/**
 * SRP-6a in the module (core/srp.h): one end of one run, and verifiers.
 *
 * Owns the crossing. Passwords, exponents and the agreed key stay in the module's memory, since
 * JavaScript's big integers take time that depends on their values. Knows no messages and no
 * people: methods/srp.ts does.
 */

import type { Bytes, SrpPointer } from "../../wasm/abi.ts";
import type { Core } from "./core.ts";
import { Owned } from "./owned.ts";
import { checked } from "./status.ts";

/** Bytes of a public value, A or B, and of a verifier: 3072 bits. */
export const SRP_LENGTH = 384;

/** Bytes of a proof. */
export const SRP_PROOF_LENGTH = 32;

/** What a password belongs to; all of it copied and zeroed in the module. */
export interface Credentials {
  readonly user: Uint8Array;
  readonly password: Uint8Array;
  readonly salt: Uint8Array;
}

type CredentialsInModule = readonly [Bytes, number, Bytes, number, Bytes, number];

/** One end of one run. To be disposed of: it holds secrets. */
export class Srp {
  /** What to send to the peer: A or B. */
  readonly own: Uint8Array;
  readonly #core: Core;
  readonly #owned: Owned<SrpPointer>;

  /** @internal Use `srpClient` or `srpServer`. */
  constructor(core: Core, address: SrpPointer) {
    this.#core = core;
    this.#owned = new Owned(core.module, "Srp", address, core.module.xtls_srp_free, this);
    this.own = core.memory.collect((output, max) => core.module.xtls_srp_public(address, output, max), SRP_LENGTH);
  }

  /**
   * Takes what the peer sent, once, and computes the key.
   *
   * @throws XtlsError `method-violation` for a value that RFC 5054 forbids, `invalid-state`, `disposed`, `out-of-memory`
   */
  agree(peer: Uint8Array): void {
    const { module, memory } = this.#core;
    checked(memory.lend(peer, (block, length) => module.xtls_srp_agree(this.#owned.address, block, length)));
  }

  /**
   * HMAC-SHA-256 of `message` under the agreed key.
   *
   * @throws XtlsError `invalid-state` before `agree`, `disposed`, `out-of-memory`
   */
  prove(message: Uint8Array): Uint8Array {
    const { module, memory } = this.#core;
    const { address } = this.#owned;
    return memory.lend(message, (block, length) =>
      memory.collect((output, max) => module.xtls_srp_prove(address, block, length, output, max), SRP_PROOF_LENGTH),
    );
  }

  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}

/**
 * The end that knows the password.
 *
 * @throws XtlsError `randomness-missing`, `out-of-memory`
 */
export function srpClient(core: Core, credentials: Credentials): Srp {
  const { module, memory } = core;
  const address = lendCredentials(core, credentials, (lent) =>
    memory.output((place) => module.xtls_srp_client(...lent, place)),
  );
  return new Srp(core, address as SrpPointer);
}

/**
 * The end that knows the verifier.
 *
 * @throws XtlsError `invalid-argument` for what is no verifier, `randomness-missing`, `out-of-memory`
 */
export function srpServer(core: Core, verifier: Uint8Array): Srp {
  const { module, memory } = core;
  const address = memory.lend(verifier, (block, length) =>
    memory.output((place) => module.xtls_srp_server(block, length, place)),
  );
  return new Srp(core, address as SrpPointer);
}

/**
 * g^x: what a server may keep in the password's place.
 *
 * @throws XtlsError `out-of-memory`
 */
export function srpVerifier(core: Core, credentials: Credentials): Uint8Array {
  const { module, memory } = core;
  return lendCredentials(core, credentials, (lent) =>
    memory.collect((output, max) => module.xtls_srp_verifier(...lent, output, max), SRP_LENGTH),
  );
}

function lendCredentials<Result>(
  { memory }: Core,
  { user, password, salt }: Credentials,
  use: (lent: CredentialsInModule) => Result,
): Result {
  return memory.lend(user, (...users) =>
    memory.lend(password, (...passwords) => memory.lend(salt, (...salts) => use([...users, ...passwords, ...salts]))),
  );
}
